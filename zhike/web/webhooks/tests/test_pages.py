"""Webhooks on the pages of administration."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from zhike.channels.http import Answer
from zhike.lib import clock
from zhike.web.tests.world import World
from zhike.webhooks.delivering import note, take
from zhike.webhooks.models import Delivery, Subscription
from zhike.webhooks.tests.hooks import spread_all, subscribed

PAGE = "/administration/webhooks"
SECRET = re.compile(r"whsec_[A-Za-z0-9_-]{43}")


def asked(world: World, **more: Any) -> dict[str, Any]:
    return {
        "name": "示例对接", "address": "https://hooks.example.com/zhike?key=s3cret", "owner": world.staff["agent"].pk,
        "kinds": ["case.opened", "clock.breached"], "scope": "retail-hotline/service_ticket",
        "department": world.departments["division"].pk, **more,
    }  # fmt: skip


@pytest.fixture
def boss(world: World) -> Client:
    return world.signed_in("boss")


@pytest.fixture
def hook(world: World) -> Subscription:
    """With three cases to tell of."""
    made = subscribed(world)
    for _ in range(3):
        world.ticket()
    spread_all(world)
    return made


def test_making_one_shows_its_secret_once(world: World, boss: Client) -> None:
    answer = boss.post(f"{PAGE}/new", asked(world))
    found = SECRET.search(answer.content.decode())
    row = Subscription.objects.get()
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert found is not None
    assert not SECRET.search(boss.get(f"{PAGE}/{row.pk}").content.decode())
    assert (row.handbook, row.process, row.department) == (
        "retail-hotline", "service_ticket", world.departments["division"],
    )  # fmt: skip


def test_mistakes_come_back_with_what_was_typed(world: World, boss: Client) -> None:
    answer = boss.post(
        f"{PAGE}/new", asked(world, address="http://127.0.0.1/", owner="9" * 30, kinds=[], department="x", scope="a/b")
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in (
        "不能投递到内部地址",
        "请选择一位在职员工",
        "请至少选择一种事件",
        "没有这个部门",
        "没有这个制度或流程",
        "示例对接",
    ):
        assert words in page
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("name", ["owner", "department"])
def test_whoever_is_named_and_is_not_there_is_asked_for_again(world: World, boss: Client, name: str) -> None:
    assert boss.post(f"{PAGE}/new", asked(world, **{name: "999999"})).status_code == 422
    assert Subscription.objects.count() == 0


def test_an_edit_keeps_what_was_not_changed(world: World, boss: Client) -> None:
    boss.post(f"{PAGE}/new", asked(world))
    row = Subscription.objects.get()
    page = boss.get(f"{PAGE}/{row.pk}/edit").content.decode()
    assert "https://hooks.example.com/zhike?key=s3cret" in page
    assert boss.post(f"{PAGE}/{row.pk}/edit", asked(world, name="另一个")).status_code == 302
    changed = Subscription.objects.get()
    assert (changed.name, changed.position, bytes(changed.secret_sealed)) == (
        "另一个",
        row.position,
        bytes(row.secret_sealed),
    )


def test_passwords_in_a_query_are_not_shown_on_the_pages(world: World, boss: Client) -> None:
    boss.post(f"{PAGE}/new", asked(world))
    row = Subscription.objects.get()
    for address in (PAGE, f"{PAGE}/{row.pk}"):
        page = boss.get(address).content.decode()
        assert "hooks.example.com" in page
        assert "s3cret" not in page


def test_a_new_secret_is_shown_and_the_former_one_stays_for_a_while(
    world: World, boss: Client, hook: Subscription
) -> None:
    answer = boss.post(f"{PAGE}/{hook.pk}/secret", {"overlap": "72"})
    assert answer.status_code == 201
    assert SECRET.search(answer.content.decode())
    assert "新旧并用到" in boss.get(f"{PAGE}/{hook.pk}").content.decode()
    assert boss.post(f"{PAGE}/{hook.pk}/secret", {"overlap": "many"}).status_code == 422


def test_deliveries_are_counted_filtered_and_shown_with_every_attempt(
    world: World, boss: Client, hook: Subscription
) -> None:
    first, second, _ = take(hook.pk, world.now, clock.wall())
    at = clock.wall()
    note(first, Answer(200, body="ok"), at, at, world.now)
    note(second, Answer(500, body="<b>call 13800000101</b>"), at, at, world.now)
    page = boss.get(f"{PAGE}/{hook.pk}").content.decode()
    assert page.count("data-row") == 3
    assert "等待重试" in page
    assert boss.get(f"{PAGE}/{hook.pk}?state=delivered").content.decode().count("data-row") == 1
    assert boss.get(f"{PAGE}/{hook.pk}?kind=ping&state=odd&before=x").content.decode().count("data-row") == 0
    page = boss.get(f"{PAGE}/{hook.pk}/deliveries/{second.delivery}").content.decode()
    assert "&lt;b&gt;call 138…&lt;/b&gt;" in page
    assert "答复 500" in page
    assert "FW250610" in page
    assert "t=…,v1=…" in page


def test_the_buttons_do_what_they_say(world: World, boss: Client, hook: Subscription) -> None:
    here = f"{PAGE}/{hook.pk}"
    rows = list(Delivery.objects.order_by("pk"))

    def press(deed: str, **values: Any) -> str:
        return boss.post(f"{here}/{deed}", values, follow=True).content.decode()

    assert "已暂停" in press("pause")
    assert Subscription.objects.get().state == "paused"
    assert "测试已排队" in press("ping")
    assert "已继续" in press("resume")
    assert "已放弃" in press(f"deliveries/{rows[0].pk}/skip")
    assert "已不在等待" in press(f"deliveries/{rows[0].pk}/skip")
    assert "已安排重发 1 条" in press("replay", first=rows[0].pk, last=rows[2].pk)
    for first, last in (("x", "y"), ("", ""), ("9" * 40, "9" * 40)):
        assert "没有可以重发的记录" in press("replay", first=first, last=last)
    assert "已删除" in press("remove")
    assert boss.get(here).status_code == 404


def test_nobody_else_comes_here(world: World, hook: Subscription) -> None:
    delivery = Delivery.objects.order_by("pk")[0].pk
    pages = ("", "/new", f"/{hook.pk}", f"/{hook.pk}/edit", f"/{hook.pk}/deliveries/{delivery}")
    deeds = ("secret", "ping", "pause", "resume", "remove", "replay", f"deliveries/{delivery}/skip")
    for who in ("agent", "supervisor", "outsider"):
        client = world.signed_in(who)
        assert {client.get(PAGE + page).status_code for page in pages} == {403}
        assert {client.post(f"{PAGE}/{hook.pk}/{deed}").status_code for deed in deeds} == {403}
    assert Subscription.objects.get().state == "active"


def test_a_delivery_of_another_subscription_is_not_there(world: World, boss: Client, hook: Subscription) -> None:
    other = subscribed(world)
    delivery = Delivery.objects.order_by("pk")[0].pk
    assert boss.get(f"{PAGE}/{other.pk}/deliveries/{delivery}").status_code == 404
    boss.post(f"{PAGE}/{other.pk}/deliveries/{delivery}/skip")
    assert Delivery.objects.get(pk=delivery).state == "waiting"


def test_a_page_costs_few_queries_however_long_the_list(world: World, boss: Client, hook: Subscription) -> None:
    for _ in range(8):
        subscribed(world)
        world.ticket()
    spread_all(world)
    for address in (PAGE, f"{PAGE}/{hook.pk}", f"{PAGE}/{hook.pk}/edit"):
        boss.get(address)
        with CaptureQueriesContext(connection) as seen:
            assert boss.get(address).status_code == 200
        assert len(seen) <= 12, [query["sql"][:80] for query in seen]


def test_pages_of_deliveries_follow_each_other(
    world: World, boss: Client, hook: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhike.webhooks.queries.PAGE", 2)
    newest = list(Delivery.objects.order_by("-pk").values_list("pk", flat=True))
    page = boss.get(f"{PAGE}/{hook.pk}").content.decode()
    assert f"before={newest[1]}" in page
    page = boss.get(f"{PAGE}/{hook.pk}?before={newest[1]}").content.decode()
    assert f"/deliveries/{newest[2]}" in page
    assert 'rel="next"' not in page


def test_administration_leads_here(world: World, boss: Client) -> None:
    assert f'href="{PAGE}"' in boss.get("/administration/staff").content.decode()
    assert "还没有事件推送" in boss.get(PAGE).content.decode()
