"""Subscriptions for tests."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from zhike.journal.stream import sequence_all
from zhike.web.tests.world import World
from zhike.webhooks.actions import Wish, create_subscription
from zhike.webhooks.models import Delivery, Subscription
from zhike.webhooks.spreading import spread

WALL = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
"""The machine's time; the world lives in 2025."""
KNOWN = [("retail-hotline", "service_ticket"), ("retail-hotline", "warning_ticket")]


def wish(world: World, owner: str | None = "agent", **more: Any) -> Wish:
    usual: dict[str, Any] = {
        "name": "示例对接", "address": "https://hooks.example.com/zhike", "owner": world.staff[owner] if owner else None,
        "kinds": ("case.opened",),
    }  # fmt: skip
    return Wish(**{**usual, **more})


def subscribed(world: World, owner: str | None = "agent", **more: Any) -> Subscription:
    return create_subscription(wish(world, owner, **more), KNOWN, by=world.viewer("boss"), now=world.now)[0]


def spread_all(world: World) -> None:
    sequence_all()
    while spread(world.now, WALL):
        pass


def told(subscription: Subscription) -> list[dict[str, Any]]:
    """The bodies of its deliveries, in order."""
    rows = Delivery.objects.filter(subscription=subscription).order_by("pk")
    return [json.loads(body) for body in rows.values_list("body", flat=True)]
