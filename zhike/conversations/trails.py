"""Where a visitor was on the site, for whoever may see it: a visibility clause `of: page_trail` says who, and how long it is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from zhike.conversations.events import TrailRefused
from zhike.conversations.facts import facts_of
from zhike.conversations.models import Conversation, PageView
from zhike.conversations.refusals import NotVisible
from zhike.conversations.written import OUTSIDE, book_for
from zhike.handbook.book import Book
from zhike.handbook.calendars import due_before
from zhike.handbook.clauses import Visibility
from zhike.handbook.conditions import holds
from zhike.handbook.decide import decide
from zhike.handbook.decision import Decision
from zhike.handbook.visibilities import Sight, may_see
from zhike.journal.actions import NewFact, record
from zhike.journal.ledger import Use, write_uses
from zhike.org.principals import Viewer

OF = "page_trail"


@dataclass(frozen=True, slots=True)
class Visited:
    """One page, in the order in which they were entered. `during`: after the conversation had begun; `gap`: it is not known when
    the visitor left it, although he was on another page later.
    """

    url: str
    title: str
    entered_at: dt.datetime
    left_at: dt.datetime | None
    during: bool
    gap: bool


def trail_of(conversation: Conversation, viewer: Viewer, *, now: dt.datetime) -> list[Visited]:
    """The pages of the visitor, oldest first. Raises NotVisible with the clause; the attempt is written down."""
    decision = _sight(conversation, now)
    if decision is not None and not _sees(conversation, decision, viewer, now):
        _write_down(conversation, decision, viewer, now, "refused")
        raise NotVisible(decision.value.refuse, decision.clause_id)
    if decision is not None:
        _write_down(conversation, decision, viewer, now, "applied")
    return _visited(conversation)


def may_see_trail(conversation: Conversation, viewer: Viewer, *, now: dt.datetime) -> bool:
    """The same question for a page that only wants to know whether to show the part; nothing is written down."""
    decision = _sight(conversation, now)
    return decision is None or _sees(conversation, decision, viewer, now)


def kept_since(book: Book, now: dt.datetime) -> dt.datetime | None:
    """From when on the clause keeps page views; None where no clause says how long."""
    clause = next((c for c in book.clauses("visibility") if isinstance(c, Visibility) and c.of == OF), None)
    if clause is None or clause.keep is None:
        return None
    return due_before(None, now, clause.keep, zone=book.handbook.zone)


def _sight(conversation: Conversation, now: dt.datetime) -> Decision | None:
    book = book_for(conversation)
    if not book.speaking_of("visibility", None, OF):
        return None
    return decide(book, "visibility", facts_of(conversation, book, now), on=OF)


def _sees(conversation: Conversation, decision: Decision, viewer: Viewer, now: dt.datetime) -> bool:
    sight: Sight = decision.value
    book = book_for(conversation)
    facts = facts_of(conversation, book, now)
    roles = [access.role for access in sight.access if viewer.in_role(book.name, access.role)]
    allowed = [access for access in sight.access if holds(access.when, facts)]
    return bool(allowed) and may_see(sight, roles, person=viewer.principal, facts=facts)


def _visited(conversation: Conversation) -> list[Visited]:
    rows: Sequence[PageView] = (
        list(PageView.objects.filter(address_id=conversation.address_id).order_by("entered_at", "id"))
        if conversation.address_id
        else []
    )
    last = rows[-1].pk if rows else None
    return [
        Visited(
            row.url, row.title, row.entered_at, row.left_at, row.entered_at > conversation.opened_at,
            row.left_at is None and row.pk != last,
        )
        for row in rows
    ]  # fmt: skip


def _write_down(conversation: Conversation, decision: Decision, viewer: Viewer, now: dt.datetime, outcome: str) -> None:
    subject = ("conversation", conversation.pk)
    use = Use(
        at=now, handbook=conversation.handbook, version_id=conversation.version_id, clause=decision.clause_id, outcome=outcome,
        subject=subject, holder=viewer.principal, detail={"viewer": viewer.principal},
    )  # fmt: skip
    if outcome == "applied":
        write_uses([use])
        return
    told = [one for one in conversation.audience if not one.startswith(OUTSIDE)]
    fact = NewFact(
        TrailRefused(conversation.number),
        now,
        subject,
        viewer.principal,
        conversation.handbook,
        (decision.clause_id,),
        told,
    )
    with transaction.atomic():
        record([fact], [use])
