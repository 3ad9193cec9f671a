"""Tries that reach nobody, and the periods that are no days: intervals of working time, shifts, checkpoints, occasions."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from zhike.duties.actions import Owe, owe, settle
from zhike.duties.models import Obligation
from zhike.duties.periods import Period, current_period, following_period
from zhike.handbook.book import Book
from zhike.handbook.clauses import Duty
from zhike.handbook.structure import Handbook
from zhike.journal.models import Fact
from zhike.org.models import HandbookVersion

CHINA = ZoneInfo("Asia/Shanghai")
PARTS: dict[str, Any] = {
    "name": "duties", "title": "示例制度", "version": "1", "effective": "2025-01-01",
    "roles": [{"id": "agent", "title": "示例坐席"}],
    "calendars": [{"id": "desk", "title": "示例班次", "weekly": {"mon-sat": ["09:00-12:00", "13:00-18:00"]}}],
    "occasions": [{"id": "meeting", "title": "示例周会", "weekday": "tue", "at": "09:00"}],
    "parameters": [{"id": "tries", "title": "示例次数", "value": 3}],
}  # fmt: skip


def at(text: str) -> dt.datetime:
    """`at("03-03 09:30")`: that moment of 2025 in Shanghai. 3 March 2025 is a Monday."""
    return dt.datetime.fromisoformat(f"2025-{text.replace(' ', 'T')}").replace(tzinfo=CHINA)


def book_with(**said: Any) -> tuple[Book, Duty]:
    clause = {
        "kind": "duty",
        "id": "DUTY-01",
        "title": "示例",
        "cites": "1",
        "quote": "示例",
        "holder": "agent",
        "owes": "action.call",
    }
    book = Book(Handbook.model_validate(PARTS | {"clauses": [clause | said]}))
    found = book.clause("DUTY-01")
    assert isinstance(found, Duty)
    return book, found


def following(book: Book, clause: Duty, period: Period) -> Period:
    after = following_period(book, clause, period)
    assert after is not None
    return after


def test_an_interval_of_working_time_passes_over_lunch_and_night() -> None:
    book, clause = book_with(every="interval", interval="30m", time="working", calendar="desk")
    assert current_period(book, clause, at("03-03 11:45")).ends_at == at("03-03 13:15")
    assert current_period(book, clause, at("03-03 17:50")).ends_at == at("03-04 09:20")


def test_a_shift_is_an_open_window_of_the_calendar() -> None:
    book, clause = book_with(every="shift", calendar="desk")
    morning = current_period(book, clause, at("03-03 10:00"))
    assert (morning.begins_at, morning.ends_at) == (at("03-03 10:00"), at("03-03 12:00"))
    afternoon = following(book, clause, morning)
    assert (afternoon.begins_at, afternoon.ends_at) == (at("03-03 13:00"), at("03-03 18:00"))
    saturday_night = current_period(book, clause, at("03-08 19:00"))
    assert saturday_night.begins_at == at("03-10 09:00")


def test_checkpoints_are_owed_each_once() -> None:
    book, clause = book_with(every="checkpoints", checkpoints=["1d", "3d"])
    first = current_period(book, clause, at("03-03 10:00"))
    second = following(book, clause, first)
    assert (first.ends_at, second.begins_at, second.ends_at) == (
        at("03-04 10:00"),
        at("03-04 10:00"),
        at("03-06 10:00"),
    )
    assert following_period(book, clause, second) is None


def test_an_occasion_is_due_at_its_next_day_and_hour() -> None:
    book, clause = book_with(every="occasion", occasion="meeting")
    first = current_period(book, clause, at("03-04 08:00"))
    assert first.ends_at == at("03-04 09:00")
    assert current_period(book, clause, at("03-04 09:30")).ends_at == at("03-11 09:00")
    assert following(book, clause, first).ends_at == at("03-11 09:00")


def owed(**said: Any) -> tuple[Book, HandbookVersion]:
    book, clause = book_with(**said)
    source = book.handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    version = HandbookVersion.objects.create(
        name="duties", version="1", effective_from=at("01-01 00:00"), source=source, text="", digest="1"
    )
    with transaction.atomic():
        owe(
            [
                Owe(
                    book=book,
                    version_id=version.pk,
                    clause=clause,
                    subject=("case", 7),
                    holders=["duties:agent"],
                    at=at("03-03 10:30"),
                )
            ]
        )
    return book, version


def call(book: Book, when: str, **facts: Any) -> None:
    with transaction.atomic():
        settle(("case", 7), book, "action.call", at=at(when), by="staff:1", facts=facts)


CALLS: dict[str, Any] = {
    "every": "interval", "interval": "30m", "owes_when": {"method": "phone"},
    "attempts": {"of": {"result": ["no_answer", "busy"]}, "most": {"param": "tries"}, "apart": "30m"},
}  # fmt: skip


@pytest.mark.django_db
def test_the_third_vain_call_in_a_row_uses_the_tries_up_whatever_period_each_was_made_in() -> None:
    book, _ = owed(**CALLS)
    call(book, "03-03 10:31", method="phone", result="no_answer")
    call(book, "03-03 11:01", method="phone", result="busy")
    assert not Fact.objects.filter(type="duty.exhausted").exists()
    call(book, "03-03 11:31", method="phone", result="no_answer")
    assert Fact.objects.get(type="duty.exhausted").payload["tries"] == 3
    assert Obligation.objects.filter(state="met").count() == 3


@pytest.mark.django_db
def test_a_text_is_no_try_and_settles_nothing() -> None:
    book, _ = owed(**CALLS)
    call(book, "03-03 10:31", method="text")
    row = Obligation.objects.get()
    assert (row.state, row.tries) == ("owed", [])


@pytest.mark.django_db
def test_a_call_that_reaches_somebody_begins_the_row_anew_and_one_too_soon_is_not_counted() -> None:
    book, _ = owed(**CALLS)
    call(book, "03-03 10:31", method="phone", result="no_answer")
    call(book, "03-03 10:40", method="phone", result="no_answer")
    assert len(Obligation.objects.latest("id").tries) == 1
    call(book, "03-03 11:05", method="phone", result="reached")
    assert Obligation.objects.latest("id").tries == []


@pytest.mark.django_db
def test_tries_that_count_as_done_settle_what_is_owed_once() -> None:
    book, _ = owed(
        within="1d", owes_when={"result": "reached"},
        attempts={"of": {"result": "no_answer"}, "most": 2, "counts_as_done": True},
    )  # fmt: skip
    call(book, "03-03 10:31", result="no_answer")
    assert Obligation.objects.get().state == "owed"
    call(book, "03-03 10:32", result="no_answer")
    assert Obligation.objects.get().state == "met"
