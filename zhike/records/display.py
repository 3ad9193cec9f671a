"""Showing kept values to people. The page escapes what comes from here; nothing here is markup."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef
from zhike.lib import identity, phone
from zhike.lib.money import show_money
from zhike.records.references import NameOf

EMPTY = "—"
_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


def display(
    book: Book,
    field: FieldDef,
    value: Any,
    language: str,
    *,
    name_of: NameOf | None = None,
    now: dt.datetime | None = None,
    unmasked: bool = False,
) -> str:
    """A kept value in words: titles of choices, ¥1,280.00, 6月10日 周二 14:30, 138****8000.

    `name_of` (from `references.load_names`) names what the value points to. With `now` a date of another year shows
    its year. Identity numbers and sensitive fields are masked unless `unmasked`; who unmasks has checked the right
    and logs it.
    """
    if value is None or value in ("", [], {}):
        return EMPTY
    if not unmasked and is_masked(field):
        return mask(field, value)
    try:
        return _Shown(book, language, name_of, now, unmasked).show(field, value)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    ):  # kept under an older version, in which the field was something else
        return str(value)


def is_masked(field: FieldDef) -> bool:
    """Whether pages, forms and programs show the field with its middle hidden."""
    return field.sensitive or field.type in ("id_number", "secret")


def mask(field: FieldDef, value: Any) -> str:
    """The value with its middle hidden, enough to recognise it by."""
    if not isinstance(value, str):
        return "****"
    if field.type == "phone":
        return phone.mask(value)
    if field.type == "id_number":
        return identity.mask(value)
    if field.type == "email":
        user, at, domain = value.partition("@")
        return f"{user[:1]}***{at}{domain}"
    return "****" if field.type == "secret" else f"{value[:1]}***"


class _Shown:
    """One showing; keeps what all values of it share."""

    def __init__(
        self, book: Book, language: str, name_of: NameOf | None, now: dt.datetime | None, unmasked: bool
    ) -> None:
        self.book = book
        self.language = language
        self.english = language.startswith("en")
        self.name_of = name_of
        self.now = now
        self.unmasked = unmasked
        self.zone = ZoneInfo(book.handbook.zone)

    def show(self, field: FieldDef, value: Any) -> str:
        match field.type:
            case "money":
                return show_money(_number(value))
            case "decimal":
                return f"{_number(value).normalize():f}"
            case "bool":
                return ("Yes" if value else "No") if self.english else ("是" if value else "否")
            case "enum":
                return self._choice(field, value)
            case "multi":
                return self._list([self._choice(field, one) for one in value])
            case "daterange":
                return " – ".join(self._day(dt.date.fromisoformat(value[end])) for end in ("from", "to"))
            case "map":
                return "\n".join(f"{name}: {text}" for name, text in value.items())
            case "votes":
                return self._list([f"{vote['by']}: {self._vote(vote['vote'])}" for vote in value])
            case "staff_or_department":
                return self._person_or_department(field, value)
            case "date":
                return self._day(dt.date.fromisoformat(value))
            case "datetime":
                return self._moment(value)
            case "phone":
                return phone.display(value, self.language)
            case "rows":
                return self._rows(field, value)
            case "files":
                return (
                    f"{len(value)} {'file' if len(value) == 1 else 'files'}" if self.english else f"{len(value)} 个文件"
                )
            case "signature":
                return self._signature(field, value)
            case "department" | "staff" | "customer" | "case" | "record":
                return self.name_of(field, value) if self.name_of else str(value)
        return str(value)

    def _choice(self, field: FieldDef, value: Any) -> str:
        titles = {choice.id: choice.title.say(self.language) for choice in self.book.choices(field)}
        return titles.get(value, str(value))

    def _vote(self, vote: str) -> str:
        return vote if self.english else {"yes": "同意", "no": "反对", "abstain": "弃权"}.get(vote, vote)

    def _person_or_department(self, field: FieldDef, value: str) -> str:
        kind, _, number = value.partition(":")
        return self.name_of(field.model_copy(update={"type": kind}), int(number)) if self.name_of else value

    def _list(self, items: list[str]) -> str:
        return (", " if self.english else "、").join(items)

    def _day(self, day: dt.date) -> str:
        year = self.now is not None and self.now.astimezone(self.zone).year != day.year
        if self.english:
            return f"{day:%a} {day.day} {day:%B}" + (f" {day.year}" if year else "")
        return (f"{day.year}年" if year else "") + f"{day.month}月{day.day}日 {_WEEKDAYS[day.weekday()]}"

    def _moment(self, value: str) -> str:
        local = dt.datetime.fromisoformat(value).astimezone(self.zone)
        return f"{self._day(local.date())} {local:%H:%M}"

    def _rows(self, field: FieldDef, rows: list[Mapping[str, Any]]) -> str:
        """One line a row: `专厅: 示例专厅，电话: 0571 8888 1234`."""
        comma = ", " if self.english else "，"
        return "\n".join(comma.join(self._cell(c, row[c.id]) for c in field.columns if c.id in row) for row in rows)

    def _cell(self, column: FieldDef, value: Any) -> str:
        shown = display(
            self.book, column, value, self.language, name_of=self.name_of, now=self.now, unmasked=self.unmasked
        )
        return f"{column.title.say(self.language)}: {shown}"

    def _signature(self, field: FieldDef, value: Mapping[str, str]) -> str:
        signer = value["by"]
        if self.name_of and signer.startswith("staff:"):
            signer = self.name_of(field.model_copy(update={"type": "staff"}), int(signer.removeprefix("staff:")))
        return f"{signer} {self._moment(value['at'])}"


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
