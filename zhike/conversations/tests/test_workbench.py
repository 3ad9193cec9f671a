"""What the workbench adds to the room: rights, canned replies, contacts by hand, whispers, two who take it at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from zhike.clocks.models import Clock
from zhike.conversations.by_hand import Contact, write_down
from zhike.conversations.canned import NoSuchReply, fields_of, filled, remove_reply, replies_for, reply_for, save_reply
from zhike.conversations.handing import accept, end_offer, offer, requeue
from zhike.conversations.in_hand import waiting_for
from zhike.conversations.models import Conversation, Message
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.rights import rights_in
from zhike.conversations.supervising import assign, whisper
from zhike.conversations.tests.ground import DESK, FIRST_ANSWER, asked, at, inbox_of, installed, person
from zhike.conversations.written import book_for
from zhike.journal.models import Fact
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db
NOW = at("03-03 09:00:10")


def may(conversation: Conversation, viewer: Viewer) -> set[str]:
    """The names of what he may do."""
    rights = rights_in(conversation, viewer, book_for(conversation))
    return {name for name in rights.__slots__ if getattr(rights, name)}


def test_the_table_of_rights() -> None:
    installed(FIRST_ANSWER)
    anna, bert, lead = person("anna"), person("bert"), person("boss", "lead")
    talk = asked(inbox_of())
    assert may(talk, anna) == {"take", "note"}
    talk = accept(talk, anna, now=NOW)
    assert may(talk, anna) == {"write", "note", "hand_on", "identify", "close", "convert"}
    assert may(talk, bert) == {"note", "cover"}
    assert may(talk, lead) == {"note", "identify", "supervise", "cover"}
    talk = offer(talk, bert.staff, now=NOW, until=None)  # type: ignore[arg-type]
    assert may(talk, anna) == {"write", "note", "identify", "convert"}
    assert may(talk, bert) == {"take", "decline", "note", "cover"}


@pytest.mark.django_db(transaction=True)
def test_two_agents_take_it_at_the_same_moment_and_one_has_it() -> None:
    installed(FIRST_ANSWER)
    people = [person("anna"), person("bert"), person("carl")]
    talk = asked(inbox_of())
    ready, told = threading.Barrier(3), []

    def take(viewer: Viewer) -> None:
        ready.wait()
        try:
            told.append(accept(talk, viewer, now=NOW).owner_id)
        except ConversationRefused as refused:
            told.append(refused.words.zh)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(each,)) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    talk.refresh_from_db()
    assert sorted(map(str, told)) == sorted([str(talk.owner_id), *["这个会话已由同事接走。"] * 2])
    assert Fact.objects.filter(type="conversation.accepted").count() == 1


def test_a_clock_goes_into_the_hands_of_whoever_takes_it() -> None:
    installed(FIRST_ANSWER)
    anna, bert = person("anna"), person("bert")
    talk = asked(inbox_of())
    assert Clock.objects.get().holders == ["talk:agent"]
    accept(talk, anna, now=NOW)
    assert Clock.objects.get().holders == [anna.principal]
    offer(talk, bert.staff, now=NOW, until=None)  # type: ignore[arg-type]
    assert Clock.objects.get().holders == [anna.principal]
    accept(talk, bert, now=NOW)
    assert Clock.objects.get().holders == [bert.principal]


def test_handed_to_a_queue_and_declined_there_it_still_waits_there() -> None:
    other = {**DESK, "id": "other"}
    installed(FIRST_ANSWER, queues=[DESK, other])
    anna, bert = person("anna"), person("bert")
    talk = accept(asked(inbox_of()), anna, now=NOW)
    requeue(talk, "other", now=NOW, by=anna.principal, keeps_owner=True)
    offer(talk, bert.staff, now=NOW, until=None)  # type: ignore[arg-type]
    talk = end_offer(talk, now=NOW, declined=True, by=bert.principal)
    assert (talk.state, talk.queue, talk.owner_id) == ("waiting", "other", anna.staff.pk)  # type: ignore[union-attr]


def test_a_whisper_is_for_the_owner_and_never_for_the_customer() -> None:
    installed(FIRST_ANSWER)
    anna, lead = person("anna"), person("boss", "lead")
    talk = accept(asked(inbox_of()), anna, now=NOW)
    for _ in range(2):
        whisper(talk, lead, "先道歉", key="w1", now=NOW)
    message = Message.objects.get(conversation=talk, internal=True)
    assert (message.words, message.extra["to"]) == ("先道歉", anna.staff.pk)  # type: ignore[union-attr]
    facts = Fact.objects.filter(type__in=("conversation.whispered", "conversation.written"), payload__internal=True)
    assert facts.count() == 2
    assert not any(key.startswith(("customer:", "address:")) for fact in facts for key in fact.audience)


def test_nobody_has_it_nobody_is_whispered_to() -> None:
    installed(FIRST_ANSWER)
    with pytest.raises(ConversationRefused):
        whisper(asked(inbox_of()), person("boss", "lead"), "先道歉", key="w1", now=NOW)


def test_assigned_to_one_it_is_no_longer_offered_to_another() -> None:
    installed(FIRST_ANSWER)
    anna, bert, lead = person("anna"), person("bert"), person("boss", "lead")
    talk = asked(inbox_of())
    offer(talk, anna.staff, now=NOW, until=None)  # type: ignore[arg-type]
    talk = assign(talk, bert.staff, lead, now=NOW)  # type: ignore[arg-type]
    assert (talk.state, talk.offered_to_id) == ("offered", bert.staff.pk)  # type: ignore[union-attr]


def test_a_visit_is_written_down_once_and_what_was_answered_stops_the_limit() -> None:
    installed(FIRST_ANSWER)
    anna = person("anna")
    contact = Contact("talk", "visit", "press-1", "想退货", "可以，七天内。", name="示例顾客", phone="+8613800000101")
    first, second = (write_down(contact, anna, now=NOW) for _ in range(2))
    assert first.pk == second.pk
    assert (first.medium, first.owner_id) == ("visit", anna.staff.pk)  # type: ignore[union-attr]
    assert list(first.messages.order_by("seq").values_list("side", "words")) == [
        ("customer", "想退货"),
        ("staff", "可以，七天内。"),
    ]
    assert Clock.objects.get().state == "kept"


def test_a_letter_without_an_answer_still_owes_one() -> None:
    installed(FIRST_ANSWER)
    write_down(Contact("talk", "letter", "press-2", "请回信"), person("anna"), now=NOW)
    assert Clock.objects.get().state == "running"


def test_canned_replies_are_ones_own_or_kept_by_supervisors() -> None:
    installed(FIRST_ANSWER)
    anna, bert, lead = person("anna"), person("bert"), person("boss", "lead")
    own = save_reply(
        anna, handbook="talk", title="问候", shortcut="/hi", words="{customer.name}您好", shared=False, now=NOW
    )
    save_reply(lead, handbook="talk", title="营业时间", shortcut="h", words="九点", shared=True, now=NOW)
    assert [row.title for row in replies_for(anna, ["talk"])] == ["营业时间", "问候"]
    assert [row.title for row in replies_for(bert, ["talk"])] == ["营业时间"]
    with pytest.raises(ConversationRefused):
        save_reply(anna, handbook="talk", title="大家用", shortcut="", words="好", shared=True, now=NOW)
    with pytest.raises(NoSuchReply):
        reply_for(bert, own.pk)
    remove_reply(own, anna, now=NOW)
    assert replies_for(anna, ["talk"]).count() == 1


def test_an_unknown_field_of_a_reply_is_refused_and_an_empty_one_stays_visible() -> None:
    installed(FIRST_ANSWER)
    anna = person("anna")
    with pytest.raises(ConversationRefused):
        save_reply(anna, handbook="talk", title="错", shortcut="", words="{customer.card}", shared=False, now=NOW)
    talk = accept(asked(inbox_of()), anna, now=NOW)
    words = filled("{customer.name}您好，我是{agent.name}", fields_of(talk, anna))
    assert words == "{customer.name}您好，我是示例anna"


def test_what_waits_in_no_queue_there_is_stands_in_the_list_of_everybody_who_answers() -> None:
    """The handbook has no queue for text messages; and a queue was taken out of it while somebody waited in it."""
    installed(queues=[DESK, {**DESK, "id": "experts", "title": "示例专家组", "answered_by": ["agent"]}])
    anna, outsider = person("anna"), person("cora", "elsewhere")
    usual = asked(inbox_of())
    nowhere = asked(inbox_of("sms", "short"), who="+8613800000101", when="03-03 09:01")
    gone = asked(inbox_of("webchat", "other"), who="visitor-2", when="03-03 09:02")
    Conversation.objects.filter(pk=gone.pk).update(queue="experts")
    version = installed(queues=[DESK])
    books = [book_of(version.pk)]
    assert nowhere.queue == ""
    assert list(waiting_for(anna, books)) == [usual, nowhere, gone]
    assert list(waiting_for(outsider, books)) == []
    assert accept(nowhere, anna, now=NOW).owner == anna.staff
