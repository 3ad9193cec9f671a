"""A gate that keeps a waiting list: who asked first enters first, as soon as the gate allows it."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.conversations.draining import look_after
from zhike.conversations.models import Presence
from zhike.conversations.presence import PresenceRefused, ask_state
from zhike.conversations.tests.ground import at, installed, person, ready
from zhike.conversations.tests.test_presence import ONE_AT_A_TIME, rest, staff_of
from zhike.notices.models import Notice
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db
IN_TURN: dict[str, Any] = {**ONE_AT_A_TIME, "otherwise": "wait"}


@pytest.fixture
def three() -> tuple[Viewer, Viewer, Viewer]:
    installed(IN_TURN)
    return ready(person("jia")), ready(person("yi")), ready(person("bing"))


def state(viewer: Viewer) -> str:
    return Presence.objects.get(staff=staff_of(viewer)).state


def back(viewer: Viewer, when: str, where: str = "ready") -> None:
    ask_state(staff_of(viewer), where, now=at(when), by=viewer.principal)
    look_after(at(when))


def test_who_is_refused_is_told_that_he_waits_and_enters_it_when_it_is_his_turn(three: tuple[Viewer, ...]) -> None:
    jia, yi, bing = three
    rest(jia, "03-03 10:00")
    with pytest.raises(PresenceRefused, match="已为您排队"):
        rest(yi, "03-03 10:01")
    with pytest.raises(PresenceRefused):
        rest(bing, "03-03 10:02")
    look_after(at("03-03 10:05"))
    assert [state(one) for one in three] == ["not_ready", "ready", "ready"]
    back(jia, "03-03 10:10")
    assert [state(one) for one in three] == ["ready", "not_ready", "ready"]
    assert Notice.objects.filter(to=[yi.principal]).latest("id").words["zh"] == "轮到您了，已为您转入所等的状态。"
    back(yi, "03-03 10:20")
    assert [state(one) for one in three] == ["ready", "ready", "not_ready"]


def test_asking_again_keeps_the_place_and_another_state_gives_it_up(three: tuple[Viewer, ...]) -> None:
    jia, yi, bing = three
    rest(jia, "03-03 10:00")
    for who, when in ((yi, "03-03 10:01"), (bing, "03-03 10:02"), (yi, "03-03 10:03")):
        with pytest.raises(PresenceRefused):
            rest(who, when)
    assert Presence.objects.get(staff=staff_of(yi)).wants_since == at("03-03 10:01")
    back(yi, "03-03 10:04", "away")
    assert Presence.objects.get(staff=staff_of(yi)).wants == ""
    back(jia, "03-03 10:10")
    assert [state(one) for one in three] == ["ready", "away", "not_ready"]


def test_a_gate_that_only_refuses_keeps_nobody_waiting() -> None:
    installed(ONE_AT_A_TIME)
    jia, yi = ready(person("jia")), ready(person("yi"))
    rest(jia, "03-03 10:00")
    with pytest.raises(PresenceRefused):
        rest(yi, "03-03 10:01")
    back(jia, "03-03 10:10")
    assert state(yi) == "ready"
