"""Who is told, who hears of it live, and who has read it."""

from __future__ import annotations

import pytest

from zhike.clocks.tests.ground import CASE, at
from zhike.handbook.common import Text
from zhike.journal.models import Fact
from zhike.notices.actions import Tell, mark_all_read, mark_read, tell
from zhike.notices.models import Notice
from zhike.notices.queries import count_unread, notices_of, unread
from zhike.org.handbooks import viewer as viewer_of
from zhike.org.models import Assignment, Staff
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer

pytestmark = pytest.mark.django_db

MANAGERS = "retail-hotline:store_manager"
WORDS = Text(zh="示例：时限已超时", en="Example: overdue")


def somebody(username: str, role: str = "store_manager") -> Viewer:
    staff = Staff.objects.create(username=username, name=f"示例{username}")
    Assignment.objects.create(staff=staff, handbook="retail-hotline", role=role)
    return viewer_of(staff)


def told(*to: str, minute: int = 0) -> list[Notice]:
    ids = tell([Tell(at(f"06-10 09:{minute:02}"), to, "breached", "WARN-05", "retail-hotline", CASE, WORDS)])
    return list(Notice.objects.filter(pk__in=ids))


def test_everybody_in_the_role_is_told_and_each_reads_for_himself():
    first, second, outsider = somebody("one"), somebody("two"), somebody("other", "hotline_agent")
    (notice,) = told(MANAGERS)
    assert mark_read(first, [notice.pk], at("06-10 09:05")) == 1
    assert [count_unread(viewer) for viewer in (first, second, outsider)] == [0, 1, 0]
    assert [row.read for row in notices_of(first)] == [True]
    assert [row.read for row in notices_of(second)] == [False]
    assert [row.words["en"] for row in unread(second)] == ["Example: overdue"]


def test_a_notice_reaches_the_live_feed_of_exactly_those_it_is_addressed_to():
    (notice,) = told(MANAGERS, "staff:3")
    fact = Fact.objects.get(type="notice.told")
    assert fact.audience == [MANAGERS, "staff:3"]
    assert (fact.clauses, fact.subject_kind, fact.subject_id) == (["WARN-05"], "notice", notice.pk)


def test_those_whom_a_batch_tells_several_things_hear_of_it_once():
    several = [Tell(at("06-10 09:00"), to, "told", "", "", CASE, WORDS) for to in ([MANAGERS], ["staff:3"], [MANAGERS])]
    ids = tell(several)
    assert Notice.objects.count() == 3
    heard = Fact.objects.filter(type="notice.told").order_by("payload__notice")
    assert [(fact.audience, fact.payload["count"]) for fact in heard] == [(["staff:3"], 1), ([MANAGERS], 2)]
    assert [fact.payload["notice"] for fact in heard] == [ids[1], ids[2]]


def test_a_notice_to_nobody_or_to_the_product_itself_is_not_written():
    assert told() == []
    assert told("system") == []
    assert Notice.objects.count() == 0


def test_nobody_marks_a_notice_that_is_not_addressed_to_him():
    outsider = somebody("other", "hotline_agent")
    (notice,) = told(MANAGERS)
    assert mark_read(outsider, [notice.pk], at("06-10 09:05")) == 0
    assert mark_read(ANONYMOUS_VIEWER, [notice.pk], at("06-10 09:05")) == 0
    assert unread(ANONYMOUS_VIEWER) == []


def test_reading_twice_is_reading_once():
    viewer = somebody("one")
    (notice,) = told(MANAGERS)
    for minute in (5, 6):
        mark_read(viewer, [notice.pk], at(f"06-10 09:0{minute}"))
    assert notice.reading_set.count() == 1


def test_what_came_after_the_page_was_drawn_stays_unread():
    viewer = somebody("one")
    (first,), (second,) = told(MANAGERS, minute=1), told(MANAGERS, minute=2)
    assert mark_all_read(viewer, first.pk, at("06-10 09:05")) == 1
    assert [notice.pk for notice in unread(viewer)] == [second.pk]


def test_the_count_stops_one_beyond_what_a_badge_shows():
    viewer = somebody("one")
    notices = [Tell(at("06-10 09:00"), [MANAGERS], "told", "", "", CASE, WORDS) for _ in range(12)]
    tell(notices)
    assert count_unread(viewer, most=9) == 10
    assert [len(unread(viewer, limit=5)), len(notices_of(viewer, limit=5))] == [5, 5]
