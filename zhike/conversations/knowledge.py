"""What a department knows, beside a conversation: entries of its directories like the question, and what was really made of them.

Knowledge is every reference record with a long text. Who may look it up is said by the visibility clauses of `lookup.<record>`: what
they keep from somebody is not suggested to him either. A form asks by `prefill: knowledge.searched` and `knowledge.used`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from zhike.conversations.models import Conversation, Message
from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef, Record
from zhike.journal.models import Fact
from zhike.lib.likeness import pairs
from zhike.org.principals import Viewer
from zhike.records.directory import Opened, opened
from zhike.records.display import display, is_masked
from zhike.records.likeness import Shares, sharing, told_by
from zhike.records.models import ReferenceRow

LATEST = 3
"""So many of the customer's last messages are looked at."""
ASKED = 600
"""Characters of them."""
SHOWN = 3
SEARCHED, USED = "conversation.knowledge_searched", "conversation.knowledge_used"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that may help, as its reader may read it."""

    record: str
    row: int
    title: str
    sorts: tuple[str, ...]
    """Its categories, in the reader's language."""
    words: str


def question_of(conversation: Conversation) -> str:
    """What the customer wrote last, the newest first. One query."""
    asked = Message.objects.filter(conversation=conversation, side=Message.Side.CUSTOMER, recalled_at=None)
    return " ".join(asked.order_by("-seq").values_list("words", flat=True)[:LATEST])[:ASKED]


def knowledge_of(book: Book) -> list[Record]:
    """The directories that hold knowledge."""
    return [record for record in book.handbook.records if record.kind == "reference" and long_texts(record.fields)]


def open_to(conversation: Conversation, book: Book, viewer: Viewer, now: dt.datetime) -> list[tuple[Record, Opened]]:
    """Those this viewer may look up. No query."""
    found = [(each, opened(book, each.id, viewer, now, conversation.version_id)) for each in knowledge_of(book)]
    return [(record, open_) for record, open_ in found if open_ is not None]


def entries_like(
    conversation: Conversation, book: Book, viewer: Viewer, question: str, now: dt.datetime, language: str
) -> list[Entry]:
    """The entries most like the question, the most first. Two queries for each directory open to him."""
    found: list[tuple[float, Entry]] = []
    for record, open_ in open_to(conversation, book, viewer, now):
        text = long_texts(open_.fields)
        shares = sharing(book.name, record.id, question, open_.departments) if text else {}
        rows = ReferenceRow.objects.filter(is_active=True).in_bulk(shares) if shares else {}
        found += [
            (weight, _entry(book, record, open_, rows[number], language))
            for number, shared in shares.items()
            if number in rows and (weight := _weight(rows[number], open_, shared))
        ]
    return [entry for _, entry in sorted(found, key=lambda each: (-each[0], each[1].row))[:SHOWN]]


def _weight(row: ReferenceRow, open_: Opened, shared: Shares) -> float:
    """What its reader sees of it, the title twice; 0 where that alone is not like the question: it shares something with the title, or
    more than one thing with the rest.
    """
    read = [row.values.get(field.id) for field in open_.fields if not is_masked(field)]
    text = " ".join(value for value in read if isinstance(value, str))
    title = told_by(row.label, shared)
    return title + told_by(text, shared) if title or len(pairs(text) & shared.keys()) > 1 else 0.0


def _entry(book: Book, record: Record, open_: Opened, row: ReferenceRow, language: str) -> Entry:
    sorts = [field for field in open_.fields if field.type == "enum" and row.values.get(field.id)]
    text = long_texts(open_.fields)
    return Entry(
        record.id,
        row.pk,
        row.label,
        tuple(display(book, field, row.values[field.id], language) for field in sorts),
        str(row.values.get(text[0].id, "")) if text else "",
    )


def long_texts(fields: tuple[FieldDef, ...]) -> list[FieldDef]:
    """What may be put into an answer."""
    return [field for field in fields if field.type == "text" and not is_masked(field)]


def consulted(conversation_id: int) -> dict[str, Any]:
    """`knowledge.searched`, `knowledge.used` (the entries' titles) of a conversation, as the journal has them. One query."""
    told = Fact.objects.filter(subject_kind="conversation", subject_id=conversation_id, type__in=(SEARCHED, USED))
    kept = list(told.order_by("id").values_list("type", "payload"))
    used = dict.fromkeys(payload["label"] for type_, payload in kept if type_ == USED)
    return {"knowledge.searched": bool(kept), "knowledge.used": "\u3001".join(used) or None}
