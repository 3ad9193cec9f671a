"""保密 in words: who may see, change, copy and take out, and for how long it is kept."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import Visibility
from zhike.handbook.terms import Access, Export, Needs, Projection
from zhike.web.handbook_page import amounts, following, terms, titles
from zhike.web.handbook_page.describing.line import Line


def visibility_lines(book: Book, clause: Visibility, process: str | None) -> Iterator[Line]:
    family, _, name = clause.of.partition(".")
    record = name if family in ("record", "lookup") else ""
    yield Line(gettext("关于"), titles.anything(book, name or clause.of))
    names = [f"{record}.{field}" if record else field for field in clause.fields]
    yield Line(gettext("项目"), terms.facts(book, names, process))
    yield Line(gettext("问题"), gettext("；").join(_topics(book, clause, process)))
    yield Line(gettext("谁可以"), titles.listed(access_words(book, access, process) for access in clause.to))
    yield Line(gettext("可以做什么"), titles.listed(_may(each) for each in clause.may))
    if clause.superiors:
        yield Line(gettext("上级"), gettext("以上人员的上级也可以看"))
    if clause.handlers:
        yield Line(gettext("经手人"), gettext("办理过的人也可以看"))
    yield from _conditions(book, clause, process)
    yield Line(gettext("其他人"), titles.say(clause.refuse))
    yield Line(gettext("越权时"), following.effects(book, clause.effects, process))


def _conditions(book: Book, clause: Visibility, process: str | None) -> Iterator[Line]:
    if clause.shall:
        fresh = gettext("，变更后 %(length)s 内") % {"length": amounts.duration(book, clause.fresh_within)}
        yield Line(gettext("必须看得到"), gettext("以上人员随时能查到") + (fresh if clause.fresh_within else ""))
    yield Line(gettext("没有答案时"), following.effects(book, clause.missing, process))
    if clause.needs:
        yield Line(gettext("须经同意"), _needs(book, clause.needs))
    yield Line(gettext("只显示"), gettext("；").join(_projection(book, each, process) for each in clause.show))
    yield Line(gettext("满足以前不公开"), terms.conditions(book, clause.closed_until, process))
    yield Line(gettext("只在这时公开"), terms.conditions(book, clause.open_while, process))
    yield Line(gettext("保存"), amounts.duration(book, clause.keep))
    if clause.write_once:
        yield Line(gettext("修改"), gettext("填好以后谁也不能改，有异议另写"))
    if not clause.log:
        yield Line(gettext("查看记录"), gettext("不记"))
    if clause.export:
        yield Line(gettext("导出"), _export(book, clause.export))


def _topics(book: Book, clause: Visibility, process: str | None) -> Iterator[str]:
    for name, values in clause.topics.items():
        chosen = titles.listed(terms.value(book, name, each, process) for each in values)
        yield gettext("%(fact)s：%(values)s") % {"fact": terms.fact(book, name, process), "values": chosen}


def access_words(book: Book, access: Access, process: str | None) -> str:
    where = {
        "case_department": gettext("（责任部门的）"),
        "above_case_department": gettext("（责任部门上级的）"),
        "own_department": gettext("（本部门的）"),
    }.get(access.at, "")
    words = f"{where}{titles.role(book, access.role)}"
    if access.person:
        words += gettext("，只限%(person)s") % {"person": terms.fact(book, access.person, process)}
    when = terms.conditions(book, access.when, process)
    return gettext("%(who)s（%(when)s时）") % {"who": words, "when": when} if when else words


def _may(what: str) -> str:
    return {
        "see": gettext("看"),
        "change": gettext("改"),
        "copy": gettext("复制"),
        "export": gettext("导出"),
    }.get(what, what)


def _needs(book: Book, needs: Needs) -> str:
    parts = [titles.chain(book, needs.approvals)]
    if needs.parallel and len(needs.approvals) > 1:
        parts.append(gettext("不分先后"))
    if needs.purpose == "required":
        parts.append(gettext("写明用途"))
    if needs.reason:
        parts.append(gettext("写明理由"))
    if needs.expires:
        parts.append(gettext("有效 %(length)s") % {"length": amounts.duration(book, needs.expires)})
    ways = {"view": gettext("只看"), "copy": gettext("给副本"), "extract": gettext("给摘录")}
    parts.append(titles.listed(ways[each] for each in needs.delivery))
    if needs.aggregate_only:
        parts.append(gettext("只给汇总数"))
    return gettext("；").join(filter(None, parts))


def _projection(book: Book, shown: Projection, process: str | None) -> str:
    how = {
        "mask": gettext("打码"),
        "last4": gettext("末四位"),
        "hidden": gettext("不显示"),
        "yes_no": gettext("有或没有"),
        "fact": terms.fact(book, shown.fact, process) if shown.fact else "",
    }[shown.as_]
    words = gettext("%(fact)s：%(values)s") % {"fact": terms.fact(book, shown.field, process), "values": how}
    who = titles.roles(book, shown.to)
    return gettext("%(words)s（对%(who)s）") % {"words": words, "who": who} if who else words


def _export(book: Book, export: Export) -> str:
    if export.forbidden:
        return gettext("不许导出")
    parts = [gettext("须经%(who)s同意") % {"who": titles.roles(book, export.approval)} if export.approval else ""]
    parts += [gettext("带水印") if export.watermark else "", gettext("必须加密") if export.encrypt else ""]
    return gettext("，").join(filter(None, parts))
