"""The client against a served product."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pytest_django.live_server_helper import LiveServer

from zhike.cases.models import Case
from zhike.client import Problem, Unreachable, Zhike
from zhike.lib import clock
from zhike.web.api.tests.program import made_token, new_case
from zhike.web.tests.world import COMPLETE, World, in_time_of


@pytest.fixture
def world(transactional_db: None) -> Iterator[World]:
    made = World()
    before = in_time_of(made)
    yield made
    clock.install(before)


@pytest.fixture
def zhike(world: World, live_server: LiveServer) -> Iterator[Zhike]:
    with Zhike(live_server.url, made_token(world, "agent")) as client:
        yield client


def test_a_case_from_its_opening_to_its_next_stage(world: World, zhike: Zhike) -> None:
    order = new_case(world)
    opened = zhike.open_case(order["handbook"], order["process"], order["action"], order["values"], key="order-00001")
    again = zhike.open_case(order["handbook"], order["process"], order["action"], order["values"], key="order-00001")
    assert opened == again
    assert Case.objects.count() == 1
    number = opened["number"]
    file = zhike.upload("现场 1.txt", b"words", number=number)
    assert zhike.download(number, file["token"]) == b"words"
    assert file["name"] == "现场 1.txt"
    zhike.add_note(number, "示例备注")
    assert {entry["kind"] for entry in zhike.timeline(number)} >= {"deed", "note"}
    assert [row["number"] for row in zhike.cases(q=number)] == [number]


def test_an_action_on_a_case_that_changed_since_is_a_problem(world: World, zhike: Zhike) -> None:
    warning = world.warning()
    case = zhike.case(warning.number)
    assert [c["clause"] for c in zhike.clocks(mine=True)] == ["WARN-05"]
    zhike.act(warning.number, "submit", COMPLETE, version=case["version"])
    with pytest.raises(Problem) as stale:
        zhike.act(warning.number, "submit", COMPLETE, version=case["version"])
    assert (stale.value.status, stale.value.code) == (412, "stale")


def test_a_refusal_brings_its_clauses_and_fields(world: World, zhike: Zhike) -> None:
    warning = world.warning()
    with pytest.raises(Problem) as refused:
        zhike.act(warning.number, "submit", {})
    assert refused.value.code == "refused"
    assert any(reason["clause"] for reason in refused.value.reasons)
    assert "difficulty" in refused.value.fields


def test_lists_are_walked_to_their_end(world: World, zhike: Zhike) -> None:
    numbers = [world.ticket().number for _ in range(3)]
    assert [row["number"] for row in zhike.cases()] == numbers[::-1]
    assert zhike.me()["name"] == "示例agent"
    assert [book["name"] for book in zhike.handbooks()] == ["retail-hotline"]
    assert zhike.customers("13800000101")[0]["contacts"][0]["masked"] == "138****0101"
    assert list(zhike.notices()) == list(zhike.notices())
    assert zhike.ledger("retail-hotline", "WARN-05")["broken"] == 0


class Unsure(BaseHTTPRequestHandler):
    """Sends callers away twice, then answers; writes down what it was sent."""

    seen: list[str | None] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.headers["Idempotency-Key"])
        status = (429, 503, 201)[min(len(self.seen), 3) - 1]
        body = b'{"id": 1, "number": "X", "internal": true}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


def test_what_met_a_busy_house_is_sent_again_under_the_same_key() -> None:
    Unsure.seen.clear()
    server = HTTPServer(("127.0.0.1", 0), Unsure)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    waited: list[float] = []
    try:
        with Zhike(f"http://127.0.0.1:{server.server_port}", "zk_x") as client:
            client.line.pause = waited.append
            assert client.add_note("X", "示例")["id"] == 1
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert waited == [7.0, 7.0]
    assert len(Unsure.seen) == 3
    assert len(set(Unsure.seen)) == 1


def test_nobody_there_is_said_after_four_tries() -> None:
    waited: list[float] = []
    with Zhike("http://127.0.0.1:1", "zk_x") as client:
        client.line.pause = waited.append
        with pytest.raises(Unreachable):
            client.me()
    assert waited == [2.0, 4.0, 8.0]


def test_a_duplicate_is_linked_merged_and_comes_back(world: World, zhike: Zhike) -> None:
    leading, dropped = world.ticket(), world.ticket()
    (tie,) = zhike.link(dropped.number, leading.number, "duplicate")
    assert (tie["tie"], tie["number"]) == ("duplicate", leading.number)
    assert zhike.unlink(leading.number, tie["link"]) == zhike.links(dropped.number) == []
    assert zhike.follow(leading.number) is True
    assert zhike.merge(dropped.number, leading.number)["merged_into"] == leading.number
    assert zhike.unmerge(dropped.number)["status"] == "open"
    zhike.act(dropped.number, "note_handling", {"handling": "示例：写错了"})
    assert zhike.undo(dropped.number)["number"] == dropped.number
