"""Amounts computed from facts. Money is Decimal; a result carries every part it is the sum of, so it can be shown and
checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal, InvalidOperation
from typing import Any

from zhike.handbook.amounts import Line
from zhike.handbook.clauses import Tariff
from zhike.handbook.common import Facts, Text
from zhike.handbook.conditions import holds
from zhike.handbook.decision import NoAnswer

ZERO = Decimal(0)
_STEPS = {"fen": Decimal("0.01"), "jiao": Decimal("0.1"), "yuan": Decimal(1)}
_ROUNDING = {"up": ROUND_UP, "down": ROUND_DOWN, "nearest": ROUND_HALF_UP}


@dataclass(frozen=True, slots=True)
class Part:
    """One line of an amount, in the order of the clause. `note` shows how it came about: "2 x 0.20"."""

    name: str
    amount: Decimal
    title: Text | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in yuan. `needs` are the approvals it asks for; `paid_by` who pays, where the clause says so by a
    fact.
    """

    total: Decimal
    parts: tuple[Part, ...]
    used: tuple[str, ...] = ()
    """Names of the facts it was computed from."""
    capped: bool = False
    raised: bool = False
    needs: tuple[str, ...] = ()
    warned: bool = False
    paid_by: Any = None


def amount_of(tariff: Tariff, facts: Facts) -> Amount:
    """The amount a tariff clause gives under these facts, rounded half up at the very end.

    Raises NoAnswer when the text gives no price, the table no row, or a fact that is needed is missing or no number.
    """
    if tariff.unpriced:
        raise _no_answer(
            tariff,
            "文本没有给出价格，须由人定价后才能报出。",
            "the text gives no price; a person must set one before it can be quoted",
        )
    reader = _Reader(tariff, facts)
    parts = tuple(part for part in _parts(tariff, reader) if part is not None)
    raw = sum((part.amount for part in parts), ZERO)
    total = _round(_within(tariff, raw), tariff.round)
    needs, warned = _over(tariff, reader, total)
    return Amount(
        total=total,
        parts=(*parts, *_difference(tariff, raw, total)),
        used=tuple(dict.fromkeys(reader.used)),
        capped=tariff.most is not None and raw > Decimal(str(tariff.most)),
        raised=tariff.least is not None and raw < Decimal(str(tariff.least)),
        needs=needs,
        warned=warned,
        paid_by=reader.plain(tariff.pays) if tariff.pays else None,
    )


def top_up(tariff: Tariff, amounts: Iterable[Decimal]) -> Part | None:
    """The line that raises a period's sum to the clause's floor, or None: a month of 20.00 with a floor of 50.00
    gives 30.00.
    """
    if tariff.floor is None:
        return None
    missing = Decimal(str(tariff.floor.amount)) - sum(amounts, ZERO)
    return Part(tariff.floor.shows, _round(missing, tariff.round)) if missing > 0 else None


class _Reader:
    """Reads facts as numbers and remembers which."""

    def __init__(self, tariff: Tariff, facts: Facts) -> None:
        self.tariff, self.facts, self.used = tariff, facts, list[str]()

    def plain(self, name: str) -> Any:
        self.used.append(name)
        return self.facts.get(name)

    def number(self, name: str) -> Decimal:
        value = self.plain(name)
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            number = Decimal("nan")
        if value is None or isinstance(value, bool) or not number.is_finite():
            raise _no_answer(self.tariff, f"缺少金额或数量“{name}”。", f"the figure {name} is missing or is no number")
        return number

    def price(self, value: Any) -> Decimal:
        """A fixed price, a parameter's value put into the facts as `param.<id>`, or a fact by name."""
        if isinstance(value, int | float):
            return Decimal(str(value))
        return self.number(value if isinstance(value, str) else f"param.{value.param}")


def _parts(tariff: Tariff, reader: _Reader) -> Iterator[Part | None]:
    if tariff.base is not None:
        yield _base(tariff, reader)
    if tariff.each_further is not None and tariff.of is not None:
        yield _further(tariff, reader)
    for line in tariff.sum:
        if holds(line.when, reader.facts):
            yield _sum_line(line, reader)
    if tariff.brackets:
        yield from _bracket_parts(tariff, reader)


def _base(tariff: Tariff, reader: _Reader) -> Part:
    price = _row(tariff, tariff.base, reader) if isinstance(tariff.base, dict) else reader.price(tariff.base)
    if tariff.metered is None:
        return Part("base", price)
    units = reader.number(tariff.metered.fact) / Decimal(str(tariff.metered.unit))
    if tariff.metered.round != "none":
        units = units.quantize(Decimal(1), _ROUNDING[tariff.metered.round])
    return Part("base", price * units, note=f"{units.normalize():f} x {price:f}")


def _further(tariff: Tariff, reader: _Reader) -> Part | None:
    """The surcharge for each head beyond those the base covers; nobody beyond, no line."""
    assert tariff.of is not None
    heads = reader.number(tariff.of) - (tariff.covers or 0)
    if heads <= 0:
        return None
    price = (
        _row(tariff, tariff.each_further, reader)
        if isinstance(tariff.each_further, dict)
        else reader.price(tariff.each_further)
    )
    return Part("further", price * heads, note=f"{heads.normalize():f} x {price:f}")


def _row(tariff: Tariff, table: Any, reader: _Reader) -> Decimal:
    key = reader.plain(tariff.by) if tariff.by else None
    row = table.get(str(key), tariff.other)
    if row is None:
        raise _no_answer(
            tariff, f"价目里没有“{tariff.by}”为“{key}”的一行。", f"the table has no row for {tariff.by} = {key!r}"
        )
    return Decimal(str(row))


def _sum_line(line: Line, reader: _Reader) -> Part:
    note = ""
    if line.percent is not None and line.of is not None:
        amount = reader.number(line.of) * Decimal(str(line.percent)) / 100
        note = f"{Decimal(str(line.percent)).normalize():f} %"
    elif line.each is not None and line.times is not None:
        price, times = reader.price(line.each), reader.number(line.times)
        amount, note = price * times, f"{times.normalize():f} x {price:f}"
    elif line.amount is not None:
        amount = reader.price(line.amount)
    else:
        amount = reader.number(line.fact or line.name)
    if line.minus is not None:
        amount -= reader.number(line.minus)
    return Part(line.name, amount, line.title, note)


def prices_slices(tariff: Tariff) -> bool:
    """Whether each bracket prices its own slice; a table of fixed amounts does not unless it says so."""
    return tariff.marginal if tariff.marginal is not None else any(step.rate is not None for step in tariff.brackets)


def _bracket_parts(tariff: Tariff, reader: _Reader) -> Iterator[Part]:
    """Each bracket's slice at its own rate, or the bracket reached for all."""
    quantity = reader.number(tariff.bracket_of or tariff.of or "")
    steps = sorted(tariff.brackets, key=lambda bracket: bracket.from_)
    reached = [step for step in steps if Decimal(str(step.from_)) <= quantity]
    marginal = prices_slices(tariff)
    for index, step in enumerate(reached if marginal else reached[-1:]):
        begin = Decimal(str(step.from_)) if marginal else ZERO
        following = reached[index + 1].from_ if marginal and index + 1 < len(reached) else quantity
        slice_ = Decimal(str(following)) - begin
        amount = Decimal(str(step.amount)) if step.amount is not None else slice_ * Decimal(str(step.rate or 0))
        yield Part(
            f"from_{Decimal(str(step.from_)).normalize():f}", amount, note=f"{slice_.normalize():f} x {step.rate or 0}"
        )


def _within(tariff: Tariff, amount: Decimal) -> Decimal:
    if tariff.least is not None:
        amount = max(amount, Decimal(str(tariff.least)))
    return amount if tariff.most is None else min(amount, Decimal(str(tariff.most)))


def _difference(tariff: Tariff, raw: Decimal, total: Decimal) -> Iterator[Part]:
    """What a least or a most changed, as a line, so that the parts add up to the total."""
    if raw != _within(tariff, raw):
        yield Part("limit", total - _round(raw, "none"))


def _round(amount: Decimal, to: str) -> Decimal:
    return amount if to == "none" else amount.quantize(_STEPS[to], ROUND_HALF_UP).quantize(_STEPS["fen"])


def _over(tariff: Tariff, reader: _Reader, total: Decimal) -> tuple[tuple[str, ...], bool]:
    """(approvals needed, whether to warn): an amount above a fixed line, or spending above this amount or outside its
    range.
    """
    over = tariff.over
    if over is None:
        return (), False
    if over.spent is None:
        return (over.approval if over.above is not None and total > Decimal(str(over.above)) else ()), False
    if reader.facts.get(over.spent) is None:
        return (), False
    spent = reader.number(over.spent)
    low, high = (Decimal(str(edge)) for edge in tariff.range) if tariff.range else (ZERO, total)
    limit = Decimal(str(over.above)) if over.above is not None else high
    warn = over.warn_at is not None and spent >= limit * Decimal(str(over.warn_at)) / 100
    return (over.approval if spent > limit or spent < low else ()), warn


def _no_answer(tariff: Tariff, zh: str, en: str) -> NoAnswer:
    return NoAnswer(Text(zh=f"{tariff.id}：{zh}", en=f"{tariff.id}: {en}."), [tariff.id])
