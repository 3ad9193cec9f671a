"""A clause in plain words: what a person needs to know of its data, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, pgettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import (
    Clause,
    Deadline,
    Duty,
    Gate,
    Measure,
    Route,
    Sanction,
    Tariff,
    Visibility,
    Wording,
)
from zhike.web.handbook_page import terms


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `期限` / `30 分钟`."""

    label: str
    words: str


def kind_title(kind: str) -> str:
    """The kind of a clause in the language in force."""
    return {
        "deadline": pgettext("kind of clause", "时限"),
        "duty": pgettext("kind of clause", "例行"),
        "gate": pgettext("kind of clause", "准入"),
        "route": pgettext("kind of clause", "流转"),
        "measure": pgettext("kind of clause", "指标"),
        "sanction": pgettext("kind of clause", "奖惩"),
        "tariff": pgettext("kind of clause", "计费"),
        "wording": pgettext("kind of clause", "话术"),
        "visibility": pgettext("kind of clause", "保密"),
    }.get(kind, kind)


def lines_of(book: Book, clause: Clause) -> list[Line]:
    """The clause's data in words; a line without words is left out."""
    process = book.process_of(clause)
    found = [*DESCRIBED[clause.kind](book, clause, process)]
    if clause.when:
        found.append(Line(gettext("仅当"), terms.conditions(book, clause.when, process)))
    if clause.derived:
        found.append(Line(gettext("来历"), gettext("原文没有写明，是本系统的默认值，经理可以修改")))
    found.append(Line(gettext("备注"), terms.say(clause.note)))
    return [line for line in found if line.words]


def _deadline(book: Book, clause: Deadline, process: str | None) -> Iterator[Line]:
    yield Line(pgettext("of a clause", "期限"), _limit(book, clause))
    yield Line(gettext("目标"), terms.duration(book, clause.target))
    yield Line(gettext("在谁手里"), _holders(book, clause))
    yield Line(gettext("起算"), terms.events(book, clause.starts, process))
    yield Line(gettext("停止"), terms.events(book, clause.until, process))
    yield Line(gettext("暂停计时"), terms.events(book, clause.pauses, process))
    yield Line(gettext("恢复计时"), terms.events(book, clause.resumes, process))
    warn = clause.warn if clause.warn is not None else book.warn
    yield Line(gettext("提醒"), terms.listed(gettext("用掉 %(share)g%% 时") % {"share": share} for share in warn))
    breach = clause.breach if clause.breach is not None else book.handbook.defaults.breach
    yield Line(gettext("超时后"), terms.effects(book, breach, process))
    if clause.survives_close:
        yield Line(gettext("结办后"), gettext("继续计时"))


def _limit(book: Book, clause: Deadline) -> str:
    length = terms.duration(book, getattr(clause, "within", None))
    if not length:
        return ""
    how = gettext("工作时间") if clause.time == "working" else gettext("自然时间，连续计")
    before = gettext("在%(fact)s之前 ") % {"fact": terms.fact(book, clause.before, None)} if clause.before else ""
    return gettext("%(before)s%(length)s（%(how)s）") % {"before": before, "length": length, "how": how}


def _holders(book: Book, clause: Deadline) -> str:
    who = terms.roles(book, clause.holder)
    if len(clause.holder) < 2:
        return who
    together = gettext("任何一人办理即停") if clause.share == "any" else gettext("每人都要办理")
    return gettext("%(who)s（共用一只钟，%(together)s）") % {"who": who, "together": together}


def _duty(book: Book, clause: Duty, process: str | None) -> Iterator[Line]:
    every = {
        "once": gettext("一次"),
        "calendar_day": gettext("每天"),
        "working_day": gettext("每个工作日"),
        "week": gettext("每周"),
        "calendar_month": gettext("每月"),
        "calendar_quarter": gettext("每季度"),
        "calendar_year": gettext("每年"),
    }.get(str(clause.every), str(clause.every))
    often = (
        every if clause.every == "once" else gettext("%(every)s %(times)d 次") % {"every": every, "times": clause.times}
    )
    yield Line(gettext("应办"), often)
    yield Line(gettext("由谁办"), terms.roles(book, clause.holder))
    yield Line(gettext("起于"), terms.events(book, clause.starts, process))
    yield Line(gettext("做到"), terms.events(book, clause.owes, process))
    yield Line(gettext("止于"), terms.conditions(book, clause.until, process) if clause.until else "")
    if clause.within:
        yield Line(pgettext("of a clause", "期限"), terms.duration(book, clause.within))
    if clause.limit_of:
        yield Line(pgettext("of a clause", "期限"), gettext("见 %(clause)s") % {"clause": clause.limit_of})
    missed = clause.missed if clause.missed is not None else book.handbook.defaults.missed
    yield Line(gettext("漏做后"), terms.effects(book, missed, process))


def _gate(book: Book, clause: Gate, process: str | None) -> Iterator[Line]:
    asks = clause.requires
    yield Line(gettext("管住"), terms.events(book, clause.on, process))
    yield Line(gettext("必须填写"), terms.listed(terms.fact(book, name, process) for name in asks.fields))
    yield Line(gettext("至少填一项"), terms.listed(terms.fact(book, name, process) for name in asks.one_of_fields))
    yield Line(gettext("必须满足"), terms.conditions(book, asks.facts, process) if asks.facts else "")
    yield Line(gettext("签字"), terms.listed(terms.role(book, signature.role) for signature in asks.signatures))
    if asks.distinct:
        yield Line(gettext("签字人"), gettext("必须是不同的人"))
    chain = [either_role(book, link) for link in asks.approvals]
    yield Line(gettext("审批"), " → ".join(chain))
    if asks.attachments:
        yield Line(gettext("附件"), gettext("至少 %(count)d 个") % {"count": asks.attachments})
    yield Line(gettext("不满足时"), terms.say(clause.refuse))


def either_role(book: Book, link: tuple[str, ...]) -> str:
    return gettext(" 或 ").join(terms.role(book, name) for name in link)


def _route(book: Book, clause: Route, process: str | None) -> Iterator[Line]:
    yield Line(gettext("何时"), terms.events(book, clause.on, process))
    yield Line(gettext("去向"), _destination(book, clause, process))
    yield Line(gettext("同时告知"), terms.roles(book, clause.notify))


def _destination(book: Book, clause: Route, process: str | None) -> str:
    if clause.yields in ("stage", "parent_stage"):
        titles = {stage.id: terms.say(stage.title) for p in book.handbook.processes for stage in p.stages}
        own = {stage.id: terms.say(stage.title) for stage in book.process(process).stages} if process else {}
        return terms.listed(own.get(name) or titles.get(name, name) for name in clause.to)
    if clause.yields in ("holder", "recipients"):
        return terms.roles(book, clause.to)
    titles = {p.id: terms.say(p.title) for p in book.handbook.processes}
    titles |= {kind.id: terms.say(kind.title) for kind in book.handbook.departments}
    return terms.listed(titles.get(name, name) for name in clause.to)


def _measure(book: Book, clause: Measure, process: str | None) -> Iterator[Line]:
    yield Line(gettext("分子"), _count(book, clause.numerator, process))
    yield Line(gettext("分母"), _count(book, clause.denominator, process))
    yield Line(gettext("目标"), clause.target or "")
    if clause.capture:
        action = terms.event(book, f"action.{clause.capture.action}", process)
        field = terms.fact(book, clause.capture.field, process)
        yield Line(gettext("必须登记"), gettext("%(when)s登记“%(field)s”") % {"when": action, "field": field})
        yield Line(gettext("未登记时"), terms.say(clause.capture.refuse))


def _count(book: Book, count: Any, process: str | None) -> str:
    if count is None:
        return ""
    titles = {record.id: terms.say(record.title) for record in book.handbook.records}
    counted = {"cases": gettext("工单"), "clocks": gettext("时限"), "duties": gettext("例行")} | titles
    what = counted.get(count.count, str(count.count))
    if not count.where:
        return what
    return gettext("%(what)s，其中%(where)s") % {"what": what, "where": terms.conditions(book, count.where, process)}


def _sanction(book: Book, clause: Sanction, process: str | None) -> Iterator[Line]:
    yield Line(gettext("起因"), terms.event(book, clause.on, process))
    yield Line(gettext("处理"), gettext("；").join(_tier(tier) for tier in clause.tiers))
    yield Line(gettext("生效"), gettext("只是草案，由另一人确认后生效，当事人可以申诉"))


def _tier(tier: Any) -> str:
    amount = next((f"¥{value:,.2f}" for value in (tier.fine, tier.reward) if value is not None), "")
    points = gettext("%(points)g 分") % {"points": tier.points} if tier.points is not None else ""
    what = terms.listed([amount, points, *tier.propose]) or gettext("提醒")
    return gettext("第 %(count)g 次起：%(what)s") % {"count": tier.from_, "what": what}


def _tariff(book: Book, clause: Tariff, process: str | None) -> Iterator[Line]:
    yield Line(gettext("算出"), str(clause.yields))
    yield Line(gettext("何时"), terms.event(book, clause.on, process) if clause.on else "")


def _wording(book: Book, clause: Wording, process: str | None) -> Iterator[Line]:
    yield Line(gettext("何时"), terms.events(book, clause.on, process))
    yield Line(gettext("必须写明"), terms.listed(terms.fact(book, name, process) for name in clause.must_state))
    yield Line(gettext("这样说"), terms.say(clause.say))
    yield Line(gettext("不许说"), terms.listed(clause.never))
    yield Line(gettext("不满足时"), terms.say(clause.refuse))


def _visibility(book: Book, clause: Visibility, process: str | None) -> Iterator[Line]:
    family, _, name = clause.of.partition(".")
    titles = {each.id: terms.say(each.title) for each in book.handbook.processes}
    titles |= {record.id: terms.say(record.title) for record in book.handbook.records}
    yield Line(gettext("关于"), titles.get(name, clause.of))
    record = name if family in ("record", "lookup") else ""
    fields = (terms.fact(book, f"{record}.{field}" if record else field, process) for field in clause.fields)
    yield Line(gettext("项目"), terms.listed(fields))
    yield Line(gettext("谁可以看"), terms.listed(_access(book, access) for access in clause.to))
    if clause.superiors:
        yield Line(gettext("上级"), gettext("以上人员的上级也可以看"))
    if clause.handlers:
        yield Line(gettext("经手人"), gettext("办理过的人也可以看"))
    yield Line(gettext("其他人"), terms.say(clause.refuse))


def _access(book: Book, access: Any) -> str:
    where = {
        "case_department": gettext("（责任部门的）"),
        "above_case_department": gettext("（责任部门上级的）"),
        "own_department": gettext("（本部门的）"),
    }.get(access.at, "")
    return f"{where}{terms.role(book, access.role)}"


DESCRIBED: dict[str, Callable[[Book, Any, str | None], Iterator[Line]]] = {
    "deadline": _deadline,
    "duty": _duty,
    "gate": _gate,
    "route": _route,
    "measure": _measure,
    "sanction": _sanction,
    "tariff": _tariff,
    "wording": _wording,
    "visibility": _visibility,
}
