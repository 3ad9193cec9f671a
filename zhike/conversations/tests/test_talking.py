"""A visitor writes, somebody takes it, answers, and it ends."""

from __future__ import annotations

import pytest

from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.conversations import actions
from zhike.conversations.access import conversation_for, visible_conversations
from zhike.conversations.actions import Incoming, close, recall_message, receive, say
from zhike.conversations.handing import accept, end_offer, offer, requeue
from zhike.conversations.models import Conversation, Message
from zhike.conversations.refusals import ConversationRefused, NotFound
from zhike.conversations.tests.ground import FIRST_ANSWER, asked, at, inbox_of, installed, person
from zhike.conversations.written import locked
from zhike.customers.actions import find_or_add_customer
from zhike.journal.models import Fact
from zhike.notices.models import Notice

pytestmark = pytest.mark.django_db


def test_what_a_visitor_writes_opens_one_conversation_that_waits_in_its_queue() -> None:
    installed()
    inbox = inbox_of()
    first = asked(inbox)
    second = asked(inbox, "还在吗", key="k2", when="03-03 09:01")
    assert first.pk == second.pk
    assert (second.state, second.queue, second.last_seq, second.last_words) == ("waiting", "desk", 2, "还在吗")
    assert first.number.startswith("C-250303-")


def test_what_is_received_twice_is_stored_once() -> None:
    installed()
    inbox = inbox_of()
    asked(inbox)
    again = receive(inbox, Incoming(address="visitor-1", key="k1", words="请问几点开门"), now=at("03-03 09:05"))
    assert again.again
    assert Message.objects.count() == 1


def test_the_customer_is_found_by_his_number_and_several_are_only_shown() -> None:
    installed()
    inbox = inbox_of()
    one = find_or_add_customer(phone="13800138000", name="示例甲", now=at("03-01 09:00"))
    two = find_or_add_customer(phone="13900139000", name="示例乙", now=at("03-01 09:00"))
    known = Incoming(address="a", key="1", words="你好", contact={"phone": "+8613800138000"})
    both = Incoming(address="b", key="1", words="你好", contact={"phone": "+8613800138000", "other": "+8613900139000"})
    assert receive(inbox, known, now=at("03-03 09:00")).conversation.customer == one
    unsure = receive(inbox, both, now=at("03-03 09:00")).conversation
    assert (unsure.customer, unsure.candidates) == (None, [one.pk, two.pk])


@pytest.mark.parametrize("known", [True, False])
def test_what_comes_while_the_conversation_is_being_closed_opens_another(
    monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    installed()
    inbox = inbox_of()
    first = asked(inbox)

    def closed_meanwhile(number: int) -> Conversation:
        Conversation.objects.filter(pk=number).update(state="closed", closed_at=at("03-03 09:01"))
        return locked(number)

    monkeypatch.setattr(actions, "locked", closed_meanwhile)
    late = Incoming(address="visitor-1", key="k2", words="还在吗", conversation=first.pk if known else None)
    received = receive(inbox, late, now=at("03-03 09:01"))
    assert (received.opened, received.conversation.pk != first.pk) == (True, True)
    assert Message.objects.filter(conversation=first).count() == 1


def test_only_one_of_two_agents_gets_it() -> None:
    installed()
    conversation = asked(inbox_of())
    one, two = person("jia"), person("yi")
    assert accept(conversation, one, now=at("03-03 09:00:10")).owner == one.staff
    with pytest.raises(ConversationRefused, match="已由同事接走"):
        accept(conversation, two, now=at("03-03 09:00:10"))


def test_whoever_was_first_answers_for_it_until_the_colleague_has_taken_it() -> None:
    installed()
    conversation = asked(inbox_of())
    one, two = person("jia"), person("yi")
    accept(conversation, one, now=at("03-03 09:00:10"))
    assert two.staff is not None
    offered = offer(conversation, two.staff, now=at("03-03 09:02"), until=at("03-03 09:03"), by=one.principal)
    assert (offered.owner, offered.offered_to) == (one.staff, two.staff)
    assert accept(offered, two, now=at("03-03 09:02:30")).owner == two.staff


def test_an_offer_nobody_took_goes_back_where_it_came_from() -> None:
    installed()
    conversation = asked(inbox_of())
    one = person("jia")
    assert one.staff is not None
    offer(conversation, one.staff, now=at("03-03 09:00"), until=at("03-03 09:00:20"))
    back = end_offer(conversation, now=at("03-03 09:00:20"), declined=False)
    assert (back.state, back.offered_to, back.passed_over, back.waiting_since) == (
        "waiting",
        None,
        [one.staff.pk],
        at("03-03 09:00"),
    )


def test_the_first_answer_is_due_within_the_limit_and_stops_its_clock() -> None:
    installed(FIRST_ANSWER)
    conversation = asked(inbox_of())
    one = person("jia")
    accept(conversation, one, now=at("03-03 09:00:05"))
    say(conversation, one, words="九点开门", key="m1", now=at("03-03 09:00:20"))
    clock = Clock.objects.get()
    assert (clock.state, clock.due_at) == ("kept", at("03-03 09:00:30"))


def test_a_missed_answer_is_told_to_the_superior() -> None:
    installed(FIRST_ANSWER)
    asked(inbox_of())
    fire_due(at("03-03 09:00:31"))
    assert "talk:lead" in Notice.objects.get(kind="breached").to


def test_a_question_after_the_answer_begins_a_clock_of_its_own() -> None:
    installed(FIRST_ANSWER)
    inbox = inbox_of()
    conversation = asked(inbox)
    one = person("jia")
    accept(conversation, one, now=at("03-03 09:00:05"))
    say(conversation, one, words="九点开门", key="m1", now=at("03-03 09:00:20"))
    asked(inbox, "周末呢", key="k2", when="03-03 09:02")
    asked(inbox, "周末呢?", key="k3", when="03-03 09:02:10")
    running = Clock.objects.get(state="running")
    assert running.due_at == at("03-03 09:02:30")


def test_an_internal_note_reaches_neither_the_customer_nor_his_feed() -> None:
    installed()
    conversation = asked(inbox_of())
    say(conversation, person("jia"), words="像是老客户", key="n1", internal=True, now=at("03-03 09:01"))
    fact = Fact.objects.filter(type="conversation.written").latest("id")
    assert not any(principal.startswith(("address:", "customer:")) for principal in fact.audience)
    assert Conversation.objects.get().last_words == "请问几点开门"


def test_somebody_of_another_role_neither_lists_nor_opens_it() -> None:
    installed()
    conversation = asked(inbox_of())
    outsider = person("bing", "elsewhere")
    assert list(visible_conversations(outsider)) == []
    with pytest.raises(NotFound):
        conversation_for(outsider, conversation.number)


def test_nobody_takes_back_a_colleagues_words_or_his_own_too_late() -> None:
    installed()
    conversation = asked(inbox_of())
    one, two = person("jia"), person("yi")
    message = say(conversation, one, words="写错了", key="m1", now=at("03-03 09:01"))
    with pytest.raises(ConversationRefused, match="不在您手上"):
        recall_message(message, two, now=at("03-03 09:01:30"), within=at("03-03 09:02") - at("03-03 09:00"))
    with pytest.raises(ConversationRefused, match="已过可修改"):
        recall_message(message, one, now=at("03-03 09:04"), within=at("03-03 09:02") - at("03-03 09:00"))


def test_a_gate_of_the_handbook_asks_for_the_outcome_before_it_ends() -> None:
    gate = {
        "kind": "gate", "id": "TALK-09", "title": "示例结果必填", "cites": "1", "quote": "示例", "on": ["conversation.closed"],
        "requires": {"facts": {"outcome": {"present": True}}}, "refuse": {"zh": "请先选结果。", "en": "Choose the outcome first."},
    }  # fmt: skip
    installed(gate)
    conversation = asked(inbox_of())
    one = person("jia")
    with pytest.raises(ConversationRefused) as refused:
        close(conversation, by=one.principal, now=at("03-03 09:10"))
    assert refused.value.clause == "TALK-09"
    assert close(conversation, by=one.principal, now=at("03-03 09:10"), outcome="solved").state == "closed"


def test_after_the_end_the_next_words_open_another_conversation() -> None:
    installed()
    inbox = inbox_of()
    first = asked(inbox)
    close(first, by="system", now=at("03-03 10:00"))
    assert asked(inbox, "又有问题", key="k2", when="03-03 11:00").pk != first.pk


def test_it_cannot_be_put_into_a_queue_that_is_not_in_the_handbook() -> None:
    installed()
    with pytest.raises(ConversationRefused, match="没有这个队列"):
        requeue(asked(inbox_of()), "nowhere", now=at("03-03 09:10"), by="system")
