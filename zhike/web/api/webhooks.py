"""Webhooks: the subscriptions that administrators keep, and their deliveries. docs/webhooks.md describes what receivers get."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Literal

from django.utils.translation import get_language
from ninja import Router
from ninja.params.functions import Query
from ninja.responses import Status
from pydantic import ConfigDict, Field

from zhike.lib import clock
from zhike.org.models import Department, Staff
from zhike.web.api.cursors import cursor, read_cursor
from zhike.web.api.guard import Call
from zhike.web.api.problems import invalid
from zhike.web.api.shapes import PROBLEMS, WRITE_PROBLEMS, Asked, Shape
from zhike.web.webhooks.forms import known_processes
from zhike.webhooks import actions, queries
from zhike.webhooks.access import check_right, delivery_for, subscription_for
from zhike.webhooks.actions import LONGEST_OVERLAP, USUAL_OVERLAP, SubscriptionRefused, Wish
from zhike.webhooks.models import Delivery, Subscription

router = Router(tags=["webhooks"])
LARGEST = 2**63
EXAMPLE: dict[str, Any] = {
    "id": 4, "name": "示例对接", "address": "https://hooks.example.com/zhike", "owner": 5, "kinds": ["case.opened", "case.closed"],
    "handbook": "retail-hotline", "process": "service_ticket", "department": 3, "state": "active", "why": "",
    "changed_at": "2025-06-10T09:00:00+08:00", "former_secret_until": None,
}  # fmt: skip
ASKED = {name: EXAMPLE[name] for name in ("name", "address", "owner", "kinds", "handbook", "process", "department")}
DELIVERED: dict[str, Any] = {
    "id": 812, "public_id": "4b1c1a52-6d0c-4a83-9f0e-0f4b7f0b8a11", "kind": "case.opened", "position": 4711, "subject": "case:7",
    "at": "2025-06-10T09:00:02+08:00", "state": "delivered", "attempts": 1, "next_at": None, "settled_at": "2025-06-10T09:00:02+08:00",
    "replays": 0,
}  # fmt: skip


def example(told: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [told]})


class WebhookIn(Asked):
    """What a subscription is to be. `owner` and `department` are ids; "" and null leave a filter open."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [ASKED]})

    name: str = Field(max_length=80)
    address: str = Field(max_length=500)
    owner: int = Field(ge=1, lt=LARGEST)
    kinds: list[str] = Field(max_length=100)
    handbook: str = Field("", max_length=64)
    process: str = Field("", max_length=40)
    department: int | None = Field(None, ge=1, lt=LARGEST)


class WebhookOut(Shape):
    """`why`: by_hand, failing, gone (the receiver answered 410) or owner (disabled), while `state` is paused."""

    model_config = example(EXAMPLE)

    id: int
    name: str
    address: str
    owner: int
    kinds: list[str]
    handbook: str
    process: str
    department: int | None
    state: str
    why: str
    changed_at: dt.datetime
    former_secret_until: dt.datetime | None


class WebhookList(Shape):
    model_config = example({"items": [EXAMPLE]})

    items: list[WebhookOut]


class WebhookMade(Shape):
    """`secret` signs every delivery. It is given this once: sent again under its key, the answer has "" there."""

    model_config = example({"webhook": EXAMPLE, "secret": "whsec_..."})

    webhook: WebhookOut
    secret: str


class SecretIn(Asked):
    """Hours in which the former secret signs too."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: int = Field(USUAL_OVERLAP, ge=0, le=LONGEST_OVERLAP)


class RangeIn(Asked):
    """Ids of deliveries, both included."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"first": 800, "last": 812}]}
    )

    first: int = Field(ge=1, lt=LARGEST)
    last: int = Field(ge=1, lt=LARGEST)


class Replayed(Shape):
    model_config = example({"count": 13})

    count: int


class DeliveryOut(Shape):
    """`state`: waiting, delivered, withheld (the owner may not see it any more), skipped, or failed (a test)."""

    model_config = example(DELIVERED)

    id: int
    public_id: str = Field(description="The same on every attempt: the header Zhike-Delivery.")
    kind: str
    position: int | None
    subject: str
    at: dt.datetime
    state: str
    attempts: int
    next_at: dt.datetime | None
    settled_at: dt.datetime | None
    replays: int


class DeliveryList(Shape):
    """Newest first."""

    model_config = example({"items": [DELIVERED], "next": None})

    items: list[DeliveryOut]
    next: str | None


class AttemptOut(Shape):
    """`status` of HTTP; 0 where no answer came, then `fault`: name, refused, connect, tls, timeout, dropped or garbage."""

    at: dt.datetime
    status: int
    fault: str
    milliseconds: int
    answer: str = Field(description="The beginning of the answer, long numbers and keys masked.")


class DeliveryWhole(DeliveryOut):
    """With what is sent and every attempt, newest first."""

    model_config = example({**DELIVERED, "body": '{"version":1}', "tries": []})

    body: str
    tries: list[AttemptOut]


@router.get("/webhooks", url_name="webhooks", response={200: WebhookList, **PROBLEMS}, summary="Webhooks")
def list_webhooks(request: Call) -> WebhookList:
    """Every subscription, by name; at most 200."""
    check_right(request.viewer)
    return WebhookList(items=[_out(row) for row in queries.subscriptions()])


@router.post("/webhooks", url_name="webhooks", response={201: WebhookMade, **WRITE_PROBLEMS}, summary="Make a webhook")
def make_webhook(request: Call, asked: WebhookIn) -> Any:
    """It is told of what happens from here on. The answer has the secret, this once."""
    made, secret = _refusing(
        lambda: actions.create_subscription(
            _wish(asked), known_processes(request.now), by=request.viewer, now=request.now
        )
    )
    return Status(201, _made(request, made, secret))


@router.get(
    "/webhooks/{int:webhook}", url_name="webhook", response={200: WebhookOut, **PROBLEMS}, summary="One webhook"
)
def read_webhook(request: Call, webhook: int) -> WebhookOut:
    return _out(subscription_for(request.viewer, webhook))


@router.post(
    "/webhooks/{int:webhook}",
    url_name="webhook",
    response={200: WebhookOut, **WRITE_PROBLEMS},
    summary="Change a webhook",
)
def change_webhook(request: Call, webhook: int, asked: WebhookIn) -> Any:
    """All of it; its place in the stream and its secret stay."""
    return _out(
        _refusing(
            lambda: actions.edit_subscription(
                webhook, _wish(asked), known_processes(request.now), by=request.viewer, now=request.now
            )
        )
    )


@router.post(
    "/webhooks/{int:webhook}/secret", url_name="webhook_secret", response={200: WebhookMade, **WRITE_PROBLEMS},
    summary="Change the secret",
)  # fmt: skip
def change_webhook_secret(request: Call, webhook: int, asked: SecretIn) -> Any:
    """The answer has the new one, this once."""
    row, secret = actions.change_secret(
        webhook, overlap_hours=asked.overlap_hours, by=request.viewer, now=request.now, wall=clock.wall()
    )
    return _made(request, row, secret)


@router.post(
    "/webhooks/{int:webhook}/pause",
    url_name="webhook_pause",
    response={200: WebhookOut, **WRITE_PROBLEMS},
    summary="Pause",
)
def pause_webhook(request: Call, webhook: int) -> Any:
    """Nothing is lost: it goes on where it stood."""
    return _out(actions.pause_subscription(webhook, by=request.viewer, now=request.now))


@router.post(
    "/webhooks/{int:webhook}/resume", url_name="webhook_resume", response={200: WebhookOut, **WRITE_PROBLEMS},
    summary="Resume",
)  # fmt: skip
def resume_webhook(request: Call, webhook: int) -> Any:
    """At once, with all attempts."""
    return _out(
        _refusing(lambda: actions.resume_subscription(webhook, by=request.viewer, now=request.now, wall=clock.wall()))
    )


@router.post(
    "/webhooks/{int:webhook}/ping", url_name="webhook_ping", response={201: DeliveryOut, **WRITE_PROBLEMS},
    summary="Send a test",
)  # fmt: skip
def ping_webhook(request: Call, webhook: int) -> Any:
    """Goes out at once and once only, beside the order, also while paused."""
    ping = _refusing(lambda: actions.send_ping(webhook, by=request.viewer, now=request.now, wall=clock.wall()))
    return Status(201, DeliveryOut(**_delivery(ping)))


@router.post(
    "/webhooks/{int:webhook}/replay", url_name="webhook_replay", response={200: Replayed, **WRITE_PROBLEMS},
    summary="Send deliveries again",
)  # fmt: skip
def replay_webhook(request: Call, webhook: int, asked: RangeIn) -> Any:
    """The same bytes under the same ids, in their order, 10,000 at most; tests are left out."""
    count = _refusing(
        lambda: actions.replay_deliveries(
            webhook, asked.first, asked.last, by=request.viewer, now=request.now, wall=clock.wall()
        )
    )
    return Replayed(count=count)


@router.post(
    "/webhooks/{int:webhook}/remove",
    url_name="webhook_remove",
    response={204: None, **WRITE_PROBLEMS},
    summary="Remove",
)
def remove_webhook(request: Call, webhook: int) -> Any:
    """For good; what waits is not sent."""
    actions.remove_subscription(webhook, by=request.viewer, now=request.now, wall=clock.wall())
    return Status(204, None)


@router.get(
    "/webhooks/{int:webhook}/deliveries", url_name="webhook_deliveries", response={200: DeliveryList, **PROBLEMS},
    summary="Deliveries",
)  # fmt: skip
def list_deliveries(
    request: Call,
    webhook: int,
    state: Literal["waiting", "delivered", "withheld", "skipped", "failed"] | None = None,
    kind: str = Query("", max_length=64),
    after: str = Query("", max_length=120),
    size: int = Query(50, ge=1, le=100),
) -> DeliveryList:
    """Newest first; kept for 30 days."""
    row = subscription_for(request.viewer, webhook)
    begin = read_cursor(after)
    found = queries.deliveries(row, state=state or "", kind=kind, before=begin[1] if begin else None, size=size)
    items = [DeliveryOut(**_delivery(each)) for each in found[:size]]
    return DeliveryList(items=items, next=cursor(found[size - 1].at, found[size - 1].pk) if len(found) > size else None)


@router.get(
    "/webhooks/{int:webhook}/deliveries/{int:delivery}", url_name="webhook_delivery",
    response={200: DeliveryWhole, **PROBLEMS}, summary="One delivery",
)  # fmt: skip
def read_delivery(request: Call, webhook: int, delivery: int) -> DeliveryWhole:
    """With what is sent, and the newest 50 attempts."""
    row = delivery_for(request.viewer, webhook, delivery)
    tries = [
        AttemptOut(at=t.at, status=t.status, fault=t.fault, milliseconds=t.milliseconds, answer=t.answer)
        for t in row.tries.order_by("-pk")[: queries.PAGE]
    ]
    return DeliveryWhole(**_delivery(row), body=row.body, tries=tries)


def _wish(asked: WebhookIn) -> Wish:
    """Who is named and is not there is refused with the rest of what is wrong."""
    owner = Staff.objects.filter(pk=asked.owner).first()
    department = Department.objects.filter(pk=asked.department).first() if asked.department is not None else None
    return Wish(
        name=asked.name, address=asked.address, owner=owner, kinds=tuple(asked.kinds), handbook=asked.handbook,
        process=asked.process, department=department,
        department_missing=asked.department is not None and department is None,
    )  # fmt: skip


def _refusing(deed: Callable[[], Any]) -> Any:
    """Raises Problem 422 with every field."""
    try:
        return deed()
    except SubscriptionRefused as refused:
        language = get_language() or "zh"
        raise invalid({name or "webhook": [text.say(language)] for name, text in refused.problems.items()})


def _made(request: Call, row: Subscription, secret: str) -> WebhookMade:
    request.not_kept = secret
    return WebhookMade(webhook=_out(row), secret=secret)


def _out(row: Subscription) -> WebhookOut:
    overlapping = row.former_until if row.former_until and row.former_until > clock.wall() else None
    return WebhookOut(
        id=row.pk, name=row.name, address=row.address, owner=row.owner_id, kinds=row.kinds, handbook=row.handbook,
        process=row.process, department=row.department_id, state=row.state, why=row.why, changed_at=row.changed_at,
        former_secret_until=overlapping,
    )  # fmt: skip


def _delivery(row: Delivery) -> dict[str, Any]:
    waiting = row.state == Delivery.State.WAITING
    return {
        "id": row.pk, "public_id": str(row.public_id), "kind": row.kind, "position": row.position,
        "subject": f"{row.subject_kind}:{row.subject_id}" if row.subject_kind else "", "at": row.at, "state": row.state,
        "attempts": row.attempts, "next_at": row.next_at if waiting else None, "settled_at": row.settled_at,
        "replays": row.replays,
    }  # fmt: skip
