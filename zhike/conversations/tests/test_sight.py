"""Who sees a conversation: list, count, gate and live feed give one answer. And who takes, covers or hands on what is not his to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from zhike.conversations.access import audiences_of, conversation_for, visible_conversations
from zhike.conversations.actions import Incoming, edit_message, receive, say
from zhike.conversations.handing import accept, cover, offer
from zhike.conversations.in_hand import queues_answered, waiting_for
from zhike.conversations.models import Conversation
from zhike.conversations.reading import thread_of
from zhike.conversations.refusals import ConversationRefused, NotFound
from zhike.conversations.rights import FRESH, NONE, rights_in
from zhike.conversations.tests.ground import asked, at, inbox_of, installed, person
from zhike.conversations.written import book_for
from zhike.customers.models import Customer
from zhike.journal.gates import current_audiences
from zhike.org.handbooks import book_of, viewer
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer, customer_viewer

pytestmark = pytest.mark.django_db
NOW = at("03-03 09:00:10")
ROLES: list[dict[str, Any]] = [
    {"id": "agent", "title": "示例坐席", "reports_to": "lead", "screens": ["desk"]},
    {"id": "lead", "title": "示例班长", "screens": ["desk", "board"]},
    {"id": "stranger", "title": "示例外人", "screens": ["desk", "board", "floor"]},
]
LEADS_COVER: dict[str, Any] = {
    "kind": "route", "id": "TALK-22", "title": "示例班长代接", "cites": "1", "quote": "示例", "on": ["conversation.covering"],
    "yields": "holder", "to": ["lead"],
}  # fmt: skip
LEADS_SEE: dict[str, Any] = {
    "kind": "visibility", "id": "TALK-30", "title": "示例班长看会话", "cites": "1", "quote": "示例", "of": "conversations",
    "to": [{"role": "lead"}], "refuse": {"zh": "不给您看。", "en": "Not for you."},
}  # fmt: skip
SEES = {
    "owner": True,
    "colleague of the queue": True,
    "superior": True,
    "the customer": True,
    "another customer": False,
    "visitor": False,
    "other department": False,
    "substitute of the owner": False,  # with his own rights only
    "disabled": False,
    "administrator": False,
}


def disabled(one: Viewer) -> Viewer:
    assert one.staff is not None
    one.staff.is_active = False
    one.staff.save(update_fields=["is_active"])
    return viewer(one.staff)


def administrator() -> Viewer:
    one = person("boss", "nothing")
    assert one.staff is not None
    one.staff.is_admin = True
    return viewer(one.staff)


def everybody(talk: Conversation, owner: Viewer) -> dict[str, Viewer]:
    stranger = person("stranger", "stranger")
    assert owner.staff is not None
    return {
        "owner": owner,
        "colleague of the queue": person("bert"),
        "superior": person("chief", "lead"),
        "the customer": customer_viewer(talk.customer_id or 0),
        "another customer": customer_viewer(Customer.objects.create(name="示例另一位", created_at=NOW).pk),
        "visitor": ANONYMOUS_VIEWER,
        "other department": stranger,
        "substitute of the owner": replace(stranger, stands_for=((owner.staff.pk, owner.staff.name),)),
        "disabled": disabled(person("gone")),
        "administrator": administrator(),
    }


def gives(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except NotFound:
        return False
    return True


def test_list_count_gate_thread_and_live_feed_give_the_same_to_everybody() -> None:
    installed(roles=ROLES)
    customer = Customer.objects.create(name="示例顾客", created_at=NOW)
    inbox, owner = inbox_of(), person("anna")
    incoming = Incoming(address="v", key="k", words="在吗", verified_customer=customer.pk)
    talk = accept(receive(inbox, incoming, now=NOW).conversation, owner, now=NOW)
    cast = everybody(talk, owner)
    told = current_audiences([("conversation", talk.pk)])["conversation", talk.pk]
    other = receive(inbox, replace(incoming, address="v2", key="k2"), now=NOW).conversation
    found = {
        who: {
            visible_conversations(one).filter(pk=talk.pk).exists(),
            visible_conversations(one).filter(pk=talk.pk).count() == 1,
            gives(lambda one=one: conversation_for(one, talk.number)),
            one.holds(told),
            one.holds(audiences_of([talk.pk])[talk.pk]),
            talk.pk in thread_of(other, one),
        }
        for who, one in cast.items()
    }
    assert found == {who: {sees} for who, sees in SEES.items()}


def test_queues_and_what_waits_in_them_are_of_those_who_answer() -> None:
    version = installed(roles=ROLES)
    talk, book = asked(inbox_of()), book_of(version.pk)
    found = {
        role: [queue for _, queue in queues_answered(person(role, role), [book])]
        for role in ("agent", "lead", "stranger")
    }
    assert found == {"agent": ["desk"], "lead": ["desk"], "stranger": []}
    assert list(waiting_for(person("anna"), [book])) == [talk]
    assert list(waiting_for(person("other", "stranger"), [book])) == []


def test_what_a_clause_keeps_from_a_queue_does_not_wait_in_its_list() -> None:
    version = installed(LEADS_SEE, roles=ROLES)
    talk, book = asked(inbox_of()), book_of(version.pk)
    assert list(waiting_for(person("anna"), [book])) == []
    assert list(waiting_for(person("chief", "lead"), [book])) == [talk]


def test_whoever_sees_it_without_answering_its_queue_may_do_nothing() -> None:
    installed(roles=ROLES)
    talk = accept(asked(inbox_of()), person("anna"), now=NOW)
    assert rights_in(talk, person("other", "stranger"), book_for(talk)) == NONE


def test_what_is_shown_to_one_colleague_is_not_shown_to_another_meanwhile() -> None:
    installed()
    talk, anna, bert = asked(inbox_of()), person("anna"), person("bert")
    assert anna.staff is not None
    assert bert.staff is not None
    offer(talk, anna.staff, now=NOW, until=None)
    with pytest.raises(ConversationRefused, match="已由同事接走"):
        offer(talk, bert.staff, now=NOW, until=None)
    with pytest.raises(ConversationRefused, match="已由同事接走"):
        accept(talk, bert, now=NOW)
    talk.refresh_from_db()
    assert (talk.state, talk.offered_to_id) == ("offered", anna.staff.pk)


def test_what_a_colleague_has_is_not_taken_from_him() -> None:
    installed()
    anna = person("anna")
    talk = accept(asked(inbox_of()), anna, now=NOW)
    with pytest.raises(ConversationRefused, match="已由同事接走"):
        accept(talk, person("bert"), now=NOW)
    assert Conversation.objects.get().owner == anna.staff


def test_a_customer_takes_and_covers_nothing() -> None:
    installed()
    talk = accept(asked(inbox_of()), person("anna"), now=NOW)
    for deed in (accept, cover):
        with pytest.raises(ConversationRefused, match="不在您手上"):
            deed(talk, customer_viewer(7), now=NOW)


def test_nobody_covers_what_waits_or_what_is_his_own() -> None:
    installed()
    anna = person("anna")
    talk = asked(inbox_of())
    with pytest.raises(ConversationRefused, match="没有可以代接的同事"):
        cover(talk, anna, now=NOW)
    accept(talk, anna, now=NOW)
    with pytest.raises(ConversationRefused, match="没有可以代接的同事"):
        cover(talk, anna, now=NOW)


def test_only_the_roles_a_clause_names_cover() -> None:
    installed(LEADS_COVER)
    talk = accept(asked(inbox_of()), person("anna"), now=NOW)
    with pytest.raises(ConversationRefused, match="您的岗位不能代接") as refused:
        cover(talk, person("bert"), now=NOW)
    assert refused.value.clause == "TALK-22"
    lead = person("chief", "lead")
    assert cover(talk, lead, now=NOW).owner == lead.staff


def test_ones_own_words_are_put_right_by_oneself() -> None:
    installed()
    anna = person("anna")
    talk = accept(asked(inbox_of()), anna, now=NOW)
    message = say(talk, anna, words="八点", key="m1", now=NOW)
    with pytest.raises(ConversationRefused, match="不在您手上"):
        edit_message(message, person("bert"), "十点", now=NOW, within=FRESH)
    assert edit_message(message, anna, "九点", now=NOW, within=FRESH).words == "九点"
