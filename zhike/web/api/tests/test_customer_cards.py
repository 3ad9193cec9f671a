"""What a handbook keeps of a customer, through the API: told with him, kept with the checks of the form, never over a newer one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zhike.customers.actions import find_or_add_customer
from zhike.customers.merging import merge_customers
from zhike.customers.models import Customer, CustomerCard
from zhike.journal.models import Fact
from zhike.web.api.tests.program import Program
from zhike.web.tests.world import World

EMPTY = {"handbook": "retail-hotline", "record": "customer_habits", "title": "联系习惯", "version": 0, "fields": []}


@pytest.fixture
def customer(world: World) -> Customer:
    found = world.ticket().customer
    assert found is not None
    return found


@pytest.fixture
def path(customer: Customer) -> str:
    return f"/customers/{customer.pk}/cards/retail-hotline"


def test_it_is_kept_told_and_put_into_the_journal(
    world: World, program: Callable[..., Program], customer: Customer, path: str
) -> None:
    agent, store = program(), world.departments["store-1"]
    assert agent.get(f"/customers/{customer.pk}").json()["cards"] == [EMPTY]
    answer = agent.post(path, {"values": {"best_time": "evening", "usual_store": store.pk}}, key="habits-0001")
    assert (answer.status_code, answer["ETag"]) == (200, '"1"')
    fields = [
        {"id": "best_time", "title": "方便接电话的时段", "value": "evening", "shown": "晚上"},
        {"id": "usual_store", "title": "常去门店", "value": store.pk, "shown": store.name},
    ]
    assert answer.json() == {**EMPTY, "version": 1, "fields": fields}
    assert agent.get(f"/customers/{customer.pk}").json()["cards"] == [answer.json()]
    fact = Fact.objects.get(type="customer.card_kept")
    assert (fact.actor, fact.payload["fields"]) == (world.viewer("agent").principal, ["best_time", "usual_store"])


def test_what_is_not_named_stays_and_null_empties(program: Callable[..., Program], path: str) -> None:
    agent = program()
    agent.post(path, {"values": {"best_time": "evening", "hint": "示例：慢"}})
    assert agent.post(path, {"values": {"hint": None}}).json()["version"] == 2
    assert CustomerCard.objects.get().values == {"best_time": "evening"}


def test_everything_wrong_is_said_at_once_and_nothing_is_kept(program: Callable[..., Program], path: str) -> None:
    answer = program().post(path, {"values": {"best_time": "midnight", "hint": "字" * 501}})
    assert (answer.status_code, answer.json()["code"], sorted(answer.json()["fields"])) == (
        422,
        "invalid",
        ["best_time", "hint"],
    )
    assert sorted(program().post(path, {"values": {"colour": "red"}}).json()["fields"]) == ["colour"]
    assert program().post(path, {"values": {}, "more": 1}).status_code == 422
    assert not CustomerCard.objects.exists()


def test_a_newer_one_is_not_written_over(program: Callable[..., Program], path: str) -> None:
    agent = program()
    agent.post(path, {"values": {"hint": "先到"}}, If_Match='"0"')
    late = agent.post(path, {"values": {"hint": "后到"}}, If_Match='"0"')
    assert (late.status_code, late.json()["code"]) == (412, "stale")
    assert CustomerCard.objects.get().values == {"hint": "先到"}
    assert agent.post(path, {"values": {"hint": "后到"}}, If_Match='"1"').json()["version"] == 2


def test_who_may_not_open_the_archive_and_what_is_not_there_are_one_answer(
    world: World, program: Callable[..., Program], customer: Customer, path: str
) -> None:
    body = {"values": {"hint": "x"}}
    assert program("manager1").post(path, body).status_code == 403
    assert program("agent", "customers:read").post(path, body).status_code == 403
    assert program().post(path.replace("retail-hotline", "none"), body).status_code == 404
    assert program().post("/customers/999999/cards/retail-hotline", body).status_code == 404
    second = find_or_add_customer(phone="13900000202", name="示例乙", now=world.now, by="system")
    merge_customers(second, customer, by="system", now=world.now)
    assert program().post(path, body).status_code == 404
    assert not CustomerCard.objects.exists()
