"""The terms of a handbook in plain words: events, conditions, roles, durations, what follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language, gettext

from zhike.handbook.book import Book
from zhike.handbook.common import Duration, Effect, Parameter, Test, When
from zhike.handbook.structure import FieldDef
from zhike.web.base import times
from zhike.web.base.names import role_title


def say(text: Any) -> str:
    """A text of the handbook in the language in force."""
    return text.say(get_language() or "zh") if text is not None else ""


def listed(words: Iterable[str]) -> str:
    """`甲、乙、丙`"""
    return gettext("、").join(word for word in words if word)


def either(words: Iterable[str]) -> str:
    """`甲，或者乙`"""
    return gettext("，或者").join(word for word in words if word)


def role(book: Book, name: str) -> str:
    """A role, or one of the words that stand for somebody."""
    fixed = {
        "owner": gettext("经办人"),
        "customer": gettext("顾客"),
        "system": gettext("系统"),
        "holder": gettext("持有人"),
        "superior": gettext("上一级"),
    }
    return fixed.get(name) or role_title(book, name)


def roles(book: Book, names: Iterable[str]) -> str:
    return listed(role(book, name) for name in names)


def duration(book: Book, length: Duration | Parameter | None) -> str:
    """`30 分钟`; a parameter with its present value."""
    if isinstance(length, Parameter):
        return f"{book.parameters.get(length.param, '')}".strip() or length.param
    return times.limit({"amount": length.amount, "unit": length.unit.value}) if length else ""


def event(book: Book, name: str, process: str | None) -> str:
    """`action.submit` -> 办理“提交预警”时"""
    family, _, rest = name.partition(".")
    match family:
        case "action":
            return gettext("办理“%(what)s”时") % {"what": _action(book, rest, process)}
        case "stage" if rest.endswith(".entered"):
            return gettext("进入“%(what)s”时") % {"what": _stage(book, rest.rpartition(".")[0], process)}
        case "stage" if rest.endswith(".left"):
            return gettext("离开“%(what)s”时") % {"what": _stage(book, rest.rpartition(".")[0], process)}
        case "clock":
            return gettext("%(clause)s 超时之时") % {"clause": rest.rpartition(".")[0]}
        case "duty":
            return gettext("%(clause)s 漏做之时") % {"clause": rest.rpartition(".")[0]}
        case "record":
            return gettext("填完“%(what)s”时") % {"what": _record(book, rest.partition(".")[0])}
        case "lookup":
            return gettext("查询“%(what)s”时") % {"what": _record(book, rest)}
    return {"case.opened": gettext("开单时"), "case.closed": gettext("结办时")}.get(name, name)


def events(book: Book, names: Iterable[str], process: str | None) -> str:
    return either(event(book, name, process) for name in names)


def conditions(book: Book, when: When, process: str | None) -> str:
    """`投诉项目是服务质量，并且轮次至少 2`"""
    return gettext("，并且").join(_condition(book, name, test, process) for name, test in when.items())


def _condition(book: Book, name: str, test: Test, process: str | None) -> str:
    field = find_field(book, name, process)
    title = fact(book, name, process)

    def value(raw: Any) -> str:
        return _value(book, field, raw)

    told = {
        "eq": lambda raw: gettext("%(fact)s为%(value)s") % {"fact": title, "value": value(raw)},
        "ne": lambda raw: gettext("%(fact)s不是%(value)s") % {"fact": title, "value": value(raw)},
        "one_of": lambda raw: gettext("%(fact)s为%(value)s之一") % {"fact": title, "value": listed(map(value, raw))},
        "none_of": lambda raw: gettext("%(fact)s不是%(value)s") % {"fact": title, "value": listed(map(value, raw))},
        "gt": lambda raw: gettext("%(fact)s大于 %(value)s") % {"fact": title, "value": value(raw)},
        "gte": lambda raw: gettext("%(fact)s至少 %(value)s") % {"fact": title, "value": value(raw)},
        "lt": lambda raw: gettext("%(fact)s小于 %(value)s") % {"fact": title, "value": value(raw)},
        "lte": lambda raw: gettext("%(fact)s至多 %(value)s") % {"fact": title, "value": value(raw)},
        "contains": lambda raw: gettext("%(fact)s包含%(value)s") % {"fact": title, "value": value(raw)},
        "present": lambda raw: (gettext("%(fact)s已填写") if raw else gettext("%(fact)s没有填写")) % {"fact": title},
    }
    keys = [key for key in told if key in test.model_fields_set]
    return gettext("、").join(told[key](getattr(test, key)) for key in keys)


def fact(book: Book, name: str, process: str | None) -> str:
    """The title of the field a fact is read from, the words for a fact of the case, else its own name."""
    if name.startswith("parent."):
        return gettext("上级工单的%(fact)s") % {"fact": fact(book, name.removeprefix("parent."), process)}
    if name.startswith("case.taken."):
        return gettext("办理“%(what)s”的次数") % {"what": _action(book, name.removeprefix("case.taken."), process)}
    field = find_field(book, name, process)
    if field is not None:
        return say(field.title)
    known = {
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
    return known.get(name, name)


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


def _value(book: Book, field: FieldDef | None, raw: Any) -> str:
    if isinstance(raw, Parameter):
        return str(book.parameters.get(raw.param, raw.param))
    if (other := getattr(raw, "fact", None)) is not None:
        return fact(book, str(other), None)
    if isinstance(raw, bool):
        return gettext("是") if raw else gettext("否")
    if raw is None:
        return gettext("空")
    choices = {choice.id: say(choice.title) for choice in book.choices(field)} if field else {}
    return choices.get(str(raw), str(raw))


def effects(book: Book, found: Iterable[Effect], process: str | None) -> str:
    """What follows: `标为超时；通知400热线服务主管`"""
    return gettext("；").join(filter(None, (_effect(book, effect, process) for effect in found)))


def _effect(book: Book, effect: Effect, process: str | None) -> str:
    told = []
    if effect.mark_overdue:
        told.append(gettext("标为超时"))
    if effect.notify:
        names = (effect.notify,) if isinstance(effect.notify, str) else effect.notify
        told.append(gettext("通知%(who)s") % {"who": roles(book, names)})
    if effect.owe:
        told.append(gettext("产生应办事项 %(clause)s") % {"clause": effect.owe})
    if effect.finding:
        told.append(gettext("记一次“%(finding)s”") % {"finding": effect.finding})
    if effect.act:
        told.append(gettext("系统办理“%(what)s”") % {"what": _action(book, effect.act, process)})
    if effect.reassign:
        told.append(gettext("转给%(who)s") % {"who": role(book, effect.reassign)})
    if effect.close:
        told.append(gettext("结束会话，结果记为“%(outcome)s”") % {"outcome": effect.close})
    words = gettext("，").join(told)
    if effect.when and words:
        return gettext("%(when)s时%(words)s") % {"when": conditions(book, effect.when, process), "words": words}
    return words


def _action(book: Book, name: str, process: str | None) -> str:
    return _titled(({p.id: p.actions for p in book.handbook.processes}), name, process)


def _stage(book: Book, name: str, process: str | None) -> str:
    return _titled(({p.id: p.stages for p in book.handbook.processes}), name, process)


def _titled(known: Mapping[str, Iterable[Any]], name: str, process: str | None) -> str:
    """The title of the thing of that id, in this process first."""
    order = [process] if process and process in known else []
    for each in [*order, *known]:
        for thing in known[each]:
            if thing.id == name:
                return say(thing.title)
    return name


def _record(book: Book, name: str) -> str:
    try:
        return say(book.record(name).title)
    except KeyError:
        return name
