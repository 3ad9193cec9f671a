"""流转 in words: where something goes, who is chosen, and what happens while nobody is free."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import Route
from zhike.handbook.picking import NoneFree, Priority
from zhike.web.handbook_page import amounts, following, terms, titles
from zhike.web.handbook_page.describing.line import Line


def route_lines(book: Book, clause: Route, process: str | None) -> Iterator[Line]:
    yield Line(gettext("何时"), terms.events(book, clause.on, process))
    yield Line(gettext("去向"), _destination(book, clause, process))
    yield from _choice(book, clause, process)
    if clause.precedence:
        yield Line(
            gettext("先后"), gettext("与别条同时适用时，级别 %(level)d，高的说了算") % {"level": clause.precedence}
        )
    yield Line(gettext("同时告知"), titles.roles(book, clause.notify))
    if clause.none_free:
        yield Line(gettext("没有人空闲时"), _none_free(book, clause.none_free, process))
    yield Line(gettext("另外"), following.effects(book, clause.otherwise, process))


def _destination(book: Book, clause: Route, process: str | None) -> str:
    if clause.to_fact:
        return gettext("%(fact)s指明的") % {"fact": terms.fact(book, clause.to_fact, process)}
    if clause.by:
        return _table(book, clause, process)
    return _places(book, clause, clause.to, process)


def _table(book: Book, clause: Route, process: str | None) -> str:
    """`按区域：北区 → 甲组；其他 → 乙组`"""
    by = clause.by or ""
    rows = [
        f"{terms.value(book, by, key, process)} → {_places(book, clause, to, process)}"
        for key, to in clause.table.items()
    ]
    if clause.other:
        places = _places(book, clause, clause.other, process)
        rows.append(gettext("其他") + f" → {places}")
    return gettext("按%(fact)s：%(rows)s") % {"fact": terms.fact(book, by, process), "rows": gettext("；").join(rows)}


def _places(book: Book, clause: Route, names: tuple[str, ...], process: str | None) -> str:
    if clause.yields in ("stage", "parent_stage"):
        return titles.listed(terms.stage_title(book, name, process) for name in names)
    return titles.listed(titles.anything(book, name) for name in names)


def _choice(book: Book, clause: Route, process: str | None) -> Iterator[Line]:
    """Who of several is chosen."""
    ways = [strategy_words(each) for each in ((clause.strategy,) if clause.strategy else ()) + clause.then]
    yield Line(gettext("派给谁"), gettext("，再").join(ways))
    if clause.over:
        yield Line(gettext("在哪些里选"), titles.anything(book, clause.over))
    yield Line(gettext("须符合"), terms.conditions(book, clause.qualified, process))
    yield Line(gettext("跳过"), titles.listed(titles.skipped(book, name) for name in clause.skip))
    if clause.pointer:
        yield Line(gettext("轮到谁"), gettext("按“%(pointer)s”接着往下轮") % {"pointer": clause.pointer})
    yield from _options(book, clause, process)


def _options(book: Book, clause: Route, process: str | None) -> Iterator[Line]:
    """What the strategy is told beside its name."""
    said = clause.options
    if "need" in said.model_fields_set:
        yield Line(gettext("需要的技能"), terms.fact(book, said.need, process))
    yield Line(gettext("可以顶替的技能"), titles.listed(titles.anything(book, each) for each in said.overflow))
    if said.only:
        yield Line(gettext("换人"), gettext("只派给他，不换别人"))
    yield Line(gettext("优先级"), _priority(book, said.priority, process))
    if missed := said.no_answer:
        known = {"count": missed.after, "state": titles.skipped(book, missed.state)}
        words = gettext("连续 %(count)d 次没有接起，转为“%(state)s”") % known
        yield Line(gettext("没有接起时"), words + (gettext("，并通知主管") if missed.tell else ""))
    if said.weight is not None:
        yield Line(gettext("放回队列时的优先级"), str(said.weight))


def _priority(book: Book, said: Priority | None, process: str | None) -> str:
    """`按顾客等级：vip 10；其他 0，每等 1 分钟加 1`"""
    if said is None:
        return ""
    by = said.by or ""
    rows = [f"{terms.value(book, by, key, process)} {weight}" for key, weight in said.table.items()]
    rows.append(gettext("其他 %(amount)s") % {"amount": said.other})
    words = gettext("按%(fact)s：%(rows)s") % {"fact": terms.fact(book, by, process), "rows": gettext("；").join(rows)}
    more = gettext("，每等 1 分钟加 %(points)g") % {"points": said.per_minute} if said.per_minute else ""
    return words + more


def strategy_words(strategy: str) -> str:
    return {
        "rotation": gettext("按顺序轮流"),
        "longest_idle": gettext("空闲最久的"),
        "least_loaded": gettext("手里最少的"),
        "fewest_today": gettext("今天接得最少的"),
        "lowest_number": gettext("编号最小的"),
        "skills": gettext("技能最符合的"),
        "priority": gettext("优先级最高的先接"),
        "last_agent": gettext("上次接待的人"),
        "owner": gettext("顾客的归属人"),
        "named": gettext("顾客点名的人"),
        "nearest": gettext("离得最近的"),
        "manual": gettext("由人指派"),
    }.get(strategy, strategy)


def _none_free(book: Book, none_free: NoneFree, process: str | None) -> str:
    parts = []
    for length, words in (
        (none_free.ring, gettext("每人响 %(length)s")),
        (none_free.announce, gettext("%(length)s 后告诉顾客")),
        (none_free.overflow, gettext("%(length)s 后改派")),
        (none_free.wait, gettext("最多等 %(length)s")),
    ):
        if length is not None:
            parts.append(words % {"length": amounts.duration(book, length)})
    if none_free.to:
        parts.append(
            gettext("交给%(who)s") % {"who": titles.listed(titles.anything(book, name) for name in none_free.to)}
        )
    parts.append(following.effects(book, none_free.then, process))
    return gettext("；").join(filter(None, parts))
