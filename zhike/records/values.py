"""Reading one value of a form: what was sent becomes what is kept, or a reason why not.

Every reader gets anything a client may send and gives JSON-able data; None where nothing of substance was sent. It
raises `Unfit`, and nothing else.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.structure import FieldDef
from zhike.lib import identity, phone
from zhike.lib.money import NotMoney, parse_money
from zhike.lib.one_way import seal
from zhike.lib.text import LINE_LENGTH, TEXT_LENGTH, clean_line, clean_text, narrow
from zhike.records import words
from zhike.records.references import find_reference

SHORT = 100
"""Characters of a number, date or code, before anything is made of it."""
LARGEST_INT = 2**53 - 1
"""The largest whole number every JSON reader keeps exact."""
FIRST_YEAR, LAST_YEAR = 1900, 2200


class Unfit(Exception):
    """The value cannot be taken. `faults`: where inside the field ("" is the field itself) -> what to do."""

    def __init__(self, fault: Text | Mapping[str, Text]) -> None:
        super().__init__(fault.zh if isinstance(fault, Text) else "; ".join(one.zh for one in fault.values()))
        self.faults: dict[str, Text] = {"": fault} if isinstance(fault, Text) else dict(fault)


@dataclass(frozen=True, slots=True)
class Lock:
    """Why a field stays as it stands. `kept`: the value and the words beside it, by name; empty where nothing was filled in."""

    kept: Mapping[str, Any]
    words: Text
    clause: str = ""
    """The clause by which it stays; "" where the form itself says who fills it."""


@dataclass(frozen=True, slots=True)
class Context:
    """Under what a form is read."""

    book: Book
    record: str
    now: dt.datetime
    actor: str
    facts: Mapping[str, Any]
    zone: ZoneInfo
    locks: Mapping[str, Lock] = field(default_factory=dict)
    """Fields of this form that stay as they stand."""


Reader = Callable[[Any, FieldDef, Context], Any]


def is_blank(value: Any) -> bool:
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, list | tuple | dict) and not value)


def _text(value: Any, longest: int, clean: Callable[[str], str]) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INT:
        value = str(value)
    if not isinstance(value, str):
        raise Unfit(words.NOT_TEXT)
    if len(value) > 4 * longest + SHORT:  # refused unread: cleaning ten megabytes takes longer than saying no
        raise Unfit(words.too_long(longest, len(value)))
    cleaned = clean(value)
    if len(cleaned) > longest:
        raise Unfit(words.too_long(longest, len(cleaned)))
    return cleaned or None


def _fitting(text: str | None, field: FieldDef) -> str | None:
    if text and field.pattern and not re.fullmatch(field.pattern, text):
        raise Unfit(words.not_of_pattern(field))
    return text


def _short(value: Any, fault: Text) -> str:
    """A number, date or code as ordinary characters."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Unfit(fault)
    if isinstance(value, int) and abs(value) > 10**30:
        raise Unfit(fault)
    text = repr(value) if isinstance(value, float) else str(value)
    if len(text) > SHORT:
        raise Unfit(fault)
    return narrow(text)


def line(value: Any, longest: int) -> str | None:
    """One cleaned line of at most `longest` characters. Raises Unfit."""
    return None if is_blank(value) else _text(value, longest, clean_line)


def read_string(value: Any, field: FieldDef, _context: Context) -> str | None:
    return _fitting(_text(value, field.longest or LINE_LENGTH, clean_line), field)


def read_text(value: Any, field: FieldDef, _context: Context) -> str | None:
    return _fitting(_text(value, field.longest or TEXT_LENGTH, clean_text), field)


def _within(number: Decimal, field: FieldDef) -> Decimal:
    if field.least is not None and number < Decimal(str(field.least)):
        raise Unfit(words.too_small(field.least))
    if field.most is not None and number > Decimal(str(field.most)):
        raise Unfit(words.too_large(field.most))
    return number


_GROUPED = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)")


def read_int(value: Any, field: FieldDef, _context: Context) -> int:
    text = _short(value, words.NOT_INT).removesuffix(".0")
    if not _GROUPED.fullmatch(text) or len(text) > 24 or not text.isascii():
        raise Unfit(words.NOT_INT)
    number = int(text.replace(",", ""))
    if abs(number) > LARGEST_INT:
        raise Unfit(words.NOT_INT)
    _within(Decimal(number), field)
    return number


_DECIMAL = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?", re.ASCII)


def read_decimal(value: Any, field: FieldDef, _context: Context) -> str:
    """Kept as text, so that no reader rounds it."""
    text = _short(value, words.NOT_DECIMAL)
    if _GROUPED.fullmatch(text.partition(".")[0]):
        text = text.replace(",", "")
    if not _DECIMAL.fullmatch(text):
        raise Unfit(words.NOT_DECIMAL)
    return format(_within(Decimal(text), field) + 0, "f")


def read_money(value: Any, field: FieldDef, _context: Context) -> str:
    try:
        amount = parse_money(_short(value, words.NOT_MONEY))
    except NotMoney:
        raise Unfit(words.NOT_MONEY)
    return str(_within(amount, field))


_YES = frozenset({"true", "1", "yes", "on", "y", "是"})
_NO = frozenset({"false", "0", "no", "off", "n", "否"})


def read_bool(value: Any, _field: FieldDef, _context: Context) -> bool:
    if isinstance(value, bool):
        return value
    text = _short(value, words.NOT_BOOL).lower()
    if text not in _YES | _NO:
        raise Unfit(words.NOT_BOOL)
    return text in _YES


def read_enum(value: Any, field: FieldDef, context: Context) -> str | None:
    text = _text(value, SHORT, clean_line)
    if text is not None and text not in {choice.id for choice in context.book.choices(field)}:
        raise Unfit(words.NOT_A_CHOICE)
    return text


def read_multi(value: Any, field: FieldDef, context: Context) -> list[str] | None:
    """In the order of the handbook, each once."""
    sent = [value] if isinstance(value, str) else value
    if not isinstance(sent, list | tuple) or len(sent) > 1000:
        raise Unfit(words.NOT_A_CHOICE)
    chosen = {read_enum(one, field, context) for one in sent if not is_blank(one)}
    return [choice.id for choice in context.book.choices(field) if choice.id in chosen] or None


_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?", re.ASCII)
_ZONE = re.compile(r"\s*(Z|[+-]\d{2}:?\d{2})$", re.ASCII)


def read_date(value: Any, _field: FieldDef, context: Context) -> str:
    if isinstance(value, dt.datetime):
        value = value.astimezone(context.zone).date() if value.tzinfo else value.date()
    if isinstance(value, dt.date):
        value = value.isoformat()
    return _date(_short(value, words.NOT_A_DATE), words.NOT_A_DATE).isoformat()


def read_time(value: Any, _field: FieldDef, _context: Context) -> str:
    if isinstance(value, dt.time):
        value = value.replace(tzinfo=None).isoformat()
    moment = _time(_short(value, words.NOT_A_TIME), words.NOT_A_TIME)
    return moment.isoformat("minutes" if not moment.second else "seconds")


def read_datetime(value: Any, _field: FieldDef, context: Context) -> str:
    """ISO 8601 in the handbook's zone; a moment without a zone is one of that zone."""
    if isinstance(value, dt.datetime):
        value = value.isoformat()
    text = _short(value, words.NOT_A_MOMENT)
    zone = _ZONE.search(text)
    day, _, rest = (text[: zone.start()] if zone else text).replace("T", " ", 1).partition(" ")
    moment = dt.datetime.combine(_date(day, words.NOT_A_MOMENT), _time(rest.strip(), words.NOT_A_MOMENT))
    if zone is None:
        return moment.replace(tzinfo=context.zone).isoformat()
    try:
        offset = dt.datetime.strptime(zone[1], "%z").tzinfo
        return moment.replace(tzinfo=offset).astimezone(context.zone).isoformat()
    except ValueError:
        raise Unfit(words.NOT_A_MOMENT)


def _date(text: str, fault: Text) -> dt.date:
    match = _DATE.fullmatch(text)
    try:
        day = dt.date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Unfit(fault)
    return day


def _time(text: str, fault: Text) -> dt.time:
    match = _TIME.fullmatch(text)
    if match is None:
        raise Unfit(fault)
    hour, minute, second, fraction = match.groups()
    try:
        return dt.time(int(hour), int(minute), int(second or 0), int((fraction or "0").ljust(6, "0")))
    except ValueError:
        raise Unfit(fault)


def read_phone(value: Any, _field: FieldDef, _context: Context) -> str:
    try:
        return phone.normalise(_short(value, words.NOT_A_PHONE))
    except phone.NotAPhone:
        raise Unfit(words.NOT_A_PHONE)


def read_email(value: Any, _field: FieldDef, _context: Context) -> str:
    """The part after the @ in lower case."""
    if not isinstance(value, str) or len(value) > 254:
        raise Unfit(words.NOT_AN_EMAIL)
    address = clean_line(value)
    try:
        validate_email(address)
    except ValidationError:
        raise Unfit(words.NOT_AN_EMAIL)
    user, _, domain = address.rpartition("@")
    return f"{user}@{domain.lower()}"


def read_secret(value: Any, field: FieldDef, context: Context) -> str | None:
    """Kept sealed: nobody reads it again, whatever his rights, neither here nor in the database."""
    words = read_string(value, field, context)
    return None if words is None else seal(words)


def read_id_number(value: Any, _field: FieldDef, _context: Context) -> str:
    try:
        return identity.normalise(_short(value, words.NOT_AN_ID))
    except identity.NotAnIdNumber:
        raise Unfit(words.NOT_AN_ID)


def read_reference(value: Any, field: FieldDef, context: Context) -> int | str:
    fault = words.NOT_FOUND[field.type]
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)[:300]) > LINE_LENGTH:
        raise Unfit(fault)
    found = find_reference(context.book, field, clean_line(str(value)))
    if found is None:
        raise Unfit(fault)
    return found


READERS: dict[str, Reader] = {
    "string": read_string,
    "text": read_text,
    "richtext": read_text,
    "secret": read_secret,
    "int": read_int,
    "decimal": read_decimal,
    "money": read_money,
    "bool": read_bool,
    "enum": read_enum,
    "multi": read_multi,
    "date": read_date,
    "time": read_time,
    "datetime": read_datetime,
    "phone": read_phone,
    "email": read_email,
    "id_number": read_id_number,
    "department": read_reference,
    "staff": read_reference,
    "customer": read_reference,
    "case": read_reference,
    "record": read_reference,
}


def is_filled_by_product(field: FieldDef) -> bool:
    return field.automatic is not None or field.computed is not None


def automatic(field: FieldDef, context: Context) -> Any:
    """What the product fills in by itself; None where it is not known yet: the number of a case being opened."""
    if field.computed is not None:
        return jsonable(context.facts.get(field.computed))
    match field.automatic:
        case "now":
            return _now(field, context)
        case "actor":
            return context.actor
        case "round":
            return context.facts.get("case.round") or 1
        case "number":
            return context.facts.get("case.number")
        case "parent":
            return context.facts.get("parent.case.number") or context.facts.get("parent.number")
    return None


def jsonable(value: Any) -> Any:
    """A fact as it is kept: moments, days and exact numbers become text."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {str(name): jsonable(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(one) for one in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _now(field: FieldDef, context: Context) -> str:
    local = context.now.astimezone(context.zone)
    if field.type == "date":
        return local.date().isoformat()
    return local.strftime("%H:%M") if field.type == "time" else local.isoformat()
