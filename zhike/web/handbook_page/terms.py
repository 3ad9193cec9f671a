"""The terms of a handbook in plain words: events, conditions, roles, durations, what follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext

from zhike.handbook.book import Book
from zhike.handbook.catalogue import FACTS
from zhike.handbook.common import Parameter, Test, When
from zhike.handbook.happenings import STATES, happening
from zhike.handbook.structure import FieldDef
from zhike.web.handbook_page.titles import anything, either, finding, listed, say
from zhike.web.workbench.words import medium_word


def event(book: Book, name: str, process: str | None) -> str:
    """`action.submit` -> 办理“提交预警”时"""
    family, _, rest = name.partition(".")
    match family:
        case "action":
            return gettext("办理“%(what)s”时") % {"what": action_title(book, rest, process)}
        case "stage" if rest.endswith(".entered"):
            return gettext("进入“%(what)s”时") % {"what": stage_title(book, rest.rpartition(".")[0], process)}
        case "stage" if rest.endswith(".left"):
            return gettext("离开“%(what)s”时") % {"what": stage_title(book, rest.rpartition(".")[0], process)}
        case "clock":
            return gettext("%(clause)s 超时之时") % {"clause": rest.rpartition(".")[0]}
        case "duty":
            return gettext("%(clause)s 漏做之时") % {"clause": rest.rpartition(".")[0]}
        case "record":
            return gettext("填完“%(what)s”时") % {"what": _record(book, rest.partition(".")[0])}
        case "lookup":
            return gettext("查询“%(what)s”时") % {"what": _record(book, rest)}
        case "finding":
            return gettext("认定“%(finding)s”时") % {"finding": finding(book, rest)}
    return say(happening(name)) or name


def events(book: Book, names: Iterable[str], process: str | None) -> str:
    return either(event(book, name, process) for name in names)


def conditions(book: Book, when: When, process: str | None, rows: str = "") -> str:
    """`投诉项目是服务质量，并且轮次至少 2`; of the rows that are counted where `rows` says of which kind."""
    return gettext("，并且").join(_condition(book, name, test, process, rows) for name, test in when.items())


def _condition(book: Book, name: str, test: Test, process: str | None, rows: str) -> str:
    title = row_fact(book, rows, name, process) if rows else fact(book, name, process)

    def words(raw: Any) -> str:
        return value(book, name, raw, process)

    told = {
        "eq": lambda raw: gettext("%(fact)s为%(value)s") % {"fact": title, "value": words(raw)},
        "ne": lambda raw: gettext("%(fact)s不是%(value)s") % {"fact": title, "value": words(raw)},
        "one_of": lambda raw: gettext("%(fact)s为%(value)s之一") % {"fact": title, "value": listed(map(words, raw))},
        "none_of": lambda raw: gettext("%(fact)s不是%(value)s") % {"fact": title, "value": listed(map(words, raw))},
        "gt": lambda raw: gettext("%(fact)s大于 %(value)s") % {"fact": title, "value": words(raw)},
        "gte": lambda raw: gettext("%(fact)s至少 %(value)s") % {"fact": title, "value": words(raw)},
        "lt": lambda raw: gettext("%(fact)s小于 %(value)s") % {"fact": title, "value": words(raw)},
        "lte": lambda raw: gettext("%(fact)s至多 %(value)s") % {"fact": title, "value": words(raw)},
        "contains": lambda raw: gettext("%(fact)s包含%(value)s") % {"fact": title, "value": words(raw)},
        "present": lambda raw: (gettext("%(fact)s已填写") if raw else gettext("%(fact)s没有填写")) % {"fact": title},
    }
    keys = [key for key in told if key in test.model_fields_set]
    return gettext("、").join(told[key](getattr(test, key)) for key in keys)


def fact(book: Book, name: str, process: str | None) -> str:
    """The title of the field a fact is read from, the words for a fact of the case, else its own name."""
    if name.startswith("parent."):
        return gettext("上级工单的%(fact)s") % {"fact": fact(book, name.removeprefix("parent."), process)}
    if name.startswith("case.taken."):
        return gettext("办理“%(what)s”的次数") % {"what": action_title(book, name.removeprefix("case.taken."), process)}
    field = find_field(book, name, process)
    if field is not None:
        return say(field.title)
    return _own_fact(book, name) or _known_fact(name)


def facts(book: Book, names: Iterable[str], process: str | None) -> str:
    """`甲、乙`: the titles of several facts or fields."""
    return listed(fact(book, name, process) for name in names)


def _own_fact(book: Book, name: str) -> str:
    """The meaning a handbook gives a fact it puts together itself, the title of its parameter, or a name it has words for."""
    if name.startswith("param."):
        return next((say(each.title) for each in book.handbook.parameters if f"param.{each.id}" == name), "")
    named = {each.name: say(each.means) for each in book.handbook.facts}
    parameters = {each.id: say(each.title) for each in book.handbook.parameters}
    words = book.handbook.names.get(name)
    return named.get(name) or parameters.get(name) or say(words) or _form_of_case(book, name)


def _form_of_case(book: Book, name: str) -> str:
    """A fact of the forms of somebody's own case: `<process>.<record>.<field>`, or of a record as a whole."""
    case, dot, rest = name.partition(".")
    field = find_field(book, rest, None) if dot and case in {each.id for each in book.handbook.processes} else None
    record = next((say(each.title) for each in book.handbook.records if each.id in (name, rest)), "")
    return say(field.title) if field else record


def _known_fact(name: str) -> str:
    """What the product calls a fact: shortly where it has a short name, else what it means."""
    short = {
        "case.stage": gettext("环节"),
        "case.process": gettext("流程"),
        "case.round": gettext("轮次"),
        "case.status": gettext("状态"),
        "case.source": gettext("来源"),
        "case.has_customer": gettext("有顾客档案"),
        "case.department": gettext("责任部门"),
        "actor.principal": gettext("办理人"),
        "actor.is_customer": gettext("由顾客本人"),
        "attachments": gettext("附件数"),
        "today": gettext("当天"),
    }
    if name in short:
        return short[name]
    for known, part in ((known, _star(known.name, name)) for known in FACTS):
        if part is not None:
            return say(known.means) + (gettext("（%(which)s）") % {"which": part} if part else "")
    return name


def _star(pattern: str, name: str) -> str | None:
    """What stands for the `*` of a pattern, "" where there is none; None where the name is another."""
    before, star, after = pattern.partition("*")
    if not star:
        return "" if pattern == name else None
    fits = name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)
    return name[len(before) : len(name) - len(after)] if fits else None


def row_fact(book: Book, counted: str, name: str, process: str | None) -> str:
    """A fact of the rows that are counted: a field of the record, else one every row of that kind has."""
    field = _field(book, counted, name)
    if field is not None:
        return say(field.title)
    return _of_row(name) or fact(book, name, process)


def _of_row(name: str) -> str:
    return {
        "clause": gettext("条款"),
        "state": gettext("状态"),
        "owner": gettext("经办人"),
        "department": gettext("责任部门"),
        "holder": gettext("持有人"),
        "agent": gettext("坐席"),
        "person": gettext("当事人"),
        "amount": gettext("金额"),
        "score": gettext("评分"),
        "minutes": gettext("用时（分钟）"),
        "late_minutes": gettext("超时（分钟）"),
        "in_target": gettext("在目标时间以内"),
        "age_minutes": gettext("已过（分钟）"),
        "lead_time_minutes": gettext("办理时长（分钟）"),
        "accepted_seconds": gettext("接起用时（秒）"),
        "first_reply_seconds": gettext("首次答复用时（秒）"),
        "wait_seconds": gettext("等待（秒）"),
        "talk_seconds": gettext("通话（秒）"),
        "process": gettext("流程"),
        "stage": gettext("所在环节"),
        "status": gettext("在办或已结"),
        "round": gettext("轮次"),
        "source": gettext("来源"),
        "period": gettext("所属期间"),
        "done": gettext("办过几次"),
        "subject": gettext("所关的事项"),
        "due_at": gettext("应完成的时间"),
        "stopped_at": gettext("停下的时间"),
        "ordinal": gettext("第几份"),
        "filled_by": gettext("填写人"),
        "filled_at": gettext("填写时间"),
        "opened_at": gettext("开始时间"),
        "closed_at": gettext("结束时间"),
    }.get(name, "")


def find_field(book: Book, name: str, process: str | None) -> FieldDef | None:
    """The field a fact name means: `<record>.<field>`, else a field of the process's forms, else of any form."""
    record, dot, rest = name.rpartition(".")
    if dot:
        return _field(book, record, rest)
    return next((found for each in _records_of(book, process) if (found := _field(book, each, name))), None)


def _records_of(book: Book, process: str | None) -> list[str]:
    named: list[str] = []
    if process:
        known = book.process(process)
        named = [known.record, *(action.record for action in known.actions if action.record)]
    return list(dict.fromkeys([*named, *(record.id for record in book.handbook.records)]))


def _field(book: Book, record: str, name: str) -> FieldDef | None:
    try:
        return next((field for field in book.record(record).fields if field.id == name), None)
    except KeyError:
        return None


def value(book: Book, name: str, raw: Any, process: str | None) -> str:
    """A value of a fact as people read it."""
    field = find_field(book, name, process)
    if isinstance(raw, Parameter):
        return str(book.parameters.get(raw.param, raw.param))
    if (other := getattr(raw, "fact", None)) is not None:
        return fact(book, str(other), None)
    if isinstance(raw, bool):
        return gettext("是") if raw else gettext("否")
    if raw is None:
        return gettext("空")
    choices = {choice.id: say(choice.title) for choice in book.choices(field)} if field else {}
    return choices.get(str(raw)) or _value_of_product(book, name, str(raw), process)


def _value_of_product(book: Book, name: str, raw: str, process: str | None) -> str:
    """A value of a fact the product computes: a stage, a process, a kind of department, a state, a medium."""
    if name.endswith(("case.stage", "stage")):
        return stage_title(book, raw, process)
    if name.rpartition(".")[2] in ("status", "state", "owner_state", "entering"):
        return _state(raw)
    if name == "channel":
        return medium_word(raw)
    return anything(book, raw)


def _state(raw: str) -> str:
    """The state of a case, a limit, a duty, a conversation, or of somebody who answers."""
    return say(STATES.get(raw)) or {
        "open": gettext("在办"),
        "closed": gettext("已结"),
        "running": gettext("计时中"),
        "kept": gettext("按时"),
        "late": gettext("迟办"),
        "overdue": gettext("已超时"),
        "cancelled": gettext("已取消"),
        "owed": gettext("待办"),
        "met": gettext("已办"),
        "missed": gettext("漏办"),
        "exempt": gettext("免办"),
        "ended": gettext("已终止"),
        "waiting": gettext("等候"),
        "paused": gettext("已暂停"),
        "offered": gettext("派送中"),
    }.get(raw, raw)


def action_title(book: Book, name: str, process: str | None) -> str:
    return _titled(({p.id: p.actions for p in book.handbook.processes}), name, process)


def stage_title(book: Book, name: str, process: str | None) -> str:
    return _titled(({p.id: p.stages for p in book.handbook.processes}), name, process)


def _titled(known: Mapping[str, Iterable[Any]], name: str, process: str | None) -> str:
    """The title of the thing of that id, in this process first."""
    order = [process] if process and process in known else []
    for each in [*order, *known]:
        for thing in known[each]:
            if thing.id == name:
                return say(thing.title)
    return name


def thing(book: Book, name: str, process: str | None) -> str:
    """What may be frozen: the customer, or what a field of a form names."""
    return gettext("顾客") if name == "customer" else fact(book, name, process)


def _record(book: Book, name: str) -> str:
    try:
        return say(book.record(name).title)
    except KeyError:
        return name
