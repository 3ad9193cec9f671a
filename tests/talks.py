"""Conversations for tests in Chromium: a small handbook with two queues beside the sample department, and a visitor who writes.

All of it is made up (示例). `furnish(product)` once; `visitor(product, words)` whenever somebody writes.
"""

from __future__ import annotations

from typing import Any

from tests.served import Served

FURNISH = """
from zhike.conversations.tests.ground import DESK, inbox_of, installed
from zhike.org.models import Assignment, Staff
ANSWER = {"kind": "deadline", "id": "TALK-01", "title": {"zh": "\u793a\u4f8b\u9996\u7b54", "en": "Sample first answer"}, "cites": "1",
    "quote": "\u793a\u4f8b", "starts": ["conversation.asked"], "until": ["conversation.answered"], "holder": ["owner"], "within": "3m",
    "each": True}
TOPIC = {"kind": "gate", "id": "TALK-02", "title": {"zh": "\u793a\u4f8b\u4e3b\u9898\u5fc5\u9009", "en": "Sample topic"}, "cites": "1",
    "quote": "\u793a\u4f8b", "on": ["conversation.closed"], "requires": {"fields": ["topic"]},
    "refuse": {"zh": "\u8bf7\u5148\u9009\u4e3b\u9898\u3002", "en": "Choose a topic first."}}
EXPERTS = {"id": "experts", "title": {"zh": "\u793a\u4f8b\u4e13\u5bb6\u7ec4", "en": "Sample experts"}, "media": ["webchat", "email"],
    "answered_by": ["agent"]}
OPTIONS = {"topic": [{"id": "hours", "title": {"zh": "\u8425\u4e1a\u65f6\u95f4", "en": "Opening hours"}},
    {"id": "refund", "title": {"zh": "\u9000\u6b3e", "en": "Refund"}}]}
installed(ANSWER, TOPIC, queues=[DESK, EXPERTS], options=OPTIONS)
for username, role in (("agent1", "agent"), ("manager1", "agent"), ("supervisor1", "lead")):
    Assignment.objects.create(staff=Staff.objects.get(username=username), handbook="talk", role=role)
inbox_of()
print(json.dumps("done"))
"""
WRITES = """
from zhike.conversations.actions import Incoming, receive
from zhike.conversations.models import Inbox
words, who, key, at = sys.argv[1:5]
import datetime
now = datetime.datetime.fromisoformat(at)
received = receive(Inbox.objects.get(key="shop"), Incoming(address=who, key=key, words=words, name=who), now=now)
print(json.dumps(received.conversation.number))
"""


def furnish(product: Served) -> None:
    """The handbook `talk`; agent1 and manager1 answer, supervisor1 stands above them."""
    product.run(FURNISH)


def visitor(product: Served, words: str, *, who: str = "示例访客", key: str = "") -> str:
    """Somebody writes in the web chat, at the product's time; the number of the conversation."""
    now = product.clock()["now"]
    number: Any = product.run(WRITES, words, who, key or f"{who}/{words}"[:80], now)
    return str(number)
