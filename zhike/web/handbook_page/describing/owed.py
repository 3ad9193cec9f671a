"""例行 in words: what is owed, for whom, how often, by when, and what follows from trying and from missing."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, pgettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import Duty
from zhike.handbook.terms import Attempts
from zhike.web.handbook_page import amounts, following, terms, titles
from zhike.web.handbook_page.describing.line import Line
from zhike.web.handbook_page.describing.moments import due_words, every_period, warned, window_words


def duty_lines(book: Book, clause: Duty, process: str | None) -> Iterator[Line]:
    yield Line(gettext("应办"), _often(book, clause))
    if clause.owed_for != "case":
        yield Line(gettext("为谁"), amounts.population(book, clause.owed_for))
    yield Line(gettext("其中"), terms.conditions(book, clause.where, process))
    yield Line(gettext("由谁办"), titles.roles(book, clause.holder))
    yield Line(gettext("起于"), _begin(book, clause, process))
    yield Line(gettext("做到"), _done(book, clause, process))
    yield Line(gettext("止于"), terms.conditions(book, clause.until, process))
    yield Line(pgettext("of a clause", "期限"), _limit(book, clause, process))
    yield Line(gettext("提醒"), warned(book, clause.warn) if clause.warn else "")
    yield from _outcomes(book, clause, process)


def _outcomes(book: Book, clause: Duty, process: str | None) -> Iterator[Line]:
    if clause.attempts:
        yield Line(gettext("未接通"), _attempts(book, clause.attempts, process))
    if clause.streak:
        streak = gettext("连续 %(count)d 次%(what)s：%(then)s") % {
            "count": clause.streak.count,
            "what": terms.conditions(book, clause.streak.of, process),
            "then": following.effects(book, clause.streak.then, process),
        }
        yield Line(gettext("连续同样的结果"), streak)
    missed = clause.missed if clause.missed is not None else book.handbook.defaults.missed
    yield Line(gettext("漏做后"), following.effects(book, missed, process))
    yield Line(gettext("未办时不得"), terms.events(book, clause.blocks, process))
    yield Line(gettext("不满足时"), titles.say(clause.refuse))
    if clause.coverage is not None:
        yield Line(gettext("覆盖率"), gettext("至少 %(share)g%%") % {"share": clause.coverage})
    if clause.exempt:
        yield Line(gettext("可以免办"), _exempt(book, clause, process))
    if clause.list_due:
        who, length = titles.roles(book, clause.list_due.by), amounts.duration(book, clause.list_due.within)
        yield Line(gettext("名单"), gettext("%(who)s在 %(length)s 内交来") % {"who": who, "length": length})
    if clause.survives_close:
        yield Line(gettext("结办后"), gettext("仍然要办"))


def _often(book: Book, clause: Duty) -> str:
    """`每季度 1 次`, `上次办完后 90 天`, `生日当天`."""
    if clause.continuous:
        return gettext("%(every)s始终保持") % {"every": every_period(clause.every)}
    if clause.every == "interval":
        return _interval(book, clause)
    if clause.every == "checkpoints":
        lengths = titles.listed(amounts.duration(book, each) for each in clause.checkpoints)
        return gettext("起算后 %(lengths)s 各一次") % {"lengths": lengths}
    if clause.every == "occasion":
        return gettext("每逢“%(name)s”") % {"name": amounts.occasion(book, clause.occasion or "")}
    every = every_period(clause.every)
    if clause.every in ("once", "event") and clause.times == 1:
        return every
    return gettext("%(every)s %(times)d 次") % {"every": every, "times": clause.times}


def _interval(book: Book, clause: Duty) -> str:
    told = {"length": amounts.duration(book, clause.interval)}
    last = gettext("上次办完后 %(length)s") if clause.counted_from == "done" else gettext("上次到期后 %(length)s")
    at = gettext("，到那一天的 %(time)s") % {"time": amounts.time_of_day(clause.at)} if clause.at else ""
    return last % told + at


def _begin(book: Book, clause: Duty, process: str | None) -> str:
    parts = [terms.events(book, clause.starts, process)]
    if clause.begins == "next_period":
        parts.append(gettext("从下一个周期算起"))
    if clause.first:
        within = amounts.duration(book, clause.first.within)
        named = clause.first.after
        after = terms.event(book, named, process) if "." in named else terms.fact(book, named, process)
        first = gettext("第一次在：%(after)s，%(length)s 内") if within else gettext("第一次在：%(after)s")
        parts.append(first % {"after": after, "length": within})
    return gettext("；").join(filter(None, parts))


def _done(book: Book, clause: Duty, process: str | None) -> str:
    parts = [terms.events(book, clause.owes, process), terms.conditions(book, clause.owes_when, process)]
    if clause.to_each:
        parts.append(gettext("%(fact)s里的每一位都要做到") % {"fact": terms.fact(book, clause.to_each, process)})
    return gettext("，").join(filter(None, parts))


def _limit(book: Book, clause: Duty, process: str | None) -> str:
    parts = [amounts.duration(book, clause.within)]
    if clause.time == "working":
        parts.append(gettext("按工作时间计"))
    if clause.limit_of:
        parts.append(gettext("见 %(clause)s") % {"clause": clause.limit_of})
    if clause.due:
        parts.append(due_words(book, clause.due, process))
    if clause.window:
        parts.append(window_words(clause.window))
    parts.append(amounts.calendar(book, clause.calendar))
    if clause.boundary == "exclusive":
        parts.append(gettext("正好到点算迟"))
    return gettext("，").join(filter(None, parts))


def _attempts(book: Book, attempts: Attempts, process: str | None) -> str:
    parts = [gettext("最多 %(count)s 次") % {"count": amounts.number(book, attempts.most)}]
    if attempts.of:
        parts.insert(0, gettext("%(what)s算一次") % {"what": terms.conditions(book, attempts.of, process)})
    if attempts.apart:
        parts.append(gettext("两次至少隔 %(length)s") % {"length": amounts.duration(book, attempts.apart)})
    if attempts.different_days:
        parts.append(gettext("不在同一天"))
    if attempts.counts_as_done:
        parts.append(gettext("用完即算办过"))
    if attempts.then:
        parts.append(gettext("用完后%(then)s") % {"then": following.effects(book, attempts.then, process)})
    return gettext("；").join(parts)


def _exempt(book: Book, clause: Duty, process: str | None) -> str:
    if clause.exempt is None:
        return ""
    who = titles.roles(book, clause.exempt.approved_by)
    parts = [
        terms.conditions(book, clause.exempt.when, process),
        gettext("经%(who)s同意") % {"who": who} if who else "",
    ]
    return gettext("，").join(filter(None, parts))
