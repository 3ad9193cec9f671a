"""Figures that can be worked out: what is counted late is counted late on both sides, and its age can be told."""

from __future__ import annotations

from collections.abc import Iterator

from zhike.handbook.catalogue import FILLING_FACTS, ROW_FACTS
from zhike.handbook.check.findings import Checker, Path
from zhike.handbook.clauses import Measure
from zhike.handbook.common import Text
from zhike.handbook.limits import WORKING
from zhike.handbook.structure import Indicator
from zhike.handbook.terms import Count


def check_figures(checker: Checker) -> None:
    for one in (*checker.clauses, *checker.book.handbook.indicators):
        if isinstance(one, Measure | Indicator):
            _check_age(checker, one)


def counts_of(one: Measure | Indicator) -> Iterator[tuple[str, Count]]:
    """The sides of a figure by their key."""
    for key, count in (("numerator", one.numerator), ("denominator", one.denominator)):
        if count is not None:
            yield key, count


def _check_age(checker: Checker, one: Measure | Indicator) -> None:
    sides = dict(counts_of(one))
    ages = {(count.mature_after, count.mature_since) for count in sides.values()}
    if len(ages) > 1:
        words = Text(
            zh="分子和分母要同样久以后才计入，否则新的记录只算在一边。",
            en="Both sides must wait equally long, or new rows count on one side only.",
        )
        remedy = Text(
            zh="两边写同样的 mature_after 和 mature_since。",
            en="Write the same `mature_after` and `mature_since` on both sides.",
        )
        _note(checker, one, "mature-one-side", words, remedy, ("denominator",))
    for key, count in sides.items():
        _check_since(checker, one, key, count)
        if count.mature_after is not None and count.mature_after.unit in WORKING and not checker.book.calendar(None):
            words = Text(zh="按工作时间计算，没有可用的日历。", en="It counts working time and no calendar is known.")
            remedy = Text(zh="在 calendars 里写一份日历。", en="Add a calendar.")
            _note(checker, one, "calendar-missing", words, remedy, (key, "mature_after"))


def _check_since(checker: Checker, one: Measure | Indicator, key: str, count: Count) -> None:
    if count.mature_since is None:
        return
    path = (key, "mature_since")
    if count.mature_after is None:
        words = Text(zh="写了从何时起，没有写多久以后才计入。", en="It says from when, but not how long rows wait.")
        remedy = Text(zh="写 mature_after: 7d。", en="Write `mature_after: 7d`.")
        _note(checker, one, "mature-missing", words, remedy, path)
    records = {record.id: record for record in checker.book.handbook.records}
    own = {field.id for field in records[count.count].fields} if count.count in records else set()
    known = own | ROW_FACTS.get(count.count, FILLING_FACTS)
    if count.mature_since not in known:
        words = Text(
            zh=f"“{count.count}”的记录没有“{count.mature_since}”。",
            en=f"Rows of {count.count} have no {count.mature_since}.",
        )
        remedy = Text(zh="写记录里的一个时刻，例如 closed_at。", en="Name a moment of the row, such as `closed_at`.")
        _note(checker, one, "mature-unknown", words, remedy, path)


def _note(checker: Checker, one: Measure | Indicator, code: str, words: Text, remedy: Text, path: Path) -> None:
    part = "clauses" if isinstance(one, Measure) else "indicators"
    checker.note(code, checker.item(part, one.id), words, remedy, path=path, subject=one.id)
