"""The floor: whose queues, what waits, who does what, what needs somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Presence
from zhike.conversations.tests.ground import FIRST_ANSWER, asked, at, inbox_of, installed, person
from zhike.lib import clock
from zhike.org.principals import Viewer
from zhike.web.floor.seats import floor_of

pytestmark = pytest.mark.django_db
NOW = at("03-03 09:10:00")


@pytest.fixture(autouse=True)
def ten_past_nine() -> Iterator[None]:
    before = clock.install(lambda: NOW)
    yield
    clock.install(before)


def browser(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(viewer.staff, backend="zhike.org.backend.StaffBackend")  # type: ignore[arg-type]
    return client


def is_there(viewer: Viewer, state: str, since: str, until: dt.datetime | None = None) -> None:
    Presence.objects.update_or_create(
        staff=viewer.staff,
        defaults={"state": state, "since": at(since), "until": until, "heard_at": NOW, "handbook": "talk"},
    )


def test_a_queue_tells_how_many_wait_and_the_longest_wait() -> None:
    installed(FIRST_ANSWER)
    lead, anna = person("boss", "lead"), person("anna")
    is_there(anna, "ready", "03-03 09:00")
    inbox = inbox_of()
    asked(inbox, when="03-03 09:02", who="v1")
    asked(inbox, when="03-03 09:05", who="v2", key="k2")
    (line,) = floor_of(lead, NOW).lines
    assert (len(line.waiting), line.longest, line.ready) == (2, "8 分钟", 1)


def test_what_is_not_for_the_supervisor_is_not_on_his_floor() -> None:
    installed(FIRST_ANSWER)
    lead, anna = person("boss", "lead"), person("anna")
    inbox = inbox_of()
    Conversation.objects.filter(pk=asked(inbox, when="03-03 09:02").pk).update(audience=[anna.principal])
    seen = asked(inbox, when="03-03 09:05", who="v2", key="k2")
    (line,) = floor_of(lead, NOW).lines
    assert [talk.conversation.number for talk in line.waiting] == [seen.number]


def test_a_seat_tells_its_state_since_when_and_what_is_in_hand() -> None:
    installed(FIRST_ANSWER)
    lead, anna = person("boss", "lead"), person("anna")
    is_there(anna, "busy", "03-03 09:04")
    talk = accept(asked(inbox_of(), when="03-03 09:03"), anna, now=at("03-03 09:04"))
    seat = next(seat for seat in floor_of(lead, NOW).seats if seat.staff == anna.staff)
    assert (seat.presence, seat.since) == ("busy", "6 分钟")
    assert [each.conversation.number for each in seat.talks] == [talk.number]


def test_what_needs_somebody_is_said_first() -> None:
    installed(FIRST_ANSWER)
    lead, anna, bert = person("boss", "lead"), person("anna"), person("bert")
    is_there(anna, "not_ready", "03-03 09:00", until=at("03-03 09:05"))
    is_there(bert, "off", "03-03 09:06")
    inbox = inbox_of()
    accept(asked(inbox, when="03-03 09:03"), bert, now=at("03-03 09:04"))
    asked(inbox, when="03-03 09:09:50", who="v2", key="k2")
    assert [alarm.kind for alarm in floor_of(lead, NOW).alarms] == ["overdue", "nobody", "late", "gone"]


def test_every_alarm_leads_to_its_place_and_many_late_ones_do_not_bury_the_queues() -> None:
    installed(FIRST_ANSWER)
    lead, anna = person("boss", "lead"), person("anna")
    is_there(anna, "off", "03-03 09:06")
    inbox = inbox_of()
    accept(asked(inbox, when="03-03 09:03"), anna, now=at("03-03 09:04"))
    for number in range(10):
        asked(inbox, when=f"03-03 09:0{number % 5}:30", who=f"v{number}", key=f"n{number}")
    floor = floor_of(lead, NOW)
    assert floor.overdue == 11
    assert [alarm.kind for alarm in floor.alarms] == ["overdue"] * 8 + ["nobody", "gone"]
    due = [alarm.deadline.due_at for alarm in floor.alarms if alarm.deadline]
    assert due == sorted(due)
    page = browser(lead).get("/floor").text
    assert "超时的会话共 11 个" in page
    assert page.count('<a data-open href="#line-talk-desk">') == 1
    assert 'id="line-talk-desk"' in page
    seat = f"seat-{anna.staff.pk}"  # type: ignore[union-attr]
    assert f'<a data-open href="#{seat}">' in page
    assert f'id="{seat}"' in page


def test_an_agent_has_no_floor_and_a_stranger_sees_nothing_of_it() -> None:
    roles = [
        {"id": "agent", "title": "示例坐席", "reports_to": "lead", "screens": ["desk"]},
        {"id": "lead", "title": "示例班长", "screens": ["desk", "board"]},
        {"id": "stranger", "title": "示例外人", "screens": ["board"]},
    ]
    installed(FIRST_ANSWER, roles=roles)
    asked(inbox_of(), "不给外人看的话")
    assert browser(person("anna")).get("/floor").status_code == 403
    page = browser(person("stranger", "stranger")).get("/floor")
    assert "没有您管的队列" in page.text
    assert "示例访客" not in page.text


def test_the_floor_asks_twelve_questions_at_most() -> None:
    installed(FIRST_ANSWER)
    lead, anna = person("boss", "lead"), person("anna")
    is_there(anna, "busy", "03-03 09:04")
    inbox = inbox_of()
    for number in range(20):
        talk = asked(inbox, who=f"v{number}", key=f"k{number}", when="03-03 09:09:50")
        if number % 2:
            accept(talk, anna, now=NOW)
    client = browser(lead)
    client.get("/floor")
    with CaptureQueriesContext(connection) as questions:
        assert client.get("/floor").status_code == 200
    assert len(questions) <= 12, [each["sql"][:90] for each in questions.captured_queries]
