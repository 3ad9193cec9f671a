"""时限 in words: how long, counted how, from when, until when, and what follows."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, pgettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline
from zhike.handbook.limits import date_fact
from zhike.handbook.terms import Cap, Extension
from zhike.web.handbook_page import amounts, following, terms, titles
from zhike.web.handbook_page.describing.line import Line
from zhike.web.handbook_page.describing.moments import due_words, warned, window_words


def deadline_lines(book: Book, clause: Deadline, process: str | None) -> Iterator[Line]:
    yield Line(pgettext("of a clause", "期限"), _limit(book, clause, process))
    yield Line(gettext("目标"), amounts.duration(book, clause.target))
    yield Line(gettext("在谁手里"), _holders(book, clause))
    yield from _course(book, clause, process)
    yield Line(gettext("提醒"), warned(book, clause.warn))
    breach = clause.breach if clause.breach is not None else book.handbook.defaults.breach
    yield Line(gettext("超时后"), following.effects(book, breach, process))
    yield Line(gettext("超时记在"), titles.roles(book, clause.charged_to))
    if clause.extend:
        yield Line(gettext("延期"), _extension(book, clause.extend, process))
    if clause.survives_close:
        yield Line(gettext("结办后"), gettext("继续计时"))


def _course(book: Book, clause: Deadline, process: str | None) -> Iterator[Line]:
    """What starts, stops, halts and ends the clock."""
    since = (
        gettext("从%(fact)s算起") % {"fact": terms.fact(book, clause.since_fact, process)} if clause.since_fact else ""
    )
    starts = terms.events(book, clause.starts, process)
    each = gettext("每次都另起一只钟") if clause.each else ""
    yield Line(gettext("起算"), gettext("，").join(filter(None, (starts, since, each))))
    yield Line(gettext("停止"), terms.events(book, clause.until, process))
    yield Line(gettext("全部做到才停"), titles.listed(terms.event(book, name, process) for name in clause.until_all))
    yield Line(gettext("停止的条件"), terms.conditions(book, clause.until_when, process))
    if clause.not_before:
        early = gettext("起算后不到 %(length)s 做的不算") % {"length": amounts.duration(book, clause.not_before)}
        yield Line(gettext("不得过早"), early)
    yield Line(gettext("暂停计时"), terms.events(book, clause.pauses, process))
    yield Line(gettext("恢复计时"), terms.events(book, clause.resumes, process))
    yield Line(gettext("作废"), terms.events(book, clause.voids, process))
    if clause.born_late == "excused":
        yield Line(gettext("适用时已经过期的"), gettext("不算超时"))


def _limit(book: Book, clause: Deadline, process: str | None) -> str:
    """`30 分钟（工作时间）`, `下月第 3 个工作日 24:00`; whatever bends it follows after commas."""
    parts = [_length(book, clause, process)]
    if clause.due:
        parts.append(due_words(book, clause.due, process))
    if clause.at:
        parts.append(gettext("到那一天的 %(time)s") % {"time": amounts.time_of_day(clause.at)})
    if clause.window:
        parts.append(window_words(clause.window))
    if clause.cap:
        parts.append(_cap(book, clause.cap, process))
    parts.append(_moved(clause))
    if clause.boundary == "exclusive":
        parts.append(gettext("正好到点算迟"))
    return gettext("，").join(filter(None, parts))


def _length(book: Book, clause: Deadline, process: str | None) -> str:
    length = amounts.duration(book, clause.within)
    how = {
        "wall": gettext("自然时间，连续计"),
        "working": gettext("工作时间"),
        "deferred": gettext("自然时间，营业时间以外从下一次开门算起"),
    }[clause.time]
    calendar = amounts.calendar(book, clause.calendar)
    if not length:
        return calendar
    before = gettext("在%(fact)s之前 ") % {"fact": terms.fact(book, clause.before, process)} if clause.before else ""
    return gettext("%(before)s%(length)s（%(how)s）") % {
        "before": before,
        "length": length,
        "how": gettext("，").join(filter(None, (how, calendar))),
    }


def _moved(clause: Deadline) -> str:
    if date_fact(clause) is None:
        return ""
    return {
        "follow": gettext("日期变了期限跟着变"),
        "owe_again": gettext("日期变了要重做"),
        "keep": gettext("日期变了期限不变"),
    }[clause.on_move]


def _cap(book: Book, cap: Cap, process: str | None) -> str:
    start = terms.fact(book, cap.since_fact, process) if cap.since_fact else terms.events(book, cap.starts, process)
    return gettext("并且不迟于%(start)s起 %(length)s") % {"start": start, "length": amounts.duration(book, cap.within)}


def _holders(book: Book, clause: Deadline) -> str:
    who = titles.roles(book, clause.holder)
    if len(clause.holder) < 2:
        return who
    together = gettext("任何一人办理即停") if clause.share == "any" else gettext("每人都要办理")
    return gettext("%(who)s（共用一只钟，%(together)s）") % {"who": who, "together": together}


def _extension(book: Book, extend: Extension, process: str | None) -> str:
    parts = [gettext("最多 %(count)d 次") % {"count": extend.most}]
    if extend.each:
        parts.append(gettext("每次最长 %(length)s") % {"length": amounts.duration(book, extend.each)})
    if extend.asks:
        parts.append(gettext("申请：%(what)s") % {"what": terms.events(book, extend.asks, process)})
    named = [*((extend.to,) if extend.to else ()), *extend.requires]
    if named:
        parts.append(gettext("须写明%(fields)s") % {"fields": terms.facts(book, named, process)})
    if extend.within_limit:
        parts.append(gettext("到期以前提出"))
    if extend.after:
        parts.append(gettext("先做到 %(clauses)s") % {"clauses": titles.listed(extend.after)})
    if extend.approvals:
        parts.append(gettext("同意人：%(who)s") % {"who": titles.chain(book, extend.approvals)})
    if extend.agrees:
        parts.append(gettext("同意：%(what)s") % {"what": terms.events(book, extend.agrees, process)})
    if extend.under:
        parts.append(gettext("依 %(clause)s") % {"clause": extend.under})
    return gettext("；").join(parts)
