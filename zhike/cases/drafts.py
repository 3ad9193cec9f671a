"""Drafts of sanctions: proposed by a clause, without effect until the one it names has decided.

A draft is a fact of the journal, and so is the decision; what is open is a draft that no decision followed. How often a person gave
cause before is counted from the same facts, those left out that were taken back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from zhike.cases.events import SanctionConfirmed, SanctionDrafted, SanctionRevoked
from zhike.handbook.book import Book
from zhike.handbook.clauses import Sanction
from zhike.handbook.common import Text
from zhike.handbook.limits import as_moment
from zhike.handbook.sanctions import tally
from zhike.journal.models import Fact

KINDS = (SanctionDrafted.event_type, SanctionConfirmed.event_type, SanctionRevoked.event_type)


def nothing_to_decide(title: Text) -> Text:
    """What somebody is told who would decide a sanction that was never drafted."""
    return Text(
        zh=f"没有可以决定的“{title.zh}”：所依据的责任没有认定。",
        en=f"There is no “{title.say('en')}” to decide: what it rests on was not established.",
    )


Drafts = dict[str, Fact]
"""Clause -> the fact that drafted it."""


def open_drafts(ids: Collection[int]) -> dict[int, Drafts]:
    """Case -> clause -> the draft still undecided."""
    return {number: undecided for number, (undecided, _) in drafts_of(ids).items()}


def drafts_of(ids: Collection[int]) -> dict[int, tuple[Drafts, Drafts]]:
    """Case -> the drafts still undecided, and those that were confirmed and not taken back since. One query."""
    found: dict[int, tuple[Drafts, Drafts]] = {number: ({}, {}) for number in ids}
    rows = Fact.objects.filter(subject_kind="case", subject_id__in=list(ids), type__in=KINDS).order_by("id")
    for fact in rows:
        undecided, confirmed = found[fact.subject_id]
        for clause in fact.clauses:
            if fact.type == SanctionDrafted.event_type:
                undecided[clause] = fact
                continue
            draft = undecided.pop(clause, None) or confirmed.pop(clause, None)
            if fact.type == SanctionConfirmed.event_type and draft is not None:
                confirmed[clause] = draft
    return found


def counted(clause: Sanction, book: Book, person: Any, at: dt.datetime) -> int:
    """Which occurrence this one is under the clause's `count`, itself included; 1 where nothing is counted or nobody is named. Two queries.

    `per: [person]` counts his own, without it everybody's; `of` counts the drafts of other kinds of finding together with these.
    """
    if clause.count is None or ("person" in clause.count.per and person is None):
        return 1
    drafts = Fact.objects.filter(
        type=SanctionDrafted.event_type, handbook=book.name, clauses__overlap=_family(clause, book)
    )
    if "person" in clause.count.per:
        drafts = drafts.filter(payload__person=person)
    rows = list(drafts.order_by("id"))
    revoked = Fact.objects.filter(type=SanctionRevoked.event_type, payload__draft__in=[row.pk for row in rows])
    gone = set(revoked.values_list("payload__draft", flat=True))
    before = [{"at": _dated(row, at), "kind": None} for row in rows if row.pk not in gone]
    rule = clause.count.model_copy(update={"of": (), "dated_by": None, "excludes": {}})
    return tally(rule, before, at, book.handbook.zone) + 1


def _family(clause: Sanction, book: Book) -> list[str]:
    """The clause and those that count the same kinds of finding."""
    of = set(clause.count.of) if clause.count else set()
    shared = [
        one for one in book.clauses("sanction") if isinstance(one, Sanction) and one.count and of & set(one.count.of)
    ]
    return sorted({clause.id, *(one.id for one in shared)})


def _dated(row: Fact, like: dt.datetime) -> dt.datetime:
    return as_moment(row.payload.get("dated_at") or None, like) or row.at
