"""Reads of pages and the API."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Max, QuerySet

from zhike.webhooks.kinds import PING
from zhike.webhooks.models import Delivery, Subscription

PAGE = 50


def subscriptions() -> QuerySet[Subscription]:
    """Every one that was not removed, by name, with its owner."""
    rows = Subscription.objects.exclude(state=Subscription.State.REMOVED)
    return rows.select_related("owner", "department").order_by("name", "pk")


def waiting_by_subscription() -> dict[int, int]:
    """{subscription: how many deliveries wait}; those without any are left out."""
    rows = Delivery.objects.filter(state=Delivery.State.WAITING).values("subscription").annotate(n=Count("pk"))
    return dict(rows.values_list("subscription", "n"))


def last_delivered() -> dict[int, object]:
    """{subscription: when the newest delivery arrived}."""
    rows = Delivery.objects.filter(state=Delivery.State.DELIVERED).exclude(kind=PING).values("subscription")
    return dict(rows.annotate(at=Max("settled_at")).values_list("subscription", "at"))


def deliveries(
    subscription: Subscription, *, state: str = "", kind: str = "", before: int | None = None, size: int = PAGE
) -> Sequence[Delivery]:
    """Up to `size` + 1, newest first, after the one with id `before`; the one too many says that there are more."""
    rows = subscription.deliveries.order_by("-pk")
    if state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.defer("body", "audience")[: size + 1])


def counts(subscription: Subscription) -> list[tuple[str, dict[str, int]]]:
    """[(kind, {state: how many})] of what is kept, kinds by name."""
    rows = subscription.deliveries.order_by().values("kind", "state").annotate(n=Count("pk"))
    found: dict[str, dict[str, int]] = {}
    for kind, state, n in rows.values_list("kind", "state", "n"):
        found.setdefault(kind, {})[state] = n
    return sorted(found.items())
