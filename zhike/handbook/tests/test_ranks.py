"""People in order of a figure: places, equals, groups too small, and who may see whose place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from zhike.handbook.clauses import Measure
from zhike.handbook.load import examine
from zhike.handbook.ranks import Place, is_too_small, ranked, sight_of
from zhike.handbook.tests.folder import with_clause, write

RANK: dict[str, Any] = {"among": "agent", "ties": ["manager", "complaints", "decided"], "decided_by": "boss"}
PEOPLE: dict[str, Mapping[str, float | None]] = {
    "a": {"score": 72.0, "manager": 80.0, "complaints": 0.02},
    "b": {"score": 72.0, "manager": 80.0, "complaints": 0.01},
    "c": {"score": 95.0},
    "d": {"score": 72.0, "manager": 81.0},
    "e": {"manager": 99.0},
}


def made(rank: dict[str, Any] = RANK, **keys: Any) -> Measure:
    base = {
        "id": "X-01",
        "kind": "measure",
        "title": "示例",
        "cites": "1",
        "quote": "示例",
        "name": "score",
        "rank": rank,
    }
    return Measure.model_validate(base | keys)


def test_equals_are_told_apart_by_the_next_figure_each_in_its_own_sense() -> None:
    places = ranked(made(), PEOPLE, {"complaints": "low"})
    assert places == [Place(1, ("c",)), Place(2, ("d",)), Place(3, ("b",)), Place(4, ("a",))]


def test_where_low_is_good_the_lowest_comes_first_and_a_missing_tie_last() -> None:
    people = {"a": {"score": 3.0}, "b": {"score": 2.0}, "c": {"score": 3.0, "manager": 1.0}}
    assert [each.people for each in ranked(made(better="low"), people)] == [("b",), ("c",), ("a",)]


def test_who_has_no_figure_has_no_place() -> None:
    assert all("e" not in each.people for each in ranked(made(), PEOPLE))


SAME = {"a": {"score": 1.0}, "b": {"score": 1.0}, "c": {"score": 0.5}}


def test_equals_wait_for_a_person_or_share_a_place_and_the_next_is_left_out() -> None:
    assert ranked(made(), SAME) == [Place(1, ("a", "b"), is_open=True), Place(3, ("c",))]
    assert ranked(made({"among": "agent", "share_place": True}), SAME) == [Place(1, ("a", "b")), Place(3, ("c",))]


def test_a_decision_holds_for_just_the_people_it_was_about() -> None:
    assert ranked(made(), SAME, decided=[("b", "a")]) == [Place(1, ("b",)), Place(2, ("a",)), Place(3, ("c",))]
    assert ranked(made(), SAME, decided=[("b", "c", "a")])[0] == Place(1, ("a", "b"), is_open=True)


def test_a_group_below_the_least_is_only_told() -> None:
    clause = made({**RANK, "smallest_group": 3})
    assert is_too_small(clause, ranked(clause, {"a": {"score": 1.0}, "b": {"score": 2.0}, "c": {}}))
    assert not is_too_small(clause, ranked(clause, SAME))


@pytest.mark.parametrize(
    ("held", "member", "seen"),
    [("lead", False, "all"), ("boss", True, "all"), ("agent", True, "places"), ("agent", False, "none")],
)
def test_who_sees_whose_place(held: str, member: bool, seen: str) -> None:
    clause = made({**RANK, "seen_by": "lead", "members_see": "places"})
    assert sight_of(clause, holds=lambda role: role == held, is_member=member) == seen


def test_those_in_order_see_only_their_own_place_where_nothing_else_is_said() -> None:
    assert sight_of(made(), holds=lambda role: False, is_member=True) == "own"


WRONG = [
    ({"among": "agent"}, "rank-equals"),
    ({"among": "agent", "ties": ["decided", "other"], "decided_by": "boss"}, "rank-equals"),
    ({"among": "agent", "ties": ["decided"], "decided_by": "boss", "share_place": True}, "rank-equals"),
    ({"among": "agent", "ties": ["decided"]}, "rank-nobody"),
    ({"among": "agent", "ties": ["dreamt"], "share_place": True}, "measure-unknown"),
    ({"among": "nobody", "share_place": True}, "role-unknown"),
    ({"among": "staff", "ties": ["other", "decided"], "decided_by": "boss"}, ""),
]


@pytest.mark.parametrize(("rank", "code"), WRONG)
def test_a_ranking_says_how_equals_are_placed(tmp_path: Path, rank: dict[str, Any], code: str) -> None:
    base = {"kind": "measure", "title": {"zh": "示例", "en": "Sample"}, "cites": "2", "quote": "登记要写明电话。"}
    counted = {"numerator": {"count": "cases"}}
    clauses = with_clause(
        {**base, **counted, "id": "S-30", "name": "score", "rank": rank},
        {**base, **counted, "id": "S-31", "name": "other"},
    )
    loaded = examine(write(tmp_path, clauses=clauses))
    assert {one.code for one in loaded.errors} == ({code} if code else set())


def test_a_score_that_is_made_of_itself_is_refused(tmp_path: Path) -> None:
    clause = {
        "kind": "measure", "title": {"zh": "示例", "en": "Sample"}, "cites": "2", "quote": "登记要写明电话。", "id": "S-30",
        "name": "score", "composite": {"of": [{"measure": "score", "weight": 1}]},
        "rank": {"among": "agent", "share_place": True},
    }  # fmt: skip
    assert [one.code for one in examine(write(tmp_path, clauses=with_clause(clause))).errors] == ["measure-round"]


RANKED = {"among": "agent", "share_place": True}
FOLLOWS = [
    ("rank.monthly", {"periods": ["month"]}, "ticket", "process-no-entry"),
    ("rank.monthly", {"periods": ["week"]}, "ticket", "rank-unreported"),
    ("rank.monthly", {"periods": ["month"]}, None, "rank-no-process"),
]


@pytest.mark.parametrize(("event", "changed", "process", "code"), FOLLOWS)
def test_a_sanction_on_a_ranking_needs_one_and_a_case_to_be_decided_on(
    tmp_path: Path, event: str, changed: dict[str, Any], process: str | None, code: str
) -> None:
    base = {"title": {"zh": "示例", "en": "Sample"}, "cites": "2", "quote": "登记要写明电话。"}
    ranking = {
        **base,
        "kind": "measure",
        "id": "S-30",
        "name": "score",
        "numerator": {"count": "cases"},
        "rank": RANKED,
    }
    sanction = {
        **base,
        "kind": "sanction",
        "id": "S-31",
        "on": event,
        "confirm": {"role": "boss"},
        "when": {"place": 1},
    }
    sanction |= {"process": process} if process else {}
    loaded = examine(write(tmp_path, clauses=with_clause({**ranking, **changed}, sanction)))
    assert code in {one.code for one in loaded.errors}


@pytest.mark.parametrize(("opens", "code"), [("nothing", "process-unknown"), ("ticket", "opens-without-target")])
def test_what_a_missed_target_opens_is_there_and_there_is_a_target(tmp_path: Path, opens: str, code: str) -> None:
    clause = {
        "kind": "measure", "title": {"zh": "示例", "en": "Sample"}, "cites": "2", "quote": "登记要写明电话。", "id": "S-30",
        "name": "score", "numerator": {"count": "cases"}, "opens": opens,
    }  # fmt: skip
    assert code in {one.code for one in examine(write(tmp_path, clauses=with_clause(clause))).errors}


@pytest.mark.parametrize(("made_of", "code"), [("score", "measure-round"), ("dreamt", "measure-unknown")])
def test_a_figure_without_a_ranking_is_made_of_others_that_are_there(tmp_path: Path, made_of: str, code: str) -> None:
    clause = {
        "kind": "measure", "title": {"zh": "示例", "en": "Sample"}, "cites": "2", "quote": "登记要写明电话。", "id": "S-30",
        "name": "score", "composite": {"of": [{"measure": made_of, "weight": 1}]},
    }  # fmt: skip
    assert [one.code for one in examine(write(tmp_path, clauses=with_clause(clause))).errors] == [code]


LIKE: dict[str, Any] = {
    "kind": "measure",
    "title": {"zh": "示例", "en": "Sample"},
    "cites": "2",
    "quote": "登记要写明电话。",
}
SIDES: dict[str, Any] = {"numerator": {"count": "ticket"}, "denominator": {"count": "ticket"}}
MARKED = {"measure": "rate", "full": 60}


@pytest.mark.parametrize(
    ("rate", "of", "code"),
    [
        ({"target": "> 80%"}, [MARKED, {"measure": "other", "weight": 40}], "marks-mixed"),
        ({"target": "> 80%"}, [{**MARKED, "weight": 2}], "marks-mixed"),
        ({}, [MARKED], "marks-without-target"),
        ({"full": 10}, [{"measure": "other", "weight": 1}], "marks-without-target"),
        ({"target": "< 6h"}, [{"measure": "rate", "weight": 1}], "target-unit"),
        ({"target": "> 3 apples"}, [{"measure": "rate", "weight": 1}], "target-malformed"),
    ],
)
def test_marks_have_a_target_and_a_target_the_unit_of_its_figure(
    tmp_path: Path, rate: dict[str, Any], of: list[dict[str, Any]], code: str
) -> None:
    made = [
        {**LIKE, **SIDES, "id": "S-35", "name": "rate", **rate},
        {**LIKE, **SIDES, "id": "S-36", "name": "other", "target": "> 1%"},
        {**LIKE, "id": "S-37", "name": "total", "composite": {"of": of}},
    ]
    assert [one.code for one in examine(write(tmp_path, clauses=with_clause(*made))).errors] == [code]


@pytest.mark.parametrize("target", ["< 6h", "<= 90 minutes", "<= 2 days"])
def test_a_length_of_time_may_have_a_target_in_any_unit_of_fixed_length(tmp_path: Path, target: str) -> None:
    value = {"median": "lead_time_minutes", "of": "cases"}
    one = {**LIKE, "id": "S-35", "name": "wait", "value": value, "target": target}
    assert examine(write(tmp_path, clauses=with_clause(one))).errors == []
