"""Which clocks and duties a deed stops, starts, pauses, settles and ends; and what a limit that ran out does to others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from zhike.cases import extensions
from zhike.cases.deed import Deed
from zhike.cases.deeds import standing_deeds
from zhike.cases.facts import Facts, facts_of, with_moment
from zhike.cases.holders import principals_for
from zhike.cases.models import Case
from zhike.cases.standing import standing_of
from zhike.clocks.rosters import counts_by_holder
from zhike.duties import populations
from zhike.duties.exempting import knows_subjects
from zhike.duties.following import Happening, follow, is_heard
from zhike.duties.following import begin as begin_limit
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline
from zhike.handbook.named import with_named
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM, SYSTEM_VIEWER


def apply_limits(deed: Deed) -> None:
    """Carry out what the deed's events mean for limits and duties. An extension is granted once all is settled."""
    case = deed.case
    follow(
        Happening(
            facts=lambda anew: _facts_of_deed(deed, anew),
            happened=deed.happened,
            now=deed.now,
            by=deed.viewer.principal,
            mark=str(case.version),
            is_new=deed.opening,
            closes="case.closed" in deed.happened,
            agreed=deed.agreed,
            **_known_of(case, deed.book),
        )
    )
    deed.standing = None
    populations.hear(
        deed.book,
        deed.process.id,
        _about(deed),
        deed.happened,
        now=deed.now,
        by=deed.viewer.principal,
        facts=deed.facts,
    )
    extensions.grant(deed)
    deed.standing = None


def _about(deed: Deed) -> list[tuple[str, int | None]]:
    """The members of populations the deed concerns: the customer, the colleague the case is about (else whoever acts), the departments."""
    case, field = deed.case, deed.process.person
    named = case.data.get(deed.process.record, {}).get(field) if field else None
    actor = deed.viewer.staff.pk if deed.viewer.staff is not None else None
    departments = [("department", number) for number in _departments(deed)]
    return [("customer", case.customer_id), ("staff", named if field else actor), *departments]


def _departments(deed: Deed) -> list[int]:
    """The responsible one first; then those for which the actor takes this action: a report or a greeting is nobody's in particular."""
    held = [(role, at) for book, role, at in deed.viewer.roles if book == deed.book.name and at is not None]
    acting = {at for role, at in held if role in deed.action.by} or {at for _, at in held}
    responsible = deed.case.department_id
    return [*([] if responsible is None else [responsible]), *sorted(acting - {responsible})]


def _facts_of_deed(deed: Deed, anew: bool) -> Facts:
    if anew:
        deed.standing = None
    return deed.facts()


def happen(case: Case, *events: str, now: dt.datetime, mark: str) -> None:
    """Something happened to the case that nobody did: a limit ran out, a duty was missed, it was opened again. `mark` tells it from
    the next of its kind."""
    book = book_of(case.handbook_version_id)
    heard = [event for event in events if is_heard(book, case.process, event)]
    if not heard:
        return
    follow(
        Happening(
            facts=lambda _: _facts_of_case(case, book, now),
            happened=heard,
            now=now,
            by=SYSTEM,
            mark=f"{case.version}/{mark}",
            **_known_of(case, book),
        )
    )


def begin(case: Case, book: Book, clause: Deadline, *, now: dt.datetime, mark: str) -> None:
    """Begin the limit because another clause applies it; `mark` tells it from the next time."""
    begin_limit(
        Happening(
            facts=lambda _: _facts_of_case(case, book, now), happened=(), now=now, by=SYSTEM, mark=f"{case.version}/{mark}",
            **_known_of(case, book),
        ),
        clause,
    )  # fmt: skip


def _facts_of_case(case: Case, book: Book, now: dt.datetime) -> Facts:
    facts = facts_of(case, book) | standing_of(book, [case.pk], now)[case.pk]
    return with_named(book, with_moment(facts, book, SYSTEM_VIEWER, now))


def _known_of(case: Case, book: Book) -> dict[str, Any]:
    """What is the same whatever happened."""
    return {
        "book": book,
        "version_id": case.handbook_version_id,
        "subject": ("case", case.pk),
        "process": case.process,
        "holders": lambda roles: _holders(case, book, roles),
        "calendar": lambda clause: calendar_for(case, clause),
        "audience": tuple(case.audience),
        "earlier": lambda at: events_since(case, at),
    }


def _holders(case: Case, book: Book, roles: Sequence[str]) -> list[str]:
    return principals_for(case, book, roles)


def events_since(case: Case, at: dt.datetime) -> Iterable[str]:
    """Events of this case from `at` on, as clauses name them."""
    rows = standing_deeds(case.pk).filter(at__gte=at)
    for payload in rows.order_by("id").values_list("payload", flat=True):
        yield f"action.{payload['action']}"
        if payload["stage"] != payload["stage_before"]:
            yield from (f"stage.{payload['stage_before']}.left", f"stage.{payload['stage']}.entered")


def calendar_for(case: Case, clause: Deadline) -> str | None:
    """The clause's calendar; `by_department` means the one the responsible department keeps."""
    if clause.calendar == "by_department":
        return (case.department.calendar or None) if case.department else None
    return None if counts_by_holder(clause) else clause.calendar


@knows_subjects("case")
def case_owing(number: int, now: dt.datetime, roles: Sequence[str]) -> tuple[Facts, list[str]] | None:
    """What an exemption from a duty of a case rests on, and who grants it there."""
    case = Case.objects.select_related("department", "parent", "owner", "customer").filter(pk=number).first()
    if case is None:
        return None
    book = book_of(case.handbook_version_id)
    return _facts_of_case(case, book, now), principals_for(case, book, roles)
