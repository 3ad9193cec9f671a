"""Sanctions, measures, visibility and wording: what follows, what is counted, who sees, what is said."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from zhike.handbook.clauses import KINDS, Measure, Sanction, Visibility, Wording
from zhike.handbook.common import Text
from zhike.handbook.measures import composite, marks, measure, parse_target
from zhike.handbook.sanctions import draft_of, tally
from zhike.handbook.terms import Script, Tally
from zhike.handbook.visibilities import may_see, shown, sight_of
from zhike.handbook.wordings import fill, in_range, look, steps_ahead


def made(kind: str, **keys: Any) -> Any:
    base = {"id": "X-01", "kind": kind, "title": "条", "cites": "1", "quote": "条"}
    return KINDS[kind].model_validate(base | keys)


# Sanctions

ATTITUDE: dict[str, Any] = {
    "on": "finding.attitude",
    "count": {"per": ["person"], "within": "calendar_year", "excludes": {"revoked": True}},
    "tiers": [
        {"from": 1, "fine": 20},
        {"from": 3, "fine": 100, "replaces": True, "propose": ["transfer", "dismissal"]},
    ],
    "confirm": {"role": "director", "by_consequence": {"dismissal": "general_manager"}},
    "appeal": {"within": "3 working days"},
}


@pytest.mark.parametrize(
    ("count", "amount", "propose", "confirmer"),
    [
        (1, "-20", (), "director"),
        (2, "-20", (), "director"),
        (3, "-100", ("transfer", "dismissal"), "general_manager"),
        (4, "-100", ("transfer", "dismissal"), "general_manager"),
    ],
)
def test_the_third_replaces_the_single_amount(
    count: int, amount: str, propose: tuple[str, ...], confirmer: str
) -> None:
    clause: Sanction = made("sanction", **ATTITUDE)
    draft = draft_of(clause, {"person": "staff:3", "count": count})
    assert [(charge.person, charge.amount) for charge in draft.charges] == [("staff:3", Decimal(amount))]
    assert (draft.propose, draft.confirmed_by, str(draft.appeal)) == (propose, (confirmer,), "3 working days")


def test_who_must_agree_as_well_does_not_decide() -> None:
    clause: Sanction = made("sanction", **{**ATTITUDE, "confirm": {"role": "director", "also": ["legal"]}})
    assert draft_of(clause, {"person": "staff:3", "count": 1}).confirmed_by == ("director",)


def test_tiers_add_up_where_none_replaces() -> None:
    clause = made("sanction", **{**ATTITUDE, "tiers": [{"from": 1, "fine": 20}, {"from": 2, "points": 5}]})
    assert [(one.amount, one.points) for one in draft_of(clause, {"count": 2}).charges] == [
        (Decimal(-20), None),
        (None, 5),
    ]


def test_an_amount_may_be_a_fact_with_a_cap_or_left_to_a_person() -> None:
    clause = made("sanction", **{**ATTITUDE, "tiers": [{"from": 1, "amount_of": "commission", "most_of": "month_pay"}]})
    assert draft_of(clause, {"commission": 900, "month_pay": 500}).charges[0].amount == Decimal(-500)
    open_ = made("sanction", **{**ATTITUDE, "tiers": [{"from": 1, "decided": True}]})
    assert (draft_of(open_, {}).charges[0].amount, draft_of(open_, {}).charges[0].to_be_decided) == (None, True)


def test_another_party_bears_the_same() -> None:
    clause = made("sanction", **{**ATTITUDE, "parties": [{"fact": "supervisor"}]})
    draft = draft_of(clause, {"person": "staff:3", "supervisor": "staff:9", "count": 1})
    assert [(one.person, one.amount) for one in draft.charges] == [("staff:3", Decimal(-20)), ("staff:9", Decimal(-20))]


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text + " 10:00+08:00")


@pytest.mark.parametrize(
    ("within", "expected"),
    [("calendar_year", 2), ("calendar_month", 1), ("lifetime", 3), ("rolling_days", 2), ("rolling_year", 3)],
)
def test_occurrences_are_counted_by_the_window_of_the_clause(within: str, expected: int) -> None:
    count = Tally.model_validate({"within": within, "days": 30, "excludes": {"revoked": True}})
    days = ["2024-12-30", "2025-05-20", "2025-06-10"]
    rows = [{"at": moment(day)} for day in days] + [{"at": moment("2025-06-01"), "revoked": True}]
    assert tally(count, rows, moment("2025-06-10")) == expected


# Measures

CALLS = [
    {"asked_for_human": True, "answered": True, "wait": 3},
    {"asked_for_human": True, "answered": False, "wait": 90},
    {"asked_for_human": False, "answered": False, "wait": 1},
    {"asked_for_human": True, "answered": True, "wait": 9},
]
RATE: dict[str, Any] = {
    "name": "connect_rate",
    "numerator": {"count": "calls", "where": {"asked_for_human": True, "answered": True}},
    "denominator": {"count": "calls", "where": {"asked_for_human": True}},
    "target": "> 85%",
}


def test_a_share_with_its_denominator_and_target() -> None:
    found = measure(made("measure", **RATE), {"calls": CALLS})
    assert (found.numerator, found.denominator, found.text, found.kept) == (2, 3, "66.7%", False)


def test_nothing_to_measure_is_a_dash_and_neither_kept_nor_missed() -> None:
    found = measure(made("measure", **RATE), {"calls": []})
    assert (found.value, found.text, found.kept) == (None, "—", None)
    assert measure(made("measure", **{**RATE, "empty": "无消耗"}), {}).text == "无消耗"


def test_a_strict_target_is_not_kept_by_its_very_figure() -> None:
    rows = [{"asked_for_human": True, "answered": n < 17} for n in range(20)]
    assert measure(made("measure", **RATE), {"calls": rows}).kept is False
    assert measure(made("measure", **{**RATE, "target": ">= 85%"}), {"calls": rows}).kept is True


def test_rows_dropped_count_on_neither_side() -> None:
    found = measure(made("measure", **{**RATE, "drop": {"wait": {"lt": 5}}}), {"calls": CALLS})
    assert (found.numerator, found.denominator) == (1, 2)


@pytest.mark.parametrize(
    ("how", "expected"),
    [("median", 6.0), ("p90", 90.0), ("mean", 25.75), ("sum", 103.0), ("most", 90.0), ("count", 4.0)],
)
def test_figures_that_are_no_share(how: str, expected: float) -> None:
    clause: Measure = made("measure", name="wait", value={how: "wait", "of": "calls"})
    assert measure(clause, {"calls": CALLS}).value == expected


def test_different_values_are_counted_once() -> None:
    clause = made("measure", name="days", numerator={"count": "duties", "distinct": "customer_day"})
    assert measure(clause, {"duties": [{"customer_day": "a"}, {"customer_day": "a"}, {"customer_day": "b"}]}).value == 2


@pytest.mark.parametrize(("empty", "expected"), [("spread", 90.0), ("zero", 45.0), ("block", None)])
def test_a_score_made_of_parts_says_what_an_empty_part_does(empty: str, expected: float | None) -> None:
    clause = made(
        "measure",
        name="score",
        composite={"of": [{"measure": "a", "weight": 0.5}, {"measure": "b", "weight": 0.5}], "empty": empty},
    )
    assert composite(clause, {"a": 90.0, "b": None}).value == expected


@pytest.mark.parametrize(
    ("target", "value", "expected"),
    [(">= 90", 45, 5.0), (">= 90", 95, 10.0), ("> 0", 0, 10.0), ("<= 2", 4, 5.0), ("<= 2", 0, 10.0), ("< 2", 1, 10.0)],
)
def test_marks_are_full_marks_times_the_share_of_the_target(target: str, value: float, expected: float) -> None:
    assert marks(made("measure", name="a", target=target), value, 10) == expected


def test_where_low_is_good_a_target_that_is_met_exactly_is_read_so() -> None:
    assert marks(made("measure", name="a", target="= 30", better="low"), 60, 10) == 5.0


def test_without_a_target_full_marks_or_a_figure_there_are_none() -> None:
    aimed = made("measure", name="a", target="> 1")
    assert (marks(made("measure", name="a"), 5, 10), marks(aimed, 5, None), marks(aimed, None, 10)) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(("empty", "expected"), [("spread", 80.0), ("zero", 20.0), ("block", None)])
def test_a_score_of_marks_is_their_sum_and_an_empty_part_is_spread_nothing_or_blocks_it(
    empty: str, expected: float | None
) -> None:
    of = [{"measure": name, "full": full} for name, full in (("a", 15), ("b", 10), ("c", 75))]
    clause = made("measure", name="score", composite={"of": of, "empty": empty})
    values = {"a": 0.5, "b": 30.0, "c": None}
    assert composite(clause, {**values, "c": 1.0}, {"a": 10.0, "b": 10.0, "c": 60.0}).value == 80.0
    found = composite(clause, values, {"a": 10.0, "b": 10.0, "c": None})
    assert (found.value, found.part_marks["a"]) == (expected, 10.0)


@pytest.mark.parametrize(
    ("fact", "target", "value", "kept"),
    [("lead_time_minutes", "< 6h", 359, True), ("lead_time_minutes", "< 6h", 360, False),
     ("wait_seconds", "<= 3 minutes", 180, True), ("wait_seconds", "<= 3 minutes", 181, False),
     ("lead_time_minutes", "<= 2", 3, False)],
)  # fmt: skip
def test_a_target_that_is_a_length_of_time_is_read_in_the_unit_of_the_figure(
    fact: str, target: str, value: float, kept: bool
) -> None:
    clause = made("measure", name="a", value={"mean": fact, "of": "cases"}, target=target)
    assert measure(clause, {"cases": [{fact: value}]}).kept is kept


def test_an_amount_for_each_order_is_a_number_and_an_amount_of_an_amount_a_share() -> None:
    rows = {"order": [{"paid": 200, "back": 50}, {"paid": 300, "back": 75}]}
    per_order = made("measure", name="a", numerator={"count": "order", "sum": "paid"}, denominator={"count": "order"})
    returned = made(
        "measure", name="b", numerator={"count": "order", "sum": "back"}, denominator={"count": "order", "sum": "paid"}
    )
    assert (measure(per_order, rows).text, measure(returned, rows).text) == ("250", "25.0%")


@pytest.mark.parametrize("text", ["", "85", "> x", "about 85%", ">85%%", "> 3 apples"])
def test_a_target_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_target(text)


# Visibility

ADDRESS: dict[str, Any] = {
    "of": "record.visit", "fields": ["address"], "refuse": "只给上门的人看。",
    "to": [{"role": "visitor", "person": "assigned_to"}], "open_while": {"visit_done": {"ne": True}},
    "show": [{"field": "address", "as": "hidden"}, {"field": "phone", "as": "last4"}, {"field": "paid", "as": "yes_no", "to": ["site"]}],
}  # fmt: skip


def test_only_the_person_assigned_sees_it_and_only_while_it_is_open() -> None:
    clause: Visibility = made("visibility", **ADDRESS)
    facts = {"assigned_to": "staff:4"}
    sight = sight_of(clause, facts).value
    assert may_see(sight, {"visitor"}, person="staff:4", facts=facts)
    assert not may_see(sight, {"visitor"}, person="staff:5", facts=facts)
    assert not may_see(
        sight_of(clause, {**facts, "visit_done": True}).value, {"visitor"}, person="staff:4", facts=facts
    )


def test_others_are_shown_something_in_its_place() -> None:
    sight = sight_of(made("visibility", **ADDRESS), {}).value
    assert shown(sight, "phone", "13800000001", {"clerk"}) == "*******0001"
    assert shown(sight, "address", "somewhere", {"clerk"}) is None
    assert shown(sight, "paid", 1200, {"site"}) is True
    assert shown(sight, "paid", 1200, {"cashier"}) == 1200
    assert shown(sight, "name", "x", {"clerk"}) == "x"


def test_both_scores_must_be_in_before_either_is_seen() -> None:
    clause = made(
        "visibility",
        of="record.score",
        refuse="两份都交后可看。",
        to=[{"role": "manager"}],
        closed_until={"both_in": True},
    )
    assert not may_see(sight_of(clause, {}).value, {"manager"})
    assert may_see(sight_of(clause, {"both_in": True}).value, {"manager"})


# Wording


def test_words_are_filled_and_gaps_are_said() -> None:
    words = Text(zh="{store}将在{limit}内回复。", en="{store} will answer within {limit}.")
    assert fill(words, {"store": "东店", "limit": "2 小时"}) == "东店将在2 小时内回复。"
    assert fill(words, {"store": "East"}, "en") == "East will answer within not given."


def test_forbidden_words_are_found_with_their_place() -> None:
    clause: Wording = made(
        "wording", look_for={"contains_none": ["不行", "不知道"], "verdict": "fail", "before_sending": True}
    )
    assert [(hit.words, hit.at, hit.verdict) for hit in look(clause, "这个不行，我不知道")] == [
        ("不行", 2, "fail"),
        ("不知道", 6, "fail"),
    ]
    assert look(clause, "我来查一下") == []


def test_every_point_must_be_covered_by_one_of_its_words() -> None:
    clause = made("wording", look_for={"contains_all": [["逾期", "晚还"], ["征信"]]})
    assert [hit.words for hit in look(clause, "晚还会有影响")] == ["征信"]


def test_a_greeting_counts_only_in_the_first_seconds() -> None:
    clause = made("wording", look_for={"contains_any": ["您好"], "first": "5s"})
    assert look(clause, "", seconds=[(1.0, "您好"), (9.0, "请讲")]) == []
    assert [hit.what for hit in look(clause, "", seconds=[(1.0, "喂"), (9.0, "您好")])] == ["missing"]


@pytest.mark.parametrize(
    ("speed", "verdict"), [(140, None), (160, None), (165, "hint"), (170, "warn"), (129, "warn"), (135, "hint")]
)
def test_speech_rate_has_a_range_and_a_band(speed: float, verdict: str | None) -> None:
    clause = made("wording", check="speech_rate", between=[140, 160], warn_beyond=[130, 170])
    hit = in_range(clause, speed)
    assert (hit.verdict if hit else None) == verdict


SCRIPT = Script.model_validate({
    "id": "callback", "title": "回访",
    "steps": [
        {"id": "identity", "ask": "is_customer", "answers": {"true": "satisfied", "*": "reschedule"}},
        {"id": "satisfied", "ask": "satisfied", "answers": {"满意": "suggestions", "*": "improve"}, "discloses": True},
        {"id": "suggestions", "say": "谢谢", "answers": {"*": None}},
        {"id": "improve", "ask": "what_to_improve", "answers": {"*": None}},
        {"id": "reschedule", "say": "改日再来电", "answers": {"*": None}},
    ],
})  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "path"),
    [
        ({}, ["identity"]),
        ({"is_customer": True}, ["identity", "satisfied"]),
        ({"is_customer": False}, ["identity", "reschedule"]),
        ({"is_customer": True, "satisfied": "一般"}, ["identity", "satisfied", "improve"]),
        ({"is_customer": True, "satisfied": "满意"}, ["identity", "satisfied", "suggestions"]),
    ],
)
def test_a_script_branches_by_the_answers(answers: dict[str, Any], path: list[str]) -> None:
    assert [step.id for step in steps_ahead(SCRIPT, answers, {})] == path


LASTING = {"from": 1, "propose": ["study"], "lasts": "7d", "until": {"exam.passed": True}}


def test_what_lasts_is_said_by_the_draft_with_its_length_and_its_end() -> None:
    [charge] = draft_of(made("sanction", **{**ATTITUDE, "tiers": [LASTING]}), {"person": "staff:3"}).charges
    assert charge.lasting is not None
    assert charge.lasting.kept() == {
        "what": ["study"], "length": "7 days", "starts": [], "until": {"exam.passed": {"eq": True}}
    }  # fmt: skip


def test_a_fine_lasts_for_no_time() -> None:
    assert [one.lasting for one in draft_of(made("sanction", **ATTITUDE), {"count": 1}).charges] == [None]
