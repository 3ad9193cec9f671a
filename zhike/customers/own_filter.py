"""Which fields of handbooks' own the archive is filtered by, and what a wish for one says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from zhike.customers.card_cells import CardField, card_fields
from zhike.lib.text import clean_line, narrow
from zhike.records.display import is_masked

CHOSEN = frozenset({"enum", "multi", "bool", "department", "staff"})
"""Of these one value out of a few is chosen."""
WRITTEN = frozenset({"string", "date", "int"})
"""These are asked for as they stand, whole; upper and lower case of Latin letters alike."""
LONGEST = 64
"""Characters of a value that is found; a longer one is no label."""
MOST = 8
"""Fields asked for at once."""
LATIN = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def asked_fields(now: dt.datetime) -> dict[str, CardField]:
    """{"handbook.field": field} by which the archive is filtered; what is masked for readers is not, or a filter would tell it.

    One query.
    """
    return {
        key: one for key, one in card_fields(now).items()
        if one.field.type in CHOSEN | WRITTEN and not is_masked(one.field)
    }  # fmt: skip


def value_asked(one: CardField, text: str) -> str | None:
    """The value as cards hold it, in lower case; None where no customer could have it."""
    words = clean_line(text)[: LONGEST + 1]
    match one.field.type:
        case "enum" | "multi":
            found = words if words in {choice.id for choice in one.book.choices(one.field)} else ""
        case "bool":
            found = words if words in ("true", "false") else ""
        case "department" | "staff" | "int":
            digits = narrow(words)
            found = str(int(digits)) if re.fullmatch(r"-?[0-9]{1,18}", digits, re.ASCII) else ""
        case "date":
            found = words if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", words, re.ASCII) else ""
        case _:
            found = words
    return found.translate(LATIN) if 0 < len(found) <= LONGEST else None


def read_own(
    given: Mapping[str, str], fields: Mapping[str, CardField]
) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """(what is asked for, by field; fields that are unknown or whose value nobody could have)."""
    asked: list[tuple[str, str]] = []
    wrong: list[str] = []
    for key, text in list(given.items())[:MOST]:
        value = value_asked(fields[key], text) if key in fields else None
        if value is None:
            wrong.append(key)
        else:
            asked.append((key, value))
    return tuple(sorted(asked)), wrong
