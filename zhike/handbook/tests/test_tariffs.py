"""Amounts, with the parts they are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from zhike.handbook.clauses import Tariff
from zhike.handbook.decision import NoAnswer
from zhike.handbook.tariffs import Amount, amount_of, top_up


def tariff(**keys: Any) -> Tariff:
    return Tariff.model_validate(
        {"id": "T-01", "kind": "tariff", "title": "费", "cites": "1", "quote": "费", "yields": "fee", **keys}
    )


def amount(facts: dict[str, Any], **keys: Any) -> Amount:
    return amount_of(tariff(**keys), facts)


def total(facts: dict[str, Any], **keys: Any) -> Decimal:
    return amount(facts, **keys).total


DINNER: dict[str, Any] = {
    "base": {"ordinary": 400, "senior": 500, "special": 1000}, "by": "level", "covers": 2,
    "each_further": {"ordinary": 50, "senior": 100, "special": 100}, "of": "visitors",
}  # fmt: skip
PREPAYMENT: dict[str, Any] = {"sum": ["principal", "interest", "fee", {"percent": 3, "of": "loan_total"}]}
CALLS: dict[str, Any] = {
    "base": {"local": 0.1}, "other": 0.3, "by": "area", "metered": {"fact": "seconds", "unit": 60, "round": "up"},
    "floor": {"amount": 50, "over": "month", "shows": "minimum_top_up"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("level", "visitors", "expected"),
    [
        ("ordinary", 1, "400"),
        ("ordinary", 2, "400"),
        ("ordinary", 3, "450"),
        ("senior", 5, "800"),
        ("special", 2, "1000"),
    ],
)
def test_a_dinner_by_level_and_heads(level: str, visitors: int, expected: str) -> None:
    assert total({"level": level, "visitors": visitors}, **DINNER) == Decimal(expected)


def test_a_sum_is_shown_with_its_parts() -> None:
    facts = {"principal": "2777.78", "interest": 650, "fee": 120.5, "loan_total": 100000, "day": 3}
    found = amount(facts, **PREPAYMENT)
    assert [(part.name, part.amount, part.note) for part in found.parts] == [
        ("principal", Decimal("2777.78"), ""),
        ("interest", Decimal(650), ""),
        ("fee", Decimal("120.5"), ""),
        ("loan_total_share", Decimal(3000), "3 %"),
    ]
    assert found.total == Decimal("6548.28")
    assert found.used == ("principal", "interest", "fee", "loan_total")


@pytest.mark.parametrize(
    ("seconds", "area", "expected"),
    [(61, "local", "0.20"), (60, "local", "0.10"), (0, "local", "0"), (61, "abroad", "0.60")],
)
def test_minutes_begun_are_billed_in_full(seconds: int, area: str, expected: str) -> None:
    assert total({"seconds": seconds, "area": area}, **CALLS) == Decimal(expected)


def test_a_month_below_the_floor_gets_a_line_of_its_own() -> None:
    part = top_up(tariff(**CALLS), [Decimal("12.00"), Decimal("8.00")])
    assert part is not None
    assert (part.name, part.amount) == ("minimum_top_up", Decimal("30.00"))
    assert top_up(tariff(**CALLS), [Decimal("50.00")]) is None
    assert top_up(tariff(base=1), [Decimal(1)]) is None


def test_brackets_price_each_slice_or_all() -> None:
    steps = [{"from": 0, "rate": 1}, {"from": 100, "rate": 0.5}]
    assert total({"units": 150}, brackets=steps, bracket_of="units") == Decimal(125)
    assert total({"units": 150}, brackets=steps, bracket_of="units", marginal=False) == Decimal(75)
    assert (
        total(
            {"units": 150},
            brackets=[{"from": 0, "amount": 10}, {"from": 100, "amount": 20}],
            bracket_of="units",
            marginal=False,
        )
        == 20
    )


@pytest.mark.parametrize(("spent", "gift"), [("9999.99", 0), ("10000", 300), ("30000", 1000), ("100000.01", 3000)])
def test_a_table_of_fixed_amounts_gives_that_of_the_bracket_reached(spent: str, gift: int) -> None:
    steps = [
        {"from": 0, "amount": 0},
        {"from": 10000, "amount": 300},
        {"from": 30000, "amount": 1000},
        {"from": 100000, "amount": 3000},
    ]
    assert total({"spent": Decimal(spent)}, brackets=steps, bracket_of="spent") == Decimal(gift)


def test_a_first_amount_and_a_rate_for_what_is_more_are_added() -> None:
    steps = [{"from": 0, "amount": 10}, {"from": 3, "rate": 2}]
    assert total({"km": 5}, brackets=steps, bracket_of="km") == Decimal(14)


def test_least_and_most_are_shown_as_a_line() -> None:
    found = amount({"a": 700}, sum=["a"], most=500)
    assert (found.total, found.capped, found.parts[-1].name, found.parts[-1].amount) == (
        Decimal(500),
        True,
        "limit",
        Decimal(-200),
    )
    assert amount({"a": 7}, sum=["a"], least=10).raised
    assert sum(part.amount for part in found.parts) == found.total


@pytest.mark.parametrize(("to", "expected"), [("fen", "2.35"), ("jiao", "2.30"), ("yuan", "2.00"), ("none", "2.345")])
def test_rounding_is_half_up_and_only_at_the_end(to: str, expected: str) -> None:
    assert total({"a": "2.345"}, sum=["a"], round=to) == Decimal(expected)


def test_a_difference_of_two_facts() -> None:
    line = {"name": "overcharged", "fact": "charged", "minus": "due"}
    assert total({"charged": 120, "due": 95.5}, sum=[line]) == Decimal("24.50")


def test_a_price_for_each_unit_and_a_line_that_depends() -> None:
    lines = [{"name": "nights", "each": 300, "times": "nights"}, {"name": "late", "amount": 50, "when": {"late": True}}]
    assert total({"nights": 2, "late": True}, sum=lines) == Decimal(650)
    assert total({"nights": 2}, sum=lines) == Decimal(600)


def test_a_price_may_be_a_parameter() -> None:
    lines = [{"name": "nights", "each": {"param": "night"}, "times": "nights"}]
    assert total({"nights": 2, "param.night": 280}, sum=lines) == Decimal(560)


def test_nothing_is_a_price_and_no_price_is_none() -> None:
    assert total({}, base=0) == Decimal(0)
    with pytest.raises(NoAnswer, match="the text gives no price"):
        amount({}, unpriced=True)


@pytest.mark.parametrize("value", [None, "much", True, "NaN", "Infinity"])
def test_a_figure_that_is_missing_or_no_number_is_named(value: Any) -> None:
    with pytest.raises(NoAnswer, match="the figure a is missing"):
        amount({"a": value}, sum=["a"])


def test_an_item_that_is_not_in_the_table_is_not_free() -> None:
    with pytest.raises(NoAnswer, match="no row for level = 'ordinary'"):
        amount({"level": "ordinary", "visitors": 1}, base={"senior": 200}, by="level")


def test_spending_above_the_amount_or_outside_its_range_needs_approval() -> None:
    over = {"approval": "manager", "spent": "spent", "warn_at": "90%"}
    assert amount({"spent": 501}, base=500, over=over).needs == ("manager",)
    assert amount({"spent": 500}, base=500, over=over).needs == ()
    assert amount({"spent": 450}, base=500, over=over).warned
    assert amount({}, base=500, over=over).needs == ()
    for spent, needed in ((399, True), (400, False), (700, False), (701, True)):
        assert bool(amount({"spent": spent}, base=0, range=[400, 700], over=over).needs) is needed


def test_an_amount_above_a_line_needs_approval() -> None:
    over = {"approval": ["manager"], "above": 500}
    assert amount({"a": 500.01}, sum=["a"], over=over).needs == ("manager",)
    assert amount({"a": 500}, sum=["a"], over=over).needs == ()


def test_who_pays_is_a_fact() -> None:
    assert amount({"a": 1, "lesser_side": "customer:2"}, sum=["a"], pays="lesser_side").paid_by == "customer:2"
