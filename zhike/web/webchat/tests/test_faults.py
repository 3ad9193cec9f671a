"""What a visitor's messages survive: a server whose clock goes back, answers that got lost, a token meant for another inbox."""

from __future__ import annotations

from zhike.channels.sealing import seal_into
from zhike.channels.webchat.visitors import IDENTITY
from zhike.conversations.actions import say
from zhike.conversations.handing import accept
from zhike.conversations.models import Address, Conversation, Inbox, Message
from zhike.conversations.tests.ground import at, inbox_of
from zhike.customers.models import Customer
from zhike.org.principals import Viewer
from zhike.web.webchat.tests.conftest import Watch
from zhike.web.webchat.tests.ground import SETTINGS, Visitor, token_of

SOON = int(at("03-03 10:30").timestamp())


def test_where_the_servers_clock_goes_back_an_hour_the_order_stays(shop: Inbox, agent: Viewer, watch: Watch) -> None:
    visitor = Visitor()
    visitor.writes("第一句")
    accept(Conversation.objects.get(), agent, now=watch.now)
    watch.now = at("03-03 09:00")
    visitor.writes("第二句", key="key-00000002")
    say(Conversation.objects.get(), agent, words="听到了", key="a", now=watch.now)
    watch.now = at("03-03 10:00:30")
    visitor.writes("第三句", key="key-00000003")
    said = [message["words"] for message in visitor.state()["messages"]]
    assert said == ["第一句", "第二句", "听到了", "第三句"]
    assert Conversation.objects.get().open_questions == [4]


def test_what_is_sent_five_times_over_is_there_once_with_one_answer(shop: Inbox) -> None:
    visitor = Visitor()
    answers = [visitor.writes("你好").json()["messages"] for _ in range(5)]
    assert [[message["seq"] for message in each] for each in answers] == [[1]] * 5
    assert Message.objects.count() == 1


def test_a_token_signed_for_another_inbox_proves_nothing_here(shop: Inbox) -> None:
    other = inbox_of(key="other")
    for inbox, secret in ((Inbox.objects.get(key="shop"), "key-of-the-shop"), (other, "key-of-the-other")):
        inbox.settings = dict(SETTINGS)
        seal_into(inbox, IDENTITY, secret)
        inbox.save(update_fields=["settings"])
    token = token_of("key-of-the-other", phone="13800138000", exp=SOON, jti="1")
    assert Visitor().writes("你好", token=token).json()["error"] == "token"
    assert Visitor().writes("你好").status_code == 201
    assert (Customer.objects.count(), Address.objects.get().customer) == (0, None)


def test_a_visitor_of_one_inbox_is_nobody_in_another(shop: Inbox) -> None:
    inbox_of(key="other")
    Inbox.objects.update(settings=SETTINGS)
    visitor = Visitor()
    visitor.writes("你好")
    elsewhere = visitor.client.get("/chat/other/state", headers=visitor.headers).json()
    assert (elsewhere["conversation"], elsewhere["messages"]) == (None, [])
