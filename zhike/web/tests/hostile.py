"""What nobody should send and somebody does: bad texts, bad values of programs, and good values of a form's fields."""

from __future__ import annotations

import random
from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef
from zhike.records.values import is_filled_by_product

SCRIPT = "<script>zk(1)</script>"
TEXTS = (
    "", " ", "\0", "a\0b", "示例" * 4000, "\U0001f600" * 50, "\u202e\u200b\ufeff\u2066", "=1+1", SCRIPT,
    '"><img src=x onerror=zk(1)>', "{{7*7}}{% x %}", "%s%n%00", "'; --", "../../etc", "-1", "0", "1e400", "NaN", "Infinity",
    "99999999999999.99", "9" * 40, "9223372036854775808", "2147483648", "\u00b2", "\uff11\uff12", "1,5", "0000-00-00", "9999-12-31",
    "9999-12-31T23:59", "0001-01-01T00:00", "2025-02-30", "25:61", "2025-06-10T12:00+99:99",
    "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "true", "no such choice", "a,b\r\nc",
)  # fmt: skip
"""As a browser sends them."""
DEEP: Any = {"a": [{"b": [{"c": [{"d": ["e"]}]}]}]}
VALUES: tuple[Any, ...] = (
    *TEXTS, None, True, False, 0, -1, 1.5, 1e308, 2**53, 2**62, [], {}, [[]], [None], {"": ""}, {"by": 1}, {"from": 1, "to": []},
    {"id": []}, [{"x": "示例"}] * 3, ["示例"] * 2000, [{}] * 2000, DEEP,
)  # fmt: skip
"""As a program sends them."""

GOOD: dict[str, Any] = {
    "int": 1, "decimal": "1.5", "money": "12.50", "bool": True, "date": "2025-06-09", "time": "09:30",
    "datetime": "2025-06-10T09:30:00+08:00",
    "phone": "13800000101", "email": "a@example.com", "id_number": "11010519491231002X", "signature": True, "files": [],
    "daterange": {"from": "2025-06-01", "to": "2025-06-09"}, "map": {"示例": "一"}, "offset": "00:10",
    "votes": [{"by": "staff:1", "vote": "yes"}],
}  # fmt: skip


def good(book: Book, field: FieldDef, references: dict[str, int]) -> Any:
    """A value such a field takes. `references`: an id of each kind of row that is there."""
    if field.type in ("enum", "multi"):
        first = next((choice.id for choice in book.choices(field)), None)
        return [first] if field.type == "multi" else first
    if field.type == "rows":
        return [{each.id: good(book, each, references) for each in field.columns if not is_filled_by_product(each)}]
    if field.type == "staff_or_department":
        return f"staff:{references.get('staff', 1)}"
    if field.type in ("department", "staff", "customer", "case", "record"):
        return references.get(f"{field.type}:{field.kind}", references.get(field.type, 1))
    return GOOD.get(field.type, "示例")


def some_bad(book: Book, record: str, references: dict[str, int], dice: random.Random) -> dict[str, Any]:
    """A form with a few bad values among good ones; sometimes it is good."""
    fields = [field for field in book.record(record).fields if not is_filled_by_product(field)]
    values = {field.id: good(book, field, references) for field in fields}
    for field in dice.sample(fields, min(len(fields), dice.choice((0, 1, 1, 2, len(fields))))):
        values[field.id] = dice.choice(VALUES)
        if dice.random() < 0.2:
            del values[field.id]
        elif field.type == "rows" and dice.random() < 0.6:
            column = dice.choice(field.columns)
            values[field.id] = [{**good(book, field, references)[0], column.id: dice.choice(VALUES)}]
    return values
