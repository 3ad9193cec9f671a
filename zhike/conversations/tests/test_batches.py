"""Messages that come in together are written together; what is wrong with one is no other's business."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.clocks.models import Clock
from zhike.conversations import messages
from zhike.conversations.actions import close, say
from zhike.conversations.handing import accept
from zhike.conversations.messages import Asked, Outcome, Said, write_messages
from zhike.conversations.models import Conversation, Inbox, Message
from zhike.conversations.tests.ground import FIRST_ANSWER, asked, at, inbox_of, installed, person
from zhike.conversations.written import locked, write
from zhike.journal.models import ClauseUse, Fact
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db
NOW = at("03-03 09:05")
CHECKED: dict[str, Any] = {
    "kind": "gate", "id": "TALK-07", "title": {"zh": "示例先核对", "en": "Sample check"}, "cites": "1", "quote": "示例",
    "on": ["conversation.answering"], "requires": {"facts": {"checked": {"present": True}}},
    "refuse": {"zh": "请先核对。", "en": "Check first."},
}  # fmt: skip


def talks(count: int, inbox: Inbox | None = None) -> list[Conversation]:
    inbox = inbox or inbox_of()
    return [asked(inbox, who=f"visitor-{n}", key=f"first-{n}") for n in range(count)]


def again(talk: Conversation, key: str = "second", words: str = "还在吗") -> Asked:
    return Asked(conversation=talk.pk, address=talk.address_id or 0, words=words, key=key)


def stored(talk: Conversation) -> list[tuple[int, str]]:
    return list(Message.objects.filter(conversation=talk).order_by("seq").values_list("seq", "key"))


def test_messages_of_many_conversations_take_no_more_questions_than_those_of_two() -> None:
    installed()
    few, many = talks(2), talks(12, inbox_of(key="other"))
    with CaptureQueriesContext(connection) as two:
        write_messages([again(talk) for talk in few], now=NOW)
    with CaptureQueriesContext(connection) as twelve:
        found = write_messages([again(talk) for talk in many], now=NOW)
    assert len(twelve) == len(two)
    assert [(outcome.again, outcome.error) for outcome in found] == [(False, None)] * 12
    assert [stored(talk) for talk in many] == [[(1, f"first-{n}"), (2, "second")] for n in range(12)]


def test_each_is_told_and_stands_in_its_conversation() -> None:
    installed()
    one, two = talks(2)
    write_messages([again(one, words="甲"), again(two, words="乙")], now=NOW)
    rows = Conversation.objects.order_by("pk").values_list(
        "last_words", "last_seq", "open_questions", "last_message_at"
    )
    assert list(rows) == [("甲", 2, [1, 2], NOW), ("乙", 2, [1, 2], NOW)]
    told = (
        Fact.objects.filter(type="conversation.written", at=NOW)
        .order_by("id")
        .values_list("subject_id", "payload__seq")
    )
    assert list(told) == [(one.pk, 2), (two.pk, 2)]


def test_what_came_before_is_the_same_message_and_the_others_are_new() -> None:
    installed()
    one, two = talks(2)
    (first,) = write_messages([again(one)], now=NOW)
    found = write_messages([again(one), again(two)], now=NOW)
    assert [outcome.again for outcome in found] == [True, False]
    assert found[0].message == first.message
    assert stored(one) == [(1, "first-0"), (2, "second")]


def test_an_empty_one_and_one_that_came_too_late_leave_the_others_as_they_are() -> None:
    installed()
    one, two, three = talks(3)
    close(two, by="system", now=NOW)
    found = write_messages([again(one, words=" "), again(two), again(three)], now=NOW)
    assert [str(outcome.error) for outcome in found] == ["请写点内容，或附上文件。", "这个会话已经结束。", "None"]
    assert [len(stored(talk)) for talk in (one, two, three)] == [1, 1, 2]
    assert Conversation.objects.get(pk=one.pk).last_seq == 1


def test_two_of_one_conversation_are_written_in_their_order() -> None:
    installed()
    one, two = talks(2)
    write_messages([again(one, "a"), again(two, "b"), again(one, "c"), again(one, "a")], now=NOW)
    assert stored(one) == [(1, "first-0"), (2, "a"), (3, "c")]
    assert stored(two) == [(1, "first-1"), (2, "b")]


def test_where_the_batch_fails_each_is_tried_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    installed()
    one, two, three = talks(3)
    whole = messages.keep

    def breaks_on_two(entries: Any, now: Any) -> None:
        whole(entries, now)
        if any(entry.conversation.pk == two.pk for entry in entries):
            raise RuntimeError("broken")

    monkeypatch.setattr(messages, "keep", breaks_on_two)
    found = write_messages([again(one), again(two), again(three)], now=NOW)
    assert [repr(outcome.error) for outcome in found] == ["None", "RuntimeError('broken')", "None"]
    assert [len(stored(talk)) for talk in (one, two, three)] == [2, 1, 2]


def answering(talk: Conversation, viewer: Viewer) -> Outcome:
    return write_messages([said(talk, viewer)], now=NOW)[0]


def test_an_answer_and_a_question_in_one_batch_stop_and_start_their_own_limits() -> None:
    installed(FIRST_ANSWER)
    one, two = talks(2)
    anna = person("anna")
    accept(one, anna, now=at("03-03 09:00:05"))
    write_messages(
        [again(two), Said(conversation=one.pk, viewer=anna, words="九点", key="answer")], now=at("03-03 09:00:10")
    )
    states = dict(Clock.objects.values_list("subject_id", "state"))
    assert states == {one.pk: "kept", two.pk: "running"}


def test_the_limits_of_many_are_stopped_with_as_many_questions_as_those_of_two() -> None:
    installed(FIRST_ANSWER)
    anna = person("anna")
    few, many = talks(2), talks(12, inbox_of(key="other"))
    for talk in (*few, *many):
        accept(talk, anna, now=at("03-03 09:00:05"))
    with CaptureQueriesContext(connection) as two:
        write_messages([said(talk, anna) for talk in few], now=at("03-03 09:00:10"))
    with CaptureQueriesContext(connection) as twelve:
        write_messages([said(talk, anna) for talk in many], now=at("03-03 09:00:10"))
    assert len(twelve) == len(two)
    assert set(Clock.objects.values_list("state", "stopped_by")) == {("kept", anna.principal)}


def said(talk: Conversation, viewer: Viewer, words: str = "九点") -> Said:
    return Said(conversation=talk.pk, viewer=viewer, words=words, key="answer")


def test_what_a_clause_refuses_is_noted_only_where_it_was_asked_alone() -> None:
    installed(CHECKED)
    (talk,) = talks(1)
    anna = person("anna")
    accept(talk, anna, now=NOW)
    assert answering(talk, anna).error is not None
    assert not ClauseUse.objects.filter(outcome="refused").exists()
    with pytest.raises(Exception, match="请先核对"):
        say(talk, anna, words="九点", key="answer", now=NOW)
    assert ClauseUse.objects.filter(outcome="refused", clause="TALK-07").count() == 1


def test_only_what_was_changed_is_written() -> None:
    installed()
    (talk,) = talks(1)
    held = locked(talk.pk)
    Conversation.objects.filter(pk=talk.pk).update(next_due_at=NOW, priority=7)
    held.topic = "hours"
    write(held, [], now=NOW, by="system")
    row = Conversation.objects.get(pk=talk.pk)
    assert (row.topic, row.next_due_at, row.priority, row.version) == ("hours", NOW, 7, held.version)
