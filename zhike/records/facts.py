"""Kept values as facts the engine compares: exact numbers are numbers, people are principals, the rest stays."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from zhike.handbook.structure import FieldDef, Record
from zhike.org.principals import staff_key


def typed(field: FieldDef, value: Any) -> Any:
    """A kept value as conditions compare it: "1280.00" is a number, a chosen member of staff is a principal."""
    if field.type in ("money", "decimal") and isinstance(value, str):
        return Decimal(value)
    if field.type == "staff" and isinstance(value, int):
        return staff_key(value)
    return value


def facts_of(record: Record, values: Mapping[str, Any]) -> dict[str, Any]:
    """{field: fact} of one filling."""
    return {field.id: typed(field, values[field.id]) for field in record.fields if field.id in values}
