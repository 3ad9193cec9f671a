"""The board by stage: what stands where, and the actions that lead from one stage to another."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases.models import Case
from zhike.cases.stages import ways
from zhike.web.tests.world import COMPLETE, World, retail

HTMX = {"HX-Request": "true"}
WARNINGS = "/cases/board?process=retail-hotline.complaint_warning"


def lanes(client, address: str = WARNINGS) -> dict[str, list[str]]:
    found = client.get(address).context["lanes"]
    return {lane.column.stage.id: [row.case.number for row in lane.cards] for lane in found}


def test_columns_are_the_stages_and_cards_come_by_what_is_due_next(world: World) -> None:
    first = world.warning()
    world.later(10)
    second, third = world.warning(), world.warning("store-2")
    world.take(third, "submit", COMPLETE, "agent")
    seen = lanes(world.signed_in("agent"))
    assert list(seen) == [stage.id for stage in retail().process("complaint_warning").stages]
    assert seen["draft"] == [first.number, second.number]
    assert seen["under_review"] == [third.number]


def test_the_board_shows_what_the_list_shows(world: World) -> None:
    for store in ("store-1", "store-2"):
        case = world.warning(store)
        world.take(case, "submit", COMPLETE, "agent")
        world.take(case, "review", {"result": "pass"}, "supervisor")
    client = world.signed_in("manager2")
    on_board = sorted(number for numbers in lanes(client).values() for number in numbers)
    listed = client.get("/cases?process=retail-hotline.complaint_warning").context["rows"]
    assert on_board == sorted(row.case.number for row in listed)
    assert len(on_board) == 1


def test_ended_cases_stand_in_their_column(world: World) -> None:
    ticket = world.ticket()
    world.take(ticket, "resolve", {"answer": "示例：已道歉。"}, "agent")
    assert lanes(world.signed_in("agent"), "/cases/board?process=retail-hotline.service_ticket")["closed"] == [
        ticket.number
    ]


def test_ways_are_those_of_actions_branches_and_routes() -> None:
    leads = ways(retail(), "complaint_warning")
    assert leads["draft"] == {"under_review": ("submit",)}
    assert set(leads["under_review"]) >= {"rejected", "at_store"}
    assert "under_review" not in leads["under_review"]


def test_a_move_offers_the_actions_that_lead_there_with_the_form(world: World) -> None:
    warning = world.warning()
    client = world.signed_in("agent")
    page = client.get(f"/cases/{warning.number}/move?to=under_review", headers=HTMX)
    assert page.context["form"].action.id == "submit"
    assert page.context["form"].back == "board"
    assert 'name="reported_issue"' in page.content.decode()


def test_a_move_is_an_action_and_never_a_bare_stage(world: World) -> None:
    warning = world.warning()
    client = world.signed_in("agent")
    page = client.get(f"/cases/{warning.number}/move?to=closed")
    assert "环节不能直接改" in page.content.decode()
    assert client.post(f"/cases/{warning.number}/move", {"to": "closed"}).status_code == 405
    assert Case.objects.get(pk=warning.pk).stage == "draft"


def test_who_may_not_take_the_action_reads_why(world: World) -> None:
    warning = world.warning()
    page = world.signed_in("supervisor").get(f"/cases/{warning.number}/move?to=under_review")
    (way,) = page.context["targets"][0][1]
    assert (way.offer.allowed, page.context["form"]) == (False, None)
    assert "办理" in way.why


def test_a_refusal_on_the_board_names_the_clause(world: World) -> None:
    warning = world.warning()
    client = world.signed_in("agent")
    answer = client.post(
        f"/cases/{warning.number}/actions/submit", {"back": "board", "reported_issue": "x"}, headers=HTMX
    )
    assert answer.status_code == 422
    assert {refusal.clause for refusal in answer.context["form"].refusals} & {"WARN-04", "WARN-03", "WARN-05"}
    assert Case.objects.get(pk=warning.pk).stage == "draft"


def test_after_the_deed_one_stands_before_the_board_again(world: World) -> None:
    warning = world.warning()
    client = world.signed_in("agent")
    answer = client.post(f"/cases/{warning.number}/actions/submit", {**COMPLETE, "back": "board"}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == "/cases/board"
    assert Case.objects.get(pk=warning.pk).stage == "under_review"


def test_a_foreign_case_is_not_moved_and_not_named(world: World) -> None:
    warning = world.warning()
    client = world.signed_in("manager2")
    assert client.get(f"/cases/{warning.number}/move?to=under_review").status_code == 403
    assert client.get("/cases/NOTHING-1/move").status_code == 404


@pytest.mark.parametrize("query", ["process=x", "process=retail-hotline.nothing", "view=77", "department=x", ""])
def test_nonsense_gives_the_board_of_a_process(world: World, query: str) -> None:
    warning = world.warning()
    assert warning.number in lanes(world.signed_in("agent"), f"/cases/board?{query}")["draft"]


def test_the_board_costs_the_same_for_one_card_and_for_many(world: World) -> None:
    client = world.signed_in("agent")
    world.warning()
    client.get(WARNINGS)
    with CaptureQueriesContext(connection) as few:
        client.get(WARNINGS)
    for _ in range(8):
        world.warning()
    with CaptureQueriesContext(connection) as many:
        client.get(WARNINGS)
    assert len(many) == len(few) <= 12
