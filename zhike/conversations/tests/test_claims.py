"""Four workers drain at once, and one of them dies in the middle: nothing goes to two, nobody gets too many, nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from tests.served import until
from zhike.conversations import routing
from zhike.conversations.actions import Incoming, receive
from zhike.conversations.draining import look_after
from zhike.conversations.models import Choice, Conversation, Inbox
from zhike.conversations.routing import claim, route_waiting
from zhike.conversations.tests.ground import DESK, PICK, at, inbox_of, installed, person, ready
from zhike.journal.models import Fact

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 4
NOW = at("03-03 09:01")


def at_once(work: Callable[[], int]) -> list[int]:
    """The same work on so many connections, begun together."""
    together = Barrier(WORKERS)

    def run() -> int:
        try:
            together.wait(20)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(WORKERS)]]


def arrive(count: int, inbox: Inbox) -> None:
    for number in range(count):
        with transaction.atomic():
            receive(inbox, Incoming(address=f"v{number}", key="k", words="您好"), now=at("03-03 09:00"))
            transaction.set_rollback(False)


@pytest.fixture
def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the workers of the test drain."""
    monkeypatch.setattr("zhike.conversations.draining.look_after_commit", lambda _at: None)


@pytest.mark.usefixtures("nobody_looks")
def test_four_drains_at_once_give_each_to_one_and_nobody_more_than_his_capacity() -> None:
    installed(PICK)
    arrive(30, inbox_of())
    for number in range(8):
        ready(person(f"a{number}"))
    given = at_once(lambda: route_waiting(NOW))
    held = Counter(Conversation.objects.filter(state="offered").values_list("offered_to__username", flat=True))
    assert (sum(given), dict(held)) == (16, {f"a{number}": 2 for number in range(8)})
    assert Choice.objects.count() == Fact.objects.filter(type="conversation.offered").count() == 16
    assert Conversation.objects.filter(state="waiting").count() == 14


@pytest.mark.usefixtures("nobody_looks")
def test_a_second_router_waits_at_the_queue_until_the_first_has_given() -> None:
    """Else both would choose by what they saw before either gave anything: the same agent, the same turn."""
    installed(PICK | {"strategy": "rotation"})
    arrive(1, inbox_of())
    ready(person("jia"))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(routing.LOCK, ["talk", "desk"])
            second = pool.submit(_claimed_apart)
            until(lambda: _waiting_at_locks() == 1, "the second router waits")
            assert not second.done()
        assert second.result(20)
    assert Choice.objects.count() == 1


def _claimed_apart() -> bool:
    try:
        return claim("talk", "desk", NOW)
    finally:
        connection.close()


def _waiting_at_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("nobody_looks")
def test_an_agent_of_two_queues_gets_no_more_than_his_capacity_from_both() -> None:
    other = DESK | {"id": "second", "title": "示例二线"}
    installed(PICK, queues=[DESK, other])
    inbox = inbox_of()
    arrive(12, inbox)
    half = Conversation.objects.order_by("pk").values_list("pk", flat=True)[:6]
    Conversation.objects.filter(pk__in=list(half)).update(queue="second")
    for number in range(3):
        ready(person(f"a{number}"))
    at_once(lambda: route_waiting(NOW))
    held = Counter(Conversation.objects.filter(state="offered").values_list("offered_to__username", flat=True))
    assert dict(held) == {"a0": 2, "a1": 2, "a2": 2}


@pytest.mark.usefixtures("nobody_looks")
def test_the_turn_goes_on_where_it_was_however_many_drain() -> None:
    installed(PICK | {"strategy": "rotation"}, queues=[DESK | {"capacity": {"webchat": 50}}])
    arrive(20, inbox_of())
    for number in range(5):
        ready(person(f"a{number}"))
    at_once(lambda: route_waiting(NOW))
    in_order = Choice.objects.order_by("id").values_list("staff__username", flat=True)
    assert list(in_order) == [f"a{number % 5}" for number in range(20)]


@pytest.mark.usefixtures("nobody_looks")
def test_a_worker_that_dies_in_the_middle_has_done_nothing_and_the_next_one_does_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed(PICK)
    arrive(1, inbox_of())
    ready(person("jia"))

    def die(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(routing, "offer_held", die)
        with pytest.raises(SystemExit):
            claim("talk", "desk", NOW)
    assert (Conversation.objects.get().state, Choice.objects.count()) == ("waiting", 0)
    assert look_after(NOW) == 1
    assert Conversation.objects.get().state == "offered"


def test_an_offer_left_by_a_process_that_died_while_its_agent_went_is_given_back_at_the_next_look() -> None:
    installed(PICK)
    jia = person("jia")
    ready(jia)
    arrive(1, inbox_of())
    assert Conversation.objects.get().state == "offered"
    assert jia.staff is not None
    jia.staff.presence.__class__.objects.update(state="off")
    look_after(NOW)
    assert Conversation.objects.get().state == "waiting"


def test_what_nobody_was_told_of_is_found_at_the_next_look() -> None:
    """The process died between the commit and the drain."""
    installed(PICK)
    arrive(1, inbox_of())
    ready(person("jia"))
    Conversation.objects.update(state="waiting", offered_to=None, offered_at=None, offer_ends_at=None)
    assert look_after(NOW) == 1
