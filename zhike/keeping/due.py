"""What has been kept long enough, and what still stands against deleting it: it is open again, tied to something open, or held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from zhike.cases.models import Case, Consequence, Freeze, Hold, Link
from zhike.conversations.models import Conversation
from zhike.keeping.models import Deletion
from zhike.keeping.rules import Rule
from zhike.records.models import Filling

AT_ONCE = 500
OPEN = Case.Status.OPEN


@dataclass(frozen=True, slots=True)
class Due:
    """One case or conversation under one rule. `waits` says why it stays for now: "", "held" or "tied"."""

    rule: Rule
    kind: str
    id: int
    number: str
    ended_at: dt.datetime
    due_at: dt.datetime
    waits: str


def due_by(rule: Rule, moment: dt.datetime, *, waiting: bool = True) -> Iterator[Due]:
    """What is due under the rule by that moment, the longest ended first, read AT_ONCE rows at a time.

    Without `waiting` what is held or tied is left out.
    """
    for kind in ("conversation",) if rule.of == "conversation" else ("case", "conversation"):
        if kind == "conversation" and rule.of == "process":
            continue
        yield from _due(rule, kind, moment, waiting)


def _due(rule: Rule, kind: str, moment: dt.datetime, waiting: bool) -> Iterator[Due]:
    after: tuple[dt.datetime, int] | None = None
    rows: QuerySet[Any] = cases_of(rule) if kind == "case" else conversations_of(rule)
    rows = rows if waiting else rows.filter(held=False, tied=False)
    rows = rows.filter(closed_at__lt=rule.ended_by(moment)).order_by("closed_at", "pk")
    while True:
        page = rows
        if after is not None:
            page = rows.filter(
                Q(closed_at__gt=after[0]) | Q(closed_at=after[0], pk__gt=after[1]), closed_at__gte=after[0]
            )
        found = list(page.values_list("pk", "number", "closed_at", "held", "tied")[:AT_ONCE])
        for pk, number, ended, held, tied in found:
            due_at = rule.due(ended)
            if due_at <= moment:
                yield Due(rule, kind, pk, number, ended, due_at, "held" if held else "tied" if tied else "")
        if len(found) < AT_ONCE:
            return
        after = (found[-1][2], found[-1][0])


def ended_under(rule: Rule) -> list[dt.datetime]:
    """When each case and conversation that has ended and still has its contents will be due; for rehearsals, which hold few."""
    cases = list(cases_of(rule).values_list("closed_at", flat=True)) if rule.of != "conversation" else []
    talks = list(conversations_of(rule).values_list("closed_at", flat=True)) if rule.of != "process" else []
    return [rule.due(at) for at in (*cases, *talks) if at is not None]


def cases_of(rule: Rule) -> QuerySet[Case]:
    """Closed cases under the rule that still have their contents, with `held` and `tied`."""
    rows = Case.objects.filter(handbook_version_id__in=rule.versions, status=Case.Status.CLOSED, emptied_at=None)
    rows = rows.filter(closed_at__isnull=False).annotate(held=_case_held("pk"), tied=_case_tied())
    if rule.of == "process":
        return rows.filter(process=rule.name)
    return rows.filter(_has_form("case", rule.name))


def conversations_of(rule: Rule) -> QuerySet[Conversation]:
    """Ended conversations under the rule that still have their contents, with `held` and `tied`."""
    case = Case.objects.filter(number=OuterRef("case_number"))
    rows = Conversation.objects.filter(version_id__in=rule.versions, state=Conversation.State.CLOSED, emptied_at=None)
    rows = rows.filter(closed_at__isnull=False).annotate(
        held=Exists(Hold.objects.filter(case__number=OuterRef("case_number"), ended_at=None)),
        tied=Exists(case.filter(status=OPEN)),
    )
    return rows if rule.of == "conversation" else rows.filter(_has_form("conversation", rule.name))


def _has_form(kind: str, record: str) -> Exists:
    filled = Filling.objects.filter(subject_kind=kind, subject_id=OuterRef("pk"), record=record)
    return Exists(filled.exclude(values={}))


def _case_held(pk: str) -> Exists:
    return Exists(Hold.objects.filter(case=OuterRef(pk), ended_at=None))


def _case_tied() -> Any:
    """Linked to an open case either way, child or parent of one, merged into one that still has its contents, spoken of in a
    conversation that goes on, the ground of a consequence that somebody still bears, or what keeps something frozen."""
    this = OuterRef("pk")
    # Not "": said so that the index of conversations that became a case is used.
    became = Conversation.objects.filter(case_number=OuterRef("number")).exclude(case_number="")
    live = became.filter(state__in=Conversation.LIVE)
    return (
        Exists(Link.objects.filter(case=this, other__status=OPEN))
        | Exists(Link.objects.filter(other=this, case__status=OPEN))
        | Exists(Case.objects.filter(parent=this, status=OPEN))
        | Exists(Case.objects.filter(pk=OuterRef("parent_id"), status=OPEN))
        | Exists(Case.objects.filter(pk=OuterRef("merged_into_id"), emptied_at=None))
        | Exists(live)
        | Exists(Consequence.objects.filter(case=this).exclude(state=Consequence.State.ENDED))
        | Exists(Freeze.objects.filter(case=this, ended_at=None))
    )


def deletions_of(kind: str, number: int) -> list[Deletion]:
    """What was deleted of one case or conversation, oldest first. One query."""
    return list(Deletion.objects.filter(subject_kind=kind, subject_id=number).order_by("pk"))
