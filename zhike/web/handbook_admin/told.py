"""Proposals, comparisons and impact in the words of the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language, gettext, ngettext

from zhike.adoption.models import Proposal
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.compare import Change, Comparison
from zhike.web.base import times

Json = Mapping[str, Any]


def say(text: Text | Json | None) -> str:
    if text is None:
        return ""
    return (text if isinstance(text, Text) else Text.model_validate(text)).say(get_language() or "zh")


def kind_words(kind: str) -> str:
    return {
        "content": gettext("新的内容"),
        "parameters": gettext("参数"),
        "restore": gettext("恢复以前的版本"),
    }.get(kind, kind)


def state_words(state: str) -> str:
    return {
        "draft": gettext("拟稿"),
        "submitted": gettext("待批准"),
        "approved": gettext("已批准"),
        "declined": gettext("已退回"),
        "withdrawn": gettext("已撤回"),
        "cancelled": gettext("已取消"),
    }.get(state, state)


@dataclass(frozen=True, slots=True)
class FieldView:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change: a mark, its id and title, the sentence before and after, the keys that differ, whose work it is."""

    id: str
    op: str
    mark: str
    title: str
    before: str
    after: str
    sentence_changed: bool
    fields: list[FieldView]
    roles: str


@dataclass(frozen=True, slots=True)
class PartView:
    id: str
    title: str
    changes: list[ChangeView]


def parts_of(found: Comparison, book: Book) -> list[PartView]:
    titles = {role.id: say(role.title) for role in book.handbook.roles}
    return [
        PartView(part, say(title), [change_view(one, titles) for one in changes])
        for part, title, changes in found.parts
    ]


def change_view(change: Change, titles: Mapping[str, str]) -> ChangeView:
    """`titles` are those of the roles."""
    marks = {"added": gettext("新增"), "removed": gettext("删去"), "changed": gettext("改动")}
    fields = [FieldView(say(one.label), say(one.before), say(one.after)) for one in change.fields]
    return ChangeView(
        change.id, change.op, marks[change.op], say(change.title), change.before, change.after, change.sentence_changed,
        fields, gettext("、").join(titles.get(role, role) for role in change.roles),
    )  # fmt: skip


def counts_words(found: Comparison) -> str:
    """`新增 1 处，删去 0 处，改动 3 处`"""
    return gettext("新增 %(added)d 处，删去 %(removed)d 处，改动 %(changed)d 处") % found.counts


@dataclass(frozen=True, slots=True)
class DeadlineRow:
    clause: str
    title: str
    open: int
    words: str
    passed: int


@dataclass(frozen=True, slots=True)
class ExampleRow:
    number: str
    """Empty where the viewer may not see the case."""
    clause: str
    before: dt.datetime
    after: dt.datetime
    by: str


@dataclass(frozen=True, slots=True)
class JudgedRow:
    process: str
    stage: str
    open: int
    why: str


@dataclass(frozen=True, slots=True)
class RoleRow:
    title: str
    holders: int
    words: str
    is_loss: bool


@dataclass(frozen=True, slots=True)
class ImpactView:
    """The study of a proposal as the page shows it."""

    cases: Json
    judged: int
    judged_rows: list[JudgedRow]
    deadlines: Json
    deadline_rows: list[DeadlineRow]
    examples: list[ExampleRow]
    roles: list[RoleRow]
    scenarios: Json
    error: str


def impact_view(study: Json, before: Book | None, after: Book, visible: Mapping[int, str]) -> ImpactView:
    """`visible`: case id -> number of those the viewer may see."""
    deadlines, judged = study.get("deadlines", {}), study.get("judged", {})
    known = before or after
    return ImpactView(
        cases=study.get("cases", {}),
        judged=judged.get("cases", 0),
        judged_rows=[_judged(known, row) for row in judged.get("rows", ())],
        deadlines=deadlines,
        deadline_rows=[_deadline(known, row) for row in deadlines.get("rows", ())],
        examples=[_example(row, visible) for row in deadlines.get("examples", ())],
        roles=[_role(known, after, row) for row in study.get("roles", ())],
        scenarios=study.get("scenarios", {}),
        error=str(study.get("error", "")),
    )


def cases_named(study: Json) -> set[int]:
    return {row["case"] for row in study.get("deadlines", {}).get("examples", ()) if row["case"]}


def _deadline(book: Book, row: Json) -> DeadlineRow:
    words = []
    if row["gone"]:
        words.append(gettext("%(n)d 只不再计时") % {"n": row["gone"]})
    if row["later"]:
        words.append(gettext("%(n)d 只推后") % {"n": row["later"]})
    if row["sooner"]:
        words.append(gettext("%(n)d 只提前") % {"n": row["sooner"]})
    if row["least"] or row["most"]:
        words.append(_span_range(row["least"], row["most"]))
    return DeadlineRow(
        row["clause"], clause_title(book, row["clause"]), row["open"], gettext("，").join(words), row["passed"]
    )


def _span_range(least: float, most: float) -> str:
    low, high = (times.span(dt.timedelta(minutes=abs(each))) for each in (least, most))
    return low if low == high else gettext("%(low)s 至 %(high)s") % {"low": low, "high": high}


def _example(row: Json, visible: Mapping[int, str]) -> ExampleRow:
    before, after = (dt.datetime.fromisoformat(row[name]) for name in ("before", "after"))
    return ExampleRow(visible.get(row["case"] or 0, ""), row["clause"], before, after, moved_words(after - before))


def moved_words(by: dt.timedelta) -> str:
    """`推后 15 分钟`, `提前 2 小时`"""
    words = gettext("推后 %(span)s") if by > dt.timedelta(0) else gettext("提前 %(span)s")
    return words % {"span": times.span(by)}


def _judged(book: Book, row: Json) -> JudgedRow:
    why = []
    if row["gone"]:
        why.append(gettext("新版本没有这个环节"))
    if row["clauses"]:
        why.append(gettext("条款 %(ids)s 有改动") % {"ids": gettext("、").join(row["clauses"])})
    if row["actions"]:
        titles = [_action(book, row["process"], name) for name in row["actions"]]
        why.append(gettext("可办的动作不同：%(what)s") % {"what": gettext("、").join(titles)})
    stage = _titled(lambda: book.stage(row["process"], row["stage"]).title, row["stage"])
    return JudgedRow(
        _titled(lambda: book.process(row["process"]).title, row["process"]), stage, row["open"], gettext("；").join(why)
    )


def _role(before: Book, after: Book, row: Json) -> RoleRow:
    words = []
    if row["op"] == "removed":
        words.append(gettext("岗位取消"))
    if row["op"] == "added":
        words.append(gettext("新岗位，还要指定人员"))
    if row["moved"]:
        words.append(gettext("设在的部门种类变了，请核对任职"))
    for name, told in (("gains", gettext("可办：%(what)s")), ("loses", gettext("不再能办：%(what)s"))):
        if row[name]:
            titles = [_action(after if name == "gains" else before, *each.split("/", 1)) for each in row[name]]
            words.append(told % {"what": gettext("、").join(titles)})
    return RoleRow(
        say(row["title"]), row["holders"], gettext("；").join(words), row["op"] == "removed" or bool(row["loses"])
    )


def _action(book: Book, process: str, action: str) -> str:
    return _titled(lambda: book.action(process, action).title, action)


def clause_title(book: Book, clause: str) -> str:
    return _titled(lambda: book.clause(clause).title, clause)


def _titled(find: Any, otherwise: str) -> str:
    try:
        return say(find())
    except KeyError:
        return otherwise


def people_words(count: int) -> str:
    return ngettext("%(n)d 人", "%(n)d 人", count) % {"n": count}


def numbers_of(visible: Any, ids: set[int]) -> dict[int, str]:
    """Numbers of the cases among `ids` that a query set of visible ones holds."""
    return dict(visible.filter(pk__in=ids).values_list("pk", "number")) if ids else {}


def is_mine(proposal: Proposal, staff_id: int | None) -> bool:
    return proposal.prepared_by_id == staff_id
