"""Whatever is sent, the answer is a problem that says what is wrong, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from zhike.cases.models import Case, Note
from zhike.web.api.tests.program import Program, new_case
from zhike.web.tests.world import World

JUNK = [
    b"", b"{", b"null", b"[]", b'"text"', b"7", b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a": NaN}', b'{"a": 1, "a": 2}',
    b'{"words": "\\ud800"}', b'{"words": "a\\u0000b"}', b"[" * 100_000, b'{"a":' * 5000, b'{"words": 1e999}',
    b'{"words": ' + b"9" * 5000 + b"}", b"words=a&internal=true", b"\0",
]  # fmt: skip


@pytest.mark.parametrize("body", JUNK, ids=range(len(JUNK)))
@pytest.mark.parametrize("path", ["/cases", "/cases/{0}/notes", "/cases/{0}/actions/raise_warning"])
def test_junk_is_refused(world: World, program: Callable[..., Program], path: str, body: bytes) -> None:
    case = world.ticket()
    answer = program().post(path.format(case.number), body)
    assert answer.status_code in ((400, 422) if body else (415,)), answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (Case.objects.count(), Note.objects.count()) == (1, 0)


@pytest.mark.parametrize("extra", ["owner", "is_admin", "department", "holders", "audience", "version", "id", "source"])
def test_fields_nobody_declared_are_refused_by_name(world: World, program: Callable[..., Program], extra: str) -> None:
    case, agent = world.ticket(), program()
    outside = agent.post("/cases", {**new_case(world), extra: 1})
    inside = agent.post("/cases", new_case(world, **{extra: 1}))
    note = agent.post(f"/cases/{case.number}/notes", {"words": "示例", extra: 1})
    deed = agent.post(f"/cases/{case.number}/actions/raise_warning", {"values": {"reason": "hard", extra: 1}})
    for answer in (outside, inside, note, deed):
        assert (answer.status_code, list(answer.json()["fields"])) == (422, [extra])
    assert (Case.objects.count(), Note.objects.count()) == (1, 0)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"handbook": 7}, "handbook"),
    ({"values": []}, "values"),
    ({"values": None}, "values"),
    ({"process": "warning\u2028"}, "process"),
    ({"action": "submit"}, "action"),
    ({"attachments": "token"}, "attachments"),
    ({"attachments": [1]}, "attachments.0"),
    ({"attachments": ["x"] * 21}, "attachments"),
    ({"handbook": "x" * 65}, "handbook"),
]


@pytest.mark.parametrize(("change", "field"), WRONG)
def test_wrong_types_are_refused_at_their_place(
    world: World, program: Callable[..., Program], change: dict[str, Any], field: str
) -> None:
    answer = program().post("/cases", {**new_case(world), **change})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        [[]],
        {"a": {"b": 1}},
        True,
        1.5,
        -1,
        2**62,
        "\u202e",
        "x" * 30_000,
        ["a"] * 300,
        None,
        "'; DROP TABLE",
        " ",
    ],
    ids=lambda v: repr(v)[:20],
)
@pytest.mark.parametrize("field", ["store", "caller_phone", "service_class", "content", "caller_name"])
def test_any_value_in_any_field_is_an_answer(
    world: World, program: Callable[..., Program], field: str, value: Any
) -> None:
    assert program().post("/cases", new_case(world, **{field: value})).status_code in (201, 422)


@pytest.mark.parametrize(
    "query",
    [
        "status=everything", "size=0", "size=101", "size=x", "after=x", "after=%00", "after=5Zux", "department=x",
        "department=99999999999999999999", "mine=perhaps", "is_admin=1", "q=" + "a" * 81, "order=owner", "q=%00",
        "after=MDAwMS0wMS0wMVQwMDowMDowMCsyMzo1OX4x",
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_meant_is_refused(program: Callable[..., Program], query: str) -> None:
    answer = program().get(f"/cases?{query}")
    assert answer.status_code in (400, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query", ["since=x", "since=2025-06-10", "until=9999-12-31T00:00:00Z", "outcome=all", "size=-1"]
)
def test_a_period_that_is_none_is_refused(program: Callable[..., Program], query: str) -> None:
    path = f"/handbooks/retail-hotline/clauses/WARN-05/ledger?{query}"
    assert program("supervisor").get(path).status_code == 422


def test_a_number_beyond_all_ids_is_not_found(program: Callable[..., Program]) -> None:
    agent = program()
    for number in ("0", "9" * 18, "9" * 30, "-1", "x"):
        assert agent.get(f"/customers/{number}").status_code in (404, 422)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(world: World, program: Callable[..., Program]) -> None:
    agent, case = program(), world.ticket()
    large = json.dumps({"words": "x" * 1_100_000}).encode()
    answer = agent.post(f"/cases/{case.number}/notes", large)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    upload = agent.upload("/attachments", b"x" * 10_600_000)
    assert (upload.status_code, upload.json()["code"]) == (413, "too_large")
    assert agent.upload("/attachments", b"x" * 12_000_000).status_code == 413


def test_a_body_in_chunks_is_not_taken_for_an_empty_one(world: World, program: Callable[..., Program]) -> None:
    answer = program().client.post(
        "/api/cases", "{}", content_type="application/json", CONTENT_LENGTH="", headers={"Transfer-Encoding": "chunked"}
    )
    assert (answer.status_code, answer.json()["code"]) == (411, "unreadable")


def test_another_content_type_is_refused(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
    ):
        answer = agent.client.post("/api/cases", json.dumps(new_case(world)), content_type=kind)
        assert (kind, answer.status_code) == (kind, 415)
    assert agent.client.post("/api/attachments", "{}", content_type="application/json").status_code == 415
    assert agent.client.post("/api/attachments", "--x", content_type="multipart/form-data").status_code == 400


def test_an_upload_has_one_part_named_file(program: Callable[..., Program]) -> None:
    agent = program()
    assert agent.client.post("/api/attachments", {"other": "x"}).status_code == 422
    assert agent.upload("/attachments", b"", "empty.txt").status_code == 422
    assert agent.upload("/attachments", b"MZ\x90\x00", "run.exe").status_code == 422
    truncated = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf'
    answer = agent.client.post("/api/attachments", truncated, content_type="multipart/form-data; boundary=x")
    assert answer.status_code in (201, 400, 422)


def test_a_field_the_product_fills_is_not_taken_from_outside(world: World, program: Callable[..., Program]) -> None:
    book = program().get("/handbooks/retail-hotline").json()
    record = next(p for p in book["processes"] if p["id"] == "service_ticket")["record"]
    filled = [f["id"] for r in book["records"] if r["id"] == record for f in r["fields"] if f["filled_by_product"]]
    for name in filled:
        answer = program().post("/cases", new_case(world, **{name: "staff:1"}))
        assert (answer.status_code, list(answer.json()["fields"])) == (422, [name])
