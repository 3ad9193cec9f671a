"""Conditions: what holds, and what can hold at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from zhike.handbook.common import When
from zhike.handbook.conditions import failing, holds, may_overlap, uncovered

WHEN: TypeAdapter[When] = TypeAdapter(When)


def when(written: dict[str, Any]) -> When:
    return WHEN.validate_python(written)


HOLDS: list[tuple[Any, Any, bool]] = [
    ("urgent", "urgent", True),
    ("urgent", "plain", False),
    ("urgent", None, False),
    (None, None, True),
    (True, True, True),
    (True, 1, False),
    (1, True, False),
    (0, False, False),
    (3, 3, True),
    (3, Decimal("3.0"), True),
    (["a", "b"], "b", True),
    (["a", "b"], "c", False),
    (["a", "b"], ["c", "b"], True),
    ({"not_in": ["a"]}, "a", False),
    ({"not_in": ["a"]}, None, True),
    ({"ne": "a"}, None, True),
    ({"ne": "a"}, "a", False),
    ({"gte": 2}, 2, True),
    ({"gt": 2}, 2, False),
    ({"lt": 2}, None, False),
    ({"lt": 2}, "text", False),
    ({"gte": 140, "lte": 160}, 161, False),
    ({"gte": 140, "lte": 160}, 160, True),
    ({"gte": "09:00"}, "08:59", False),
    ({"lte": "2025-06-10"}, dt.date(2025, 6, 10), True),
    ({"lt": "2025-06-10"}, dt.date(2025, 6, 10), False),
    ({"gte": dt.date(2025, 6, 10)}, "2025-06-11", True),
    ({"present": True}, "  ", False),
    ({"present": True}, False, True),
    ({"present": True}, 0, True),
    ({"present": True}, [], False),
    ({"present": False}, None, True),
    ({"contains": "vip"}, ["vip", "new"], True),
    ({"contains": "vip"}, "a vip", True),
    ({"contains": "vip"}, None, False),
    ({"contains": "vip"}, 3, False),
    ({"eq": {"fact": "other"}}, "x", True),
    ({"fact": "other"}, "y", False),
    ({"lte": {"fact": "limit"}}, 10, True),
    ({"lte": {"fact": "nothing"}}, 10, False),
    ({"gte": {"param": "third"}}, 3, True),
]


@pytest.mark.parametrize(("test", "value", "expected"), HOLDS)
def test_holds(test: Any, value: Any, expected: bool) -> None:
    facts = {"fact": value, "other": "x", "limit": 10, "param.third": 3}
    assert holds(when({"fact": test}), facts) is expected


def test_all_tests_must_pass_and_no_test_always_does() -> None:
    both = when({"a": 1, "b": 2})
    assert holds(both, {"a": 1, "b": 2})
    assert not holds(both, {"a": 1})
    assert holds({}, {})
    assert failing(both, {"a": 1, "b": 3}) == ("b",)


def test_what_was_never_done_counts_as_nought() -> None:
    assert holds(when({"case.taken.refuse": {"lt": 1}, "parent.case.taken.refuse": 0}), {})


@pytest.mark.parametrize("written", [{}, {"eq": 1, "ne": 2}, {"gt": 1, "gte": 2}, {"gt": 1, "eq": 2}, {"like": "x"}])
def test_a_test_says_one_thing_or_a_range(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        when({"a": written})


@pytest.mark.parametrize("test", [written for written, _, _ in HOLDS])
def test_a_condition_survives_being_stored(test: Any) -> None:
    read = when({"fact": test})
    stored = WHEN.dump_python(read, mode="json", by_alias=True, exclude_defaults=True)
    assert WHEN.validate_python(stored) == read or stored["fact"] == {"gte": "2025-06-10"}


OVERLAPS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {}, True),
    ({"kind": "urgent"}, {"kind": "plain"}, False),
    ({"kind": "urgent"}, {"kind": ["urgent", "plain"]}, True),
    ({"kind": "urgent"}, {"vip": True}, True),
    ({"kind": {"ne": "urgent"}}, {"kind": {"ne": "plain"}}, False),
    ({"other": {"ne": "a"}}, {"other": {"ne": "b"}}, True),
    ({"amount": {"lt": 100}}, {"amount": {"gte": 100}}, False),
    ({"amount": {"lte": 100}}, {"amount": {"gte": 100}}, True),
    ({"amount": {"gt": 1}}, {"amount": {"lt": 2}}, True),
    ({"amount": {"present": True}}, {"amount": {"present": False}}, False),
    ({"note": {"present": True}}, {"note": "x"}, True),
    ({"tags": {"contains": "a"}}, {"tags": {"contains": "b"}}, True),
    ({"vip": True}, {"vip": False}, False),
    ({"vip": {"ne": True}}, {"vip": {"ne": False}}, False),
    ({"a": {"fact": "b"}}, {"a": 1}, True),
    ({"day": {"lt": "2025-06-10"}}, {"day": {"gte": "2025-06-10"}}, False),
]
DOMAINS: dict[str, frozenset[Any]] = {"kind": frozenset({"urgent", "plain"}), "vip": frozenset({True, False})}


@pytest.mark.parametrize(("one", "other", "expected"), OVERLAPS)
def test_two_conditions_overlap_when_some_facts_satisfy_both(
    one: dict[str, Any], other: dict[str, Any], expected: bool
) -> None:
    assert (may_overlap(when(one), when(other), DOMAINS) is not None) is expected
    assert (may_overlap(when(other), when(one), DOMAINS) is not None) is expected


values = st.sampled_from(["urgent", "plain", None, True, False, 1, 2, 3])
tests = st.one_of(
    st.sampled_from(["urgent", "plain", 1, 2]),
    st.lists(st.sampled_from(["urgent", "plain", 1, 3]), min_size=1, max_size=2),
    st.sampled_from(
        [{"gte": 2}, {"lt": 2}, {"gt": 1, "lt": 3}, {"present": True}, {"present": False}, {"ne": "urgent"}]
    ),
)


@given(tests, tests, values)
def test_what_satisfies_both_is_never_called_impossible(one: Any, other: Any, value: Any) -> None:
    first, second = when({"fact": one}), when({"fact": other})
    if holds(first, {"fact": value}) and holds(second, {"fact": value}):
        assert may_overlap(first, second, {}) is not None


def test_values_without_a_clause_are_found() -> None:
    assert uncovered([when({"kind": "urgent"})], DOMAINS, "kind") == ("plain",)
    assert uncovered([when({"kind": "urgent"}), {}], DOMAINS, "kind") == ()
