"""A department hangs elsewhere in the tree: whoever answers for its open cases by his place there changes with it.

A role of the old division becomes the same role of the new one, as holder of the case and of its clocks and duties, and who may see
the case is worked out anew. What was decided stays decided.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from zhike.cases.holders import audience_of
from zhike.cases.models import Case
from zhike.clocks.actions import readdress_clocks, reassign_clock
from zhike.clocks.models import Clock
from zhike.duties.actions import hand_over_owed
from zhike.handbook.book import Book
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.org.events import DepartmentMoved
from zhike.org.handbooks import book_of
from zhike.org.models import Department
from zhike.org.principals import department_of, resolve, role_of

CHUNK = 200


@reacts_to(DepartmentMoved)
def follow_the_department(events: Sequence[Recorded[DepartmentMoved]]) -> None:
    for event in events:
        places = Department.objects.filter(path__contains=[event.subject[1]]).values_list("pk", flat=True)
        gone = set(event.payload.before) - set(event.payload.after)
        last = 0
        while chunk := _chunk(list(places), last):
            last = chunk[-1].pk
            for case in chunk:
                _follow(case, gone, event.at, event.actor)


def open_cases_below(department: Department) -> int:
    """How many open cases a move concerns. One query."""
    places = Department.objects.filter(path__contains=[department.pk]).values("pk")
    return Case.objects.filter(status=Case.Status.OPEN, department__in=places).count()


def _chunk(places: list[int], after: int) -> list[Case]:
    rows = Case.objects.filter(status=Case.Status.OPEN, department_id__in=places, pk__gt=after)
    rows = rows.select_for_update(of=("self",)).select_related("department", "parent", "owner")
    return list(rows.order_by("pk")[:CHUNK])


def _follow(case: Case, gone: Collection[int], at: dt.datetime, by: str) -> None:
    book = book_of(case.handbook_version_id)
    subject = ("case", case.pk)
    renamed = {p: new for p in [*case.holders, *_held(case)] if (new := _now_called(p, case, book, gone)) != p}
    case.holders = list(dict.fromkeys(renamed.get(p, p) for p in case.holders))
    case.audience = audience_of(case, book)
    Case.objects.filter(pk=case.pk).update(holders=case.holders, audience=case.audience)
    for clock in (
        Clock.objects.filter(subject_kind="case", subject_id=case.pk, state__in=Clock.UNDECIDED) if renamed else ()
    ):
        holders = list(dict.fromkeys(renamed.get(p, p) for p in clock.holders))
        reassign_clock(clock.pk, holders, at=at, by=by, why="department.moved")
    for before, after in renamed.items():
        hand_over_owed(subject, before, after)
    readdress_clocks(subject, case.audience)


def _held(case: Case) -> set[str]:
    rows = Clock.objects.filter(subject_kind="case", subject_id=case.pk, state__in=Clock.UNDECIDED)
    return {holder for holders in rows.values_list("holders", flat=True) for holder in holders}


def _now_called(principal: str, case: Case, book: Book, gone: Collection[int]) -> str:
    """The principal that plays the same part under the new place; the same where the old place still counts."""
    if department_of(principal) not in gone or not principal.startswith(f"{book.name}:"):
        return principal
    return resolve(book, role_of(principal), case.department)
