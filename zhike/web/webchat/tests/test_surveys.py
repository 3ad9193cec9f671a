"""How satisfied a visitor was, under the handbook of the web chat desk: asked once, reminded once, by short message where he agreed."""

from __future__ import annotations

import datetime as dt

import pytest

from zhike.channels.email.models import Outgoing
from zhike.channels.email.tests.ground import mailbox_of
from zhike.channels.sms.gate import Verdict
from zhike.channels.sms.models import OutgoingMessage
from zhike.channels.tests.short import NUMBER
from zhike.channels.webchat import reminding
from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.conversations.actions import say
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Inbox, Survey
from zhike.conversations.presence import enter_state
from zhike.conversations.tests.ground import at
from zhike.customers.actions import find_or_add_customer
from zhike.customers.consents import give_consent, withdraw_consent
from zhike.customers.models import ContactPoint, Customer
from zhike.org.handbooks import viewer
from zhike.org.models import Staff
from zhike.web.webchat.tests.conftest import Watch
from zhike.web.webchat.tests.ground import Visitor

FORM = {"name": "示例访客", "topic": "delivery", "consent": "demo-1", "phone": NUMBER}
AFTER = at("03-04 10:00") + dt.timedelta(microseconds=1)
"""A day after the end, to the next instant."""


@pytest.fixture
def customer(desk: Inbox) -> Customer:
    """Known, and asked nothing outside the site so far."""
    return find_or_add_customer(phone=NUMBER, name="示例顾客", now=at("03-01 10:00"))


def agrees(customer: Customer) -> None:
    give_consent(customer, "survey", version="v1", channel="portal", by="system", now=at("03-01 10:00"))


def talks(watch: Watch) -> Visitor:
    """Asked, answered and ended by him at ten."""
    agent = viewer(Staff.objects.get())
    assert agent.staff is not None
    enter_state(agent.staff, "ready", now=at("03-03 09:30"), by=agent.principal)
    visitor = Visitor(origin="")
    watch.now = at("03-03 09:59")
    assert visitor.writes("几天送到", form=FORM).status_code == 201
    accept(Conversation.objects.get(), agent, now=watch.now)
    say(Conversation.objects.get(), agent, words="三天", key="a", now=watch.now)
    watch.now = at("03-03 10:00")
    visitor.post("end")
    return visitor


def sent() -> list[tuple[str, str, str]]:
    return list(OutgoingMessage.objects.values_list("to", "purpose", "words"))


def test_after_a_day_who_agreed_gets_the_link_once(customer: Customer, watch: Watch) -> None:
    agrees(customer)
    talks(watch)
    fire_due(at("03-04 10:00"))
    assert sent() == []
    fire_due(AFTER)
    fire_due(at("03-05 10:00"))
    link = f"https://desk.example/chat/survey/{Survey.objects.get().token}"
    assert sent() == [(NUMBER, "service", f"您对刚才的在线咨询满意吗？请点开评价：{link}")]


def reached_by_mail(customer: Customer, handbook: str = "webchat-desk") -> None:
    """Of him only a mail address is known; a mailbox of the house is there."""
    mailbox = mailbox_of()
    Inbox.objects.filter(pk=mailbox.inbox_id).update(handbook=handbook)
    ContactPoint.objects.filter(customer=customer).update(kind="email", value="guke@example.com")


def mailed() -> list[tuple[str, bool, str, str]]:
    rows = Outgoing.objects.select_related("message")
    return [(row.to, row.is_auto, row.message.words, row.message.extra["subject"]) for row in rows]


def test_who_left_only_a_mail_address_gets_the_link_by_mail_once(customer: Customer, watch: Watch) -> None:
    agrees(customer)
    visitor = talks(watch)
    reached_by_mail(customer)
    fire_due(AFTER)
    fire_due(at("03-05 10:00"))
    link = f"https://desk.example/chat/survey/{Survey.objects.get().token}"
    words = f"您对刚才的在线咨询满意吗？请点开评价：{link}"
    assert (mailed(), sent()) == ([("guke@example.com", True, words, "请评价我们的在线咨询")], [])
    watch.now = at("03-05 10:00")
    assert visitor.state()["survey"] == {"reminder": False}


@pytest.mark.parametrize("why", ["never agreed", "another house", "a mailbox of machines"])
def test_without_leave_or_a_mailbox_no_mail_goes_out_and_the_site_reminds_him(
    customer: Customer, watch: Watch, why: str
) -> None:
    if why != "never agreed":
        agrees(customer)
    visitor = talks(watch)
    reached_by_mail(customer, "talk" if why == "another house" else "webchat-desk")
    if why == "a mailbox of machines":
        ContactPoint.objects.filter(kind="email").update(value="noreply@example.com")
    fire_due(AFTER)
    assert mailed() == []
    watch.now = AFTER
    assert visitor.state()["survey"] == {"reminder": True}


def test_a_clause_that_lets_nobody_be_written_to_at_this_hour_puts_the_mail_off(
    customer: Customer, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    agrees(customer)
    talks(watch)
    reached_by_mail(customer)
    morning = at("03-05 08:00")
    monkeypatch.setattr(reminding, "ask_gate", lambda asking, now: Verdict(False, until=morning))
    fire_due(AFTER)
    assert Outgoing.objects.get().next_at == morning


def test_who_was_reminded_by_short_message_is_not_reminded_again_on_the_site(customer: Customer, watch: Watch) -> None:
    agrees(customer)
    visitor = talks(watch)
    fire_due(AFTER)
    watch.now = at("03-05 10:00")
    assert visitor.state()["survey"] == {"reminder": False}


@pytest.mark.parametrize("why", ["never agreed", "took it back", "nobody knows him", "no address of ours"])
def test_without_leave_or_a_way_nothing_is_sent_and_the_site_reminds_him(
    customer: Customer, watch: Watch, why: str
) -> None:
    if why != "never agreed":
        agrees(customer)
    if why == "took it back":
        withdraw_consent(customer, "survey", channel="portal", by="system", now=at("03-02 10:00"))
    if why == "no address of ours":
        inbox = Inbox.objects.get(key="shop")
        inbox.settings["address"] = ""
        inbox.save(update_fields=["settings"])
    visitor = talks(watch)
    if why == "nobody knows him":
        Conversation.objects.update(customer=None)
    fire_due(AFTER)
    assert sent() == []
    watch.now = AFTER
    assert visitor.state()["survey"] == {"reminder": True}


def test_who_has_answered_is_not_reminded(customer: Customer, watch: Watch) -> None:
    agrees(customer)
    visitor = talks(watch)
    assert visitor.post("survey", score=5, comment="示例：很快").status_code == 201
    assert Clock.objects.get(clause="CHAT-X15").state == "kept"
    fire_due(AFTER)
    assert sent() == []
    assert visitor.post("survey", score=1).status_code == 409
    assert (Survey.objects.get().score, Survey.objects.get().comment) == (5, "示例：很快")


def test_of_a_conversation_nobody_answered_nothing_is_asked(customer: Customer, watch: Watch) -> None:
    agrees(customer)
    staff = Staff.objects.get()
    enter_state(staff, "ready", now=at("03-03 09:30"), by=viewer(staff).principal)
    visitor = Visitor(origin="")
    visitor.writes("几天送到", form=FORM)
    visitor.post("end")
    fire_due(AFTER)
    assert (Survey.objects.count(), sent()) == (0, [])
