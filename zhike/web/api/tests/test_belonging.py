"""Cases as wholes over the API: links, following, merging, undoing, with the gates of the pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zhike.cases.models import Case, Follow, Link
from zhike.journal.models import Fact
from zhike.web.api.tests.program import Program
from zhike.web.tests.world import COMPLETE, World

Made = Callable[..., Program]


def at_store(world: World, store: str) -> Case:
    """A warning that its store has received."""
    case = world.warning(store)
    world.take(case, "submit", COMPLETE, "agent")
    return world.take(case, "review", {"result": "pass"}, "supervisor")


def test_a_link_is_told_from_both_ends_and_ended(world: World, program: Made) -> None:
    one, other, agent = world.ticket(), world.ticket(), program("agent")
    made = agent.post(f"/cases/{one.number}/links", {"number": other.number, "kind": "caused_by"})
    assert made.status_code == 201
    (tie,) = made.json()["items"]
    assert (tie["tie"], tie["number"]) == ("caused_by", other.number)
    (back,) = agent.get(f"/cases/{other.number}/links").json()["items"]
    assert (back["tie"], back["number"]) == ("causes", one.number)
    again = agent.post(f"/cases/{other.number}/links", {"number": one.number, "kind": "related"})
    assert (again.status_code, again.json()["code"]) == (422, "invalid")
    assert agent.post(f"/cases/{other.number}/links/{tie['link']}/end").json()["items"] == []
    assert agent.post(f"/cases/{other.number}/links/{tie['link']}/end").status_code == 404


def test_a_case_the_caller_may_not_see_is_not_there_in_any_position(world: World, program: Made) -> None:
    here, there, manager = at_store(world, "store-1"), at_store(world, "store-2"), program("manager1")
    link = Link.objects.create(case=here, other=there, kind="related", at=world.now, by="system")
    asked = [
        manager.post(f"/cases/{here.number}/links", {"number": there.number, "kind": "related"}),
        manager.post(f"/cases/{there.number}/links", {"number": here.number, "kind": "related"}),
        manager.post(f"/cases/{here.number}/links/{link.pk}/end"),
        manager.post(f"/cases/{here.number}/merge", {"into": there.number}),
        manager.post(f"/cases/{there.number}/merge", {"into": here.number}),
        manager.post(f"/cases/{there.number}/follow", {"follows": True}),
        manager.post(f"/cases/{there.number}/undo"),
        manager.post(f"/cases/{there.number}/unmerge"),
        manager.get(f"/cases/{there.number}/links"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in asked} == {(404, "not_found")}
    assert [t["number"] for t in manager.get(f"/cases/{here.number}/links").json()["items"]] == []
    assert Link.objects.count() == 1


def test_following_is_of_the_tokens_owner(world: World, program: Made) -> None:
    case, agent = world.ticket(), program("agent")
    for _ in range(2):
        assert agent.post(f"/cases/{case.number}/follow", {"follows": True}).json()["follows"] is True
    assert [follow.staff for follow in Follow.objects.all()] == [world.staff["agent"]]
    assert agent.get(f"/cases/{case.number}").json()["follows"] is True
    assert program("supervisor").get(f"/cases/{case.number}").json()["follows"] is False
    agent.post(f"/cases/{case.number}/follow", {"follows": False})
    assert not Follow.objects.exists()


def test_a_duplicate_is_merged_and_comes_back(world: World, program: Made) -> None:
    leading, dropped, agent = world.ticket(), world.ticket(), program("agent")
    done = agent.post(f"/cases/{dropped.number}/merge", {"into": leading.number}, key="merge-0001")
    assert done.json() == {"number": dropped.number, "status": "closed", "merged_into": leading.number}
    assert (
        agent.post(f"/cases/{dropped.number}/merge", {"into": leading.number}, key="merge-0001").json() == done.json()
    )
    told = agent.get(f"/cases/{dropped.number}").json()
    assert (told["merged_into"], told["status"]) == (leading.number, "closed")
    assert not any(offer["allowed"] for offer in told["actions"])
    undone = agent.post(f"/cases/{dropped.number}/unmerge").json()
    assert undone == {"number": dropped.number, "status": "open", "merged_into": None}
    assert Fact.objects.filter(type="case.merged").count() == 1


def test_what_differs_is_confirmed_first(world: World, program: Made) -> None:
    leading, dropped, agent = world.ticket(), world.ticket(caller_phone="13800000199"), program("agent")
    asked = agent.post(f"/cases/{dropped.number}/merge", {"into": leading.number})
    assert (asked.status_code, asked.json()["code"]) == (422, "unconfirmed")
    assert Case.objects.get(pk=dropped.pk).merged_into_id is None
    assert agent.post(f"/cases/{dropped.number}/merge", {"into": leading.number, "confirmed": True}).status_code == 200


def test_the_action_just_taken_is_undone_by_its_doer(world: World, program: Made) -> None:
    case, agent = world.ticket(), program("agent")
    agent.post(f"/cases/{case.number}/actions/note_handling", {"values": {"handling": "示例：写错了"}})
    assert program("supervisor").post(f"/cases/{case.number}/undo").json()["code"] == "forbidden"
    undone = agent.post(f"/cases/{case.number}/undo").json()
    assert (undone["number"], undone["version"]) == (case.number, case.version + 2)
    assert agent.post(f"/cases/{case.number}/undo").status_code == 404


def test_what_cannot_be_undone_says_every_reason(world: World, program: Made) -> None:
    case, agent = world.ticket(), program("agent")
    agent.post(f"/cases/{case.number}/actions/raise_warning", {"values": {"reason": "hard"}})
    refused = agent.post(f"/cases/{case.number}/undo")
    assert refused.status_code == 422
    assert "它引出了另一张工单，不能单独撤销。" in [reason["words"] for reason in refused.json()["reasons"]]


@pytest.mark.parametrize("body", [{}, {"into": 5}, {"into": "x", "by": "staff:1"}, {"into": "x" * 61}])
def test_extra_and_wrong_fields_are_refused(world: World, program: Made, body: object) -> None:
    case = world.ticket()
    assert program("agent").post(f"/cases/{case.number}/merge", body).status_code == 422
    assert Case.objects.get(pk=case.pk).merged_into_id is None
