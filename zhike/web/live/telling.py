"""A fact as browsers hear of it: the bytes of a server-sent event, and by what it is filtered."""

from __future__ import annotations

import json
from dataclasses import dataclass

from zhike.journal.events import Event, UnknownEvent, event_class
from zhike.journal.gates import Subject
from zhike.journal.stream import Row

HEARTBEAT = b":\n\n"
"""A comment: keeps proxies from closing the stream, and finds out whether anybody is there."""


@dataclass(frozen=True, slots=True)
class Told:
    """A fact ready to be sent."""

    position: int
    subject: Subject
    audience: frozenset[str]
    topics: frozenset[str]
    chunk: bytes
    outside: bytes = b""
    """What somebody who is not of the house is sent instead: nothing, but of his own conversation."""


def telling_of(row: Row) -> Told:
    subject = (row.subject_kind, row.subject_id)
    return Told(row.position, subject, frozenset(row.audience), topics_of(row), chunk_of(row), outside_of(row))


def topics_of(row: Row) -> frozenset[str]:
    """What a page may ask for: one object ("case:7"), objects of a kind ("cases"), events of a family ("clocks")."""
    family = row.type.partition(".")[0]
    return frozenset({f"{row.subject_kind}:{row.subject_id}", plural(row.subject_kind), plural(family)})


def plural(word: str) -> str:
    """
    >>> [plural(word) for word in ("case", "duty", "branch")]
    ['cases', 'duties', 'branches']
    """
    if word.endswith(("s", "x", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def chunk_of(row: Row) -> bytes:
    """The event with its place as id. Of the payload, only what the event's class says it tells."""
    told = told_fields(row.type)
    data = {
        "type": row.type,
        "at": row.at.isoformat(),
        "subject": f"{row.subject_kind}:{row.subject_id}",
        "handbook": row.handbook,
        "clauses": list(row.clauses),
        "payload": {name: row.payload[name] for name in told if name in row.payload},
    }
    # JSON escapes line breaks, so the data is one line whatever anybody typed.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {row.position}\ndata: {text}\n\n".encode()


OUTSIDE = frozenset(
    {
        "conversation.written", "conversation.changed", "conversation.queued", "conversation.accepted", "conversation.closed",
    }
)  # fmt: skip
"""What the other side of a conversation is told of: no clauses, no numbers of rows, nothing of how the house works."""


def outside_of(row: Row) -> bytes:
    if row.type not in OUTSIDE or row.payload.get("internal"):
        return b""
    told = {"type": row.type, **{name: row.payload[name] for name in ("number", "seq") if name in row.payload}}
    return f"id: {row.position}\ndata: {json.dumps(told, separators=(',', ':'))}\n\n".encode()


def told_fields(type_: str) -> tuple[str, ...]:
    try:
        cls: type[Event] = event_class(type_)
    except UnknownEvent:  # of a room that is not installed any more
        return ()
    return cls.tells


def control(name: str, position: int, retry: int | None = None) -> bytes:
    """A message of the feed itself: "ready" when the stream is open, "reset" when the page must be loaded again."""
    hint = f"retry: {retry}\n" if retry is not None else ""
    return f"{hint}id: {position}\nevent: {name}\ndata: {{}}\n\n".encode()
