"""Facts that a handbook puts together itself, and which computed facts it asks for."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.handbook.book import Book
from zhike.handbook.gates import open_duty_refusal, refusal_of_capture
from zhike.handbook.named import asks_for, with_named
from zhike.handbook.structure import Calendar, Handbook

MATTER = {
    "name": "matter",
    "type": "bool",
    "means": "特别重大或重复",
    "any_of": [{"severity": "major"}, {"repeated": True}, {"count": {"gte": {"param": "most"}}}],
}
DUE = {"name": "due", "type": "datetime", "means": "最晚时间", "first_of": ["clock.A-01.due_at", "clock.B-01.due_at"]}
MEASURE = {
    "kind": "measure", "id": "M-01", "title": "指标", "cites": "1", "quote": "示例", "name": "rate",
    "capture": {"action": "close", "of": "rectification", "field": "words", "refuse": "还没有整改意见。"},
}  # fmt: skip
SANCTION = {
    "kind": "sanction", "id": "S-01", "title": "通报", "cites": "1", "quote": "示例", "on": "action.reply",
    "confirm": {"role": "boss"}, "blocks": ["case.closed"], "part_of": "S-02", "refuse": "还缺通报。",
}  # fmt: skip


def book_with(**parts: Any) -> Book:
    return Book(
        Handbook.model_validate({"name": "sample", "title": "示例", "version": "1", "effective": "2025-01-01", **parts})
    )


BOOK = book_with(
    facts=[MATTER, DUE], parameters=[{"id": "most", "title": "件数", "value": 3}], clauses=[MEASURE, SANCTION]
)


@pytest.mark.parametrize(
    ("facts", "holds"),
    [
        ({}, False),
        ({"severity": "major"}, True),
        ({"repeated": True}, True),
        ({"count": 2}, False),
        ({"count": 3}, True),
    ],
)
def test_one_of_several_conditions_makes_a_named_fact_true(facts: dict[str, Any], holds: bool) -> None:
    assert with_named(BOOK, dict(facts))["matter"] is holds


def test_the_first_fact_with_a_value_is_the_value() -> None:
    assert with_named(BOOK, {})["due"] is None
    assert with_named(BOOK, {"clock.B-01.due_at": "2025-06-12"})["due"] == "2025-06-12"
    assert (
        with_named(BOOK, {"clock.A-01.due_at": "2025-06-11", "clock.B-01.due_at": "2025-06-12"})["due"] == "2025-06-11"
    )


def test_a_handbook_asks_for_the_facts_it_names_and_for_no_others() -> None:
    assert asks_for(BOOK, "clock.")
    assert not asks_for(BOOK, "duty.", "case.late.")


def test_a_measure_may_want_what_an_earlier_form_holds() -> None:
    clause: Any = BOOK.clause("M-01")
    assert refusal_of_capture(clause, {"rectification.words": "示例"}, {}) is None
    refusal = refusal_of_capture(clause, {}, {"words": "写在别的表单上"})
    assert refusal is not None
    assert (refusal.words.zh, refusal.fields) == ("还没有整改意见。", ())


def test_an_undecided_draft_blocks_what_its_clause_says() -> None:
    clause = BOOK.clause("S-01")
    assert BOOK.listening_to("blocks", None, "case.closed") == (clause,)
    assert open_duty_refusal(clause, {}) is None
    refusal = open_duty_refusal(clause, {"sanction.S-01.open": True})
    assert refusal is not None
    assert refusal.words.zh == "还缺通报。"
    assert clause.sentence == "S-02"


def test_a_company_has_days_off_and_workdays_of_its_own() -> None:
    definition = Calendar.model_validate(
        {"id": "office", "title": "办公", "weekly": {"mon-fri": ["09:00-18:00"]}, "days_off": ["2025-06-16"],
         "extra_workdays": ["2025-06-14"]}
    )  # fmt: skip
    calendar = book_with(calendars=[definition.model_dump(mode="json", by_alias=True)]).calendar("office")
    assert calendar is not None
    days = {day: calendar.is_working_day(day) for day in (*definition.days_off, *definition.extra_workdays)}
    assert [f"{day:%m-%d} {works}" for day, works in days.items()] == ["06-16 False", "06-14 True"]
