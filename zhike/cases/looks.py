"""What follows when somebody looks where a visibility clause does not let him: into a case, a directory, where a visitor was on the site.

Every attempt stands in the journal and the ledger; what the clause says follows from it comes about once for each person, thing and hour.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import connection

from zhike.cases.attempts import Attempt, carry_out, name_of, put
from zhike.cases.events import AccessDenied
from zhike.cases.facts import Facts, facts_of, with_moment
from zhike.cases.models import Case
from zhike.conversations.events import TrailRefused
from zhike.conversations.models import Conversation
from zhike.handbook.book import Book
from zhike.handbook.clauses import Visibility
from zhike.handbook.common import Text
from zhike.handbook.named import with_named
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.org.handbooks import book_of, current, viewer
from zhike.org.models import Staff
from zhike.org.principals import Viewer, staff_number
from zhike.records.events import LookupRefused

AGAIN = dt.timedelta(hours=1)
"""So long the same look of the same person adds nothing."""
CLAIM = """
INSERT INTO cases_submission (key, at, case_id, answer) VALUES (%s, %s, %s, '{}')
ON CONFLICT (key) DO UPDATE SET at = excluded.at WHERE cases_submission.at <= %s RETURNING key
"""
AT_CASE = Text(
    zh="{name}要看这张工单，按“{title}”没有给他看。", en="{name} tried to open this case; “{title}” keeps it from him."
)
AT_DIRECTORY = Text(
    zh="{name}要查“{what}”，按“{title}”没有给他看。",
    en="{name} tried to look up “{what}”; “{title}” keeps it from him.",
)
AT_TRAIL = Text(
    zh="{name}要看会话 {what} 的访问轨迹，按“{title}”没有给他看。",
    en="{name} tried to see where the visitor of {what} had been; “{title}” keeps it from him.",
)


@reacts_to(AccessDenied)
def follow_looks_at_cases(events: Sequence[Recorded[AccessDenied]]) -> None:
    for event in events:
        case = Case.objects.select_related("department", "parent", "owner").get(pk=event.subject[1])
        _follow(event, case.handbook_version_id, f"case/{case.pk}", AT_CASE, Text(zh=case.number), case.pk)


@reacts_to(LookupRefused)
def follow_lookups(events: Sequence[Recorded[LookupRefused]]) -> None:
    for event in (event for event in events if event.payload.follows):
        kind, number = event.subject
        at = number if kind == "case" else None
        version = number if kind == "version" else current(event.handbook, event.at).pk
        if at is not None:
            version = Case.objects.values_list("handbook_version_id", flat=True).get(pk=at)
        titles = {record.id: record.title for record in book_of(version).handbook.records}
        what = titles.get(event.payload.record, Text(zh=event.payload.record))
        _follow(event, version, f"lookup/{event.handbook}/{event.payload.record}", AT_DIRECTORY, what, at)


@reacts_to(TrailRefused)
def follow_looks_at_trails(events: Sequence[Recorded[TrailRefused]]) -> None:
    for event in events:
        version = Conversation.objects.values_list("version_id", flat=True).get(pk=event.subject[1])
        _follow(event, version, f"trail/{event.subject[1]}", AT_TRAIL, Text(zh=event.payload.number), None)


def _follow(event: Recorded[Any], version: int, thing: str, said: Text, what: Text, case_id: int | None) -> None:
    book = book_of(version)
    for clause in book.clauses("visibility"):
        if clause.id not in event.clauses or not isinstance(clause, Visibility) or not clause.effects:
            continue
        if _is_first(event, clause, thing, case_id):
            carry_out(_attempt(event, book, version, said, what), clause, clause.effects, case_id)


def _is_first(event: Recorded[Any], clause: Visibility, thing: str, case_id: int | None) -> bool:
    """Claim the hour for the person and the thing; a twin waits here for the first to commit."""
    look = hashlib.sha256(f"{clause.id}/{thing}".encode()).hexdigest()[:40]
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [f"{event.actor}/looked/{look}"[:80], event.at, case_id, event.at - AGAIN])
        return cursor.fetchone() is not None


def _attempt(event: Recorded[Any], book: Book, version: int, said: Text, what: Text) -> Attempt:
    by = _viewer(event.actor, event.at)

    def facts(case: Case | None) -> Facts:
        known = facts_of(case, book) if case is not None else {}
        return with_named(book, with_moment(known, book, by, event.at))

    roles = sorted({role for handbook, role, _ in by.roles if handbook == book.name})
    return Attempt(book, version, put(said, name=name_of(by), what=what), by, roles, event.at, facts)


def _viewer(principal: str, now: dt.datetime) -> Viewer:
    """Whoever looked, as he stands now; a customer or a visitor is known by his principal alone."""
    number = staff_number(principal)
    person = Staff.objects.filter(pk=number).first() if number is not None else None
    return viewer(person, now) if person is not None else Viewer(principal, frozenset({principal}))
