"""Who is typing, who has read: heard by NOTIFY, told at once to whoever has it open, kept nowhere (conversations/passing.py)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

OUTSIDE = ("customer:", "address:")


@dataclass(frozen=True, slots=True)
class Passing:
    """The bytes for colleagues and, without anybody's name, for the other side."""

    by: str
    audience: frozenset[str]
    topics: frozenset[str]
    chunk: bytes
    outside: bytes


def passing_of(text: str) -> Passing:
    """From what stood in the notification. Raises ValueError, KeyError or TypeError for one that is not ours."""
    told = json.loads(text)
    side = "customer" if str(told["by"]).startswith(OUTSIDE) else "staff"
    common = {"number": told["number"], "kind": told["kind"], "side": side, "seq": told["seq"]}
    named = {**common, "by": told["by"], "name": told["name"]}
    topics = frozenset({f"conversation:{int(told['id'])}", "conversations"})
    return Passing(told["by"], frozenset(told["audience"]), topics, _event(named), _event(common))


def _event(data: dict[str, Any]) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: passing\ndata: {text}\n\n".encode()
