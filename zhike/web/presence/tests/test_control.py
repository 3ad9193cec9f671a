"""The control in the top bar: what I am, what I may become, refusals with their clause, signs of life."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from zhike.conversations.models import Presence
from zhike.conversations.presence import enter_state
from zhike.conversations.tests.ground import installed, person
from zhike.conversations.tests.test_presence import FIFTEEN, ONE_AT_A_TIME, REASONS
from zhike.lib import clock
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db


def signed_in(viewer: Viewer) -> Client:
    client = Client()
    assert viewer.staff is not None
    client.force_login(viewer.staff)
    return client


def test_who_answers_no_queue_sees_no_control() -> None:
    installed()
    assert signed_in(person("bing", "lead")).get("/presence").content == b""


def test_the_bar_has_the_control_for_who_answers_a_queue_and_for_nobody_else() -> None:
    installed()
    assert 'id="zk-presence"' in signed_in(person("jia")).get("/away").content.decode()
    assert 'id="zk-presence"' not in signed_in(person("bing", "lead")).get("/away").content.decode()


def test_pressing_ready_makes_ready_and_the_control_says_so() -> None:
    installed()
    jia = person("jia")
    answer = signed_in(jia).post("/presence/enter", {"state": "ready"})
    assert (answer.status_code, Presence.objects.get().state) == (200, "ready")
    assert "zk-is-ready" in answer.content.decode()


def test_a_refusal_stands_in_the_control_with_its_clause() -> None:
    installed(ONE_AT_A_TIME, options=REASONS)
    jia, yi = person("jia"), person("yi")
    for viewer in (jia, yi):
        assert viewer.staff is not None
        enter_state(viewer.staff, "ready", now=clock.now(), by=viewer.principal)
    signed_in(jia).post("/presence/enter", {"state": "not_ready", "reason": "rest"})
    answer = signed_in(yi).post("/presence/enter", {"state": "not_ready", "reason": "notes"})
    page = answer.content.decode()
    assert (answer.status_code, "已有同事在整理，请稍候。" in page, "TALK-30" in page) == (422, True, True)


def test_the_limit_of_the_state_is_shown_with_its_clause() -> None:
    installed(FIFTEEN, options=REASONS)
    jia = person("jia")
    page = signed_in(jia).post("/presence/enter", {"state": "not_ready", "reason": "rest"}).content.decode()
    assert ("示例小休" in page, "TALK-31" in page, "data-until" in page) == (True, True, True)


def test_a_state_the_house_alone_gives_is_not_taken() -> None:
    installed()
    assert signed_in(person("jia")).post("/presence/enter", {"state": "busy"}).status_code == 400


def test_a_beat_is_a_sign_of_life_and_says_what_he_is() -> None:
    installed()
    jia = person("jia")
    assert jia.staff is not None
    before = clock.now() - dt.timedelta(seconds=60)
    held = enter_state(jia.staff, "ready", now=before, by=jia.principal)
    answer = signed_in(jia).post("/presence/beat")
    assert (answer.status_code, answer.headers["X-Presence"]) == (204, f"ready {held.since.isoformat()}")
    assert Presence.objects.get().heard_at > before


def test_signing_out_of_the_last_browser_is_being_off() -> None:
    installed()
    jia = person("jia")
    client = signed_in(jia)
    client.post("/presence/enter", {"state": "ready"})
    client.post("/sign-out")
    assert Presence.objects.get().state == "off"
