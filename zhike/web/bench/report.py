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
    slower: float = 1.0
    """How many times slower than the machine the bar was set on this one is, bare. Never below 1: a quicker machine has the same bar."""

    @property
    def ratio(self) -> float | None:
        return round(self.value / self.raw, 4) if self.raw else None

    @property
    def ok(self) -> bool:
        scaled = self.value * self.slower if self.bar.startswith(">") else self.value / self.slower
        return self.right and meets(scaled, self.bar)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "value": rounded(self.value), "unit": self.unit, "raw": rounded(self.raw), "ratio": self.ratio,
            "bar": self.bar, "ok": self.ok, "right": self.right, "rounds": [rounded(v) for v in self.rounds], "raw_is": self.raw_is,
            "slower": round(self.slower, 2),
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
    slower: float = 1.0,
) -> Figure:
    """A figure from its rounds, ours and the raw ones between them."""
    beside = best(raw, bar or "<=") if raw else None
    return Figure(name, best(ours, bar or "<="), unit, beside, bar, right, tuple(ours), raw_is, slower)


def slower_than(raw_of_bar: float, raw: Sequence[float]) -> float:
    """How many times slower than the machine of the bar this one was in its best round, bare: rates and waits are read by it."""
    return max(1.0, raw_of_bar / max(raw))


def table(report: Report) -> str:
    """The report for people."""
    lines = [f"{report.bench}: {report.rows:,} rows, {report.rounds} rounds, load {' '.join(map(str, report.load))}"]
    for each in report.figures:
        raw = f"raw {rounded(each.raw)}, ratio {each.ratio}" if each.raw else ""
        mark = "✓" if each.ok else "✗"
        wrong = "" if each.right else "  WRONG ANSWERS"
        slow = f"  (bare, this machine is x{each.slower:.1f} slower than the bar's)" if each.slower > 1 else ""
        lines.append(
            f"  {mark} {each.name:<42} {rounded(each.value):>10} {each.unit:<6} {each.bar:<10} {raw}{slow}{wrong}"
        )
    return "\n".join(lines)
