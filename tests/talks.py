"""Conversations for tests in Chromium: a small handbook with two queues beside the sample department, and a visitor who writes.

All of it is made up (示例). `furnish(product)` first, which the first of a run does for all;
`visitor(product, words)` whenever somebody writes.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.people import Somebody
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
BACK = {"kind": "route", "id": "TALK-03", "title": {"zh": "\u793a\u4f8b\u79bb\u7ebf\u4ea4\u56de", "en": "Sample: back when he is gone"},
    "cites": "1", "quote": "\u793a\u4f8b", "on": ["presence.off.entered"], "yields": "queue", "to": "same"}
GREETING = {"kind": "wording", "id": "TALK-04", "title": {"zh": "\u793a\u4f8b\u7b54\u590d\u7528\u8bed", "en": "Sample words"}, "cites": "1",
    "quote": "\u793a\u4f8b", "on": ["conversation.answering"],
    "say": {"zh": "\u60a8\u597d\uff0c\u8fd9\u91cc\u662f\u793a\u4f8b\u54a8\u8be2\u53f0\u3002", "en": "Good day, this is the sample desk."}}
PROFILE = {"id": "profile", "title": {"zh": "\u793a\u4f8b\u6863\u6848", "en": "Sample profile"}, "in_conversation": ["agent"],
    "fields": [{"id": "place", "title": {"zh": "\u5730\u70b9", "en": "Place"}, "type": "string", "required": True}]}
installed(ANSWER, TOPIC, BACK, GREETING, queues=[DESK, EXPERTS], options=OPTIONS, records=[PROFILE])
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


FLOOD = """
from zhike.conversations.actions import Incoming, receive
from zhike.conversations.models import Inbox
import datetime
who, many, at = sys.argv[1:4]
now, inbox = datetime.datetime.fromisoformat(at), Inbox.objects.get(key="shop")
for n in range(int(many)):
    receive(inbox, Incoming(address=who, key=f"{who}/flood/{n}", words=f"{n + 1}", name=who), now=now)
print(json.dumps(True))
"""
GONE = """
from zhike.conversations.models import Presence
from zhike.conversations.presence import enter_state, look_after_presence
from zhike.org.models import Staff
import datetime
who, at = sys.argv[1:3]
now = datetime.datetime.fromisoformat(at)
staff = Staff.objects.get(username=who)
enter_state(staff, "ready", now=now, by=f"staff:{staff.pk}", handbook="talk")
Presence.objects.filter(staff=staff).update(heard_at=now - datetime.timedelta(minutes=30))
print(json.dumps(look_after_presence(now, listening=True)))
"""


def furnish(product: Served) -> None:
    """The handbook `talk`; agent1 and manager1 answer, supervisor1 stands above them."""
    if not product.rows("SELECT 1 FROM conversations_inbox WHERE key = 'shop'"):
        product.run(FURNISH)


def visitor(product: Served, words: str, *, who: str = "示例访客", key: str = "") -> str:
    """Somebody writes in the web chat, at the product's time; the number of the conversation."""
    now = product.clock()["now"]
    number: Any = product.run(WRITES, words, who, key or f"{who}/{words}"[:80], now)
    return str(number)


def flood(product: Served, who: str, many: int) -> None:
    """He writes so many messages, one after the other: 1, 2, 3."""
    product.run(FLOOD, who, str(many), product.clock()["now"])


def nothing_heard_of(product: Served, username: str) -> None:
    """Somebody who was ready has not been heard of for half an hour: his machine sleeps."""
    assert product.run(GONE, username, product.clock()["now"]) >= 1


def row(number: str) -> str:
    """Where a conversation stands in the list."""
    return f'.wb-row[data-number="{number}"]'


def opened(page: Page, number: str) -> None:
    expect(page.locator("#wb-talk")).to_have_attribute("data-number", number)


def take(person: Somebody, number: str) -> Page:
    """Take what waits, without touching the mouse elsewhere; his page, on which he may answer now."""
    person.page.locator(row(number)).get_by_role("button", name="接入").click()
    opened(person.page, number)
    expect(person.page.locator("#wb-compose [data-mode=reply]")).to_be_visible()
    return person.page
