"""Indicators over rows of facts: numerator, denominator, target; medians, percentiles; composite scores and ranks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zhike.handbook.clauses import Measure
from zhike.handbook.common import UNIT_WORDS, Facts, seconds_of
from zhike.handbook.conditions import holds
from zhike.handbook.structure import Indicator
from zhike.handbook.terms import Component, Count

_TARGET = re.compile(r"^\s*(>=|<=|>|<|=)\s*(\d+(?:\.\d+)?)\s*(%|[a-z]+(?: [a-z]+)?)?\s*$")
_OF_FACTS = {"_seconds": 1, "_minutes": 60, "_hours": 3600, "_days": 86400}
"""Seconds in the unit of facts whose name ends so."""
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    "=": lambda value, bound: value == bound,
}

Rows = Mapping[str, Iterable[Facts]]
"""Rows by what is counted: `{"recontact": [...], "clocks": [...]}`."""
PROCESS = "_process"
"""The key under which a row of `cases` says its process, for counts that name one."""
Ripe = Callable[[Count, Facts], bool]
"""Whether a row is old enough for a count (`mature_after`)."""


def _always(_count: Count, _row: Facts) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Target:
    """`> 85%`: the operator, the bound (0.85 for a share), the unit as written."""

    operator: str
    bound: float
    unit: str

    def is_kept(self, value: float) -> bool:
        return _COMPARE[self.operator](value, self.bound)


class WrongUnit(ValueError):
    """A target in a unit in which the figure is not counted."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure with what it is made of. `value` is None where there is nothing to measure; `text` then is the
    clause's own sign.
    """

    value: float | None
    text: str
    numerator: float | None = None
    denominator: float | None = None
    kept: bool | None = None
    """Whether the target is kept; None without a target or a value."""
    parts: Mapping[str, float | None] = field(default_factory=dict)
    part_marks: Mapping[str, float | None] = field(default_factory=dict)
    """Of a score that is the sum of marks: the marks of each part."""
    marks: float | None = None
    """Of the clause's full marks those that were reached."""
    waiting: int = 0
    """Rows that will count once they are old enough."""


def parse_target(text: str) -> Target:
    """`"> 85%"` -> Target(">", 0.85, "%"). Raises ValueError."""
    match = _TARGET.match(text)
    if match is None:
        raise ValueError(f"'{text}' is not a target such as > 85% or <= 3")
    bound, unit = float(match[2]), match[3] or ""
    if unit not in ("", "%") and unit not in UNIT_WORDS:
        raise ValueError(f"'{unit}' is no unit of time")
    return Target(match[1], round(bound / 100, 12) if unit == "%" else bound, unit)


def target_of(clause: Measure | Indicator) -> Target | None:
    """The target in the figure's own unit: `< 6h` of a figure in minutes is < 360; None without one.

    Raises ValueError where it cannot be read, WrongUnit where the figure has no such unit.
    """
    if not clause.target:
        return None
    target = parse_target(clause.target)
    if target.unit in ("", "%"):
        return target
    fact = clause.value.how[1] if clause.value is not None and clause.value.how[0] != "count" else ""
    own = next((seconds for ending, seconds in _OF_FACTS.items() if fact.endswith(ending)), None)
    unit = seconds_of(target.unit)
    if own is None or unit is None:
        raise WrongUnit(f"{clause.id} is not counted in {target.unit}")
    return replace(target, bound=target.bound * unit / own)


def measure(clause: Measure | Indicator, rows: Rows, is_ripe: Ripe = _always) -> Measured:
    """The figure over these rows. A row counts where the clause's `where` holds and it is old enough; one in `drop` counts on neither
    side.
    """
    if clause.value is not None:
        how, fact = clause.value.how
        chosen = [
            row for row in rows.get(clause.value.of, ()) if holds(clause.value.where, row) and not _dropped(clause, row)
        ]
        return _finish(clause, _statistic(how, [row.get(fact) for row in chosen]), None, float(len(chosen)))
    above = _count(clause, clause.numerator, rows, is_ripe) if clause.numerator else 0.0
    if clause.denominator is None:
        found = _finish(clause, above, above, None)
    else:
        below = _count(clause, clause.denominator, rows, is_ripe)
        found = _finish(clause, above / below if below else None, above, below)
    return replace(found, waiting=_waiting(clause, rows, is_ripe))


def counted(clause: Measure | Indicator, rows: Rows, *, below: bool, is_ripe: Ripe = _always) -> list[Facts]:
    """The rows a figure counts: of its denominator (`below`), or of its numerator, or what its statistic is over."""
    if clause.value is not None:
        own = rows.get(clause.value.of, ())
        return [row for row in own if holds(clause.value.where, row) and not _dropped(clause, row)]
    count = clause.denominator if below else clause.numerator
    return [row for row in _chosen(clause, count, rows) if is_ripe(count, row)] if count else []


def _dropped(clause: Measure | Indicator, row: Facts) -> bool:
    return isinstance(clause, Measure) and bool(clause.drop) and holds(clause.drop, row)


def _chosen(clause: Measure | Indicator, count: Count, rows: Rows) -> list[Facts]:
    own = (
        row for row in rows.get(count.count, ()) if count.process is None or row.get(PROCESS) in (None, count.process)
    )
    return [row for row in own if holds(count.where, row) and not _dropped(clause, row)]


def _waiting(clause: Measure | Indicator, rows: Rows, is_ripe: Ripe) -> int:
    count = clause.denominator or clause.numerator
    if count is None or count.mature_after is None:
        return 0
    return sum(1 for row in _chosen(clause, count, rows) if not is_ripe(count, row))


def _count(clause: Measure | Indicator, count: Count, rows: Rows, is_ripe: Ripe) -> float:
    chosen = [row for row in _chosen(clause, count, rows) if is_ripe(count, row)]
    if count.sum is not None:
        return float(sum(row.get(count.sum) or 0 for row in chosen))
    if count.distinct is not None:
        return float(len({row.get(count.distinct) for row in chosen}))
    return float(len(chosen))


def _finish(clause: Measure | Indicator, value: float | None, above: float | None, below: float | None) -> Measured:
    if value is None:
        return Measured(None, clause.empty, above, below)
    target = target_of(clause)
    reached = marks(clause, value, clause.full) if isinstance(clause, Measure) else None
    kept = target.is_kept(value) if target else None
    return Measured(value, figure_text(clause, value), above, below, kept, marks=reached)


def figure_text(clause: Measure | Indicator, value: float) -> str:
    """A share in percent, everything else as a number: an amount for each order too."""
    above, below = clause.numerator, clause.denominator
    is_share = clause.value is None and below is not None and _is_sum(above) == _is_sum(below)
    return f"{value * 100:.1f}%" if is_share else f"{value:g}"


def _is_sum(count: Count | None) -> bool:
    return count is not None and count.sum is not None


def _statistic(how: str, values: Sequence[Any]) -> float | None:
    """A statistic over the values that are there. Percentiles take the nearest rank, so they are values that
    occurred.
    """
    if how == "count":
        return float(len(values))
    numbers = sorted(float(value) for value in values if value is not None)
    if not numbers:
        return None
    match how:
        case "median":
            middle = len(numbers) // 2
            return numbers[middle] if len(numbers) % 2 else (numbers[middle - 1] + numbers[middle]) / 2
        case "p90":
            return numbers[-(-len(numbers) * 9 // 10) - 1]
        case "mean":
            return sum(numbers) / len(numbers)
        case "sum":
            return sum(numbers)
        case _:
            return numbers[-1]


def composite(
    clause: Measure, values: Mapping[str, float | None], marks: Mapping[str, float | None] | None = None
) -> Measured:
    """A score made of other measures: their mean by weight, or where they have full marks the sum of their `marks`; rounded only at the
    end. What is empty is spread, zero, or blocks the score.
    """
    if clause.composite is None:
        raise ValueError(f"{clause.id} is no composite")
    spec, known = clause.composite, marks or {}
    shares = [_share(one, values, known) for one in spec.of]
    parts = [(weight, share) for weight, share in shares if share is not None]
    if not parts or (spec.empty == "block" and len(parts) < len(shares)):
        return Measured(None, clause.empty, parts=dict(values), part_marks=dict(known))
    whole = sum(weight for weight, _ in shares)
    weights = sum(weight for weight, _ in (parts if spec.empty == "spread" else shares))
    total = sum(weight * share for weight, share in parts) * (whole if known else 1.0)
    result = _finish(clause, round(total / weights, spec.round) if weights else None, None, None)
    return replace(result, parts=dict(values), part_marks=dict(known))


def _share(
    one: Component, values: Mapping[str, float | None], marks: Mapping[str, float | None]
) -> tuple[float, float | None]:
    """What a part weighs, and what it brings: its value, or of its full marks the share."""
    if one.full is None:
        return one.weight, values.get(one.measure)
    reached = marks.get(one.measure)
    return one.full, None if reached is None else reached / one.full


def marks(clause: Measure | Indicator, value: float | None, full: float | None) -> float | None:
    """Full marks times the share of the target reached, never more than full; None without a figure, full marks or a target.

    Low is good: target divided by actual, and full marks for nothing at all. A target of nothing where high is good
    gives full marks.
    """
    aim = target_of(clause)
    if value is None or full is None or aim is None:
        return None
    if aim.operator in ("<", "<=") or (isinstance(clause, Measure) and clause.better == "low"):
        return full if value <= 0 else full * min(1.0, aim.bound / value)
    return full if aim.bound <= 0 else full * min(1.0, value / aim.bound)
