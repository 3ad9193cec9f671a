"""Forms filled within a conversation: the customer's particulars, what was done for an absent colleague, what came of it.

A record says in `in_conversation` which roles fill it there. Gates on `record.<id>.complete` are asked, `record.<id>.completed` stops
limits and settles duties; what was filled is a fact of the conversation as `<record>.<field>`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from zhike.conversations import refusals
from zhike.conversations.events import FormFilled
from zhike.conversations.facts import facts_of, of_actor
from zhike.conversations.judging import judged
from zhike.conversations.models import Conversation
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.written import book_for, deed, locked, write
from zhike.handbook.book import Book
from zhike.handbook.clauses import Gate, Wording
from zhike.handbook.structure import Record
from zhike.org.principals import Viewer
from zhike.records.actions import keep_filling
from zhike.records.attachments import bind_attachments
from zhike.records.completeness import happened, lacking
from zhike.records.forms import FormRefused, check_form, file_tokens
from zhike.records.locks import as_viewer, for_others, locks_something, written_once
from zhike.records.models import Filling
from zhike.records.queries import latest
from zhike.records.uniqueness import claim
from zhike.records.values import Lock
from zhike.records.words import OCCURRENCE, occurs_already


def forms_for(viewer: Viewer, book: Book) -> list[Record]:
    """The forms this viewer may fill in conversations of the handbook."""
    return [
        record
        for record in book.handbook.records
        if any(viewer.in_role(book.name, role) for role in record.in_conversation)
    ]


def fill(
    conversation: Conversation, record: str, values: Mapping[str, Any], viewer: Viewer, *, now: dt.datetime
) -> Filling:
    """Fill a form. A correction is another filling; the last one counts. While it lacks a field without which it is not complete, it
    is kept, and completes nothing.

    Raises ConversationRefused: a clause forbids it, a field is missing or wrong (`fields`), the form is not his; KeyError for a
    record the handbook does not have. A conversation that has ended may still be written up.
    """
    book = book_for(conversation)
    definition = book.record(record)
    if definition not in forms_for(viewer, book):
        raise ConversationRefused(refusals.NOT_HIS_FORM)
    with deed(conversation, f"record.{record}", by=viewer.principal, now=now):
        held = locked(conversation.pk)
        actor = of_actor(viewer, book)
        kept = _read(held, book, definition, values, viewer, now)
        event = f"record.{record}.complete"
        is_complete = not lacking(definition, kept)
        fields = [f.id for f in definition.fields]
        decisions = judged(held, event, now, actor | kept, form=kept, form_fields=fields) if is_complete else []
        again = definition.versions and latest(("conversation", held.pk), record) is not None
        filling = keep_filling(
            version_id=held.version_id, record=record, subject=("conversation", held.pk), values=kept, actor=viewer.principal, at=now,
        )  # fmt: skip
        _check_once(held, book, filling)
        if tokens := file_tokens(book, record, kept):
            bind_attachments(tokens, subject=("conversation", held.pk), by=viewer.principal, internal=True)
        write(
            held, [FormFilled(held.number, record, filling.pk)], now=now,
            happened=happened(book, record, kept, again=again), by=viewer.principal, decisions=decisions,
        )  # fmt: skip
    return filling


def _check_once(held: Conversation, book: Book, filling: Filling) -> None:
    record = book.record(filling.record)
    taken = claim(book, filling, held.customer_id) if record.unique else []
    if not taken:
        return
    titles = {field.id: field.title for field in record.fields}
    names = [titles.get(name) or OCCURRENCE[name] for name in taken[0].names]
    fields = tuple(name for name in taken[0].names if name in titles)
    raise ConversationRefused(occurs_already(record.title, names, ""), fields=fields)


def _read(
    held: Conversation, book: Book, definition: Record, values: Mapping[str, Any], viewer: Viewer, now: dt.datetime
) -> dict[str, Any]:
    """The values as they are kept. What a clause asks for may be missing here: the clause then says so itself."""
    try:
        return check_form(
            book, definition.id, values, facts=facts_of(held, book, now, of_actor(viewer, book)), now=now,
            actor=viewer.principal, gated_fields=_gated(book, definition.id), locks=locks_on(held, book, definition, viewer, now),
        )  # fmt: skip
    except FormRefused as refused:
        staying = next(iter(refused.clauses), None)
        words = refusals.FORM_UNFIT if staying is None else refused.errors[staying]
        clause = refused.clauses.get(staying or "", "")
        raise ConversationRefused(words, clause, tuple(refused.errors)) from refused


def locks_on(held: Conversation, book: Book, definition: Record, viewer: Viewer, now: dt.datetime) -> dict[str, Lock]:
    """The fields that stay as they were filled in last: others fill them, or a clause says they are written once."""
    if not locks_something(book, definition.id):
        return {}
    row = latest(("conversation", held.pk), definition.id)
    kept = row.values if row else {}
    facts = facts_of(held, book, now, of_actor(viewer, book))
    is_owner = viewer.staff is not None and viewer.staff.pk == held.owner_id
    in_role = as_viewer(book, viewer)
    found = for_others(book, definition.id, kept, lambda roles: ("owner" in roles and is_owner) or in_role(roles))
    return found | written_once(book, definition.id, kept, facts)


def _gated(book: Book, record: str) -> frozenset[str]:
    event = f"record.{record}.complete"
    gates = [clause for clause in book.speaking_of("gate", None, event) if isinstance(clause, Gate)]
    named = {field for gate in gates for field in (*gate.requires.fields, *gate.requires.one_of_fields)}
    wordings = [clause for clause in book.speaking_of("wording", None, event) if isinstance(clause, Wording)]
    return frozenset(named | {field for wording in wordings for field in wording.must_state})
