"""What an adapter says of a message on its way out."""

from __future__ import annotations

import datetime as dt

import pytest

from zhike.channels.email.tests.ground import mailbox_of
from zhike.conversations import outgoing
from zhike.conversations.actions import say
from zhike.conversations.failures import reason, why_words
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Message
from zhike.conversations.outgoing import Draft, checks, mark_delivery
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.tests.ground import asked, at, inbox_of, installed, person
from zhike.handbook.common import Text
from zhike.journal.models import Fact

NO_SUCH = reason("test.no_such", zh="没有这个邮箱：{who}", en="There is no such mailbox: {who}").of(who="li")
pytestmark = pytest.mark.django_db


def mailed() -> Message:
    installed()
    conversation = asked(mailbox_of("desk@example.com").inbox)
    viewer = person("li")
    accept(conversation, viewer, now=at("03-03 09:01"))
    return say(conversation, viewer, words="您好", key="a1", now=at("03-03 09:02"))


def test_what_became_of_a_message_is_kept_and_told() -> None:
    message = mailed()
    assert message.state == Message.State.SENDING
    mark_delivery(message.pk, "failed", why=NO_SUCH, now=at("03-03 09:03"), code="550")
    message.refresh_from_db()
    assert (message.state, message.why, message.extra) == ("failed", "test.no_such", {"code": "550"})
    told = [why_words(message.why, message.why_values, language) for language in ("zh-hans", "en")]
    assert told == ["没有这个邮箱：li", "There is no such mailbox: li"]
    assert Fact.objects.filter(type="conversation.changed").count() == 1


def test_the_same_news_twice_is_told_once_and_what_arrived_stays_arrived() -> None:
    message = mailed()
    assert mark_delivery(message.pk, "delivered", now=at("03-03 09:03")) is not None
    assert mark_delivery(message.pk, "delivered", now=at("03-03 09:04")) is None
    assert mark_delivery(message.pk, "failed", why=NO_SUCH, now=at("03-03 09:05")) is None
    message.refresh_from_db()
    assert message.state == "delivered"
    assert mark_delivery(0, "sent", now=at("03-03 09:06")) is None


def test_a_medium_refuses_what_it_does_not_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "_checks", {})

    @checks("email")
    def no_mail(conversation: Conversation, draft: Draft, now: dt.datetime) -> None:
        if draft.extra.get("template") != "welcome":
            raise ConversationRefused(Text(zh="请选择模板。", en="Choose a template."))

    installed()
    conversation = asked(inbox_of("email", "desk@example.com"))
    viewer = person("li")
    accept(conversation, viewer, now=at("03-03 09:01"))
    with pytest.raises(ConversationRefused, match="请选择模板"):
        say(conversation, viewer, words="您好", key="a1", now=at("03-03 09:02"))
    assert say(conversation, viewer, words="内部", key="a2", now=at("03-03 09:02"), internal=True).seq == 2
    sent = say(conversation, viewer, words="您好", key="a3", now=at("03-03 09:02"), extra={"template": "welcome"})
    assert sent.extra == {"template": "welcome"}
