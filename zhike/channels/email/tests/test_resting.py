"""A mailbox that cannot be read is tried ever more seldom, says so, and is given up after its patience; somebody begins anew."""

from __future__ import annotations

import datetime as dt

import pytest

from zhike.channels.email import outbox, resting
from zhike.channels.email.access import NotFound
from zhike.channels.email.actions import try_mailbox_again
from zhike.channels.email.models import Mailbox, Outgoing
from zhike.channels.email.tests.ground import WALL, answered, mail, mailbox_of, opened_by
from zhike.conversations.tests.ground import at, installed, person
from zhike.journal.models import Fact
from zhike.notices.models import Notice
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db
NOW = at("03-03 10:00")


@pytest.fixture
def desk() -> Viewer:
    installed()
    return person("jia")


def failed(row: Mailbox, after: dt.timedelta) -> float | None:
    return resting.note_fault(row.pk, "Connection refused", now=NOW, wall=WALL + after)


def test_each_failure_makes_the_wait_longer_up_to_a_quarter_of_an_hour(desk: Viewer) -> None:
    row = mailbox_of()
    waits = [failed(row, dt.timedelta(seconds=number)) for number in range(10)]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    row.refresh_from_db()
    assert (row.failures, row.failing_since, row.next_try_at) == (10, WALL, WALL + dt.timedelta(seconds=909))


def test_after_its_patience_it_is_given_up_and_administrators_are_told_once(desk: Viewer) -> None:
    row, boss = mailbox_of(patience=2), person("yi")
    boss.staff.is_admin = True
    boss.staff.save(update_fields=["is_admin"])
    assert failed(row, dt.timedelta()) == 5
    assert failed(row, dt.timedelta(minutes=119)) == 10
    assert failed(row, dt.timedelta(minutes=120)) is None
    row.refresh_from_db()
    assert (row.gave_up_at, row.next_try_at, row.read_fault) == (
        WALL + dt.timedelta(hours=2),
        None,
        "Connection refused",
    )
    notice = Notice.objects.get()
    assert (notice.to, notice.subject_kind, "连续 2 小时" in notice.words["zh"]) == ([boss.principal], "mailbox", True)
    assert Fact.objects.filter(type="mailbox.given_up").count() == 1


def test_without_a_patience_it_is_tried_for_ever(desk: Viewer) -> None:
    row = mailbox_of(patience=0)
    failed(row, dt.timedelta())
    assert failed(row, dt.timedelta(days=400)) == 10


def test_one_good_look_forgets_every_failure(desk: Viewer) -> None:
    row = mailbox_of(patience=2)
    failed(row, dt.timedelta())
    resting.note_good(row.pk, NOW)
    assert failed(row, dt.timedelta(hours=3)) == 5


def test_who_keeps_the_mailboxes_begins_anew_with_one_that_was_given_up(desk: Viewer) -> None:
    row = mailbox_of(patience=1)
    failed(row, dt.timedelta())
    failed(row, dt.timedelta(hours=1))
    with pytest.raises(NotFound):
        try_mailbox_again(row.pk, by=desk, now=NOW)
    boss = Viewer(principal="staff:1", keys=frozenset({"staff:1"}), name="示例管理员", staff=desk.staff, is_admin=True)
    again = try_mailbox_again(row.pk, by=boss, now=NOW)
    assert (again.gave_up_at, again.failures, again.revision) == (None, 0, row.revision + 1)


def test_a_server_that_takes_no_mail_is_knocked_at_ever_more_seldom(desk: Viewer) -> None:
    row = mailbox_of()
    answered(opened_by(row, mail()), desk)
    for attempt, seconds in ((1, 30), (2, 120), (3, 600), (4, 1800), (9, 1800)):
        Outgoing.objects.update(state="waiting", next_at=WALL)
        outbox.put_off(row.pk, [], WALL, attempt)
        assert Outgoing.objects.get().next_at == WALL + dt.timedelta(seconds=seconds)
