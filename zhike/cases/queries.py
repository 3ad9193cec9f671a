"""Shared reads: what a viewer may do, what is his, the case's whole story, keyset pages of lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from zhike.cases.access import visible_cases
from zhike.cases.allowed import at_this_stage, forbidden_by, why_not
from zhike.cases.facts import Facts, facts_of, with_actor
from zhike.cases.models import Case, Note
from zhike.cases.search import found_by
from zhike.cases.standing import standing_of
from zhike.clocks.models import Clock
from zhike.customers.models import Customer
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.conditions import holds
from zhike.handbook.named import with_named
from zhike.handbook.structure import Action
from zhike.journal import statements
from zhike.journal.models import Fact
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import SYSTEM, Viewer, place_of
from zhike.records.models import Attachment, Filling

PAGE = 50


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as a button: may it be pressed, which clause speaks of it, and if not, why."""

    action: Action
    allowed: bool
    clauses: tuple[str, ...] = ()
    why: Text | None = None


def offered(case: Case, viewer: Viewer, clocks: Iterable[Clock] | None = None) -> list[Offer]:
    """Every action of this stage, in the handbook's order, without those only the product takes.

    Those of other roles come with the reason why they cannot be pressed. `clocks`: every clock of the case, where it was read already.
    """
    book = book_of(case.handbook_version_id)
    return _offers(case, book, viewer, standing_of(book, [case.pk], clocks=clocks)[case.pk])


def offered_on(cases: Sequence[Case], viewer: Viewer) -> dict[int, list[Offer]]:
    """The same for many cases, by id. Their clocks, duties and drafts cost a query each for every version of a handbook."""
    found: dict[int, list[Offer]] = {}
    by_version: dict[int, list[Case]] = {}
    for case in cases:
        by_version.setdefault(case.handbook_version_id, []).append(case)
    for version, some in by_version.items():
        book = book_of(version)
        standing = standing_of(book, [case.pk for case in some])
        found |= {case.pk: _offers(case, book, viewer, standing[case.pk]) for case in some}
    return found


def _offers(case: Case, book: Book, viewer: Viewer, standing: Facts) -> list[Offer]:
    facts = with_named(book, facts_of(case, book) | standing)
    here = [
        a for a in book.process(case.process).actions if a.from_ and a.by != (SYSTEM,) and at_this_stage(case, book, a)
    ]
    facts.update({f"param.{name}": value for name, value in book.parameters.items()})
    found = []
    for action in here:
        with_actor(facts, book, viewer, action.by)
        if holds(action.when, facts):
            found.append(_offer(case, book, action, viewer, facts))
    return found


def _offer(case: Case, book: Book, action: Action, viewer: Viewer, facts: Facts) -> Offer:
    """The clause that stands against it comes first of those that speak of it."""
    reason = why_not(case, book, action, viewer) or forbidden_by(case, book, action, facts)
    against = (reason.clause,) if reason is not None and reason.clause else ()
    clauses = tuple(dict.fromkeys((*against, *clauses_of(book, case.process, action.id))))
    return Offer(action, reason is None, clauses, reason.words if reason else None)


def clauses_of(book: Book, process: str, action: str) -> tuple[str, ...]:
    """The clauses that speak of an action: gates and wording first, then limits it stops, routes, duties it settles."""
    event = f"action.{action}"
    kinds = ("gate", "wording", "measure", "route", "deadline", "duty")
    named = [c.id for kind in kinds for c in book.speaking_of(kind, process, event)]
    named += [*book.action(process, action).confirms, *book.action(process, action).revokes]
    named += [c.id for c in book.stopped_by(process, event)] + [c.id for c in book.settled_by(process, event)]
    return tuple(dict.fromkeys(named))


def entries(viewer: Viewer, versions: Iterable[HandbookVersion]) -> list[tuple[HandbookVersion, str, Action]]:
    """(version, process id, entry action) for everything this viewer may open."""
    found: list[tuple[HandbookVersion, str, Action]] = []
    for version in versions:
        book = book_of(version.pk)
        for process in book.handbook.processes:
            if process.related is None:
                found += [(version, process.id, a) for a in book.entry_actions(process.id) if _opens(book, a, viewer)]
    return found


def _opens(book: Book, action: Action, viewer: Viewer) -> bool:
    return any(viewer.in_role(book.name, role) for role in action.by)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after the row with these sort values."""

    at: dt.datetime
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Case]
    next: Cursor | None


def filtered(viewer: Viewer, wanted: Mapping[str, Any]) -> QuerySet[Case]:
    """Visible cases by an allow-list of filters: process, stage, status, department, handbook, mine, text (number, title, phone)."""
    rows = visible_cases(viewer)
    plain = {name: wanted[name] for name in ("process", "stage", "status", "handbook") if wanted.get(name)}
    rows = rows.filter(**plain) if plain else rows
    if wanted.get("department"):
        rows = rows.filter(department_id=wanted["department"])
    if wanted.get("mine"):
        rows = rows.filter(status=Case.Status.OPEN, holders__overlap=viewer.turns)
    if wanted.get("text"):
        rows = rows.filter(found_by(str(wanted["text"]).strip()))
    return rows


def page_of(
    rows: QuerySet[Case], after: Cursor | None = None, size: int = PAGE, *, order: str = "",
    joined: tuple[str, ...] = ("department",), with_data: bool = False,
) -> Page:  # fmt: skip
    """A page by keyset, so that a deep one costs what the first one costs; `order` is one of `listing.ORDERS`, the newest first where
    it is empty. Two queries, whatever the size.
    """
    read = _by_due if order == "due" else partial(_by_opening, oldest=order == "oldest")
    found = read(rows, after, size + 1)
    places = [Cursor(at, number) for at, number, _ in found]
    ids = [case_id for _, _, case_id in found][:size]
    cases = {case.pk: case for case in cases_of(ids, joined, with_data=with_data)}
    return Page([cases[pk] for pk in ids if pk in cases], places[size - 1] if len(found) > size else None)


Place = tuple[dt.datetime, int, int]
"""(moment, id at that moment, id of the case)"""


def _by_opening(rows: QuerySet[Case], after: Cursor | None, most: int, *, oldest: bool = False) -> list[Place]:
    if after is not None and oldest:
        rows = rows.filter(Q(opened_at__gt=after.at) | Q(opened_at=after.at, id__gt=after.id), opened_at__gte=after.at)
    elif after is not None:
        rows = rows.filter(Q(opened_at__lt=after.at) | Q(opened_at=after.at, id__lt=after.id), opened_at__lte=after.at)
    ordered = rows.order_by("opened_at", "id") if oldest else rows.order_by("-opened_at", "-id")
    return [(at, number, number) for at, number in ordered.values_list("opened_at", "pk")[:most]]


def _by_due(rows: QuerySet[Case], after: Cursor | None, most: int) -> list[Place]:
    """Cases with a clock, each at the place of its soonest one; then those without, the newest first, at places below zero."""
    clocks = Clock.objects.filter(subject_kind="case", state__in=Clock.OPEN)
    found: list[Place] = []
    if after is None or after.id > 0:
        found = _with_clock(clocks, rows, after, most)
        after = None
    if len(found) < most:
        still = rows.filter(~Exists(clocks.filter(subject_id=OuterRef("pk"))))
        rest = _by_opening(still, Cursor(after.at, -after.id) if after else None, most - len(found))
        found += [(at, -number, number) for at, number, _ in rest]
    return found


def _with_clock(clocks: QuerySet[Clock], rows: QuerySet[Case], after: Cursor | None, most: int) -> list[Place]:
    sooner = Q(due_at__lt=OuterRef("due_at")) | Q(due_at=OuterRef("due_at"), id__lt=OuterRef("id"))
    first = clocks.filter(~Exists(clocks.filter(sooner, subject_id=OuterRef("subject_id"))))
    if after is not None:
        first = first.filter(Q(due_at__gt=after.at) | Q(due_at=after.at, id__gt=after.id), due_at__gte=after.at)
    found = first.filter(subject_id__in=rows.values("pk")).order_by("due_at", "id")
    return list(found.values_list("due_at", "id", "subject_id")[:most])


def cases_of(ids: Sequence[int], joined: tuple[str, ...], *, with_data: bool = False) -> list[Case]:
    """These cases, the newest first, with the related rows named and without what no list shows. One query."""
    newest_first = "WHERE cases_case.id = ANY(%s::bigint[]) ORDER BY cases_case.opened_at DESC, cases_case.id DESC"
    unseen = UNSEEN if with_data else ("data", *UNSEEN)
    return statements.rows(Case, newest_first, [statements.array_of(ids)], joined=joined, without=unseen) if ids else []


UNSEEN = (
    "tally",
    "audience",
    "holders",
    "portal_token",
    "owner_role",
    "parent",
    "merged_into",
    "own_title",
)
"""Fields of a case that no list shows."""


COUNTED_IN = 400
"""Milliseconds after which a count is given up."""


def count_upto(rows: QuerySet[Case], most: int) -> int | None:
    """How many these are, counted no further than one beyond `most`; None where even that takes too long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{COUNTED_IN}ms"])
            return rows.order_by()[: most + 1].count()
    except OperationalError:
        return None
    finally:
        if connection.in_atomic_block and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', '0', true)")


def mine(viewer: Viewer, size: int = PAGE) -> list[Case]:
    """Open cases whose turn it is mine, or where I hold a clock; what is due next first."""
    keys = viewer.turns
    held = Clock.objects.filter(holders__overlap=keys, state__in=Clock.OPEN, subject_kind="case").values("subject_id")
    rows = visible_cases(viewer).filter(Q(status="open", holders__overlap=keys) | Q(pk__in=held))
    ordered = rows.select_related("department", "customer", "owner").order_by(
        F("next_due_at").asc(nulls_last=True), "id"
    )
    return list(ordered.defer("data")[:size])


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that happened to a case, oldest first, as rows of four tables merged by time."""

    facts: list[Fact]
    fillings: list[Filling]
    notes: list[Note]
    attachments: list[Attachment]


# The case and the duplicates that were merged into it, as far as the viewer may see those.
WITH_MERGED = """
= ANY(ARRAY[%s]::bigint[] || ARRAY(SELECT id FROM cases_case WHERE merged_into_id = %s AND audience && %s::varchar[]))
"""


def story(case: Case, viewer: Viewer, *, for_customer: bool = False) -> Story:
    """What happened to the case and to those merged into it that the viewer may see. One query, whatever the length.

    The customer's story holds no internal note and no internal file.
    """
    ids: list[Any] = [case.pk, case.pk, sorted(viewer.keys)]
    of_case = f"WHERE subject_kind = 'case' AND subject_id {WITH_MERGED}"
    shown = "AND NOT internal" if for_customer else ""
    facts, fillings, notes, attachments = statements.together(
        (Fact, of_case, ids), (Filling, of_case, ids), (Note, f"WHERE case_id {WITH_MERGED} {shown}", ids),
        (Attachment, f"{of_case} {shown}", ids),
    )  # fmt: skip
    return Story(
        facts=sorted(facts, key=lambda fact: fact.pk),
        fillings=sorted(fillings, key=lambda filling: filling.pk),
        notes=sorted(notes, key=lambda note: (note.at, note.pk)),
        attachments=sorted(attachments, key=lambda file: (file.uploaded_at, file.pk)),
    )


def other_cases(customer: Customer, case: Case, viewer: Viewer, most: int) -> list[Case]:
    """The customer's latest cases beside this one that the viewer may see, without what was filled in. One query."""
    theirs = (
        "WHERE customer_id = %s AND id <> %s AND audience && %s::varchar[] ORDER BY opened_at DESC, id DESC LIMIT %s"
    )
    return statements.rows(Case, theirs, [customer.pk, case.pk, sorted(viewer.keys), most], without=("data",))


def family(case: Case) -> list[Case]:
    """Parent and children, for links at the head of the page."""
    return statements.rows(
        Case, "WHERE parent_id = %s OR id = %s ORDER BY id", [case.pk, case.parent_id or 0], without=("data",)
    )


def colleagues(case: Case) -> list[Staff]:
    """Active staff who hold the role in which the case is owned, where its department has that role; without its owner; by name.
    One query.
    """
    if not case.owner_role:
        return []
    held: dict[str, Any] = {"assignments__handbook": case.handbook, "assignments__role": case.owner_role}
    place = place_of(book_of(case.handbook_version_id), case.owner_role, case.department)
    if place is not None:
        held["assignments__department"] = place
    people = Staff.objects.filter(is_active=True, **held)
    return list(people.exclude(pk=case.owner_id or 0).distinct().order_by("name", "id"))
