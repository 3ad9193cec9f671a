"""What a receiver does with a signature, and that both sides mean the same by it."""

from __future__ import annotations

import json

import pytest

from zhike.client import BadSignature, read_event
from zhike.webhooks.kinds import KINDS
from zhike.webhooks.signing import signature

NOW = 1_750_000_000
SECRET = "whsec_example"
BODY = json.dumps({"version": 1, "id": "x", "kind": "ping"}).encode()


def signed(*secrets: str, at: int = NOW, body: bytes = BODY) -> str:
    return signature(secrets or (SECRET,), at, body)


def test_what_the_product_signed_is_read() -> None:
    assert read_event(BODY, signed(), [SECRET], now=NOW)["kind"] == "ping"


def test_one_good_signature_of_two_is_enough_on_either_side() -> None:
    read_event(BODY, signed("new", "old"), ["old"], now=NOW)
    read_event(BODY, signed("old"), ["new", "old"], now=NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_a_signature_holds_for_five_minutes(seconds: int) -> None:
    read_event(BODY, signed(), [SECRET], now=NOW + seconds)
    with pytest.raises(BadSignature):
        read_event(BODY, signed(), [SECRET], now=NOW + seconds * 1.01)


BAD = [
    "", "t=", f"t={NOW}", f"v1={'0' * 64}", f"t={NOW},v1=", f"t={NOW},v1={'0' * 64}", signed("other"),
    signed(at=NOW + 1).replace(str(NOW + 1), str(NOW)), signed(body=BODY + b" "), signed().replace("v1", "v0"),
    signed() + f",t={NOW}", signed().replace(f"t={NOW}", "t=\u0661"),
    "t=" + "9" * 40,
]  # fmt: skip


@pytest.mark.parametrize("given", BAD)
def test_anything_else_is_refused(given: str) -> None:
    with pytest.raises(BadSignature):
        read_event(BODY, given, [SECRET], now=NOW)


def test_another_version_is_said() -> None:
    body = b'{"version": 2}'
    with pytest.raises(ValueError, match="another version"):
        read_event(body, signed(body=body), [SECRET], now=NOW)


def test_every_kind_has_a_name_of_its_own() -> None:
    assert "ping" not in KINDS
