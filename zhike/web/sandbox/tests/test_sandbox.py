"""The virtual clock: it fires what is due in between, goes forward only, and does not exist outside the sandbox."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from pytest_django import Settings

from zhike.cases.models import Case
from zhike.clocks.models import Clock
from zhike.lib import clock
from zhike.org.models import Staff
from zhike.web.permissions import PERMISSIONS
from zhike.web.sandbox import virtual
from zhike.web.tests.world import NINE, World

API = "/api/sandbox/clock"
ROUTES = [("get", "/sandbox"), ("post", "/sandbox/move"), ("post", "/sandbox/become"), ("get", API), ("post", API)]


@pytest.fixture
def sandbox(world: World, settings: Settings) -> Iterator[World]:
    settings.SANDBOX = True
    virtual.begin(NINE)
    before = clock.install(virtual.read)
    yield world
    clock.install(before)


def post(body: Any, **headers: str) -> Any:
    return Client(enforce_csrf_checks=True).post(
        API, json.dumps(body), content_type="application/json", headers=headers
    )


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_outside_the_sandbox_there_is_nothing(world: World, method: str, route: str) -> None:
    for client in (Client(), world.signed_in("boss")):
        assert getattr(client, method)(route, {"by": "1h", "staff": "1"}).status_code == 404
    assert not virtual.is_set()


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_outside_the_sandbox_there_is_nothing_whatever_the_table_says(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str, route: str
) -> None:
    name = resolve(route).view_name
    monkeypatch.setitem(PERMISSIONS, name, replace(PERMISSIONS[name], who=("anyone",)))
    assert getattr(Client(), method)(route, {"by": "1h", "staff": "1"}).status_code == 404
    assert not virtual.is_set()


def test_outside_the_sandbox_no_virtual_clock_can_be_installed(world: World) -> None:
    with pytest.raises(RuntimeError):
        virtual.install()


def test_the_clock_tells_its_time_and_what_is_due_next(sandbox: World) -> None:
    assert Client().get(API).json() == {"now": "2025-06-10T09:00:00+08:00", "next": None}
    sandbox.warning()
    assert Client().get(API).json()["next"].startswith("2025-06-10T09:24:00")


def test_everything_due_in_between_has_fired_when_it_answers(sandbox: World) -> None:
    case = sandbox.warning()
    answer = post({"advance": "2h"}).json()
    assert answer["now"] == "2025-06-10T11:00:00+08:00"
    assert answer["fired"] >= 2
    (filing,) = Clock.objects.filter(subject_id=case.pk, clause="WARN-05")
    assert filing.state == Clock.State.OVERDUE


def test_at_the_very_last_instant_nothing_is_late(sandbox: World) -> None:
    case = sandbox.warning()
    post({"at": "2025-06-10T09:30:00+08:00"})
    assert Clock.objects.get(subject_id=case.pk, clause="WARN-05").state == Clock.State.RUNNING
    post({"at": "2025-06-10T09:30:01+08:00"})
    assert Clock.objects.get(subject_id=case.pk, clause="WARN-05").state == Clock.State.OVERDUE


def test_the_clock_does_not_go_back(sandbox: World) -> None:
    answer = post({"at": "2025-06-10T08:59:59+08:00"})
    assert answer.status_code == 400
    assert "does not go back" in answer.json()["error"]
    assert virtual.read() == NINE


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"at": "tomorrow"},
        {"at": "2025-06-11T09:00:00"},
        {"advance": "soon"},
        {"advance": -3},
        [],
        {"advance": "99999d"},
    ],
)
def test_a_bad_move_is_refused_in_words(sandbox: World, body: Any) -> None:
    answer = post(body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert virtual.read() == NINE


def test_only_this_machine_moves_the_clock_without_a_token(sandbox: World) -> None:
    elsewhere = Client(REMOTE_ADDR="192.0.2.1")
    assert elsewhere.post(API, {"advance": "1h"}, content_type="application/json").status_code == 403
    assert post({"advance": "1h"}, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert Client(enforce_csrf_checks=True).post("/sandbox/move", {"by": "1h"}).status_code == 403


@pytest.mark.parametrize(
    ("by", "then"),
    [("10m", "09:10"), ("1h", "10:00"), ("morning", "09:00"), ("1d 6h", "15:00")],
)
def test_the_buttons_of_the_bar(sandbox: World, by: str, then: str) -> None:
    Client().post("/sandbox/move", {"by": by, "back": "/portal/"})
    assert virtual.read().astimezone(NINE.tzinfo).strftime("%H:%M") == then


def test_next_due_goes_just_past_the_next_moment(sandbox: World) -> None:
    sandbox.warning()
    Client().post("/sandbox/move", {"by": "next"})
    assert dt.timedelta(0) < virtual.read() - (NINE + dt.timedelta(minutes=24)) < dt.timedelta(seconds=1)


def test_the_way_back_stays_in_the_house(sandbox: World) -> None:
    answer = Client().post("/sandbox/move", {"by": "1m", "back": "https://elsewhere.example/"})
    assert answer["Location"] == "/"


def test_one_becomes_a_sample_person_and_nobody_else(sandbox: World) -> None:
    agent, boss = sandbox.staff["agent"], sandbox.staff["boss"]
    Staff.objects.filter(pk=agent.pk).update(is_sample=True)
    client = Client()
    assert client.post("/sandbox/become", {"staff": boss.pk}).status_code == 404
    client.post("/sandbox/become", {"staff": agent.pk})
    assert client.session["_auth_user_id"] == str(agent.pk)
    client.post("/sandbox/become", {"staff": ""})
    assert "_auth_user_id" not in client.session


def test_the_product_lives_in_the_virtual_time(sandbox: World) -> None:
    post({"advance": "3h"})
    client = Client()
    client.post(
        "/portal/file/retail-hotline/service_ticket/file",
        {"caller_name": "甲", "caller_phone": "13800001234", "request_kind": "question", "content": "问", "key": "k"},
    )
    assert Case.objects.get().opened_at == NINE + dt.timedelta(hours=3)


def test_the_bar_stands_on_pages_in_the_sandbox_only(sandbox: World, settings: Settings) -> None:
    assert 'class="sb"' in Client().get("/portal/").content.decode()
    settings.SANDBOX = False
    assert 'class="sb"' not in Client().get("/portal/").content.decode()
