"""Every write to a subscription. `now` is the product's time for facts and pages; `wall` the machine's, in which deliveries go out and
secrets run out: other houses live in real time even where the product's time stands still.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from zhike.channels.addresses import BadAddress, check_written, parse
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.stream import last_position
from zhike.journal.wake import wake
from zhike.lib.text import clean_line
from zhike.notices.actions import Tell, tell
from zhike.org.models import Department, Staff
from zhike.org.principals import SYSTEM, Viewer, staff_key
from zhike.webhooks.access import check_right, subscription_for
from zhike.webhooks.events import (
    DeliveriesReplayed,
    DeliverySkipped,
    SecretChanged,
    SubscriptionCreated,
    SubscriptionEdited,
    SubscriptionPaused,
    SubscriptionRemoved,
    SubscriptionResumed,
)
from zhike.webhooks.kinds import KINDS, PING
from zhike.webhooks.models import Delivery, Subscription
from zhike.webhooks.payloads import ping_body
from zhike.webhooks.sealed import new_secret, sealed

CHANNEL = "webhooks"
"""Notified when there may be something to send."""
LONGEST_NAME = 80
MOST = 200
"""Subscriptions, paused ones too: each that is active may hold a connection at the same time."""
MOST_REPLAYED = 10_000
MOST_PINGS = 5
LONGEST_OVERLAP = 7 * 24
USUAL_OVERLAP = 24
"""Hours in which the former secret signs too."""

NO_NAME = Text(zh="请写明推送给谁，最多 80 字。", en="Say who is told, in at most 80 characters.")
NO_OWNER = Text(zh="请选择一位在职员工。", en="Choose an active member of staff.")
NO_KINDS = Text(zh="请至少选择一种事件。", en="Choose at least one kind of event.")
BAD_KINDS = Text(zh="没有这种事件。", en="There is no such kind of event.")
NO_PLACE = Text(zh="没有这个部门。", en="There is no such department.")
ODD_FILTER = Text(zh="没有这个制度或流程。", en="There is no such handbook or process.")
TOO_MANY = Text(
    zh="推送订阅已满 200 个，请先删除不用的。", en="There are 200 subscriptions; remove one that is not needed."
)
BAD_OVERLAP = Text(zh="新旧密钥并用 0 到 168 小时。", en="Both secrets are valid for 0 to 168 hours.")
BAD_RANGE = Text(
    zh="没有可以重发的记录，或一次超过 10000 条。", en="There is nothing to send again, or more than 10,000 at once."
)
ENOUGH_PINGS = Text(zh="测试已在排队，请等它发出。", en="Tests are waiting already; wait until they have gone out.")
PAUSED_WORDS = {
    "failing": Text(
        zh="事件推送“{name}”多次没有送达，已暂停。请检查接收方，再到推送页面继续；暂停期间的事件不会丢失。",
        en="The webhook “{name}” failed many times and is paused. Look after the receiver, then resume it; no event is lost meanwhile.",
    ),
    "gone": Text(
        zh="事件推送“{name}”的接收方答复不再接收（410），已暂停。",
        en="The receiver of the webhook “{name}” answered that it is gone (410); it is paused.",
    ),
    "owner": Text(
        zh="事件推送“{name}”所属员工已停用，已暂停。请换一位员工再继续。",
        en="The owner of the webhook “{name}” was disabled; it is paused. Choose another owner and resume it.",
    ),
}


class SubscriptionRefused(Exception):
    """{field: what is wrong and what would do}; the field "" where it is none."""

    def __init__(self, problems: dict[str, Text]) -> None:
        super().__init__("; ".join(f"{name}: {text.en}" for name, text in problems.items()))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscription is to be."""

    name: str
    address: str
    owner: Staff | None
    kinds: tuple[str, ...]
    handbook: str = ""
    process: str = ""
    department: Department | None = None
    department_missing: bool = False
    """A department was named that does not exist."""


def create_subscription(
    wish: Wish, known: Iterable[tuple[str, str]], *, by: Viewer, now: dt.datetime
) -> tuple[Subscription, str]:
    """(the row, its secret, which nobody sees again). It hears of what happens from here on. `known`: (handbook, process) installed.

    Raises SubscriptionRefused; access.NotFound for who is no administrator.
    """
    check_right(by)
    checked = _checked(wish, known)
    if Subscription.objects.exclude(state=Subscription.State.REMOVED).count() >= MOST:
        raise SubscriptionRefused({"": TOO_MANY})
    secret = new_secret()
    key, data = sealed(secret)
    with transaction.atomic():
        row = Subscription.objects.create(
            **checked, position=last_position(), secret_key=key, secret_sealed=data, changed_at=now, created_at=now,
            created_by=by.principal,
        )  # fmt: skip
        _write(row, SubscriptionCreated(row.name, parse(row.address).shown, row.owner_id, tuple(row.kinds)), by, now)
    return row, secret


def edit_subscription(
    number: int, wish: Wish, known: Iterable[tuple[str, str]], *, by: Viewer, now: dt.datetime
) -> Subscription:
    """Change what it is; its place in the stream stays. Raises SubscriptionRefused, access.NotFound."""
    with transaction.atomic():
        row = subscription_for(by, number, lock=True)
        checked = _checked(wish, known)
        changed = [name for name, value in checked.items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, checked[name])
        if changed:
            row.save(update_fields=changed)
            _write(row, SubscriptionEdited(tuple(changed)), by, now)
            wake(CHANNEL)
    return row


def _checked(wish: Wish, known: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The columns of a wish. Raises SubscriptionRefused with everything that is wrong."""
    name, address, problems = clean_line(wish.name), wish.address.strip(), _wrong_filters(wish, set(known))
    if not 0 < len(name) <= LONGEST_NAME:
        problems["name"] = NO_NAME
    if wish.owner is None or not wish.owner.is_active:
        problems["owner"] = NO_OWNER
    if not wish.kinds:
        problems["kinds"] = NO_KINDS
    elif not set(wish.kinds) <= set(KINDS):
        problems["kinds"] = BAD_KINDS
    try:
        check_written(parse(address), settings.WEBHOOK_HOSTS)
    except BadAddress as bad:
        problems["address"] = bad.words
    if problems:
        raise SubscriptionRefused(problems)
    kinds = [kind for kind in KINDS if kind in wish.kinds]
    return {
        "name": name, "address": address, "owner": wish.owner, "kinds": kinds, "handbook": wish.handbook,
        "process": wish.process, "department": wish.department,
    }  # fmt: skip


def _wrong_filters(wish: Wish, known: set[tuple[str, str]]) -> dict[str, Text]:
    problems: dict[str, Text] = {}
    if wish.handbook and wish.handbook not in {handbook for handbook, _ in known}:
        problems["handbook"] = ODD_FILTER
    if wish.process and (wish.handbook, wish.process) not in known:
        problems["process"] = ODD_FILTER
    if wish.department_missing:
        problems["department"] = NO_PLACE
    return problems


def change_secret(
    number: int, *, overlap_hours: int = USUAL_OVERLAP, by: Viewer, now: dt.datetime, wall: dt.datetime
) -> tuple[Subscription, str]:
    """(the row, the new secret). The one before signs too for `overlap_hours`; one before that never again.

    Raises SubscriptionRefused, access.NotFound.
    """
    if not 0 <= overlap_hours <= LONGEST_OVERLAP:
        raise SubscriptionRefused({"overlap": BAD_OVERLAP})
    secret = new_secret()
    with transaction.atomic():
        row = subscription_for(by, number, lock=True)
        overlap = overlap_hours > 0
        row.former_key, row.former_sealed = (row.secret_key, row.secret_sealed) if overlap else ("", None)
        row.former_until = wall + dt.timedelta(hours=overlap_hours) if overlap else None
        row.secret_key, row.secret_sealed = sealed(secret)
        row.save(update_fields=["former_key", "former_sealed", "former_until", "secret_key", "secret_sealed"])
        _write(row, SecretChanged(overlap_hours), by, now)
    return row, secret


def pause_subscription(number: int, *, by: Viewer, now: dt.datetime) -> Subscription:
    """Nothing goes out until it is resumed, and nothing is lost. Raises access.NotFound."""
    with transaction.atomic():
        row = subscription_for(by, number, lock=True)
        if row.state == Subscription.State.ACTIVE:
            _stand(row, Subscription.State.PAUSED, "by_hand", now)
            _write(row, SubscriptionPaused("by_hand"), by, now)
    return row


def resume_subscription(number: int, *, by: Viewer, now: dt.datetime, wall: dt.datetime) -> Subscription:
    """Go on where it stood, at once and with all attempts. Raises SubscriptionRefused (its owner is disabled), access.NotFound."""
    with transaction.atomic():
        row = subscription_for(by, number, lock=True)
        if not row.owner.is_active:
            raise SubscriptionRefused({"owner": NO_OWNER})
        if row.state == Subscription.State.PAUSED:
            _stand(row, Subscription.State.ACTIVE, "", now)
            _waiting(row).update(attempts=0, next_at=wall)
            _write(row, SubscriptionResumed(row.name), by, now)
            wake(CHANNEL)
    return row


def remove_subscription(number: int, *, by: Viewer, now: dt.datetime, wall: dt.datetime) -> Subscription:
    """For good: what waits is never sent, the secrets open nothing any more. Raises access.NotFound."""
    with transaction.atomic():
        row = subscription_for(by, number, lock=True)
        _waiting(row).update(state=Delivery.State.SKIPPED, settled_at=wall)
        row.secret_sealed, row.former_key, row.former_sealed, row.former_until = b"", "", None, None
        row.secret_key = ""
        row.save(update_fields=["secret_key", "secret_sealed", "former_key", "former_sealed", "former_until"])
        _stand(row, Subscription.State.REMOVED, "", now)
        _write(row, SubscriptionRemoved(row.name), by, now)
    return row


def send_ping(number: int, *, by: Viewer, now: dt.datetime, wall: dt.datetime) -> Delivery:
    """A test: goes out at once, beside the order, also while the subscription is paused, and once only.

    Raises SubscriptionRefused (five wait already), access.NotFound.
    """
    with transaction.atomic():
        row = subscription_for(by, number, lock=True)
        if _waiting(row).filter(kind=PING).count() >= MOST_PINGS:
            raise SubscriptionRefused({"": ENOUGH_PINGS})
        ping = Delivery(subscription=row, kind=PING, at=wall, next_at=wall)
        ping.body = ping_body(ping.public_id, now)
        ping.save(force_insert=True)
        wake(CHANNEL)
    return ping


def replay_deliveries(number: int, first: int, last: int, *, by: Viewer, now: dt.datetime, wall: dt.datetime) -> int:
    """Send the deliveries with ids from `first` to `last` once more, in the order they happened, before what waits with higher ids; answers
    how many. Tests are left out. Raises SubscriptionRefused, access.NotFound.
    """
    with transaction.atomic():
        row = subscription_for(by, number, lock=True)
        found = row.deliveries.filter(pk__gte=first, pk__lte=last).exclude(kind=PING)
        found = found.exclude(state=Delivery.State.WAITING)
        count = found.count()
        if not 0 < count <= MOST_REPLAYED:
            raise SubscriptionRefused({"range": BAD_RANGE})
        for delivery in found.select_for_update().order_by("pk").iterator(chunk_size=1000):
            delivery.state, delivery.attempts, delivery.next_at = Delivery.State.WAITING, 0, wall
            delivery.settled_at, delivery.replays = None, delivery.replays + 1
            delivery.save(update_fields=["state", "attempts", "next_at", "settled_at", "replays"])
        _write(row, DeliveriesReplayed(first, last, count), by, now)
        wake(CHANNEL)
    return count


def skip_delivery(number: int, delivery: int, *, by: Viewer, now: dt.datetime, wall: dt.datetime) -> bool:
    """Give up one that waits, so that what comes after it goes out; False when it waits no more. Raises access.NotFound."""
    with transaction.atomic():
        row = subscription_for(by, number, lock=True)
        done: bool = _waiting(row).filter(pk=delivery).update(state=Delivery.State.SKIPPED, settled_at=wall) == 1
        if done:
            _write(row, DeliverySkipped(delivery), by, now)
            wake(CHANNEL)
    return done


def pause_for_owner(row: Subscription, now: dt.datetime) -> None:
    """Its owner was disabled: he may see nothing, so nothing goes out. In the caller's transaction, which holds the row."""
    pause_by_itself(row, "owner", now)


def pause_by_itself(row: Subscription, why: str, now: dt.datetime) -> None:
    """Pause and tell the owner, and whoever made it. In the caller's transaction, which holds the row."""
    if row.state != Subscription.State.ACTIVE:
        return
    _stand(row, Subscription.State.PAUSED, why, now)
    subject = ("webhook", row.pk)
    record([NewFact(SubscriptionPaused(why), at=now, subject=subject, actor=SYSTEM)])
    words = PAUSED_WORDS[why]
    said = Text(zh=words.zh.format(name=row.name), en=words.en.format(name=row.name))
    to = sorted({staff_key(row.owner_id), row.created_by})
    tell([Tell(at=now, to=to, kind="told", clause="", handbook="", subject=subject, words=said)])


def _stand(row: Subscription, state: str, why: str, now: dt.datetime) -> None:
    row.state, row.why, row.changed_at = state, why, now
    row.save(update_fields=["state", "why", "changed_at"])


def _waiting(row: Subscription) -> Any:
    return Delivery.objects.filter(subscription=row, state=Delivery.State.WAITING)


def _write(row: Subscription, event: Event, by: Viewer, now: dt.datetime) -> None:
    record([NewFact(event, at=now, subject=("webhook", row.pk), actor=by.principal)])
