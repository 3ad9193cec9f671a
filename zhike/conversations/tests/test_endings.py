"""A customer who says nothing for long: a clause ends the conversation, and tells him first."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.clocks.actions import fire_due
from zhike.conversations.actions import say
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Message
from zhike.conversations.tests.ground import asked, at, inbox_of, installed, person

pytestmark = pytest.mark.django_db
IDLE: dict[str, Any] = {
    "kind": "deadline", "id": "TALK-05", "title": {"zh": "示例久未回复", "en": "Sample idle customer"}, "cites": "1", "quote": "示例",
    "starts": ["conversation.told"], "until": ["conversation.asked", "conversation.told"], "holder": ["customer"], "within": "10min",
    "each": True, "breach": [{"close": "idle", "say": {"zh": "示例：您很久没有回复，会话先结束了。", "en": "Sample: ended."}}],
}  # fmt: skip


def test_an_idle_customer_is_told_and_the_conversation_ends_with_the_clauses_outcome() -> None:
    installed(IDLE)
    conversation = asked(inbox_of())
    one = person("jia")
    accept(conversation, one, now=at("03-03 09:00:05"))
    say(conversation, one, words="九点开门", key="m1", now=at("03-03 09:00:20"))
    fire_due(at("03-03 09:10:21"))
    conversation.refresh_from_db()
    assert (conversation.state, conversation.outcome, conversation.closed_by) == ("closed", "idle", "system")
    assert Message.objects.get(side="system").words == "示例：您很久没有回复，会话先结束了。"


def test_every_further_word_of_the_agent_and_every_answer_begins_the_time_anew() -> None:
    installed(IDLE)
    inbox = inbox_of()
    conversation = asked(inbox)
    one = person("jia")
    accept(conversation, one, now=at("03-03 09:00:05"))
    say(conversation, one, words="九点开门", key="m1", now=at("03-03 09:00:20"))
    say(conversation, one, words="周末十点", key="m2", now=at("03-03 09:08"))
    fire_due(at("03-03 09:10:21"))
    assert Conversation.objects.get().state == "open"
    asked(inbox, "谢谢", key="k2", when="03-03 09:15")
    fire_due(at("03-03 09:30"))
    assert Conversation.objects.get().state == "open"


def test_a_close_whose_condition_does_not_hold_leaves_the_conversation_open() -> None:
    clause = {**IDLE, "breach": [{"close": "idle", "when": {"customer_known": True}}]}
    installed(clause)
    conversation = asked(inbox_of())
    one = person("jia")
    accept(conversation, one, now=at("03-03 09:00:05"))
    say(conversation, one, words="九点开门", key="m1", now=at("03-03 09:00:20"))
    fire_due(at("03-03 09:10:21"))
    assert Conversation.objects.get().state == "open"
