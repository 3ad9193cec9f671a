"""Calls whose whole answer is wanted, against receivers that misbehave."""

from __future__ import annotations

import pytest

from zhike.channels.addresses import parse
from zhike.channels.calling import Reply, call
from zhike.channels.http import Line
from zhike.channels.tests.receiver import Behaviour, answers, drips, drops, hangs, receiver, says

LINE = Line(frozenset({"127.0.0.1"}), 2.0, 0.5)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_the_whole_answer_comes_back_with_its_headers() -> None:
    with receiver(answers(200, '{"errcode": 0}', "Content-Type: application/json")) as there:
        reply = call(parse(there.address), line=LINE, method="GET")
        (received,) = there.wait_for(1)
    assert (reply.status, reply.json(), reply.headers["content-type"]) == (200, {"errcode": 0}, "application/json")
    assert received.line.startswith("GET /hook ")


BEHAVIOURS: list[tuple[str, Behaviour, str]] = [
    ("it hangs", hangs, "timeout"),
    ("it drips", drips, "timeout"),
    ("it hangs up", drops, "dropped"),
    ("garbage", says(b"SSH-2.0-OpenSSH\r\n\r\n"), "garbage"),
    ("half an answer", says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"), "dropped"),
    ("a length that is none", says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx"), "garbage"),
    ("chunks that are none", says(CHUNKED + b"zz\r\nabc"), "garbage"),
    ("half a chunk", says(CHUNKED + b"5\r\nab"), "dropped"),
    ("more than allowed", says(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"), "too_large"),
    ("more than allowed without saying so", says(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000), "too_large"),
    ("chunks without end", says(CHUNKED + b"3e8\r\n" + b"x" * 1000 + b"\r\n3e8\r\n"), "too_large"),
]


@pytest.mark.parametrize(
    ("behaviour", "fault"), [each[1:] for each in BEHAVIOURS], ids=[each[0] for each in BEHAVIOURS]
)
def test_whatever_it_does_the_request_may_have_arrived(behaviour: Behaviour, fault: str) -> None:
    with receiver(behaviour) as there:
        assert call(parse(there.address), line=LINE, most=1000) == Reply(fault=fault, reached=True)


def test_chunks_are_put_together() -> None:
    with receiver(says(CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")) as there:
        assert call(parse(there.address), line=LINE).data == b"abcde"


def test_a_call_that_never_left_is_known_as_such() -> None:
    with receiver(answers(200)) as there:
        address = there.address
    assert call(parse(address), line=LINE) == Reply(fault="connect")
    assert call(parse("https://10.0.0.1/"), line=Line()) == Reply(fault="refused")
    nowhere = Line(frozenset(), 2.0, 0.5, resolve=lambda host, port: ["169.254.169.254"])
    assert call(parse("https://metadata.example/"), line=nowhere) == Reply(fault="refused")
