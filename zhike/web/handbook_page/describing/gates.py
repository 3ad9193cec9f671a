"""准入 in words: what is refused unless, and what is asked for."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import Gate
from zhike.handbook.terms import Quorum, Requirement, Rows, Signatures
from zhike.web.handbook_page import following, terms, titles
from zhike.web.handbook_page.describing.line import Line


def gate_lines(book: Book, clause: Gate, process: str | None) -> Iterator[Line]:
    yield Line(gettext("管住"), terms.events(book, clause.on, process))
    yield from _asked(book, clause.requires, process)
    if clause.scope:
        yield Line(gettext("按什么看"), terms.thing(book, clause.scope, process))
    yield Line(gettext("不满足时"), titles.say(clause.refuse))
    otherwise = {
        "refuse": "",
        "flag": gettext("收下，但是加上标记"),
        "wait": gettext("先排队，条件满足时再问"),
        "skip": gettext("不选它"),
    }[clause.otherwise]
    yield Line(gettext("不满足的"), otherwise)
    yield Line(gettext("改交"), titles.listed(titles.anything(book, name) for name in clause.send_to))
    yield Line(gettext("记一次"), titles.finding(book, clause.finding))
    yield Line(gettext("另外"), following.effects(book, clause.effects, process))


def _asked(book: Book, asks: Requirement, process: str | None) -> Iterator[Line]:
    """Everything a requirement asks for, a line each."""
    yield Line(gettext("必须填写"), terms.facts(book, asks.fields, process))
    yield Line(gettext("至少填一项"), terms.facts(book, asks.one_of_fields, process))
    yield Line(gettext("必须满足"), terms.conditions(book, asks.facts, process))
    yield Line(gettext("必须包含"), titles.listed(_includes(book, asks, process)))
    yield Line(gettext("每一行"), gettext("；").join(_rows(book, rows, process) for rows in asks.rows))
    yield Line(gettext("签字"), gettext("；").join(_signature(book, each, process) for each in asks.signatures))
    if asks.distinct:
        yield Line(gettext("签字人"), gettext("必须是不同的人"))
    if asks.in_person:
        yield Line(gettext("签字方式"), gettext("必须本人签"))
    order = gettext("（不分先后）") if asks.parallel and len(asks.approvals) > 1 else ""
    others = gettext("（提交的人自己不算）") if asks.distinct and asks.approvals else ""
    yield Line(gettext("审批"), titles.chain(book, asks.approvals) + order + others)
    yield Line(gettext("表决"), _quorum(book, asks.quorum, process) if asks.quorum else "")
    if asks.attachments:
        yield Line(gettext("附件"), gettext("至少 %(count)d 个") % {"count": asks.attachments})
    yield Line(gettext("不得是"), _not_actor(book, asks, process))
    yield Line(gettext("以下至少一种"), gettext("；").join(_option(book, each, process) for each in asks.any_of))


def _option(book: Book, asks: Requirement, process: str | None) -> str:
    lines = [line for line in _asked(book, asks, process) if line.words]
    return gettext("，").join(
        gettext("%(label)s：%(words)s") % {"label": each.label, "words": each.words} for each in lines
    )


def _includes(book: Book, asks: Requirement, process: str | None) -> Iterator[str]:
    for name, values in asks.includes.items():
        chosen = titles.listed(terms.value(book, name, each, process) for each in values)
        yield gettext("%(fact)s含%(values)s") % {"fact": terms.fact(book, name, process), "values": chosen}


def _rows(book: Book, rows: Rows, process: str | None) -> str:
    parts = [gettext("“%(field)s”的每一行") % {"field": terms.fact(book, rows.field, process)}]
    if rows.filled:
        parts.append(gettext("填%(fields)s") % {"fields": terms.facts(book, rows.filled, process)})
    if rows.where:
        parts.append(terms.conditions(book, rows.where, process))
    if rows.least:
        parts.append(gettext("至少 %(count)d 行") % {"count": rows.least})
    return gettext("，").join(parts)


def _signature(book: Book, signature: Signatures, process: str | None) -> str:
    who = titles.role(book, signature.role)
    if signature.person:
        who = gettext("%(role)s，只能是%(person)s") % {
            "role": who,
            "person": terms.fact(book, signature.person, process),
        }
    words = gettext("%(who)s签在“%(field)s”") % {"who": who, "field": terms.fact(book, signature.field, process)}
    when = terms.conditions(book, signature.when, process)
    return gettext("%(when)s时%(words)s") % {"when": when, "words": words} if when else words


def _quorum(book: Book, quorum: Quorum, process: str | None) -> str:
    needs = {
        "unanimous": gettext("一致同意"),
        "majority": gettext("过半数同意"),
        "all_present": gettext("到场的人都同意"),
    }.get(str(quorum.needs), gettext("至少 %(count)s 票同意") % {"count": quorum.needs})
    among = gettext("（%(who)s）") % {"who": titles.anything(book, quorum.members)} if quorum.members else ""
    return terms.fact(book, quorum.field, process) + among + gettext("：") + needs


def _not_actor(book: Book, asks: Requirement, process: str | None) -> str:
    who = terms.facts(book, asks.not_actor, process)
    unless = terms.conditions(book, asks.unless, process)
    return gettext("%(who)s（%(unless)s时除外）") % {"who": who, "unless": unless} if who and unless else who
