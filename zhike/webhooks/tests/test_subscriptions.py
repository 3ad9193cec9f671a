"""Making and changing subscriptions: who may, what is refused, what is written down, and that no secret lies open."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zhike.journal.models import Fact
from zhike.org import keys
from zhike.org.actions import disable_staff
from zhike.web.tests.world import World
from zhike.webhooks.access import NotFound, delivery_for, subscription_for
from zhike.webhooks.actions import (
    SubscriptionRefused,
    change_secret,
    create_subscription,
    edit_subscription,
    pause_subscription,
    remove_subscription,
    replay_deliveries,
    resume_subscription,
    send_ping,
    skip_delivery,
)
from zhike.webhooks.models import Delivery, Subscription
from zhike.webhooks.sealed import secrets_of
from zhike.webhooks.tests.hooks import KNOWN, WALL, spread_all, subscribed, wish


def test_the_secret_is_given_once_and_kept_sealed(world: World) -> None:
    hook, secret = create_subscription(wish(world), KNOWN, by=world.viewer("boss"), now=world.now)
    assert (secret[:6], len(secret)) == ("whsec_", 49)
    assert secret.encode() not in bytes(Subscription.objects.get().secret_sealed)
    assert secrets_of(hook, WALL) == [secret]
    facts = Fact.objects.filter(subject_kind="webhook")
    assert [fact.type for fact in facts] == ["webhook.created"]
    assert secret not in str([fact.payload for fact in facts])


def test_a_new_secret_and_the_one_before_are_both_in_force_for_a_while(world: World) -> None:
    boss = world.viewer("boss")
    hook, first = create_subscription(wish(world), KNOWN, by=boss, now=world.now)
    hook, second = change_secret(hook.pk, overlap_hours=2, by=boss, now=world.now, wall=WALL)
    assert secrets_of(hook, WALL + dt.timedelta(minutes=119)) == [second, first]
    assert secrets_of(hook, WALL + dt.timedelta(hours=2)) == [second]
    hook, third = change_secret(hook.pk, overlap_hours=0, by=boss, now=world.now, wall=WALL)
    assert secrets_of(hook, WALL) == [third]


def test_secrets_follow_the_keys_when_those_change(world: World) -> None:
    boss = world.viewer("boss")
    hook, first = create_subscription(wish(world), KNOWN, by=boss, now=world.now)
    hook, second = change_secret(hook.pk, by=boss, now=world.now, wall=WALL)
    keys.rotate_keys(now=world.now, forget_old=True)
    hook = Subscription.objects.get()
    assert hook.secret_key == hook.former_key == keys.keyring().newest
    assert secrets_of(hook, WALL) == [second, first]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": " "}, "name"),
    ({"name": "x" * 81}, "name"),
    ({"owner": None}, "owner"),
    ({"kinds": ()}, "kinds"),
    ({"kinds": ("case.opened", "staff.password_set")}, "kinds"),
    ({"address": "http://10.0.0.1/"}, "address"),
    ({"address": "ftp://example.com/"}, "address"),
    ({"handbook": "nothing"}, "handbook"),
    ({"handbook": "retail-hotline", "process": "nothing"}, "process"),
    ({"process": "service_ticket"}, "process"),
    ({"department_missing": True}, "department"),
]


@pytest.mark.parametrize(("more", "field"), WRONG)
def test_what_cannot_be_is_refused_with_its_field(world: World, more: dict[str, Any], field: str) -> None:
    with pytest.raises(SubscriptionRefused) as refused:
        subscribed(world, **more)
    assert list(refused.value.problems) == [field]
    assert not Subscription.objects.exists()


def test_events_are_not_sent_in_the_name_of_whoever_has_left(world: World) -> None:
    disable_staff(world.staff["agent"], by="system", now=world.now)
    world.staff["agent"].refresh_from_db()
    with pytest.raises(SubscriptionRefused) as refused:
        create_subscription(wish(world), KNOWN, by=world.viewer("boss"), now=world.now)
    assert set(refused.value.problems) == {"owner"}


def test_it_is_not_resumed_in_the_name_of_whoever_has_left(world: World) -> None:
    hook = subscribed(world)
    pause_subscription(hook.pk, by=world.viewer("boss"), now=world.now)
    disable_staff(world.staff["agent"], by="system", now=world.now)
    with pytest.raises(SubscriptionRefused) as refused:
        resume_subscription(hook.pk, by=world.viewer("boss"), now=world.now, wall=WALL)
    assert set(refused.value.problems) == {"owner"}
    assert Subscription.objects.get().state == "paused"


def test_everything_wrong_is_said_at_once(world: World) -> None:
    with pytest.raises(SubscriptionRefused) as refused:
        subscribed(world, name="", address="x", kinds=())
    assert set(refused.value.problems) == {"name", "address", "kinds"}


def test_there_are_200_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhike.webhooks.actions.MOST", 1)
    first = subscribed(world)
    with pytest.raises(SubscriptionRefused):
        subscribed(world)
    remove_subscription(first.pk, by=world.viewer("boss"), now=world.now, wall=WALL)
    subscribed(world)


def test_nobody_but_administrators_may(world: World) -> None:
    hook = subscribed(world)
    agent, now = world.viewer("agent"), world.now
    deeds = [
        lambda: create_subscription(wish(world), KNOWN, by=agent, now=now),
        lambda: edit_subscription(hook.pk, wish(world), KNOWN, by=agent, now=now),
        lambda: change_secret(hook.pk, by=agent, now=now, wall=WALL),
        lambda: pause_subscription(hook.pk, by=agent, now=now),
        lambda: resume_subscription(hook.pk, by=agent, now=now, wall=WALL),
        lambda: remove_subscription(hook.pk, by=agent, now=now, wall=WALL),
        lambda: send_ping(hook.pk, by=agent, now=now, wall=WALL),
        lambda: replay_deliveries(hook.pk, 1, 9, by=agent, now=now, wall=WALL),
        lambda: skip_delivery(hook.pk, 1, by=agent, now=now, wall=WALL),
        lambda: subscription_for(agent, hook.pk),
        lambda: delivery_for(agent, hook.pk, 1),
    ]
    for deed in deeds:
        with pytest.raises(NotFound):
            deed()
    assert Subscription.objects.get().state == "active"


def test_an_edit_writes_what_changed_and_keeps_the_place(world: World) -> None:
    hook = subscribed(world)
    world.ticket()
    spread_all(world)
    place = Subscription.objects.get().position
    boss = world.viewer("boss")
    edit_subscription(hook.pk, wish(world, kinds=("case.closed", "case.opened")), KNOWN, by=boss, now=world.now)
    edit_subscription(hook.pk, wish(world, kinds=("case.opened", "case.closed")), KNOWN, by=boss, now=world.now)
    hook = Subscription.objects.get()
    assert (hook.kinds, hook.position) == (["case.opened", "case.closed"], place)
    assert [f.payload for f in Fact.objects.filter(type="webhook.edited")] == [{"changed": ["kinds"]}]


def test_replaying_a_range_sends_the_same_again_in_order(world: World) -> None:
    hook, boss = subscribed(world), world.viewer("boss")
    for _ in range(4):
        world.ticket()
    spread_all(world)
    rows = list(Delivery.objects.order_by("pk"))
    Delivery.objects.update(state="delivered", attempts=3)
    send_ping(hook.pk, by=boss, now=world.now, wall=WALL)
    assert replay_deliveries(hook.pk, rows[1].pk, rows[2].pk, by=boss, now=world.now, wall=WALL) == 2
    again = Delivery.objects.filter(state="waiting").exclude(kind="ping").order_by("pk")
    assert [(row.public_id, row.body, row.attempts, row.replays) for row in again] == [
        (row.public_id, row.body, 0, 1) for row in rows[1:3]
    ]
    for first, last in ((rows[1].pk, rows[2].pk), (rows[3].pk, rows[0].pk), (0, 0)):
        with pytest.raises(SubscriptionRefused):
            replay_deliveries(hook.pk, first, last, by=boss, now=world.now, wall=WALL)


def test_a_replay_does_not_reach_another_subscription(world: World) -> None:
    mine, other = subscribed(world), subscribed(world)
    world.ticket()
    spread_all(world)
    Delivery.objects.update(state="delivered")
    replay_deliveries(mine.pk, 0, 2**62, by=world.viewer("boss"), now=world.now, wall=WALL)
    assert {row.state for row in other.deliveries.all()} == {"delivered"}
    foreign = other.deliveries.get()
    with pytest.raises(NotFound):
        delivery_for(world.viewer("boss"), mine.pk, foreign.pk)


def test_a_few_tests_wait_at_most(world: World) -> None:
    hook, boss = subscribed(world), world.viewer("boss")
    for _ in range(5):
        send_ping(hook.pk, by=boss, now=world.now, wall=WALL)
    with pytest.raises(SubscriptionRefused):
        send_ping(hook.pk, by=boss, now=world.now, wall=WALL)


def test_a_removed_one_is_gone_with_its_secrets(world: World) -> None:
    hook, boss = subscribed(world), world.viewer("boss")
    world.ticket()
    spread_all(world)
    remove_subscription(hook.pk, by=boss, now=world.now, wall=WALL)
    hook = Subscription.objects.get()
    assert (bytes(hook.secret_sealed), hook.former_sealed) == (b"", None)
    assert {row.state for row in Delivery.objects.all()} == {"skipped"}
    with pytest.raises(NotFound):
        subscription_for(boss, hook.pk)
    world.ticket()
    spread_all(world)
    assert Delivery.objects.count() == 1
    keys.rotate_keys(now=world.now)
