"""Values of a handbook in words of both languages: roles, stages and actions by their titles, lengths of time, conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.compare.key_words import KEY_WORDS, key_words

NONE = Text(zh="无", en="none")
YES, NO = Text(zh="是", en="yes"), Text(zh="否", en="no")
UNITS = {
    "second": Text(zh="秒", en="second"),
    "minute": Text(zh="分钟", en="minute"),
    "hour": Text(zh="小时", en="hour"),
    "day": Text(zh="天", en="day"),
    "working hour": Text(zh="工作小时", en="working hour"),
    "working day": Text(zh="个工作日", en="working day"),
    "week": Text(zh="周", en="week"),
    "month": Text(zh="个月", en="month"),
    "year": Text(zh="年", en="year"),
}
SOMEBODY = {
    "owner": Text(zh="经办人", en="owner"),
    "customer": Text(zh="顾客", en="customer"),
    "system": Text(zh="系统", en="the product"),
    "holder": Text(zh="持有人", en="holder"),
    "superior": Text(zh="上一级", en="superior"),
}
COMPARISONS = {"ne": "≠", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}
TESTS = frozenset({"eq", "in", "not_in", "present", "contains", *COMPARISONS})
ROLE_KEYS = frozenset(
    {
        "holder",
        "charged_to",
        "notify",
        "reports_to",
        "role",
        "reassign",
        "visible_to",
        "judged_by",
        "decided_by",
        "seen_by",
        "among",
    }
)
STAGE_KEYS = frozenset({"from", "parent"})
CONDITIONS = frozenset(
    {"when", "facts", "where", "required_when", "until_when", "owes_when", "shown_when", "unless", "drop", "qualified",
     "excludes", "until", "must", "applies", "any_of"}
)  # fmt: skip
"""Keys under which a mapping goes from facts to tests."""
_VALUES = """
wall | 自然时间 | by the clock on the wall
working | 工作时间 | in working time
deferred | 顺延到开门后计时 | from the next opening
once | 一次 | once
calendar_day | 每天 | every day
working_day | 每个工作日 | every working day
week | 每周 | every week
half_month | 每半月 | every half month
calendar_month | 每月 | every month
calendar_quarter | 每季度 | every quarter
calendar_year | 每年 | every year
next_period | 下一周期起 | from the next period
now | 立即 | at once
anywhere | 不限部门 | in any department
case_department | 责任部门 | in the case's department
above_case_department | 责任部门的上级 | above the case's department
own_department | 本部门 | in their own department
by_department | 责任部门的日历 | the department's own
inclusive | 到点不算超时 | the last instant is in time
exclusive | 到点即超时 | the instant itself is late
any | 任何一人办理即可 | any one of them
all | 每人都要办理 | each of them
high | 越高越好 | higher
low | 越低越好 | lower
"""
VALUES = {
    value: Text(zh=zh, en=en)
    for value, zh, en in ((part.strip() for part in line.split("|")) for line in _VALUES.strip().splitlines())
}
EVENTS = {
    "case.opened": Text(zh="开单时", en="when the case is opened"),
    "case.closed": Text(zh="结办时", en="when the case is closed"),
    "conversation.opened": Text(zh="会话开始时", en="when the conversation begins"),
    "conversation.asked": Text(zh="顾客提问、前面没有未答时", en="when the customer asks and nothing was open"),
    "conversation.question": Text(zh="顾客每提一个问题时", en="at each question of the customer"),
    "conversation.answered": Text(zh="问题得到答复时", en="when a question is answered"),
    "conversation.first_answered": Text(zh="首次答复时", en="at the first answer"),
    "conversation.answering": Text(zh="答复顾客时", en="when the customer is answered"),
    "conversation.corrected": Text(zh="更正答复时", en="when an answer is put right"),
    "conversation.accepted": Text(zh="有人接起时", en="when somebody takes it"),
    "conversation.covering": Text(zh="代接时", en="when a colleague answers for another"),
    "conversation.covered": Text(zh="代接以后", en="once a colleague answers for another"),
    "conversation.colleague_back": Text(zh="被代接的同事回岗时", en="when the colleague is back"),
    "conversation.transferring": Text(zh="转交会话时", en="when the conversation is handed on"),
    "conversation.returned": Text(zh="交还并接收时", en="when it was handed back and accepted"),
    "conversation.recording": Text(zh="人工登记会话时", en="when a conversation is written down by hand"),
    "conversation.closed": Text(zh="会话结束时", en="when the conversation ends"),
}


def length(amount: int, unit: str) -> Text:
    """`48 小时`, "48 hours"."""
    words = UNITS.get(unit, Text(zh=unit, en=unit))
    return Text(zh=f"{amount} {words.zh}", en=f"{amount} {words.en}{'' if amount == 1 else 's'}")


def joined(texts: Iterable[Text], zh: str = "、", en: str = ", ") -> Text:
    found = list(texts)
    return Text(zh=zh.join(text.zh for text in found), en=en.join(text.say("en") for text in found))


class Namer:
    """Says values of one book. Ids become the titles they have there."""

    def __init__(self, book: Book) -> None:
        handbook = book.handbook
        self.book = book
        self.roles = SOMEBODY | {role.id: role.title for role in handbook.roles}
        self.stages = {s.id: s.title for process in handbook.processes for s in process.stages}
        self.actions = {a.id: a.title for process in handbook.processes for a in process.actions}
        self.records = {record.id: record.title for record in handbook.records}
        self.fields = {f.id: f.title for record in handbook.records for f in record.fields}
        self.parameters = {one.id: one.title for one in handbook.parameters}
        choices = {c.id: c.title for r in handbook.records for f in r.fields for c in f.choices}
        options = {choice.id: choice.title for each in handbook.options.values() for choice in each}
        kinds = {kind.id: kind.title for kind in handbook.departments}
        calendars = {calendar.id: calendar.title for calendar in handbook.calendars}
        processes = {process.id: process.title for process in handbook.processes}
        self.any = choices | options | kinds | calendars | self.fields | self.records | processes
        self.any |= self.stages | self.actions | self.roles

    def say(self, value: Any, key: str = "") -> Text:
        """A plain value (as `model_dump` gives it) that stands under `key`."""
        if value is None or value in ({}, []):
            return NONE
        if isinstance(value, bool):
            return YES if value else NO
        if isinstance(value, Mapping):
            return self._mapping(value, key)
        if isinstance(value, list | tuple):
            deep = _is_deep(value)
            return joined((self.say(one, key) for one in value), "；" if deep else "、", "; " if deep else ", ")
        if isinstance(value, float):
            return Text(zh=f"{value:g}{'%' if key in ('warn', 'coverage') else ''}")
        return self._name(str(value), key) if key != "value" else self.say(parsed(value))

    def _mapping(self, value: Mapping[str, Any], key: str) -> Text:
        keys = set(value)
        if keys == {"amount", "unit"}:
            return length(value["amount"], str(value["unit"]))
        if keys and keys <= {"zh", "en"}:
            return Text(zh=str(value.get("zh", "")), en=str(value.get("en", "")))
        if keys == {"param", "value"}:
            return self._parameter(str(value["param"]), value["value"])
        if keys and keys <= TESTS:
            return joined((self._test(name, one, key) for name, one in value.items()), "，", ", ")
        return joined((self._pair(str(name), one, key in CONDITIONS) for name, one in value.items()), "，", ", ")

    def _pair(self, name: str, value: Any, is_fact: bool) -> Text:
        label = self._fact(name) if is_fact or name not in KEY_WORDS else key_words(name)
        told = self.say(value, name)
        return Text(zh=f"{label.zh} {told.zh}", en=f"{label.say('en')} {told.say('en')}")

    def _parameter(self, name: str, value: Any) -> Text:
        told, title = self.say(parsed(value)), self.parameters.get(name, Text(zh=name))
        return Text(zh=f"{told.zh}（参数“{title.zh}”）", en=f"{told.say('en')} (parameter “{title.say('en')}”)")

    def _test(self, name: str, value: Any, key: str) -> Text:
        told = self.say(value, key)
        if name == "present":
            return Text(zh="已填写" if value else "没有填写", en="is given" if value else "is not given")
        if name in COMPARISONS:
            return Text(zh=f"{COMPARISONS[name]} {told.zh}", en=f"{COMPARISONS[name]} {told.say('en')}")
        if name == "not_in":
            return Text(zh=f"不是 {told.zh}", en=f"not {told.say('en')}")
        return Text(zh=f"= {told.zh}", en=f"= {told.say('en')}")

    def _fact(self, name: str) -> Text:
        """The words for a fact."""
        return self.fields.get(name.rpartition(".")[2]) or self.any.get(name) or key_words(name)

    def _name(self, value: str, key: str) -> Text:
        family, dot, rest = value.partition(".")
        if dot and (event := self._event(family, rest, value)):
            return event
        if key in ROLE_KEYS and value in self.roles:
            return self.roles[value]
        if key in STAGE_KEYS and value in self.stages:
            return self.stages[value]
        if key == "by" and value in self.roles:
            return self.roles[value]
        return self.any.get(value) or VALUES.get(value) or Text(zh=value)

    def _event(self, family: str, rest: str, whole: str) -> Text | None:
        tellers: dict[str, Callable[[], Text]] = {
            "action": lambda: _quoted("办理", self.actions.get(rest, Text(zh=rest)), "taking"),
            "stage": lambda: _quoted(
                "离开" if rest.endswith(".left") else "进入",
                self.stages.get(rest.rpartition(".")[0], Text(zh=rest)),
                "leaving" if rest.endswith(".left") else "reaching",
            ),
            "record": lambda: _quoted("填完", self.records.get(rest.partition(".")[0], Text(zh=rest)), "filling in"),
        }
        return EVENTS.get(whole) or (tellers[family]() if family in tellers else None)


def parsed(value: Any) -> Any:
    """A parameter's value as it is told: a text that is a length of time becomes one."""
    from zhike.handbook.common import parse_duration

    if not isinstance(value, str):
        return value
    try:
        found = parse_duration(value)
    except ValueError:
        return value
    return {"amount": found["amount"], "unit": found["unit"].value}


def _quoted(verb: str, title: Text, english: str) -> Text:
    return Text(zh=f"{verb}“{title.zh}”", en=f"{english} “{title.say('en')}”")


def _is_deep(value: Iterable[Any]) -> bool:
    return any(isinstance(one, Mapping) for one in value)
