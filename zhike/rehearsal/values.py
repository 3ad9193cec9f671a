"""What a scenario types into a form: titles of choices, departments and people by name, sub-tables in one cell, sample files."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from PIL import Image

from zhike.handbook.structure import FieldDef, Record
from zhike.org.models import Staff
from zhike.records.posting import ABSENT
from zhike.rehearsal import names
from zhike.rehearsal.moments import BadMoment, read_day, read_moment
from zhike.rehearsal.vocabulary import StepFailed, Table
from zhike.rehearsal.world import World

YES, NO = {"是", "yes", "true"}, {"否", "no", "false"}
HEADING = ["字段", "值"]
ABSENT_WORDS = ("未提供", "没有")
"""How a field says why it has no value, where the handbook accepts that."""


def table_values(table: Table) -> dict[str, str]:
    """A two-column table of field and value; a heading row may stand on top. A blank inside “” is kept."""
    rows = [row for row in table if row[:2] != HEADING]
    return {row[0]: _unquoted(row[1] if len(row) > 1 else "") for row in rows}


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) >= 2 and text[0] in '“"' and text[-1] in '”"' else text


def line_values(text: str, contents: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """`「常用内容」;字段=值;字段=值` -> field titles and values, later ones winning."""
    found: dict[str, str] = {}
    for part in re.split("[;\uff1b]", text):
        part = part.strip()
        if known := re.fullmatch(r"「([^」]*)」", part):
            found.update(content_named(known[1], contents))
        elif "=" in part:
            name, _, value = part.partition("=")
            found[name.strip()] = _unquoted(value.strip())
    return found


def content_named(name: str, contents: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """What 常用内容 gave under that name. Raises StepFailed."""
    if name not in contents:
        raise StepFailed(names.not_among(name, "常用内容", contents) + "；先写“常用内容「…」：”一步", word=name)
    return contents[name]


def form_values(world: World, definition: Record, typed: Mapping[str, str]) -> dict[str, Any]:
    """Field titles and texts -> field ids and what a browser would send. Raises StepFailed for a field the form does not have."""
    found: dict[str, Any] = {}
    for title, text in typed.items():
        known = names.field(definition, title)
        if known.absence and text.startswith(ABSENT_WORDS):
            found[known.id + ABSENT] = text
        else:
            found[known.id] = convert(world, known, text)
    return found


def convert(world: World, field: FieldDef, text: str) -> Any:
    """One typed value. What cannot be converted is passed on as typed, for the form to refuse."""
    if text == "":
        return None
    match field.type:
        case "enum":
            return _choice(world, field, text)
        case "multi":
            return [_choice(world, field, part) for part in text.split("、")]
        case "bool":
            return True if text.lower() in YES else False if text.lower() in NO else text
        case "department":
            return world.department(text).pk
        case "staff":
            person = Staff.objects.filter(name=text).first()
            return person.pk if person else text
        case "date" | "datetime":
            return _moment(world, field, text)
        case "rows":
            return [_row(world, field, part) for part in text.split("、")]
        case "votes":
            return [_vote(part) for part in text.split("、")]
        case "case":
            return world.case(text).number if world.is_case(text) else text
        case "files":
            return [store(world, name, world.actor) for name in text.split("、")]
        case _:
            return text


def _choice(world: World, field: FieldDef, text: str) -> str:
    return next((c.id for c in world.book.choices(field) if names.matches(text.strip(), c)), text)


def _moment(world: World, field: FieldDef, text: str) -> str:
    try:
        if field.type == "date":
            return read_day(text, world.now, world.zone).isoformat()
        return read_moment(text, world.now, world.zone).isoformat()
    except BadMoment:
        return text


def _row(world: World, field: FieldDef, text: str) -> dict[str, Any]:
    cells = [cell.strip() for cell in text.split("=")]
    return {column.id: convert(world, column, cell) for column, cell in zip(field.columns, cells, strict=False)}


VOTES = {"同意": "yes", "反对": "no", "弃权": "abstain"}


def _vote(text: str) -> dict[str, str]:
    """`示例甲=同意`"""
    by, _, said = (part.strip() for part in text.partition("="))
    return {"by": by, "vote": VOTES.get(said, said)}


def store(world: World, name: str, by: str = "system") -> str:
    """Upload a small real file of that name; its token."""
    from zhike.records.attachments import store_attachment

    return str(store_attachment(content_of(name), name, by=by, now=world.now).token)


def content_of(name: str) -> bytes:
    """A real picture, PDF or text, by the ending of the name."""
    ending = name.rpartition(".")[2].lower()
    if ending in ("jpg", "jpeg", "png", "gif", "webp"):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8), "white").save(buffer, {"jpg": "JPEG"}.get(ending, ending.upper()))
        return buffer.getvalue()
    if ending == "pdf":
        return b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    return "示例文件\n".encode()
