"""Values of more than one part: signatures, periods, open maps, votes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zhike.handbook.common import parse_duration
from zhike.handbook.structure import FieldDef
from zhike.lib.text import LINE_LENGTH
from zhike.records import words
from zhike.records.values import READERS, Context, Unfit, is_blank, line, read_date, read_reference

MOST_PAIRS = 100
VOTES = ("yes", "no", "abstain")
_SIGNS = frozenset({"true", "1", "on", "yes", "sign", "是"})


def read_signature(value: Any, _field: FieldDef, context: Context) -> dict[str, Any] | None:
    """`{"by", "at", "roles", "in_person"}`. One signs by pressing one's own button; what a client says is not taken."""
    if value is False:
        return None
    if isinstance(value, Mapping):
        value = value.get("by", "")
    own = _SIGNS | {context.actor.lower()}
    if value is not True and (not isinstance(value, str) or value.strip().lower() not in own):
        raise Unfit(words.NOT_OWN_SIGNATURE)
    moment = context.now.astimezone(context.zone).isoformat()
    roles = sorted(str(role) for role in context.facts.get("actor.roles") or ())
    return {"by": context.actor, "at": moment, "roles": roles, "in_person": True}


def read_daterange(value: Any, field: FieldDef, context: Context) -> dict[str, str]:
    """`{"from": date, "to": date}`, both days included; also `2025-06-01/2025-06-10`."""
    if isinstance(value, str):
        value = dict(zip(("from", "to"), value[:LINE_LENGTH].replace("至", "/", 1).split("/", 1), strict=False))
    if not isinstance(value, Mapping) or is_blank(value.get("from")) or is_blank(value.get("to")):
        raise Unfit(words.NOT_A_PERIOD)
    first, last = (read_date(value[end], field, context) for end in ("from", "to"))
    if first > last:
        raise Unfit(words.NOT_A_PERIOD)
    return {"from": first, "to": last}


def read_map(value: Any, _field: FieldDef, _context: Context) -> dict[str, str] | None:
    """Open extras: name -> text, at most 100."""
    if not isinstance(value, Mapping) or len(value) > MOST_PAIRS:
        raise Unfit(words.NOT_A_MAP)
    pairs = {line(name, 40): line(text, LINE_LENGTH) for name, text in value.items() if not is_blank(text)}
    return {name: text for name, text in pairs.items() if name and text} or None


def read_votes(value: Any, _field: FieldDef, _context: Context) -> list[dict[str, str]] | None:
    """`[{"by": ..., "vote": "yes" | "no" | "abstain"}]`, one a person."""
    if not isinstance(value, list | tuple) or len(value) > MOST_PAIRS or not all(isinstance(v, Mapping) for v in value):
        raise Unfit(words.NOT_VOTES)
    votes: dict[str, str] = {}
    for vote in value:
        by, said = line(vote.get("by"), 80), line(vote.get("vote"), 20)
        if by and said:
            votes[by] = said
    if not set(votes.values()) <= set(VOTES):
        raise Unfit(words.NOT_VOTES)
    return [{"by": by, "vote": said} for by, said in votes.items()] or None


def read_offset(value: Any, _field: FieldDef, _context: Context) -> str:
    """A place in a recording, `mm:ss` or `hh:mm:ss`, or an amount of time such as `30m`."""
    text = line(value, 40) or ""
    parts = text.split(":")
    if 2 <= len(parts) <= 3 and all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        return text
    try:
        parse_duration(text)
    except ValueError:
        raise Unfit(words.NOT_AN_OFFSET)
    return text


def read_staff_or_department(value: Any, field: FieldDef, context: Context) -> str:
    """`staff:5` or `department:3`."""
    kind, _, sent = str(line(value, LINE_LENGTH) or "").partition(":")
    if kind not in ("staff", "department"):
        raise Unfit(words.NOT_FOUND["staff"])
    found = read_reference(sent, field.model_copy(update={"type": kind}), context)
    return f"{kind}:{found}"


SHAPES: dict[str, Callable[[Any, FieldDef, Context], Any]] = {
    "signature": read_signature,
    "daterange": read_daterange,
    "map": read_map,
    "votes": read_votes,
    "offset": read_offset,
    "staff_or_department": read_staff_or_department,
}


def read_value(value: Any, field: FieldDef, context: Context) -> Any:
    """The value to keep, None where nothing was sent. Raises Unfit. `rows` and `files` have readers in forms.py."""
    if is_blank(value):
        return None
    return (READERS.get(field.type) or SHAPES[field.type])(value, field, context)
