"""When two customers turn out to be one, the cases of the second follow; when that is undone, the same cases go back."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, Func, Value

from zhike.cases.events import CustomerChanged
from zhike.cases.models import Case
from zhike.customers.events import CustomersMerged, MergeUndone
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Recorded
from zhike.journal.models import Fact
from zhike.journal.reactions import reacts_to
from zhike.org.principals import customer_key


@reacts_to(CustomersMerged)
def cases_follow(events: Sequence[Recorded[CustomersMerged]]) -> None:
    for event in events:
        cases = list(Case.objects.filter(customer_id=event.payload.dropped).order_by("pk"))
        _move(cases, event.payload.dropped, event.subject[1], event, event.id)


@reacts_to(MergeUndone)
def cases_go_back(events: Sequence[Recorded[MergeUndone]]) -> None:
    """Only those the merge moved: one opened since then is of the customer who stayed."""
    for event in events:
        kept = event.subject[1]
        mine = Case.objects.filter(customer_id=kept).values("pk")
        moved = Fact.objects.filter(
            subject_kind="case",
            subject_id__in=mine,
            type=CustomerChanged.event_type,
            payload__merge=event.payload.merge,
        ).values_list("subject_id", flat=True)
        cases = list(Case.objects.filter(pk__in=list(moved)).order_by("pk"))
        _move(cases, kept, event.payload.dropped, event, event.payload.merge)


def _move(
    cases: Sequence[Case], before: int, after: int, event: Recorded[CustomersMerged] | Recorded[MergeUndone], merge: int
) -> None:
    """The customer himself may see and hold his cases: those principals change with him."""
    old, new = customer_key(before), customer_key(after)
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(
        customer_id=after,
        audience=Func(F("audience"), Value(old), Value(new), function="array_replace"),
        holders=Func(F("holders"), Value(old), Value(new), function="array_replace"),
    )
    record(
        [
            NewFact(
                CustomerChanged(before=before, after=after, merge=merge),
                at=event.at,
                subject=("case", case.pk),
                actor=event.actor,
                handbook=case.handbook,
                audience=[new if key == old else key for key in case.audience],
            )
            for case in cases
        ]
    )
