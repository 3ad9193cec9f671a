"""What is sent next, and what became of it. The order of a subscription is the order of its deliveries: the first that waits holds up
the others, until it was taken, given up, or the subscription is paused.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from django.db import transaction
from django.db.models import Min, Q

from zhike import __version__
from zhike.channels.http import Answer
from zhike.journal.gates import NOBODY, current_audiences, is_gated
from zhike.lib.sealed import CannotOpen
from zhike.org.handbooks import external_roles
from zhike.org.principals import keys_of
from zhike.webhooks.actions import pause_by_itself
from zhike.webhooks.kinds import PING
from zhike.webhooks.models import Attempt, Delivery, Subscription
from zhike.webhooks.sealed import secrets_of
from zhike.webhooks.signing import HEADER, signature

MOST = 12
"""Attempts before the subscription is paused: spread over about 19 hours."""
FIRST_WAIT = 10.0
GROWS = 3.0
LONGEST_WAIT = 4 * 3600.0
"""Seconds between two attempts: 10, 30, 90 ... four hours."""
SPREAD = 0.2
"""A wait is this share longer or shorter: many deliveries that failed together do not come back together."""
LONGEST_ASKED = 3600
"""Seconds a receiver may ask us to wait."""
AT_ONCE = 20
GONE = 410
KEPT_ANSWER = 2000
MASKED = re.compile(r"\d{7,}|(?<![\w-])[\w-]{24,}(?![\w-])", re.ASCII)
"""Telephone and identity numbers, keys and tokens."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery ready to be sent."""

    delivery: int
    attempts: int
    public_id: uuid.UUID
    kind: str
    address: str
    body: bytes
    secrets: tuple[str, ...]

    def headers(self, at: dt.datetime) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": f"Zhike/{__version__}",
            "Zhike-Delivery": str(self.public_id),
            "Zhike-Kind": self.kind,
            "Zhike-Attempt": str(self.attempts + 1),
            HEADER: signature(self.secrets, int(at.timestamp()), self.body),
        }


def ready(wall: dt.datetime) -> tuple[list[int], dt.datetime | None]:
    """(subscriptions with something to send now, when the next one has). One query."""
    due = Q(subscription__state=Subscription.State.ACTIVE) | Q(kind=PING, subscription__state=Subscription.State.PAUSED)
    rows = Delivery.objects.filter(due, state=Delivery.State.WAITING).order_by()
    first = rows.exclude(kind=PING).values("subscription").annotate(pk_first=Min("pk")).values("pk_first")
    heads = Delivery.objects.filter(Q(pk__in=first) | Q(pk__in=rows.filter(kind=PING).values("pk")))
    found: set[int] = set()
    soonest: dt.datetime | None = None
    for subscription, at in heads.values_list("subscription", "next_at"):
        if at <= wall:
            found.add(subscription)
        elif soonest is None or at < soonest:
            soonest = at
    return sorted(found), soonest


def take(subscription: int, now: dt.datetime, wall: dt.datetime) -> list[Parcel]:
    """What this subscription sends next, in order: tests first, then what is due, up to the first that has to wait. What its owner may
    not see any more is put aside."""
    with transaction.atomic():
        rows = Subscription.objects.select_for_update(of=("self",)).select_related("owner")
        row = rows.filter(pk=subscription).exclude(state=Subscription.State.REMOVED).first()
        if row is None:
            return []
        waiting = row.deliveries.filter(state=Delivery.State.WAITING).order_by("pk")
        pings = list(waiting.filter(kind=PING)[:AT_ONCE])
        due = _allowed(row, _due(waiting.exclude(kind=PING)[:AT_ONCE], wall), now, wall)
        try:
            secrets = tuple(secrets_of(row, wall))
        except CannotOpen:
            pause_by_itself(row, "failing", now)
            return []
    return [
        Parcel(each.pk, each.attempts, each.public_id, each.kind, row.address, each.body.encode(), secrets)
        for each in [*pings, *due]
    ]


def _due(waiting: Iterable[Delivery], wall: dt.datetime) -> list[Delivery]:
    return list(takewhile(lambda each: each.next_at <= wall, waiting))


def _allowed(row: Subscription, due: list[Delivery], now: dt.datetime, wall: dt.datetime) -> list[Delivery]:
    """Those the owner may hear of at this moment; the others are withheld, none while he is disabled or the subscription paused."""
    if row.state != Subscription.State.ACTIVE or not due:
        return []
    if not row.owner.is_active:
        pause_by_itself(row, "owner", now)
        return []
    keys = keys_of(row.owner_id, row.owner.assignments.all(), external_roles())
    audiences = current_audiences({(each.subject_kind, each.subject_id or 0) for each in due})
    allowed = []
    for each in due:
        subject = (each.subject_kind, each.subject_id or 0)
        gated = is_gated(each.subject_kind)
        if keys.isdisjoint(each.audience) or (gated and keys.isdisjoint(audiences.get(subject, NOBODY))):
            each.state, each.settled_at = Delivery.State.WITHHELD, wall
            each.save(update_fields=["state", "settled_at"])
        else:
            allowed.append(each)
    return allowed


def note(parcel: Parcel, answer: Answer, began: dt.datetime, ended: dt.datetime, now: dt.datetime) -> bool:
    """Write down what became of a parcel; True when the next one may go. `began` and `ended` are the machine's time, `now` the product's.

    False also when somebody else has noted this attempt, or the subscription was paused or removed meanwhile.
    """
    with transaction.atomic():
        subscription = Subscription.objects.select_for_update().get(deliveries=parcel.delivery)
        delivery = Delivery.objects.select_for_update().filter(pk=parcel.delivery).first()
        if delivery is None or delivery.state != Delivery.State.WAITING or delivery.attempts != parcel.attempts:
            return False
        Attempt.objects.create(
            delivery=delivery, at=began, status=answer.status, fault=answer.fault,
            milliseconds=round((ended - began).total_seconds() * 1000), answer=masked(answer.body),
        )  # fmt: skip
        delivery.attempts += 1
        if answer.taken or delivery.kind == PING:
            delivery.state = Delivery.State.DELIVERED if answer.taken else Delivery.State.FAILED
            delivery.settled_at = ended
        else:
            delivery.next_at = ended + dt.timedelta(seconds=wait_after(delivery.attempts, answer.wait))
        delivery.save(update_fields=["attempts", "state", "settled_at", "next_at"])
        if not answer.taken and delivery.kind != PING:
            _give_up(subscription, delivery, answer, now)
        return delivery.kind == PING or (answer.taken and subscription.state == Subscription.State.ACTIVE)


def _give_up(subscription: Subscription, delivery: Delivery, answer: Answer, now: dt.datetime) -> None:
    """Pause after too many attempts, or when the receiver says that it is gone. The delivery goes on waiting."""
    if answer.status == GONE:
        pause_by_itself(subscription, "gone", now)
    elif delivery.attempts >= MOST:
        pause_by_itself(subscription, "failing", now)


def wait_after(attempts: int, asked: int = 0, chance: float | None = None) -> float:
    """Seconds before the next attempt, after so many: growing, spread by chance (0 to 1), at least what the receiver asked for.

    >>> [wait_after(n, chance=0.5) for n in (1, 2, 3, 11)]
    [10.0, 30.0, 90.0, 14400.0]
    """
    drawn = random.random() if chance is None else chance  # noqa: S311 - it spreads, it hides nothing
    wait = min(LONGEST_WAIT, FIRST_WAIT * GROWS ** (attempts - 1))
    return max(wait * (1 + SPREAD * (2 * drawn - 1)), float(min(asked, LONGEST_ASKED)))


def masked(text: str) -> str:
    """What an answer may show on a page: long numbers and anything like a key are hidden.

    >>> masked("call 13800000101, id 12")
    'call 138…, id 12'
    """
    return MASKED.sub(lambda found: f"{found[0][:3]}…", text[:KEPT_ANSWER])
