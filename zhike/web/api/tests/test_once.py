"""Idempotency keys, the nine cases."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, connections

from zhike.cases.models import Case
from zhike.lib import clock
from zhike.web.api import deeds
from zhike.web.api.tests.program import Program, made_token, new_case
from zhike.web.models import ApiRequest
from zhike.web.tests.world import World, in_time_of

KEY = "order-2025-0001"


def test_a_new_key_does_it_once(world: World, program: Callable[..., Program]) -> None:
    answer = program().post("/cases", new_case(world), key=KEY)
    assert (answer.status_code, Case.objects.count()) == (201, 1)
    assert answer.headers["Location"] == f"/api/cases/{Case.objects.get().number}"
    assert "Idempotency-Replayed" not in answer.headers


def test_the_same_request_again_gets_the_same_answer(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    first = agent.post("/cases", new_case(world), key=KEY)
    again = agent.post("/cases", new_case(world), key=KEY)
    assert Case.objects.count() == 1
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_same_key_for_another_request_is_refused(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    agent.post("/cases", new_case(world), key=KEY)
    other = agent.post("/cases", new_case(world, content="另一件事"), key=KEY)
    assert (other.status_code, other.json()["code"], Case.objects.count()) == (422, "key_reused", 1)
    elsewhere = agent.post(f"/cases/{Case.objects.get().number}/notes", {"words": "示例"}, key=KEY)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "key_reused")


def test_what_was_refused_may_be_corrected_under_the_same_key(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    wrong = agent.post("/cases", new_case(world, store="no such store"), key=KEY)
    assert (wrong.status_code, Case.objects.count()) == (422, 0)
    assert agent.post("/cases", new_case(world), key=KEY).status_code == 201


def test_a_first_try_that_broke_half_way_leaves_nothing_and_may_be_repeated(
    world: World, program: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent, real = program(), deeds._done
    monkeypatch.setattr(deeds, "_done", _breaks)
    broken = agent.post("/cases", new_case(world), key=KEY)
    assert (broken.status_code, Case.objects.count(), ApiRequest.objects.count()) == (500, 0, 0)
    monkeypatch.setattr(deeds, "_done", real)
    assert agent.post("/cases", new_case(world), key=KEY).status_code == 201


def _breaks(*_: Any) -> None:
    raise RuntimeError("the machine failed after the case was opened")


def test_a_refusal_under_a_key_is_still_written_down(world: World, program: Callable[..., Program]) -> None:
    warning, agent = world.warning(), program()
    answer = agent.post(f"/cases/{warning.number}/actions/submit", {"values": {}}, key=KEY)
    assert answer.status_code == 422
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM journal_fact WHERE type = 'case.refused'")
        assert cursor.fetchone() == (1,)


def test_a_key_is_forgotten_after_a_day(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    agent.post("/cases", new_case(world), key=KEY)
    world.now += dt.timedelta(hours=24) - dt.timedelta(seconds=1)
    assert agent.post("/cases", new_case(world), key=KEY).headers.get("Idempotency-Replayed") == "true"
    world.now += dt.timedelta(seconds=1)
    assert "Idempotency-Replayed" not in agent.post("/cases", new_case(world), key=KEY).headers
    assert (Case.objects.count(), ApiRequest.objects.count()) == (2, 1)


def test_a_key_is_the_callers_own(world: World, program: Callable[..., Program]) -> None:
    first, second = program("agent"), program("agent")
    assert first.post("/cases", new_case(world), key=KEY).status_code == 201
    other = second.post("/cases", new_case(world), key=KEY)
    assert (other.status_code, Case.objects.count()) == (201, 2)


@pytest.mark.parametrize(
    "key", ["short", "a" * 129, "with space!", "键键键键键键键键", "tab\tinside-it", "semi;colon;here"]
)
def test_a_key_that_is_none_is_refused(world: World, program: Callable[..., Program], key: str) -> None:
    answer = program().post("/cases", new_case(world), key=key)
    assert (answer.status_code, Case.objects.count()) == (400, 0)


@pytest.mark.parametrize("key", ["a" * 8, "a" * 128, "A-z_0.9:x"])
def test_a_key_of_the_right_form_is_taken(world: World, program: Callable[..., Program], key: str) -> None:
    assert program().post("/cases", new_case(world), key=key).status_code == 201


def test_after_the_case_changed_the_first_answer_is_given_again(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    first = agent.post("/cases", new_case(world), key=KEY)
    case = Case.objects.get()
    world.take(case, "raise_warning", {"reason": "hard"}, "agent")
    again = agent.post("/cases", new_case(world), key=KEY)
    assert again.json() == first.json()
    assert again.json()["case"]["version"] == 1 < agent.get(f"/cases/{case.number}").json()["version"]


def test_a_note_and_an_upload_are_done_once_too(world: World, program: Callable[..., Program]) -> None:
    case, agent = world.ticket(), program()
    for _ in range(2):
        assert agent.post(f"/cases/{case.number}/notes", {"words": "示例"}, key="note-0001").status_code == 201
        assert agent.upload(f"/cases/{case.number}/attachments", b"words", key="file-0001").status_code == 201
    assert case.notes.count() == 1
    kinds = [entry["kind"] for entry in agent.get(f"/cases/{case.number}/timeline").json()["items"]]
    assert kinds.count("note") == 1
    other = agent.upload(f"/cases/{case.number}/attachments", b"other words", key="file-0001")
    assert other.json()["code"] == "key_reused"


def test_a_revoked_token_gets_no_answer_again(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    agent.post("/cases", new_case(world), key=KEY)
    world.staff["agent"].is_active = False
    world.staff["agent"].save(update_fields=["is_active"])
    assert agent.post("/cases", new_case(world), key=KEY).status_code == 401


@pytest.fixture
def committed(transactional_db: None) -> Iterator[World]:
    made = World()
    before = in_time_of(made)
    yield made
    clock.install(before)


def test_while_the_first_is_at_work_its_twin_is_sent_away(committed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads; the first stands still inside its transaction until the second has its answer."""
    at_work, go_on = threading.Event(), threading.Event()
    real = deeds._done

    def slowly(*arguments: Any) -> Any:
        at_work.set()
        assert go_on.wait(20)
        return real(*arguments)

    monkeypatch.setattr(deeds, "_done", slowly)
    secret = made_token(committed, "agent")
    answers: list[Any] = []

    def first() -> None:
        answers.append(Program(secret).post("/cases", new_case(committed), key=KEY))
        connections.close_all()

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert at_work.wait(20)
        twin = Program(secret).post("/cases", new_case(committed), key=KEY)
    finally:
        go_on.set()
        thread.join(20)
    assert (twin.status_code, twin.json()["code"], twin.headers["Retry-After"]) == (409, "busy", "1")
    assert answers[0].status_code == 201
    monkeypatch.setattr(deeds, "_done", real)
    again = Program(secret).post("/cases", new_case(committed), key=KEY)
    assert (again.content, Case.objects.count()) == (answers[0].content, 1)


def test_twenty_at_once_open_one_case(committed: World) -> None:
    secret, answers, start = made_token(committed, "agent"), [], threading.Barrier(4)

    def send() -> None:
        program = Program(secret)
        start.wait(20)
        answers.extend(program.post("/cases", new_case(committed), key=KEY).status_code for _ in range(5))
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Case.objects.count() == 1
    assert len(answers) == 20
    assert set(answers) <= {201, 409}
