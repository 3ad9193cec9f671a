"""The open cases somebody owns go to a colleague in the owner's role when he leaves, with their clocks and duties."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from zhike.cases.actions import pass_on
from zhike.cases.models import Case
from zhike.handbook.common import Text
from zhike.org.handbooks import book_of
from zhike.org.holdings import Handover, Holding, Subject, register_holding
from zhike.org.principals import resolve


def owned_by(staff_id: int, _covered: Collection[Subject], _now: dt.datetime) -> Iterable[Holding]:
    """His open cases, what is due next first, named without what is in them: who lets people go need not see cases. One query."""
    rows = Case.objects.filter(owner_id=staff_id, status=Case.Status.OPEN).select_related("department").defer("data")
    return [_holding(case) for case in rows.order_by("next_due_at", "id")]


def _holding(case: Case) -> Holding:
    book = book_of(case.handbook_version_id)
    process, stage = book.process(case.process).title, book.stage(case.process, case.stage).title
    place = f" · {case.department.name}" if case.department else ""
    return Holding(
        kind="case",
        id=case.pk,
        words=Text(
            zh=f"{case.number} {process.zh} · {stage.zh}{place}",
            en=f"{case.number} {process.say('en')} · {stage.say('en')}{place}",
        ),
        principal=resolve(book, case.owner_role, case.department) if case.owner_role else "",
        subject=("case", case.pk),
    )


def give_cases(rows: Sequence[Holding], handover: Handover) -> None:
    locked = Case.objects.select_for_update(of=("self",)).select_related("department", "owner")
    for case in locked.filter(pk__in=[row.id for row in rows]).order_by("pk"):
        pass_on(case, to=handover.given[f"case:{case.pk}"], by=handover.by, now=handover.now)


register_holding("case", Text(zh="经办的工单", en="Cases he owns"), rank=10, find=owned_by, give=give_cases)
