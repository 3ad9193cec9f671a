"""What a token's owner sees no longer is not named in lists, not written to, and does not come back with an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from zhike.cases.models import Case
from zhike.handbook.common import Text
from zhike.notices.actions import Tell, tell
from zhike.records.models import Attachment
from zhike.web.api import deeds, guard
from zhike.web.api.tests.program import Program
from zhike.web.tests.world import COMPLETE, World


def test_a_door_that_was_forgotten_is_shut(
    world: World, program: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(guard.DOORS, ("api:me", "GET"))
    answer = program().get("/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_method_the_table_does_not_name_is_refused_before_anything_else(
    world: World, program: Callable[..., Program]
) -> None:
    answer = program().post("/me")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_process_that_is_not_offered_is_opened_by_nobody(world: World, program: Callable[..., Program]) -> None:
    """Signed in, allowed to open the desk, but in a role that registers nothing."""
    body = {"handbook": world.version.name, "process": "service_ticket", "action": "register", "values": {}}
    answer = program("manager1").post("/cases", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "不能新建" in answer.json()["detail"]
    assert not Case.objects.exists()


def test_nothing_is_uploaded_to_a_foreign_case(world: World, program: Callable[..., Program]) -> None:
    warning = world.warning("store-2")
    assert program("manager1").upload(f"/cases/{warning.number}/attachments", b"words").status_code == 404
    assert not Attachment.objects.filter(subject_id=warning.pk).exists()


def test_a_case_that_leaves_ones_sight_with_a_deed_is_not_in_the_answer(
    world: World, program: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    warning = world.warning()
    whole = deeds.take_or_ask

    def out_of_sight(*arguments: Any, **more: Any) -> Case:
        done = whole(*arguments, **more)
        Case.objects.filter(pk=done.pk).update(audience=[])
        return Case.objects.get(pk=done.pk)

    monkeypatch.setattr(deeds, "take_or_ask", out_of_sight)
    answer = program().post(f"/cases/{warning.number}/actions/submit", {"values": COMPLETE})
    assert (answer.status_code, answer.json()["case"]) == (200, None)


def test_a_notice_names_no_case_one_sees_no_longer(world: World, program: Callable[..., Program]) -> None:
    case, agent = world.ticket(), world.viewer("agent")
    words = Text(zh="示例", en="Sample")
    tell([Tell(world.now, [agent.principal], "told", "", world.version.name, ("case", case.pk), words)])
    assert program().get("/notices").json()["items"][0]["case"] == case.number
    Case.objects.filter(pk=case.pk).update(audience=[])
    assert program().get("/notices").json()["items"][0]["case"] == ""
