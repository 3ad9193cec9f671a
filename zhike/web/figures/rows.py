"""Figures as the page and the file show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.figures import definition_of
from zhike.cases.report import Definition, FigureTable, Group, Key, clauses_of, definitions_of, key_by, material, tables
from zhike.handbook.clauses import Measure
from zhike.handbook.measures import Measured, figure_text
from zhike.org.models import Department
from zhike.org.principals import Viewer
from zhike.web.base import times
from zhike.web.base.names import names_of
from zhike.web.figures.asking import Question, starts_of
from zhike.web.handbook_page.amounts import duration
from zhike.web.handbook_page.describing.figures import part_words
from zhike.web.handbook_page.pages import minutes_words
from zhike.web.handbook_page.titles import anything, say


@dataclass(frozen=True, slots=True)
class Number:
    """One line of a figure's table; the addresses open what is counted."""

    label: str
    value: str
    above: str
    below: str
    above_url: str
    below_url: str
    state: str
    """"kept", "broken", "none" where there is too little to measure, or ""."""
    parts: list[tuple[str, str]] = field(default_factory=list)
    """(what, figure): of a figure that is made of others what each of them came to."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One figure: what it is, where it comes from, its numbers."""

    id: str
    title: str
    note: str
    target: str
    clauses: list[str]
    is_share: bool
    whole: Number
    groups: list[Number]
    waiting: int
    """Records that are still too young to be counted."""
    mature: str
    """How old they have to be, in words; "" where nothing is waited for."""
    parts: list[str] = field(default_factory=list)
    """What it is made of, with the weight of each."""
    opens: str = ""
    """What is opened at the end of a period that missed the target; "" where nothing is."""


def shown(question: Question, viewer: Viewer, now: dt.datetime) -> list[Shown]:
    """Every figure of the handbook. Raises zhike.cases.report.TooMany."""
    book, period = question.book, question.period
    definitions = definitions_of(book)
    if not definitions:
        return []
    found = material(book, definitions, viewer, period.since, period.until, now)
    made = tables(found, definitions, key_by(question.by, found, starts_of(period)))
    label = _labels(question, [group.key for table in made for group in table.groups])
    return [_shown(question, table, label) for table in made]


def _labels(question: Question, keys: Sequence[Key]) -> Callable[[Key], str]:
    if question.by == "person":
        names: Mapping[str, str] = names_of({str(key) for key in keys if key}, [question.book])
        return lambda key: names.get(str(key), str(key)) if key else gettext("没有记到人")
    if question.by == "department":
        places = (
            dict(Department.objects.filter(pk__in={key for key in keys if key}).values_list("pk", "name"))
            if any(keys)
            else {}
        )
        return lambda key: places.get(key, f"#{key}") if isinstance(key, int) else gettext("没有部门")
    starts = starts_of(question.period)
    ends = dict(zip(starts, [*starts[1:], question.period.until], strict=True))
    return lambda key: _span(key, ends[key]) if isinstance(key, dt.datetime) else gettext("时间不明")


def _span(since: dt.datetime, until: dt.datetime) -> str:
    first = since.astimezone(times.ZONE).date()
    last = (until - dt.timedelta(microseconds=1)).astimezone(times.ZONE).date()
    return (
        f"{first:%Y-%m-%d}"
        if first == last
        else gettext("%(first)s 至 %(last)s") % {"first": f"{first:%m-%d}", "last": f"{last:%m-%d}"}
    )


def _shown(question: Question, table: FigureTable, label: Callable[[Key], str]) -> Shown:
    one = table.definition
    note = getattr(one, "note", None)
    return Shown(
        id=one.id, title=say(one.title), note=say(note) if note else "", target=one.target or "",
        clauses=clauses_of(question.book, one), is_share=one.value is None and one.denominator is not None,
        whole=_number(question, one, gettext("合计"), table.whole, None),
        groups=[_number(question, one, label(group.key), group.measured, group) for group in table.groups],
        waiting=table.whole.waiting, mature=_mature(question, one),
        parts=_made_of(question, one), opens=anything(question.book, one.opens) if isinstance(one, Measure) and one.opens else "",
    )  # fmt: skip


def _made_of(question: Question, one: Definition) -> list[str]:
    parts = one.composite.of if isinstance(one, Measure) and one.composite else ()
    return [part_words(question.book, each) for each in parts]


def _parts(question: Question, one: Definition, measured: Measured) -> list[tuple[str, str]]:
    """In the order of the clause; what has no figure as the clause says it."""
    if not isinstance(one, Measure) or one.composite is None:
        return []
    told = []
    for each in one.composite.of:
        value, part = measured.parts.get(each.measure), definition_of(question.book, each.measure)
        words = part.empty if value is None else figure_text(part, value)
        told.append(_with_marks(words, measured.part_marks.get(each.measure)))
    return list(zip(_made_of(question, one), told, strict=True))


def _mature(question: Question, one: Definition) -> str:
    count = one.denominator or one.numerator
    return duration(question.book, count.mature_after) if count is not None else ""


def _number(question: Question, one: Definition, label: str, measured: Measured, group: Group | None) -> Number:
    base = reverse("figures:behind", args=[question.book.name, one.id])
    own = urlencode({"group": _sign(group.key)}) if group is not None else ""
    query = "&".join(part for part in (question.query, own) if part)
    state = "none" if measured.value is None else {True: "kept", False: "broken", None: ""}[measured.kept]
    return Number(
        label, _value(one, measured), _plain(measured.numerator), _plain(measured.denominator),
        f"{base}?{query}", f"{base}?{query}&below=1", state,
        _parts(question, one, measured),
    )  # fmt: skip


def _with_marks(words: str, marks: float | None) -> str:
    if marks is None:
        return words
    return gettext("%(value)s，得 %(marks)s 分") % {"value": words, "marks": f"{round(marks, 2):g}"}


def _value(one: Definition, measured: Measured) -> str:
    """A length of time in its units, everything else as the engine says it; with the marks it got."""
    is_time = one.value is not None and one.value.how[0] != "count" and one.value.how[1].endswith("minutes")
    words = minutes_words(measured.value) if is_time and measured.value is not None else measured.text
    return _with_marks(words, measured.marks)


def _sign(key: Key) -> str:
    """A group in an address; `-` for what belongs to none."""
    return "-" if key is None else key.isoformat() if isinstance(key, dt.datetime) else str(key)


def is_in(key: Key, sign: str) -> bool:
    return not sign or _sign(key) == sign


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:g}"


def cells(figures: Sequence[Shown]) -> list[list[str]]:
    """The rows of the file: a line for each number."""
    return [
        [figure.title, "、".join(figure.clauses), number.label, number.value, number.above, number.below, figure.target]
        for figure in figures
        for number in (figure.whole, *figure.groups)
    ]


def heads() -> list[str]:
    return [gettext(word) for word in ("指标", "条款", "分组", "数值", "分子", "分母", "目标")]
