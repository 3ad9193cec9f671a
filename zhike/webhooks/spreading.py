"""From the journal's stream to deliveries. The stream is read once for all subscriptions that stand at the same place; the deliveries
and the new place are written together, so a worker that is killed writes them again or never, and no fact twice.

What a subscription is told is what its owner's live feed would tell: he must be in the fact's audience and, where the object has
a gate, in the object's audience as it is now.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from zhike.cases.models import Case
from zhike.journal.gates import NOBODY, Subject, current_audiences, is_gated
from zhike.journal.stream import Row, last_position, read_after
from zhike.org.handbooks import external_roles
from zhike.org.models import Department
from zhike.org.principals import keys_of
from zhike.webhooks.actions import pause_for_owner
from zhike.webhooks.kinds import KINDS
from zhike.webhooks.models import Delivery, Subscription
from zhike.webhooks.payloads import CaseNow, body_of

BATCH = 500
"""Facts read at once."""
FULL = 1000
"""Deliveries that wait for a receiver before its place in the stream stands still."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is asked about a batch of facts: who may see their subjects now, which case and which departments they are about."""

    audiences: Mapping[Subject, frozenset[str]]
    cases: Mapping[int, CaseNow]
    paths: Mapping[int, Sequence[int]]
    """{department: itself and those above it}"""


def spread(now: dt.datetime, wall: dt.datetime) -> int:
    """Write the deliveries that are due; answers how many facts were looked at, 0 when every subscription is up to date. `now` is the
    product's time, `wall` the machine's."""
    newest = last_position()
    if not _behind(newest).exists():
        return 0
    with transaction.atomic():
        rows = _behind(newest).select_for_update(of=("self",)).select_related("owner", "department")
        standing: dict[int, list[Subscription]] = {}
        for subscription in rows.prefetch_related("owner__assignments"):
            if subscription.owner.is_active:
                standing.setdefault(subscription.position, []).append(subscription)
            else:
                pause_for_owner(subscription, now)
        return sum(_spread(position, waiting, wall) for position, waiting in standing.items())


def _behind(newest: int) -> QuerySet[Subscription]:
    """Subscriptions that have not read to the end, without those whose receivers are too far behind already."""
    waiting = Count("deliveries", filter=Q(deliveries__state=Delivery.State.WAITING))
    found = Subscription.objects.filter(state=Subscription.State.ACTIVE, position__lt=newest)
    full = found.annotate(waiting=waiting).filter(waiting__gte=FULL).order_by().values("pk")
    return found.exclude(pk__in=full).order_by("pk")


def _spread(position: int, subscriptions: Sequence[Subscription], wall: dt.datetime) -> int:
    rows = read_after(position, BATCH)
    if not rows:
        return 0
    external = external_roles()
    keys = {each.pk: keys_of(each.owner_id, each.owner.assignments.all(), external) for each in subscriptions}
    asked = {kind for each in subscriptions for kind in each.kinds} & set(KINDS)
    told = [row for row in rows if row.type in asked and row.audience]
    seen = _seen(told)
    Delivery.objects.bulk_create(
        [
            _delivery(subscription, row, seen, wall)
            for subscription in subscriptions
            for row in told
            if wants(subscription, row, seen) and may_hear(keys[subscription.pk], row, seen)
        ]
    )
    Subscription.objects.filter(pk__in=keys).update(position=rows[-1].position)
    return len(rows)


def _seen(rows: Sequence[Row]) -> Seen:
    """At most three queries, however many facts."""
    ids = {row.subject_id for row in rows if row.subject_kind == "case"}
    cases = Case.objects.filter(pk__in=ids) if ids else Case.objects.none()
    fields = ("number", "handbook", "process", "stage", "status", "department_id")
    known = {pk: CaseNow(*rest) for pk, *rest in cases.values_list("pk", *fields)}
    places = {case.department for case in known.values() if case.department}
    places |= {row.subject_id for row in rows if row.subject_kind == "department"}
    paths = dict(Department.objects.filter(pk__in=places).values_list("pk", "path")) if places else {}
    return Seen(current_audiences({(row.subject_kind, row.subject_id) for row in rows}), known, paths)


def wants(subscription: Subscription, row: Row, seen: Seen) -> bool:
    """The fact is of a kind, a handbook, a process and a department that was asked for."""
    case = seen.cases.get(row.subject_id) if row.subject_kind == "case" else None
    if row.type not in subscription.kinds or (subscription.handbook and row.handbook != subscription.handbook):
        return False
    if subscription.process and (case is None or case.process != subscription.process):
        return False
    if subscription.department_id is None:
        return True
    place = case.department if case else row.subject_id if row.subject_kind == "department" else None
    return place is not None and subscription.department_id in (place, *seen.paths.get(place, ()))


def may_hear(keys: frozenset[str], row: Row, seen: Seen) -> bool:
    """As the live feed has it (web/live/hub.py)."""
    subject = (row.subject_kind, row.subject_id)
    if keys.isdisjoint(row.audience):
        return False
    return not is_gated(row.subject_kind) or not keys.isdisjoint(seen.audiences.get(subject, NOBODY))


def _delivery(subscription: Subscription, row: Row, seen: Seen, wall: dt.datetime) -> Delivery:
    public_id = uuid.uuid4()
    case = seen.cases.get(row.subject_id) if row.subject_kind == "case" else None
    return Delivery(
        subscription=subscription, public_id=public_id, position=row.position, fact_id=row.fact_id, kind=row.type,
        subject_kind=row.subject_kind, subject_id=row.subject_id, audience=list(row.audience),
        body=body_of(public_id, row, case), at=wall, next_at=wall,
    )  # fmt: skip
