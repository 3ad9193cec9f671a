from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases.models import Case
from zhike.web.tests.world import COMPLETE, World

TICKET = {
    "caller_name": "示例顾客",
    "caller_phone": "13800000102",
    "service_class": "complaint",
    "complaint_item": "goods_quality",
    "content": "电水壶漏水",
}


def queries(client, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize("cases", [1, 12])
def test_the_desk_takes_at_most_twelve_queries_whatever_is_on_it(world: World, cases: int) -> None:
    for number in range(cases):
        world.warning("store-1" if number % 2 else "store-2")
    client = world.signed_in("agent")
    client.get("/desk")
    assert queries(client, "/desk") <= 12
    assert queries(client, f"/desk?case={Case.objects.latest('id').number}") <= 12


def test_what_is_due_next_stands_first(world: World) -> None:
    first = world.warning()
    world.later(5)
    second = world.warning()
    rows = world.signed_in("agent").get("/desk").context["rows"]
    assert [row.case.number for row in rows if row.own] == [first.number, second.number]
    assert [row.deadline.left for row in rows if row.own] == ["还剩 25 分钟", "还剩 30 分钟"]


def test_a_case_leaves_the_desk_of_whoever_handed_it_on(world: World) -> None:
    case = world.warning()
    world.take(case, "submit", COMPLETE, "agent")
    assert case.number not in [r.case.number for r in world.signed_in("agent").get("/desk").context["rows"] if r.own]
    assert [r.case.number for r in world.signed_in("supervisor").get("/desk").context["rows"]] == [case.number]


def test_an_empty_desk_says_what_to_do(world: World) -> None:
    assert "现在没有轮到您的工单" in world.signed_in("manager1").get("/desk").content.decode()


def test_a_case_is_opened_from_the_desk(world: World) -> None:
    client = world.signed_in("agent")
    address = client.get("/desk/new")["Location"]
    values = {**TICKET, "store": world.departments["store-1"].pk, "key": "k1"}
    response = client.post(address, values)
    case = Case.objects.get()
    assert response["Location"] == f"/desk?case={case.number}"
    assert case.stage == "complaint_handling"


def test_pressing_twice_opens_one_case(world: World) -> None:
    client = world.signed_in("agent")
    address = client.get("/desk/new")["Location"]
    values = {**TICKET, "store": world.departments["store-1"].pk, "key": "k1"}
    answers = [client.post(address, values)["Location"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert Case.objects.count() == 1


def test_a_refused_form_names_the_clause_and_keeps_what_was_typed(world: World) -> None:
    client = world.signed_in("agent")
    address = client.get("/desk/new")["Location"]
    values = {"caller_phone": "13800000102", "content": "问营业时间 <b>几点</b>", "key": "k1"}
    response = client.post(address, values, headers={"HX-Request": "true"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "SVC-01" in text
    assert "问营业时间 &lt;b&gt;几点&lt;/b&gt;" in text
    assert Case.objects.count() == 0


def test_nobody_opens_what_his_role_does_not(world: World) -> None:
    address = world.signed_in("agent").get("/desk/new")["Location"]
    assert world.signed_in("manager1").get(address).status_code == 404
    assert world.signed_in("manager1").post(address, TICKET).status_code == 404
