"""What a gate refuses in a conversation is not done; what the clause says of the attempt stays, once for each press."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.conversations.actions import close, say
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Message
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.tests.ground import DESK, asked, at, inbox_of, installed, person, ready
from zhike.journal.models import ClauseUse, Fact
from zhike.notices.models import Notice
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db
GATE: dict[str, Any] = {
    "kind": "gate", "id": "TALK-31", "title": {"zh": "示例核对", "en": "Sample check"}, "cites": "1", "quote": "示例",
    "on": "conversation.answering", "requires": {"facts": {"actor.role": "lead"}},
    "refuse": {"zh": "示例：请班长答复。", "en": "Sample: the lead answers."},
}  # fmt: skip


def talking(**keys: Any) -> tuple[Conversation, Viewer]:
    """A conversation that an agent has taken, under a gate with these keys."""
    installed({**GATE, **keys}, queues=[DESK, {**DESK, "id": "second"}])
    conversation, agent = asked(inbox_of()), ready(person("jia"))
    if keys.get("on") != "conversation.accepting":
        accept(conversation, agent, now=at("03-03 09:01"))
    return conversation, agent


def tried(conversation: Conversation, agent: Viewer, key: str) -> None:
    with pytest.raises(ConversationRefused):
        say(conversation, agent, words="示例答复", key=key, now=at("03-03 09:02"))


def findings() -> list[tuple[str, str, list[str]]]:
    rows = Fact.objects.filter(type="conversation.finding").order_by("id")
    return [(row.payload["finding"], row.payload["person"], row.clauses) for row in rows]


def test_a_refused_answer_leaves_its_finding_once_for_each_press() -> None:
    conversation, agent = talking(finding="own_answer")
    for key in ("k-1", "k-1", "k-2"):
        tried(conversation, agent, key)
    assert findings() == [("own_answer", agent.principal, ["TALK-31"])] * 2
    assert ClauseUse.objects.filter(clause="TALK-31", outcome="refused").count() == 3
    assert not Message.objects.filter(side="staff").exists()


def test_whoever_is_named_is_told_who_tried_and_what_he_was_told() -> None:
    conversation, agent = talking(effects=[{"notify": ["superior", "holder"]}])
    tried(conversation, agent, "k-1")
    notice = Notice.objects.get(clause="TALK-31")
    assert notice.to == [agent.principal, "talk:lead"]
    assert notice.words["zh"] == f"会话 {conversation.number}：示例jia想做的事按“示例核对”没有做成：示例：请班长答复。"


def test_a_conversation_that_may_not_be_taken_goes_to_the_queue_named() -> None:
    conversation, agent = talking(on="conversation.accepting", send_to=["second"])
    with pytest.raises(ConversationRefused):
        accept(conversation, agent, now=at("03-03 09:01"))
    conversation.refresh_from_db()
    assert (conversation.state, conversation.queue, conversation.owner_id) == ("waiting", "second", None)


def test_a_close_that_is_refused_leaves_the_conversation_as_it_was() -> None:
    conversation, agent = talking(on="conversation.closed", finding="hasty_close")
    with pytest.raises(ConversationRefused):
        close(conversation, by=agent.principal, now=at("03-03 09:05"))
    conversation.refresh_from_db()
    assert (conversation.state, findings()) == ("open", [("hasty_close", agent.principal, ["TALK-31"])])


def test_what_is_allowed_leaves_nothing() -> None:
    conversation, agent = talking(
        requires={"facts": {"actor.role": "agent"}}, finding="own_answer", effects=[{"notify": "lead"}]
    )
    say(conversation, agent, words="示例答复", key="k-1", now=at("03-03 09:02"))
    assert (findings(), Notice.objects.filter(clause="TALK-31").count()) == ([], 0)
