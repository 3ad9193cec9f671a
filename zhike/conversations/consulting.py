"""What was really done with the department's knowledge in a conversation: something looked up for it, words of it put into an answer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from django.db import transaction

from zhike.conversations.events import KnowledgeSearched, KnowledgeUsed
from zhike.conversations.knowledge import SEARCHED, USED, knowledge_of, long_texts, open_to
from zhike.conversations.models import Conversation
from zhike.conversations.written import book_for, locked, write
from zhike.journal.models import Fact
from zhike.org.principals import Viewer
from zhike.records.models import ReferenceRow

Opened = tuple[ReferenceRow, list[str]]

MOST = 5
"""Entries of one answer."""
PIECE = 6
"""Characters of an entry that must stand in an answer for it to have been used; all of a shorter one."""
_ENDS = re.compile(r"[\n\u3002\uff01\uff1f\uff1b!?;]")


def note_searched(conversation: Conversation, record: str, viewer: Viewer, *, now: dt.datetime) -> None:
    """He looked something up in this directory for the conversation: written down once. Other directories than knowledge are none."""
    if record not in {each.id for each in knowledge_of(book_for(conversation))}:
        return
    with transaction.atomic():
        held = locked(conversation.pk)
        if not _noted(held, SEARCHED, record=record):
            write(held, [KnowledgeSearched(held.number, record)], now=now, by=viewer.principal)


def note_used(
    conversation: Conversation, entries: Sequence[int], words: str, viewer: Viewer, *, now: dt.datetime
) -> None:
    """Of these entries, those whose words stand in what was sent, each once for a conversation; only what is open to him."""
    with transaction.atomic():
        held = locked(conversation.pk)
        for row, texts in _open_rows(held, entries[:MOST], viewer, now):
            if any(_stands_in(text, words) for text in texts) and not _noted(held, USED, record=row.record, row=row.pk):
                write(held, [KnowledgeUsed(held.number, row.record, row.pk, row.label)], now=now, by=viewer.principal)


def _noted(held: Conversation, type_: str, **payload: object) -> bool:
    said = Fact.objects.filter(subject_kind="conversation", subject_id=held.pk, type=type_)
    return said.filter(**{f"payload__{name}": value for name, value in payload.items()}).exists()


def _open_rows(held: Conversation, entries: Sequence[int], viewer: Viewer, now: dt.datetime) -> list[Opened]:
    """Each with its texts."""
    book = book_for(held)
    known = {record.id: open_ for record, open_ in open_to(held, book, viewer, now)}
    rows = ReferenceRow.objects.filter(pk__in=entries, handbook=book.name, record__in=known).order_by("pk")
    return [
        (row, [str(row.values.get(field.id) or "") for field in long_texts(known[row.record].fields)])
        for row in rows
        if (places := known[row.record].departments) is None or row.department_id in places
    ]


def _stands_in(text: str, words: str) -> bool:
    """Whether a piece of the text went out."""
    said = "".join(words.split())
    pieces = ["".join(piece.split()) for piece in _ENDS.split(text)]
    least = min(PIECE, max(map(len, pieces)))
    return any(piece and len(piece) >= least and piece in said for piece in pieces)
