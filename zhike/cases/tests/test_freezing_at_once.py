"""A freeze and a deed about the same thing, begun in the same moment: one of them is first, and the other knows."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from zhike.cases.freezing import freeze
from zhike.cases.models import Case
from zhike.cases.refusals import Refused
from zhike.cases.tests.test_freezing import ONE, Losses

pytestmark = pytest.mark.django_db(transaction=True)

TURNS = 2_400
WAITING = """
SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()
"""


def waited_for(thread: threading.Thread) -> bool:
    """Whether somebody waits for a lock of ours; False when the other is done without."""
    for _ in range(TURNS):
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone() != (0,):
                return True
        if not thread.is_alive():
            return False
        thread.join(0.05)
    raise AssertionError("neither waiting nor done")


def test_a_deed_begun_while_the_thing_is_being_frozen_waits_and_is_refused() -> None:
    house = Losses()
    loss, other, outcome = house.opened(now=ONE, waybill_no="YD-7"), house.about("YD-7"), list[str]()

    def close() -> None:
        try:
            house.act(other, "close", "clerk", ONE)
            outcome.append("closed")
        except Refused as refused:
            outcome.extend(refused.clauses)
        finally:
            connection.close()

    closing = threading.Thread(target=close)
    with transaction.atomic():
        freeze(loss, "waybill_no", "TR-01", at=ONE)
        closing.start()
        waited = waited_for(closing)
    closing.join()
    assert (waited, outcome) == (True, ["TR-02"])
    assert Case.objects.get(pk=other.pk).status == "open"


def test_a_freeze_begun_while_a_deed_asks_comes_after_it() -> None:
    house = Losses()
    loss, other = house.opened(now=ONE, waybill_no="YD-7"), house.about("YD-7")

    def hold() -> None:
        try:
            with transaction.atomic():
                freeze(loss, "waybill_no", "TR-01", at=ONE)
        finally:
            connection.close()

    holding = threading.Thread(target=hold)
    with transaction.atomic():
        assert house.act(other, "close", "clerk", ONE).status == "closed"
        holding.start()
        waited = waited_for(holding)
    holding.join()
    assert waited
