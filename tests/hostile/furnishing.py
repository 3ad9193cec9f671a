"""What a sample's history lacks, made as people make it: conversations, short messages, a mailbox, an import, a token, a webhook."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from django.test import Client

from tests.chat_desk import _short_messages
from tests.hostile.inside import Inside
from tests.pages import _token, _webhook
from zhike.web.tests.house import House

DESK = "webchat-desk"


def furnish(house: House) -> None:
    """Whoever keeps the house has something to keep; at the web chat desk people talk."""
    admin = Inside(house, "admin")
    _token(admin)  # type: ignore[arg-type]  # somebody inside gets and posts as somebody outside does
    _webhook(admin)  # type: ignore[arg-type]
    if house.name == DESK:
        _short_messages(admin, Inside(house, "lead1"))  # type: ignore[arg-type]
        _talks(house)


def _talks(house: House) -> None:
    """One in somebody's hands with an answer, one that waits, one that has ended and is asked about."""
    one = Inside(house, "agent1")
    one.post("/presence/enter", {"state": "ready", "reason": ""})
    mine = chat_of("示例访客甲", "示例：运费怎么算？")
    one.post(f"/conversations/{mine}/accept", {})
    one.post(
        f"/conversations/{mine}/say", {"words": "示例：满 99 元免运费。", "key": secrets.token_hex(8), "answers": "1"}
    )
    ended = Visitor("示例访客乙")
    number = ended.asks("示例：营业到几点？")
    one.post(f"/conversations/{number}/accept", {})
    one.post(f"/conversations/{number}/say", {"words": "示例：晚上九点。", "key": secrets.token_hex(8)})
    ended.sends("end", {})
    chat_of("示例访客丙", "示例：有人吗？")


def chat_of(name: str, words: str) -> str:
    """Somebody writes; the conversation's number."""
    return Visitor(name).asks(words)


class Visitor:
    """A visitor of the shop without a page: what his widget asks for, with a secret of his own."""

    def __init__(self, name: str = "") -> None:
        self.client = Client()
        self.name = name
        found = re.search(r'data-inbox="([^"]+)"', self.client.get("/demo").content.decode())
        assert found, "no widget in the shop"
        self.key = found[1]
        self.head = {"Authorization": f"Visitor {secrets.token_urlsafe(32)}"}

    def asks(self, words: str) -> str:
        told = {"words": words, "key": secrets.token_hex(8), "form": self.form, "page": "http://testserver/demo"}
        answer = self.sends("messages", told)
        assert answer.status_code == 201, answer.content.decode()
        number: str = answer.json()["conversation"]["number"]
        return number

    @property
    def form(self) -> dict[str, Any]:
        return {"name": self.name, "topic": "before", "consent": "demo-1", "phone": "13900000021"}

    def sends(self, what: str, told: Any) -> Any:
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        return self.client.post(f"/chat/{self.key}/{what}", body, content_type="application/json", headers=self.head)
