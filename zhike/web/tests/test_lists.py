"""The list of cases, the warning board and the notices: only what the case's own page would show."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases.models import Case
from zhike.clocks.actions import fire_due
from zhike.web.tests.world import COMPLETE, World


def numbers(response) -> list[str]:
    return [row.case.number for row in response.context["rows"]]


def test_the_list_shows_what_the_page_would_show_and_nothing_else(world: World) -> None:
    mine, other = world.warning("store-1"), world.warning("store-2")
    for case in (mine, other):
        world.take(case, "submit", COMPLETE, "agent")
        world.take(case, "review", {"result": "pass"}, "supervisor")
    client = world.signed_in("manager1")
    listed = numbers(client.get("/cases?all=1"))
    opened = [c.number for c in Case.objects.all() if client.get(f"/cases/{c.number}").status_code == 200]
    assert mine.number in listed
    assert other.number not in listed
    assert sorted(listed) == sorted(opened)


def test_pages_go_on_where_the_last_one_ended(world: World) -> None:
    for _ in range(60):
        world.ticket()
    client = world.signed_in("agent")
    first = client.get("/cases?all=1")
    second = client.get("/cases" + first.context["next"])
    assert (len(numbers(first)), len(numbers(second))) == (50, 10)
    assert not set(numbers(first)) & set(numbers(second))


def test_the_list_costs_the_same_for_one_row_and_for_fifty(world: World) -> None:
    client = world.signed_in("agent")
    world.warning()
    client.get("/cases?all=1")
    with CaptureQueriesContext(connection) as few:
        client.get("/cases?all=1")
    for _ in range(10):
        world.warning()
    with CaptureQueriesContext(connection) as many:
        client.get("/cases?all=1")
    assert len(many) == len(few) <= 12


def test_filters(world: World) -> None:
    ticket, warning = world.ticket(content="特别的一件"), world.warning()
    client = world.signed_in("agent")
    assert numbers(client.get(f"/cases?q={ticket.number}")) == [ticket.number]
    assert numbers(client.get("/cases?q=特别的")) == [ticket.number]
    assert numbers(client.get("/cases?process=retail-hotline.complaint_warning")) == [warning.number]
    assert numbers(client.get("/cases?process=retail-hotline.complaint_warning&stage=closed")) == []
    assert numbers(client.get("/cases?status=closed")) == []
    assert len(numbers(client.get("/cases?q=13800000101"))) == 3


def test_the_last_filter_is_remembered_until_it_is_cleared(world: World) -> None:
    client = world.signed_in("agent")
    client.get("/cases?status=open&q=x")
    assert client.get("/cases")["Location"] == "/cases?q=x&status=open"
    client.get("/cases?all=1")
    assert client.get("/cases").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=2025-06-10~1",
        "after=~~~",
        "q=%00",
        "department=-1",
        "process=../etc",
        "status=drop",
        "stage=x'--",
    ],
)
def test_nonsense_in_the_address_is_left_out(world: World, query: str) -> None:
    world.ticket()
    assert len(numbers(world.signed_in("agent").get(f"/cases?{query}"))) == 1


def test_the_board_has_a_lane_for_each_holder_with_what_breaches_next_first(world: World) -> None:
    late = world.warning()
    world.later(10)
    world.warning()
    board = world.signed_in("supervisor").get("/board").context["board"]
    (lane,) = board.lanes
    assert lane.holder == "示例agent"
    assert [s.deadline.left for s in lane.strips] == ["还剩 20 分钟", "还剩 30 分钟"]
    assert board.next.case.number == late.number


def test_the_board_counts_by_state(world: World) -> None:
    world.warning()
    world.later(31)
    world.warning()
    fire_due(world.now)
    board = world.signed_in("supervisor").get("/board").context["board"]
    assert board.counts == {"overdue": 1, "warned": 0, "running": 1}
    assert board.lanes[0].strips[0].deadline.left == "超时 1 分钟"


def test_the_board_of_a_store_shows_that_store(world: World) -> None:
    for store in ("store-1", "store-2"):
        case = world.warning(store)
        world.take(case, "submit", COMPLETE, "agent")
        world.take(case, "review", {"result": "pass"}, "supervisor")
    board = world.signed_in("manager2").get("/board").context["board"]
    departments = {strip.case.department.code for lane in board.lanes for strip in lane.strips}
    assert departments == {"store-2"}


def test_a_notice_is_unread_until_it_is_marked(world: World) -> None:
    world.warning()
    world.later(31)
    fire_due(world.now)
    client = world.signed_in("supervisor")
    lines = client.get("/notices?kind=all").context["lines"]
    assert next(line.word for line in lines if not line.read) == "超时"
    client.post("/notices/read", {"upto": client.get("/notices").context["newest"]})
    assert all(line.read for line in client.get("/notices?kind=all").context["lines"])
    assert client.get("/notices").context["matters"] == []


def test_a_notice_is_not_shown_to_others(world: World) -> None:
    world.warning()
    world.later(31)
    fire_due(world.now)
    assert world.signed_in("manager2").get("/notices?kind=all").context["lines"] == []
    assert world.signed_in("manager2").get("/notices").context["matters"] == []
