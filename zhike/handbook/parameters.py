"""A manager's values for the handbook's parameters: their types and bounds, and whether the whole book stands with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from zhike.handbook.book import Book
from zhike.handbook.calendars import parse_time
from zhike.handbook.common import Duration, Scalar, Text, Unit, parse_duration
from zhike.handbook.compare.words import Namer, length, parsed
from zhike.handbook.problems import Findings, Problem
from zhike.handbook.source import MANIFEST, Item, Source
from zhike.handbook.structure import Handbook, ParameterDef

Type = Literal["choice", "bool", "int", "decimal", "duration", "time", "string"]
LONGEST = 200
LISTS = ("roles", "departments", "records", "processes", "calendars", "parameters", "clauses", "indicators", "facts")
SECONDS = {
    Unit.second: 1, Unit.minute: 60, Unit.hour: 3600, Unit.working_hour: 3600, Unit.day: 86400, Unit.working_day: 86400,
    Unit.week: 604800, Unit.month: 2592000, Unit.year: 31536000,
}  # fmt: skip
"""Only to compare lengths with a bound; a month is taken for thirty days."""


class BadValue(ValueError):
    """A value a parameter cannot take; `words` say what would do."""

    def __init__(self, words: Text) -> None:
        super().__init__(words.en)
        self.words = words


def type_of(definition: ParameterDef) -> Type:
    """How a parameter's value is read: as declared, else after its default."""
    if definition.choices:
        return "choice"
    if definition.type is not None:
        return definition.type
    if isinstance(definition.value, bool):
        return "bool"
    if isinstance(definition.value, int):
        return "int"
    if isinstance(definition.value, float):
        return "decimal"
    return "duration" if isinstance(parsed(definition.value), dict) else "string"


def read_value(definition: ParameterDef, text: str) -> Scalar:
    """The value somebody typed. Raises BadValue with what would do."""
    text = text.strip()
    value = READERS[type_of(definition)](definition, text)
    _check_bounds(definition, value)
    return value


def length_asked(book: Book | None, name: str, default: dt.timedelta) -> dt.timedelta:
    """A length of time the product itself asks a handbook for, in time on the wall; `default` where it says nothing of the kind."""
    value = book.parameters.get(name) if book is not None else None
    if not isinstance(value, str):
        return default
    asked = parse_duration(value)
    return dt.timedelta(seconds=asked["amount"] * SECONDS[Unit(asked["unit"])])


def number_asked(book: Book | None, name: str, default: int) -> int:
    """A number the product itself asks a handbook for; `default` where it says nothing of the kind."""
    value = book.parameters.get(name) if book is not None else None
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def words_of(book: Book, value: Scalar) -> Text:
    """A value as people read it: `48 小时`, "48 hours"."""
    return Namer(book).say(parsed(value))


def bounds_of(definition: ParameterDef) -> Text:
    """`1 小时 至 72 小时`; empty where there are none."""
    least, most = (None if one is None else _told(one) for one in (definition.least, definition.most))
    if least and most:
        return Text(zh=f"{least.zh} 至 {most.zh}", en=f"{least.say('en')} to {most.say('en')}")
    if least:
        return Text(zh=f"不少于 {least.zh}", en=f"at least {least.say('en')}")
    return Text(zh=f"不超过 {most.zh}", en=f"at most {most.say('en')}") if most else Text(zh="")


def check_values(handbook: Handbook, text: str, parameters: Mapping[str, Scalar]) -> list[Problem]:
    """Everything that is wrong with a handbook under these values, checked whole: names, limits, one answer for every question."""
    from zhike.handbook.check import check_book

    findings = Findings()
    try:
        book = Book(handbook, text, parameters)
    except (KeyError, ValueError) as error:
        detail = Text(zh=f"读不懂：{error}。", en=f"It cannot be read: {error}.")
        return [Problem("not-compiled", MANIFEST, 0, "", detail, Text(zh="改回原值。", en="Take the value back."))]
    check_book(book, _as_source(handbook, text), findings)
    return findings.errors


def carried(before: Book, after: Handbook) -> tuple[dict[str, Scalar], list[str]]:
    """A manager's values that go over to another version, and the ids of those it cannot take any more."""
    own = {p.id: p.value for p in before.handbook.parameters}
    known = {p.id: p for p in after.parameters}
    kept: dict[str, Scalar] = {}
    dropped: list[str] = []
    for name, value in before.parameters.items():
        if value == own.get(name):
            continue
        try:
            kept[name] = read_value(known[name], _typed(value))
        except (KeyError, BadValue):
            dropped.append(name)
    return kept, dropped


def _typed(value: Scalar) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _as_source(handbook: Handbook, text: str) -> Source:
    """An installed handbook as the checks want it, without lines: the parts are data, not files any more."""
    source = Source(Path(handbook.name), text)
    data: dict[str, Any] = handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    source.lists = {part: [Item(one, "", 0) for one in data.get(part, [])] for part in LISTS}
    return source


def _choice(definition: ParameterDef, text: str) -> Scalar:
    if text not in definition.choices:
        listed = "、".join(definition.choices), ", ".join(definition.choices)
        raise BadValue(Text(zh=f"请从这些里选：{listed[0]}。", en=f"Choose one of: {listed[1]}."))
    return text


def _bool(_: ParameterDef, text: str) -> Scalar:
    known = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}
    if text.lower() not in known:
        raise BadValue(Text(zh="请选“是”或“否”。", en="Choose yes or no."))
    return known[text.lower()]


def _int(_: ParameterDef, text: str) -> Scalar:
    if not (text.lstrip("-").isascii() and text.lstrip("-").isdigit() and len(text) <= 15):
        raise BadValue(Text(zh="请填整数，例如 3。", en="Enter a whole number such as 3."))
    return int(text)


def _decimal(_: ParameterDef, text: str) -> Scalar:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < 1e15:
        raise BadValue(Text(zh="请填数字，例如 0.5。", en="Enter a number such as 0.5."))
    return value


def _duration(_: ParameterDef, text: str) -> Scalar:
    try:
        Duration.model_validate(parse_duration(text))
    except ValueError as error:
        raise BadValue(DURATION) from error
    return text


DURATION = Text(
    zh="请填时长，例如 30m、48h、2d、3 working days。",
    en="Enter a length of time such as 30m, 48h, 2d, 3 working days.",
)


def _time(_: ParameterDef, text: str) -> Scalar:
    try:
        parse_time(text)
    except ValueError as error:
        raise BadValue(Text(zh="请填时刻，例如 09:30。", en="Enter a time of day such as 09:30.")) from error
    return text


def _string(_: ParameterDef, text: str) -> Scalar:
    if not text or len(text) > LONGEST or not text.isprintable():
        raise BadValue(Text(zh=f"请填 1 到 {LONGEST} 个字。", en=f"Enter 1 to {LONGEST} characters."))
    return text


READERS = {
    "choice": _choice, "bool": _bool, "int": _int, "decimal": _decimal, "duration": _duration, "time": _time,
    "string": _string,
}  # fmt: skip


def _check_bounds(definition: ParameterDef, value: Scalar) -> None:
    least, most = definition.least, definition.most
    size = _size(value)
    if size is None:
        return
    low, high = (None if one is None else _size(one) for one in (least, most))
    if (low is not None and size < low) or (high is not None and size > high):
        told = bounds_of(definition)
        raise BadValue(Text(zh=f"超出范围，应为 {told.zh}。", en=f"Out of bounds: it must be {told.say('en')}."))


def _size(value: Scalar) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    found = parsed(value)
    if isinstance(found, dict):
        return float(found["amount"] * SECONDS[Unit(found["unit"])])
    return None


def _told(value: float | str) -> Text:
    found = parsed(value)
    if isinstance(found, dict):
        return length(found["amount"], found["unit"])
    return Text(zh=f"{found:g}" if isinstance(found, float | int) else str(found))


def day_begins(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """Midnight of a day where the handbook is at home: when a change that names a day begins."""
    return dt.datetime.combine(day, dt.time.min, zone)
