"""Order, attempts, giving up: what goes next and what becomes of it."""

from __future__ import annotations

import datetime as dt

import pytest

from zhike.cases.models import Case
from zhike.channels.http import Answer
from zhike.notices.models import Notice
from zhike.org.actions import disable_staff, withdraw_role
from zhike.org.models import Assignment
from zhike.web.tests.world import World
from zhike.webhooks.actions import pause_subscription, resume_subscription, send_ping, skip_delivery
from zhike.webhooks.delivering import MOST, Parcel, masked, note, ready, take, wait_after
from zhike.webhooks.forgetting import forget_old
from zhike.webhooks.models import Attempt, Delivery, Subscription
from zhike.webhooks.signing import signature
from zhike.webhooks.tests.hooks import WALL, spread_all, subscribed

TAKEN, BAD = Answer(200, body="ok"), Answer(500, body="oh no")


def noted(world: World, parcel: Parcel, answer: Answer, at: dt.datetime = WALL) -> bool:
    return note(parcel, answer, at, at + dt.timedelta(milliseconds=120), world.now)


def three(world: World) -> Subscription:
    hook = subscribed(world)
    for _ in range(3):
        world.ticket()
    spread_all(world)
    return hook


def test_deliveries_go_in_order_and_the_first_that_fails_holds_up_the_rest(world: World) -> None:
    hook = three(world)
    ids = list(Delivery.objects.order_by("pk").values_list("pk", flat=True))
    parcels = take(hook.pk, world.now, WALL)
    assert [parcel.delivery for parcel in parcels] == ids
    assert noted(world, parcels[0], TAKEN)
    assert not noted(world, parcels[1], BAD)
    assert take(hook.pk, world.now, WALL + dt.timedelta(seconds=5)) == []
    later = WALL + dt.timedelta(seconds=13)
    assert [parcel.delivery for parcel in take(hook.pk, world.now, later)] == ids[1:]
    numbers, soonest = ready(WALL)
    assert numbers == []
    assert soonest is not None
    assert WALL < soonest < later
    assert ready(later) == ([hook.pk], None)


def test_an_attempt_is_written_down_with_its_answer_masked(world: World) -> None:
    hook = three(world)
    noted(world, take(hook.pk, world.now, WALL)[0], Answer(400, body="no 13800000101"))
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.fault, attempt.milliseconds, attempt.answer) == (400, "", 120, "no 138…")


def test_an_attempt_counts_once_however_many_note_it(world: World) -> None:
    """Two workers sent the same: the second note changes nothing."""
    hook = three(world)
    first, *_ = take(hook.pk, world.now, WALL)
    assert not noted(world, first, BAD)
    assert not noted(world, first, TAKEN)
    assert Delivery.objects.get(pk=first.delivery).state == "waiting"
    assert Attempt.objects.count() == 1


def test_what_was_sent_but_not_noted_is_sent_again_under_its_id(world: World) -> None:
    hook = three(world)
    before, again = take(hook.pk, world.now, WALL)[0], take(hook.pk, world.now, WALL)[0]
    assert before == again


def test_waits_grow_are_spread_and_heed_the_receiver() -> None:
    assert [wait_after(n, chance=0.0) for n in (1, 2)] == [8.0, 24.0]
    assert wait_after(1, chance=1.0) == 12.0
    assert wait_after(1, 120, 0.5) == 120.0
    assert wait_after(1, 999_999, 0.5) == 3600.0
    assert 18 * 3600 < sum(wait_after(n, chance=0.5) for n in range(1, MOST)) < 20 * 3600


def test_after_twelve_attempts_it_pauses_tells_its_owner_and_loses_nothing(world: World) -> None:
    hook, at = three(world), WALL
    for _ in range(MOST):
        parcel, *_ = take(hook.pk, world.now, at)
        noted(world, parcel, Answer(fault="timeout"), at)
        at += dt.timedelta(hours=6)
    hook.refresh_from_db()
    assert (hook.state, hook.why) == ("paused", "failing")
    assert take(hook.pk, world.now, at) == []
    assert ready(at) == ([], None)
    notice = Notice.objects.get(subject_kind="webhook")
    assert f"staff:{world.staff['agent'].pk}" in notice.to
    assert "示例对接" in notice.words["zh"]
    resume_subscription(hook.pk, by=world.viewer("boss"), now=world.now, wall=at)
    assert [parcel.attempts for parcel in take(hook.pk, world.now, at)] == [0, 0, 0]


def test_a_receiver_that_is_gone_is_asked_once(world: World) -> None:
    hook = three(world)
    noted(world, take(hook.pk, world.now, WALL)[0], Answer(410))
    hook.refresh_from_db()
    assert (hook.state, hook.why) == ("paused", "gone")


def test_what_the_owner_may_not_see_any_more_is_withheld(world: World) -> None:
    hook = three(world)
    kept_out, *rest = Delivery.objects.order_by("pk")
    Case.objects.filter(pk=kept_out.subject_id).update(audience=["staff:0"])
    assert [parcel.delivery for parcel in take(hook.pk, world.now, WALL)] == [row.pk for row in rest]
    kept_out.refresh_from_db()
    assert kept_out.state == "withheld"
    for assignment in Assignment.objects.filter(staff=world.staff["agent"]):
        withdraw_role(assignment, by="system", now=world.now)
    Case.objects.update(owner=None)
    parcels = take(hook.pk, world.now, WALL)
    keys = world.viewer("agent").keys
    assert all(not keys.isdisjoint(Delivery.objects.get(pk=p.delivery).audience) for p in parcels)


def test_what_already_waits_is_not_sent_to_whoever_has_left(world: World) -> None:
    hook = three(world)
    disable_staff(world.staff["agent"], by="system", now=world.now)
    assert take(hook.pk, world.now, WALL) == []
    hook.refresh_from_db()
    assert (hook.state, hook.why) == ("paused", "owner")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_pause_stops_what_is_under_way_and_keeps_what_was_answered(world: World) -> None:
    hook = three(world)
    parcel, *_ = take(hook.pk, world.now, WALL)
    pause_subscription(hook.pk, by=world.viewer("boss"), now=world.now)
    assert not noted(world, parcel, TAKEN)
    assert Delivery.objects.get(pk=parcel.delivery).state == "delivered"
    assert take(hook.pk, world.now, WALL) == []


def test_a_test_goes_out_beside_the_order_once_and_while_paused(world: World) -> None:
    hook, boss = three(world), world.viewer("boss")
    noted(world, take(hook.pk, world.now, WALL)[0], BAD)
    pause_subscription(hook.pk, by=boss, now=world.now)
    ping = send_ping(hook.pk, by=boss, now=world.now, wall=WALL)
    assert ready(WALL)[0] == [hook.pk]
    (parcel,) = take(hook.pk, world.now, WALL)
    assert (parcel.delivery, parcel.kind) == (ping.pk, "ping")
    noted(world, parcel, BAD)
    ping.refresh_from_db()
    assert ping.state == "failed"
    assert take(hook.pk, world.now, WALL) == []
    hook.refresh_from_db()
    assert hook.why == "by_hand"


def test_a_delivery_that_was_given_up_lets_the_next_one_go(world: World) -> None:
    hook, boss = three(world), world.viewer("boss")
    parcels = take(hook.pk, world.now, WALL)
    noted(world, parcels[0], BAD)
    assert skip_delivery(hook.pk, parcels[0].delivery, by=boss, now=world.now, wall=WALL)
    assert not skip_delivery(hook.pk, parcels[0].delivery, by=boss, now=world.now, wall=WALL)
    assert [parcel.delivery for parcel in take(hook.pk, world.now, WALL)] == [p.delivery for p in parcels[1:]]


def test_the_headers_carry_id_kind_attempt_and_signature(world: World) -> None:
    hook = three(world)
    parcel, *_ = take(hook.pk, world.now, WALL)
    headers = parcel.headers(WALL)
    assert headers["Zhike-Delivery"] == str(parcel.public_id)
    assert (headers["Zhike-Kind"], headers["Zhike-Attempt"]) == ("case.opened", "1")
    assert headers["Zhike-Signature"] == signature(parcel.secrets, 1772452800, parcel.body)


def test_the_signature_is_hmac_sha256_over_timestamp_and_body() -> None:
    """Worked out with another program: printf '1750000000.{}' | openssl dgst -sha256 -hmac key"""
    assert signature(["key"], 1750000000, b"{}") == (
        "t=1750000000,v1=67c133b61816af678ddc50934c116a7545a3bb8ebb1fb3f314dee69b5edbacdb"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ok", "ok"),
        ("id 110105194912310021", "id 110…"),
        ("Bearer zk_0123456789abcdefghijklmnopqrstuvwxyz", "Bearer zk_…"),
        ("订单 12 已收到", "订单 12 已收到"),
        ("x" * 3000, "xxx…"),
    ],
)
def test_answers_are_shown_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_settled_deliveries_are_forgotten_and_waiting_ones_never(world: World) -> None:
    hook = three(world)
    noted(world, take(hook.pk, world.now, WALL)[0], TAKEN)
    assert forget_old(WALL) == 0
    assert forget_old(WALL + dt.timedelta(seconds=1)) == 1
    assert Delivery.objects.count() == 2
    assert Attempt.objects.count() == 0
