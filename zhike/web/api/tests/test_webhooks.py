"""Webhooks over the API: the same deeds as the page, for administrators' tokens only; a secret is told once and kept nowhere open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from zhike.channels.http import Answer
from zhike.lib import clock
from zhike.web.api.product import product
from zhike.web.api.tests.program import Program
from zhike.web.models import ApiRequest
from zhike.web.tests.world import World
from zhike.webhooks.delivering import note, take
from zhike.webhooks.kinds import KINDS
from zhike.webhooks.models import Delivery, Subscription
from zhike.webhooks.tests.hooks import spread_all, subscribed

Programs = Callable[..., Program]


def asked(world: World, **more: Any) -> dict[str, Any]:
    usual = {
        "name": "示例对接", "address": "https://hooks.example.com/zhike", "owner": world.staff["agent"].pk,
        "kinds": ["case.opened"], "handbook": "retail-hotline", "process": "service_ticket",
        "department": world.departments["store-1"].pk,
    }  # fmt: skip
    return {**usual, **more}


def test_a_webhook_is_made_read_changed_and_removed(world: World, program: Programs) -> None:
    boss = program("boss")
    made = boss.post("/webhooks", asked(world))
    assert made.status_code == 201
    webhook, secret = made.json()["webhook"], made.json()["secret"]
    assert secret.startswith("whsec_")
    here = f"/webhooks/{webhook['id']}"
    read = boss.get(here).json()
    assert {**read, "changed_at": ""} == {**webhook, "changed_at": ""}
    assert boss.get("/webhooks").json()["items"] == [read]
    changed = boss.post(here, asked(world, name="另一个", department=None)).json()
    assert (changed["name"], changed["department"]) == ("另一个", None)
    assert boss.post(f"{here}/pause").json()["state"] == "paused"
    assert boss.post(f"{here}/resume").json()["state"] == "active"
    assert boss.post(f"{here}/ping").status_code == 201
    assert boss.post(f"{here}/secret", {"overlap_hours": 2}).json()["webhook"]["former_secret_until"]
    assert boss.post(f"{here}/remove").status_code == 204
    assert boss.get(here).status_code == 404


def test_the_secret_is_not_in_the_answer_that_is_kept(world: World, program: Programs) -> None:
    boss = program("boss")
    first = boss.post("/webhooks", asked(world), key="order-4711")
    again = boss.post("/webhooks", asked(world), key="order-4711")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == {**first.json(), "secret": ""}
    assert first.json()["secret"] not in ApiRequest.objects.get().body
    assert Subscription.objects.count() == 1


def test_deliveries_with_their_attempts(world: World, program: Programs) -> None:
    hook, boss = subscribed(world), program("boss")
    for _ in range(3):
        world.ticket()
    spread_all(world)
    parcel, *_ = take(hook.pk, world.now, clock.wall())
    note(parcel, Answer(200, body="ok 13800000101"), clock.wall(), clock.wall(), world.now)
    here = f"/webhooks/{hook.pk}/deliveries"
    first = boss.get(here, {"size": 2}).json()
    second = boss.get(here, {"size": 2, "after": first["next"]}).json()
    ids = [row["id"] for row in first["items"] + second["items"]]
    assert ids == list(Delivery.objects.order_by("-pk").values_list("pk", flat=True))
    assert second["next"] is None
    assert [row["id"] for row in boss.get(here, {"state": "delivered"}).json()["items"]] == [parcel.delivery]
    whole = boss.get(f"{here}/{parcel.delivery}").json()
    assert (whole["tries"][0]["status"], whole["tries"][0]["answer"]) == (200, "ok 138…")
    assert whole["body"] == parcel.body.decode()
    replayed = boss.post(f"/webhooks/{hook.pk}/replay", {"first": parcel.delivery, "last": parcel.delivery})
    assert replayed.json() == {"count": 1}


@pytest.mark.parametrize(
    ("more", "field"),
    [({"address": "http://169.254.169.254/"}, "address"), ({"owner": 2**62}, "owner"), ({"kinds": ["x"]}, "kinds"),
     ({"department": 2**62}, "department"), ({"process": "x"}, "process")],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_field(world: World, program: Programs, more: dict[str, Any], field: str) -> None:
    answer = program("boss").post("/webhooks", asked(world, **more))
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])


def test_only_tokens_of_administrators_with_the_scope_come_here(world: World, program: Programs) -> None:
    hook = subscribed(world)
    deeds = [("get", "/webhooks"), ("get", f"/webhooks/{hook.pk}"), ("get", f"/webhooks/{hook.pk}/deliveries")]
    deeds += [
        ("post", f"/webhooks/{hook.pk}/{deed}") for deed in ("pause", "resume", "ping", "remove", "secret", "replay")
    ]
    for caller, code in ((program("agent"), "forbidden"), (program("boss", "cases:read"), "scope")):
        for method, path in deeds:
            answer = getattr(caller, method)(path)
            assert (path, answer.status_code, answer.json()["code"]) == (path, 403, code)
    assert Subscription.objects.get().state == "active"


def test_the_contract_describes_what_is_sent() -> None:
    described = product.description_of_all["webhooks"]
    assert set(described) == set(KINDS)
    for kind, item in described.items():
        told = item["post"]["requestBody"]["content"]["application/json"]["example"]
        assert (told["kind"], set(told["data"])) == (kind, set(KINDS[kind].fields))
