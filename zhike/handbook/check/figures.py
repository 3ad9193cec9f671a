"""Figures that can be worked out: what is counted late is counted late on both sides, and of people in order everybody finds a place."""

from __future__ import annotations

from collections.abc import Iterator

from zhike.handbook.catalogue import FILLING_FACTS, ROW_FACTS
from zhike.handbook.check.findings import MEASURES, Checker, Path
from zhike.handbook.check.names import check_opened
from zhike.handbook.clauses import Measure, Sanction
from zhike.handbook.closing import periods_of, rank_event
from zhike.handbook.common import Text
from zhike.handbook.limits import WORKING
from zhike.handbook.measures import WrongUnit, target_of
from zhike.handbook.ranks import DECIDED
from zhike.handbook.structure import Indicator
from zhike.handbook.terms import Composite, Count, Ranking


def check_figures(checker: Checker) -> None:
    for one in (*checker.clauses, *checker.book.handbook.indicators):
        if isinstance(one, Measure | Indicator):
            _check_age(checker, one)
            _check_target(checker, one)
        if isinstance(one, Measure):
            _check_made(checker, one)
        if isinstance(one, Measure) and one.composite is not None:
            _check_marks(checker, one, one.composite)
        if isinstance(one, Measure) and one.full is not None and not one.target:
            _without_target(checker, one, one.title, ("full",))
        if isinstance(one, Measure) and one.rank is not None:
            _check_rank(checker, one, one.rank)
        if isinstance(one, Measure) and one.opens is not None:
            check_opened(checker, one.opens, checker.item("clauses", one.id), (), one.id)
            _check_aimed(checker, one)
        if isinstance(one, Sanction) and one.on.startswith("rank."):
            _check_reported(checker, one)


def _check_target(checker: Checker, one: Measure | Indicator) -> None:
    try:
        target_of(one)
    except WrongUnit:
        words = Text(
            zh=f"“target: {one.target}”的单位和这项指标对不上。",
            en=f"target: {one.target!r} is in a unit it is not counted in.",
        )
        remedy = Text(
            zh="只有时长（如 mean: wait_minutes）可以写 6h、30m 这样的目标；工作时间和月不能。",
            en="Only lengths of time (such as `mean: wait_minutes`) have targets such as 6h or 30m, never working time or months.",
        )
        _note(checker, one, "target-unit", words, remedy, ("target",))
    except ValueError:
        words = Text(zh=f"“target: {one.target}”读不懂。", en=f"target: {one.target!r} cannot be read.")
        remedy = Text(
            zh='写成 "> 85%"、">= 0.95"、"<= 3" 或 "< 6h"。', en='Write it as "> 85%", ">= 0.95", "<= 3" or "< 6h".'
        )
        _note(checker, one, "target-malformed", words, remedy, ("target",))


def _check_marks(checker: Checker, clause: Measure, spec: Composite) -> None:
    """Either all parts have full marks or none, and what has them has a target."""
    full = [one for one in spec.of if one.full is not None]
    if full and (len(full) < len(spec.of) or any(one.weight != 1 for one in full)):
        words = Text(zh="有的部分写了满分，有的写的是份额。", en="Some parts have full marks and others a weight.")
        remedy = Text(
            zh="每一部分都写 full（不再写 weight），或者都写 weight。",
            en="Give every part `full` and no `weight`, or every part `weight`.",
        )
        _note(checker, clause, "marks-mixed", words, remedy, ("composite", "of"))
    known: dict[str, Measure | Indicator] = {one.id: one for one in checker.book.handbook.indicators}
    known |= {one.name: one for one in checker.clauses if isinstance(one, Measure)}
    for n, part in enumerate(spec.of):
        made = known.get(part.measure)
        if part.full is not None and made is not None and not made.target:
            _without_target(checker, clause, made.title, ("composite", "of", n, "full"))


def _without_target(checker: Checker, clause: Measure, what: Text, path: Path) -> None:
    words = Text(
        zh=f"“{what.zh}”没有目标，得分无从算起。",
        en=f"“{what.say('en')}” has no target: there is nothing to give marks for.",
    )
    remedy = Text(zh='给它写 target，例如 "> 85%"。', en='Give it a `target`, for example "> 85%".')
    _note(checker, clause, "marks-without-target", words, remedy, path)


def _check_aimed(checker: Checker, one: Measure) -> None:
    if one.target is None:
        words = Text(zh="没有写目标，就没有达不到的时候。", en="Without a target nothing is ever missed.")
        remedy = Text(zh='写 target，例如 "> 85%"。', en='Write `target`, for example "> 85%".')
        _note(checker, one, "opens-without-target", words, remedy, ("opens",))


def _check_reported(checker: Checker, one: Sanction) -> None:
    """A sanction on a ranking has one to wait for, and a case to be decided on."""
    ranks = [each for each in checker.clauses if isinstance(each, Measure) and each.rank is not None]
    if not any(rank_event(every) == one.on for each in ranks for every in periods_of(each)):
        words = Text(
            zh=f"没有按这样的周期排名次的指标，“{one.on}”不会发生。",
            en=f"No measure has a rank over such a period: {one.on} never comes.",
        )
        remedy = Text(
            zh="给一项指标写 rank，并在 periods 里写上这个周期。",
            en="Give a measure `rank` and this period in `periods`.",
        )
        checker.note("rank-unreported", checker.item("clauses", one.id), words, remedy, path=("on",), subject=one.id)
    if one.process is None:
        words = Text(zh="没有写在哪个流程里决定。", en="It does not say in which process it is decided.")
        remedy = Text(
            zh="写 process: <流程>，它要有由系统建立的动作。",
            en="Write `process: <id>`, one with an entry action that the system takes.",
        )
        checker.note(
            "rank-no-process", checker.item("clauses", one.id), words, remedy, path=("process",), subject=one.id
        )
    else:
        check_opened(checker, one.process, checker.item("clauses", one.id), (), one.id)


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


def _check_made(checker: Checker, clause: Measure) -> None:
    """What a figure rests on is there, and it is not made of itself."""
    measures = {one.name: one for one in checker.clauses if isinstance(one, Measure)}
    known = {*measures, *(one.id for one in checker.book.handbook.indicators)}
    for path, name in _named(clause):
        if name not in known:
            item = checker.item("clauses", clause.id)
            checker.unknown("measure-unknown", item, name, known, MEASURES, path=path, subject=clause.id)
    if clause.composite is not None and _turns_round(clause, measures, frozenset()):
        words = Text(zh="合成的指标里又有它自己。", en="It is made of itself.")
        remedy = Text(zh="composite 里只写别的指标。", en="Name other measures under `composite`.")
        _note(checker, clause, "measure-round", words, remedy, ("composite",))


def _check_rank(checker: Checker, clause: Measure, rank: Ranking) -> None:
    by_hand = DECIDED in rank.ties
    if by_hand and (rank.ties[-1] != DECIDED or rank.share_place):
        words = Text(
            zh="由人决定（decided）只能是最后一项，也不能又并列。",
            en="`decided` can only be the last way to tell equals apart, and not where they share a place.",
        )
        remedy = Text(
            zh="把 decided 放在 ties 的最后，不写 share_place。", en="Put `decided` last, without `share_place`."
        )
        _note(checker, clause, "rank-equals", words, remedy, ("rank", "ties"))
    elif not by_hand and not rank.share_place:
        words = Text(zh="没有写相同的人怎样排。", en="It does not say how equals are placed.")
        remedy = Text(
            zh="写 share_place: true，或在 ties 的最后写 decided。",
            en="Write `share_place: true`, or end `ties` with `decided`.",
        )
        _note(checker, clause, "rank-equals", words, remedy, ("rank",))
    if by_hand and not rank.decided_by:
        words = Text(
            zh="由人决定相同的人的先后，没有写由谁。", en="A person decides between equals, but it does not say who."
        )
        remedy = Text(zh="写 decided_by: <岗位>。", en="Write `decided_by: <role>`.")
        _note(checker, clause, "rank-nobody", words, remedy, ("rank",))


def _named(clause: Measure) -> Iterator[tuple[Path, str]]:
    """The other figures it rests on, with their place in the file."""
    ties = clause.rank.ties if clause.rank is not None else ()
    yield from ((("rank", "ties", n), name) for n, name in enumerate(ties) if name != DECIDED)
    for n, part in enumerate(clause.composite.of if clause.composite else ()):
        yield ("composite", "of", n, "measure"), part.measure


def _turns_round(clause: Measure, measures: dict[str, Measure], above: frozenset[str]) -> bool:
    if clause.name in above:
        return True
    parts = (
        [measures[one.measure] for one in clause.composite.of if one.measure in measures] if clause.composite else []
    )
    return any(_turns_round(part, measures, above | {clause.name}) for part in parts)
