"""Conditions over named facts: do they hold, and can two of them hold at once?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from zhike.handbook.common import Facts, Scalar, Test, When

Domains = Mapping[str, frozenset[Scalar]]
"""Facts whose every possible value is known: the choices of a field, true and false."""


def holds(when: When, facts: Facts) -> bool:
    """Whether every test passes. A fact that is missing equals None, a count (`case.taken.<action>`) 0; no condition
    at all holds.
    """
    return all(test.check(_value(name, facts), facts) for name, test in when.items())


def failing(when: When, facts: Facts) -> tuple[str, ...]:
    """The names of the facts whose test does not pass, in the order of the condition."""
    return tuple(name for name, test in when.items() if not test.check(_value(name, facts), facts))


def _value(name: str, facts: Facts) -> Any:
    value = facts.get(name)
    return 0 if value is None and "case.taken." in name else value


def may_overlap(one: When, other: When, domains: Domains) -> dict[str, str] | None:
    """Facts under which both conditions hold, as an example, or None where that is impossible.

    Conditions are conjunctions, so both can hold exactly when every fact that both speak of has a value both accept;
    a fact with a
    known domain must have one in its domain. Comparisons with other facts are taken as possible.
    """
    example: dict[str, str] = {}
    for name in sorted(set(one) | set(other)):
        tests = [when[name] for when in (one, other) if name in when]
        value = _common_value(tests, domains.get(name))
        if value is None:
            return None
        example[name] = value
    return example


def uncovered(whens: Iterable[When], domains: Domains, fact: str) -> tuple[Scalar, ...]:
    """Values of the enumerable `fact` that no condition speaking only of it (or of nothing) accepts."""
    alone = [when for when in whens if set(when) <= {fact}]
    return tuple(
        value for value in sorted(domains[fact], key=str) if not any(_accepts(when.get(fact), value) for when in alone)
    )


def _accepts(test: Test | None, value: Scalar) -> bool:
    return test is None or test.check(value, {})


def _common_value(tests: list[Test], domain: frozenset[Scalar] | None) -> str | None:
    """A value every test accepts, spelled out; "?" where it depends on another fact; None where there is none."""
    if any(test.references for test in tests):
        return "?"
    candidates: list[Scalar] = sorted(domain, key=str) if domain is not None else _candidates(tests)
    for value in candidates:
        if all(test.check(value, {}) for test in tests):
            return "-" if value is None else str(value)
    return None


def _candidates(tests: list[Test]) -> list[Scalar]:
    """Values at which the truth of these tests can change: what they name, the bounds and their neighbourhood,
    nothing at all.
    """
    found: list[Scalar] = [None, True, False, "(other)"]
    for test in tests:
        for name in test.model_fields_set:
            value = getattr(test, name)
            for one in value if isinstance(value, tuple) else (value,):
                found.append(one)
                if isinstance(one, int | float) and not isinstance(one, bool):
                    found += [one - 1, one + 1, one - 0.5, one + 0.5]
                elif isinstance(one, str):
                    found += [one + "~", one[:-1]]
    found.append(tuple(test.contains for test in tests if test.contains is not None))  # type: ignore[arg-type]
    numbers = sorted({value for value in found if isinstance(value, int | float) and not isinstance(value, bool)})
    found += [(low + high) / 2 for low, high in pairwise(numbers)]
    return found
