"""What is proposed beside a conversation: the handbook's words where they hold, then replies like the question."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.conversations.canned import save_reply
from zhike.conversations.handing import accept
from zhike.conversations.hints import Hint, hints_of
from zhike.conversations.knowledge import question_of
from zhike.conversations.models import Conversation
from zhike.conversations.tests.ground import asked, at, inbox_of, installed, person
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db
NOW = at("03-03 09:01")
GREETING: dict[str, Any] = {
    "kind": "wording", "id": "TALK-40", "title": "示例问候", "cites": "1", "quote": "示例", "on": ["conversation.answering"],
    "when": {"channel": "webchat"}, "say": "您好，会话 {conversation.number}，{nothing_known}", "never": ["不知道"],
}  # fmt: skip
LETTER = GREETING | {"id": "TALK-41", "when": {"channel": "letter"}, "say": "来信收悉"}


def talk(words: str = "我想退货可以吗") -> tuple[Conversation, Viewer]:
    anna = person("anna")
    return accept(asked(inbox_of(), words), anna, now=NOW), anna


def hints(conversation: Conversation, viewer: Viewer) -> list[Hint]:
    return hints_of(conversation, book_of(conversation.version_id), viewer, question_of(conversation), NOW)


def proposed(conversation: Conversation, viewer: Viewer) -> list[tuple[str, str]]:
    return [(hint.clause, hint.words.zh) for hint in hints(conversation, viewer)]


def reply(viewer: Viewer, title: str, words: str) -> None:
    save_reply(viewer, handbook="talk", title=title, shortcut="", words=words, shared=False, now=NOW)


def test_a_clause_that_holds_says_its_words_with_the_facts_and_one_that_does_not_is_silent() -> None:
    installed(GREETING, LETTER)
    conversation, anna = talk()
    assert proposed(conversation, anna) == [("TALK-40", f"您好，会话 {conversation.number}，{{nothing_known}}")]
    (hint,) = hints(conversation, anna)
    assert hint.never == ("不知道",)


def test_words_that_are_held_back_are_known_before_one_writes_them() -> None:
    held = {"contains_none": ["不行", "不知道"], "before_sending": True, "verdict": "fail"}
    clause = {name: value for name, value in GREETING.items() if name != "say"} | {"look_for": held}
    heard = clause | {"id": "TALK-42", "never": [], "look_for": {**held, "before_sending": False}}
    installed(clause, heard)
    conversation, anna = talk()
    (hint,) = hints(conversation, anna)
    assert (hint.clause, hint.words.zh, hint.never) == ("TALK-40", "", ("不知道", "不行"))


def test_replies_that_share_most_with_the_question_are_proposed_with_their_fields() -> None:
    installed()
    conversation, anna = talk()
    reply(anna, "退货", "{agent.name}：退货请寄到门店")
    reply(anna, "营业时间", "我们九点开门")
    reply(anna, "发票", "发票随货寄出")
    assert proposed(conversation, anna) == [("", "示例anna：退货请寄到门店")]


def test_nobody_elses_own_replies_and_none_like_it_are_proposed() -> None:
    installed()
    conversation, anna = talk()
    reply(person("bert"), "退货", "退货请寄到门店")
    reply(anna, "营业时间", "我们九点开门")
    assert proposed(conversation, anna) == []
