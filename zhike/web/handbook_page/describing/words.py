"""话术 in words: what is said, never said, asked, and how it is checked."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import Wording
from zhike.handbook.terms import Check
from zhike.web.handbook_page import amounts, terms, titles
from zhike.web.handbook_page.describing.line import Line


def wording_lines(book: Book, clause: Wording, process: str | None) -> Iterator[Line]:
    yield Line(gettext("何时"), terms.events(book, clause.on, process))
    stated = terms.facts(book, clause.must_state, process)
    if stated and clause.at_least > 1:
        stated = gettext("%(fields)s（各至少 %(count)d 字）") % {"fields": stated, "count": clause.at_least}
    yield Line(gettext("必须写明"), stated)
    yield Line(gettext("必须出示"), terms.facts(book, clause.shows, process))
    yield Line(gettext("这样说"), titles.say(clause.say))
    yield Line(gettext("不许说"), titles.listed(clause.never))
    yield Line(gettext("按脚本"), titles.script(book, clause.script))
    if clause.ask:
        yield Line(gettext("要问"), terms.fact(book, clause.ask, process))
    answers = (f"{terms.value(book, clause.ask or '', key, process)} → {to}" for key, to in clause.answers.items())
    yield Line(gettext("回答以后"), gettext("；").join(answers))
    if clause.look_for:
        yield Line(gettext("检查"), _check(book, clause.look_for))
    yield Line(gettext("测量"), _measured(clause))
    yield Line(gettext("不满足时"), titles.say(clause.refuse))


def _check(book: Book, check: Check) -> str:
    parts = []
    for names, words in (
        (check.contains_any, gettext("含其中任一：%(words)s")),
        (tuple("/".join(each) for each in check.contains_all), gettext("都要说到：%(words)s")),
        (check.contains_none, gettext("不得含：%(words)s")),
        (check.turns, gettext("顺序：%(words)s")),
    ):
        if names:
            parts.append(words % {"words": titles.listed(names)})
    if check.first:
        parts.append(gettext("只看开头 %(length)s") % {"length": amounts.duration(book, check.first)})
    parts.append(gettext("发出以前拦下") if check.before_sending else "")
    verdict = {"hint": gettext("只提示"), "warn": gettext("提醒，由人判断"), "fail": gettext("判为不合格")}
    parts += [verdict[check.verdict], titles.say(check.suggest)]
    return gettext("；").join(filter(None, parts))


def _measured(clause: Wording) -> str:
    if not clause.check:
        return ""
    what = {
        "speech_rate": gettext("语速"),
        "loudness": gettext("音量"),
        "silence": gettext("静默"),
    }.get(clause.check, clause.check)
    parts = [what]
    for bounds, words in (
        (clause.between, gettext("应在 %(least)g 至 %(most)g%(unit)s")),
        (clause.warn_beyond, gettext("超出 %(least)g 至 %(most)g%(unit)s提醒")),
    ):
        if bounds:
            unit = f" {clause.unit}" if clause.unit else ""
            parts.append(words % {"least": bounds[0], "most": bounds[1], "unit": unit})
    if clause.baseline == "own":
        parts.append(gettext("与本人平均水平相比"))
    return gettext("，").join(parts)
