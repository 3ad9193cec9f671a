"""Figures: ours, the raw one of the same rounds, the ratio, the bar. One shape for every bench, as architecture asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Say = Callable[[str], None]
"""Tells of the progress."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `raw` is what bare PostgreSQL (or whatever stands beside it) did in the same rounds, None where nothing compares."""

    name: str
    value: float
    unit: str
    raw: float | None
    bar: str
    """">= 300", "<= 60", or "" where no bar is set."""
    right: bool = True
    """False: an answer was wrong, so the figure is worth nothing."""
    rounds: tuple[float, ...] = ()
    """The value of each round."""
    raw_is: str = ""
    """What the raw figure is."""
    raw_of_bar: float | None = None
    """What the raw figure was on the machine the bar was set on. On a slower one the share of the raw figure counts instead."""

    @property
    def ratio(self) -> float | None:
        return round(self.value / self.raw, 4) if self.raw else None

    @property
    def ok(self) -> bool:
        return self.right and (meets(self.value, self.bar) or self.ok_by_ratio)

    @property
    def ok_by_ratio(self) -> bool:
        """A bar of so many a second, reached in proportion to what the machine does bare."""
        if not self.raw or self.raw_of_bar is None:
            return False
        sign, limit = self.bar.split()
        return sign == ">=" and self.value / self.raw >= float(limit) / self.raw_of_bar

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "value": rounded(self.value), "unit": self.unit, "raw": rounded(self.raw), "ratio": self.ratio,
            "bar": self.bar, "ok": self.ok, "right": self.right, "rounds": [rounded(v) for v in self.rounds], "raw_is": self.raw_is,
            "raw_of_bar": self.raw_of_bar,
        }  # fmt: skip


@dataclass
class Report:
    """What one bench found."""

    bench: str
    rows: int
    rounds: int
    figures: list[Figure] = field(default_factory=list)
    load: list[float] = field(default_factory=lambda: [load()])
    """Load average before, and after each round: how busy the machine was with other things."""

    @property
    def ok(self) -> bool:
        return all(figure.ok for figure in self.figures)

    def as_json(self) -> dict[str, Any]:
        return {
            "bench": self.bench,
            "rows": self.rows,
            "rounds": self.rounds,
            "load": self.load,
            "figures": [figure.as_json() for figure in self.figures],
        }


def load() -> float:
    """Load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def rounded(value: float | None) -> float | None:
    if value is None:
        return None
    return round(value, 1) if abs(value) >= 10 else round(value, 3)


def meets(value: float, bar: str) -> bool:
    """Whether `value` meets `bar`: ">= 300", "<= 60", "< 50"; nothing to meet where it is empty."""
    if not bar:
        return True
    sign, limit = bar.split()
    return {">=": value >= float(limit), "<=": value <= float(limit), "<": value < float(limit)}[sign]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` percent lie; 0.0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] if ordered else 0.0


def best(rounds: Sequence[float], bar: str) -> float:
    """The best round. Whoever shares the machine can only make a round worse, never better."""
    return max(rounds) if bar.startswith(">") else min(rounds)


def figure(
    name: str,
    unit: str,
    bar: str,
    ours: Sequence[float],
    raw: Sequence[float] | None = None,
    *,
    right: bool = True,
    raw_is: str = "",
    raw_of_bar: float | None = None,
) -> Figure:
    """A figure from its rounds, ours and the raw ones between them."""
    beside = best(raw, bar or "<=") if raw else None
    return Figure(name, best(ours, bar or "<="), unit, beside, bar, right, tuple(ours), raw_is, raw_of_bar)


def table(report: Report) -> str:
    """The report for people."""
    lines = [f"{report.bench}: {report.rows:,} rows, {report.rounds} rounds, load {' '.join(map(str, report.load))}"]
    for each in report.figures:
        raw = f"raw {rounded(each.raw)}, ratio {each.ratio}" if each.raw else ""
        mark = "✓" if each.ok else "✗"
        wrong = "" if each.right else "  WRONG ANSWERS"
        lines.append(f"  {mark} {each.name:<42} {rounded(each.value):>10} {each.unit:<6} {each.bar:<10} {raw}{wrong}")
    return "\n".join(lines)
