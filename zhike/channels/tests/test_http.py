"""One POST against receivers that misbehave."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from zhike.channels.addresses import parse
from zhike.channels.http import LONGEST_BODY, Answer, Line, post
from zhike.channels.tests.receiver import Behaviour, answers, drips, drops, hangs, receiver, says

INSIDE = frozenset({"127.0.0.1"})
BODY = b'{"version":1}'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def sent(address: str, line: Line | None = None) -> Answer:
    return asyncio.run(post(parse(address), {"Zhike-Kind": "ping"}, BODY, line or Line(INSIDE, 2.0, 0.5)))


def test_a_receiver_gets_the_body_and_the_headers() -> None:
    with receiver(answers(200, "ok")) as there:
        assert sent(there.address + "?a=1") == Answer(200, body="ok")
        (received,) = there.wait_for(1)
    assert (received.line, received.body) == ("POST /hook?a=1 HTTP/1.1", BODY)
    assert received.headers == {
        "Host": f"127.0.0.1:{there.port}", "Content-Length": "13", "Connection": "close", "Zhike-Kind": "ping",
    }  # fmt: skip


BEHAVIOURS: list[tuple[str, Behaviour, Answer]] = [
    ("it hangs", hangs, Answer(fault="timeout")),
    ("it drips", drips, Answer(fault="timeout")),
    ("it hangs up", drops, Answer(fault="dropped")),
    ("garbage", says(b"SSH-2.0-OpenSSH\r\n\r\n"), Answer(fault="garbage")),
    ("half a head", says(b"HTTP/1.1 200 OK\r\nX: y"), Answer(fault="garbage")),
    ("an endless head", says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000), Answer(fault="garbage")),
    ("an odd status", says(b"HTTP/1.1 999 No\r\n\r\n"), Answer(fault="garbage")),
    ("nothing but interim answers", says(b"HTTP/1.1 102 Wait\r\n\r\n" * 9), Answer(fault="garbage")),
    ("interim answers first", says(b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 204 OK\r\n\r\n"), Answer(204)),
    ("a redirect inward", answers(302, "", "Location: http://169.254.169.254/"), Answer(302)),
    ("too busy", answers(429, "", "Retry-After: 120"), Answer(429, wait=120)),
    ("a wait that is none", answers(503, "", "Retry-After: soon"), Answer(503)),
    ("a length that lies", says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"), Answer(200, body="half")),
    ("a length that is none", says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx"), Answer(200, body="x")),
    ("chunks", says(CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), Answer(200, body="abcde")),
    ("chunks that are none", says(CHUNKED + b"zz\r\nabc"), Answer(200)),
    ("no text", says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\x00"), Answer(200, body="\ufffd\ufffd")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("behaviour", "answer"), [each[1:] for each in BEHAVIOURS], ids=[each[0] for each in BEHAVIOURS]
)
def test_whatever_a_receiver_does_an_answer_comes_of_it(behaviour: Behaviour, answer: Answer) -> None:
    with receiver(behaviour) as there:
        assert sent(there.address) == answer


def test_an_endless_answer_is_read_to_its_bound() -> None:
    with receiver(says(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000)) as there:
        assert len(sent(there.address).body) == LONGEST_BODY


def test_a_redirect_is_not_followed() -> None:
    with receiver(answers(200)) as inner, receiver(answers(307, "", f"Location: {inner.address}")) as outer:
        assert sent(outer.address).status == 307
        assert not sent(outer.address).taken
        assert inner.received == []


def test_a_closed_port_is_said() -> None:
    with receiver() as there:
        pass
    assert sent(there.address) == Answer(fault="connect")


def test_nothing_goes_to_an_internal_address_that_nobody_allowed() -> None:
    with receiver() as there:
        assert sent(there.address, Line()) == Answer(fault="refused")
        assert there.received == []


def test_the_name_is_resolved_once_and_the_connection_made_to_what_was_checked() -> None:
    """A name that answers something harmless first and 127.0.0.1 a moment later gets nothing."""
    asked: list[str] = []

    def first_public_then_inside(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) > 1 else ["192.0.2.1", "127.0.0.1"]

    with receiver() as there:
        address = f"http://rebind.example.com:{there.port}/"
        for _ in range(2):
            assert sent(address, Line(resolve=first_public_then_inside)) == Answer(fault="refused")
        assert asked == ["rebind.example.com"] * 2
        assert there.received == []
        allowed = Line({"rebind.example.com"}, resolve=lambda host, port: ["127.0.0.1"])
        assert sent(address, allowed).status == 200


def test_a_name_that_is_none_is_said() -> None:
    assert sent("http://nowhere.invalid/", Line()) == Answer(fault="name")


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context with a certificate of its own making, and the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    alternative = x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    begins = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(begins).not_valid_after(begins.replace(year=2120))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public, private = folder / f"{name}.pem", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    server, public = certificate(tmp_path, "127.0.0.1")
    with receiver(answers(200), trust=server) as there:
        address = there.address.replace("http:", "https:")
        assert sent(address) == Answer(fault="tls")
        assert there.received == []
        trusting = ssl.create_default_context(cafile=str(public))
        assert sent(address, Line(INSIDE, trust=trusting)).status == 200


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    server, public = certificate(tmp_path, "other.example.com")
    trusting = ssl.create_default_context(cafile=str(public))
    with receiver(answers(200), trust=server) as there:
        line = Line({"hooks.example.com"}, trust=trusting, resolve=lambda host, port: ["127.0.0.1"])
        assert sent(f"https://hooks.example.com:{there.port}/", line) == Answer(fault="tls")
