"""Whether a form is complete: a handbook may name fields (`complete`) that may come later, without which it is saved and not complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zhike.handbook.book import Book
from zhike.handbook.common import Text, is_present
from zhike.handbook.conditions import holds
from zhike.handbook.structure import FieldDef, Record
from zhike.records.facts import facts_of
from zhike.records.posting import ABSENT

BEGINNING, END = "record.", ".complete"
"""The fact `record.<id>.complete`: filled, and nothing is lacking."""


def lacking(record: Record, values: Mapping[str, Any]) -> list[FieldDef]:
    """The fields without which what was filled in is not complete, in the form's order; one its own answers rule out is not asked."""
    if not record.complete:
        return []
    known = facts_of(record, values)
    known |= {f"{record.id}.{name}": value for name, value in known.items()}
    own = {name for field in record.fields for name in (field.id, f"{record.id}.{field.id}")}
    return [
        field
        for field in record.fields
        if field.id in record.complete
        and not is_present(values.get(field.id))
        and field.id + ABSENT not in values
        and holds({name: test for name, test in field.shown_when.items() if name in own}, known)
    ]


def happened(book: Book, record: str, values: Mapping[str, Any], *, again: bool) -> list[str]:
    """The events of a filling: the form is complete, and where corrections are versions, that it is a further one (`again`)."""
    definition = book.record(record)
    found = [] if lacking(definition, values) else [f"record.{record}.completed"]
    return [*found, *([f"record.{record}.version"] if definition.versions and again else [])]


def complete_facts(book: Book, filled: Mapping[str, Mapping[str, Any]]) -> dict[str, bool]:
    """The fact of each form that was filled; of another one it is missing."""
    return {f"{BEGINNING}{name}{END}": not lacking(book.record(name), values) for name, values in filled.items()}


def words_of_lacking(book: Book, filled: Mapping[str, Mapping[str, Any]], asked: Mapping[str, Any]) -> Text | None:
    """What is still to be filled in, where a clause asked (`asked`: the facts it looked at) for a form that is not complete."""
    names = [n.removeprefix(BEGINNING).removesuffix(END) for n in asked if n.startswith(BEGINNING) and n.endswith(END)]
    told = [_told(record, filled) for record in book.handbook.records if record.id in names]
    words = [each for each in told if each is not None]
    if not words:
        return None
    return Text(zh="".join(each.zh for each in words), en=" ".join(each.say("en") for each in words))


def _told(record: Record, filled: Mapping[str, Mapping[str, Any]]) -> Text | None:
    zh, en = record.title.zh, record.title.say("en")
    if record.id not in filled:
        return Text(zh=f"“{zh}”还没有填。", en=f"“{en}” was not filled yet.")
    missing = lacking(record, filled[record.id])
    if not missing:
        return None
    names, english = "、".join(f.title.zh for f in missing), ", ".join(f.title.say("en") for f in missing)
    return Text(zh=f"“{zh}”还缺：{names}。", en=f"“{en}” still lacks: {english}.")
