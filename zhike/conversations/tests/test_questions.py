"""Each question is answered by itself; answers are put right; forms are filled; a colleague answers for one who is away."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.conversations.actions import Incoming, close, record_by_hand, say, settle_questions
from zhike.conversations.forms import fill
from zhike.conversations.handing import accept, cover, offer
from zhike.conversations.models import Conversation, Presence
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.tests.ground import DESK, asked, at, inbox_of, installed, person
from zhike.duties.models import Obligation
from zhike.journal.models import ClauseUse, Fact
from zhike.notices.models import Notice
from zhike.records.models import Filling

pytestmark = pytest.mark.django_db

CITED = {"cites": "1", "quote": "示例"}
EACH_QUESTION: dict[str, Any] = {
    "kind": "deadline", "id": "TALK-02", "title": "示例逐问", **CITED, "starts": ["conversation.question"],
    "until": ["conversation.answered"], "holder": ["owner"], "within": "3m", "each": True, "breach": [],
}  # fmt: skip
NOTHING_OPEN: dict[str, Any] = {
    "kind": "gate", "id": "TALK-03", "title": "示例答完", **CITED, "on": ["conversation.closed"],
    "requires": {"facts": {"open_questions": 0}}, "refuse": {"zh": "还有问题未答。", "en": "Questions are open."},
}  # fmt: skip
PROFILE: dict[str, Any] = {
    "id": "profile", "title": "示例档案", "in_conversation": ["agent"],
    "fields": [{"id": "place", "title": "地点", "type": "string"}, {"id": "event", "title": "事件", "type": "text"}],
}  # fmt: skip
SIX = {
    "kind": "gate", "id": "TALK-04", "title": "示例齐全", **CITED, "on": ["record.profile.complete"],
    "requires": {"fields": ["place", "event"]}, "refuse": {"zh": "缺项不能保存。", "en": "Something is missing."},
}  # fmt: skip


def two_questions() -> Conversation:
    inbox = inbox_of()
    asked(inbox, "有现货吗", key="k1", when="03-03 10:00:00")
    return asked(inbox, "几天到", key="k2", when="03-03 10:00:10")


def test_an_answer_that_quotes_a_question_leaves_the_other_open_with_its_own_limit() -> None:
    installed(EACH_QUESTION, NOTHING_OPEN)
    conversation, one = two_questions(), person("jia")
    accept(conversation, one, now=at("03-03 10:00:30"))
    say(conversation, one, words="有", key="m1", answers=1, now=at("03-03 10:00:50"))
    conversation.refresh_from_db()
    assert (conversation.open_questions, conversation.asked_at) == ([2], at("03-03 10:00:10"))
    states = list(Clock.objects.order_by("id").values_list("state", "due_at"))
    assert states == [("kept", at("03-03 10:03:00")), ("running", at("03-03 10:03:10"))]


def test_an_answer_that_quotes_nothing_answers_everything_open() -> None:
    installed(EACH_QUESTION)
    conversation, one = two_questions(), person("jia")
    say(conversation, one, words="有,两天", key="m1", now=at("03-03 10:00:50"))
    conversation.refresh_from_db()
    assert (conversation.open_questions, conversation.asked_at) == ([], None)
    assert list(Clock.objects.values_list("state", flat=True)) == ["kept", "kept"]


def test_a_refusal_by_a_clause_stands_in_the_ledger_and_is_not_told_to_the_visitor() -> None:
    installed(NOTHING_OPEN)
    conversation, one = two_questions(), person("jia")
    with pytest.raises(ConversationRefused, match="还有问题未答"):
        close(conversation, by=one.principal, now=at("03-03 10:01"))
    assert ClauseUse.objects.get(clause="TALK-03").outcome == "refused"
    told = Fact.objects.get(type="conversation.refused").audience
    assert told
    assert not any(principal.startswith("address:") for principal in told)


def test_thanks_want_no_answer() -> None:
    installed(EACH_QUESTION, NOTHING_OPEN)
    conversation, one = two_questions(), person("jia")
    settle_questions(conversation, [1, 2], one, now=at("03-03 10:01"))
    assert close(conversation, by=one.principal, now=at("03-03 10:02")).state == "closed"


def test_a_form_is_refused_by_its_clause_until_it_is_complete() -> None:
    installed(SIX, records=[PROFILE])
    conversation, one = two_questions(), person("jia")
    with pytest.raises(ConversationRefused) as refused:
        fill(conversation, "profile", {"place": "示例路"}, one, now=at("03-03 10:01"))
    assert (refused.value.clause, refused.value.fields) == ("TALK-04", ("event",))
    fill(conversation, "profile", {"place": "示例路", "event": "来访"}, one, now=at("03-03 10:02"))
    assert Filling.objects.get().subject_kind == "conversation"


def test_a_form_that_may_be_finished_later_is_kept_and_settles_nothing_until_it_is_complete() -> None:
    written = {
        **EACH_QUESTION,
        "starts": ["conversation.opened"],
        "until": ["record.profile.completed"],
        "within": "1h",
    }
    installed(written, records=[{**PROFILE, "complete": ["event"]}])
    conversation, one = two_questions(), person("jia")
    fill(conversation, "profile", {"place": "示例路"}, one, now=at("03-03 10:01"))
    assert (Filling.objects.count(), Clock.objects.get().state) == (1, "running")
    fill(conversation, "profile", {"place": "示例路", "event": "来访"}, one, now=at("03-03 10:02"))
    assert (Filling.objects.count(), Clock.objects.get().state) == (2, "kept")


def test_fields_others_fill_and_those_written_once_stay_in_a_conversation_too() -> None:
    fields = [{**PROFILE["fields"][0], "fills": ["lead"]}, PROFILE["fields"][1]]
    once = {
        "kind": "visibility", "id": "TALK-06", "title": "示例不改", **CITED, "of": "record.profile", "write_once": True,
        "refuse": {"zh": "填好不改。", "en": "It stays."},
    }  # fmt: skip
    installed(once, records=[{**PROFILE, "fields": fields}])
    conversation, one = two_questions(), person("jia")
    with pytest.raises(ConversationRefused, match=r"“地点”由.+填写，您不能改动"):
        fill(conversation, "profile", {"place": "示例路", "event": "来访"}, one, now=at("03-03 10:01"))
    fill(conversation, "profile", {"event": "来访"}, one, now=at("03-03 10:01"))
    with pytest.raises(ConversationRefused, match="填好不改") as refused:
        fill(conversation, "profile", {"event": "走了"}, one, now=at("03-03 10:02"))
    assert (refused.value.clause, refused.value.fields) == ("TALK-06", ("event",))


def test_nobody_else_fills_it() -> None:
    installed(records=[PROFILE])
    with pytest.raises(ConversationRefused, match="不由您"):
        fill(two_questions(), "profile", {}, person("bing", "elsewhere"), now=at("03-03 10:01"))


def test_a_colleague_answers_for_one_who_is_away_and_answers_for_it_until_it_is_accepted_back() -> None:
    away = {
        "kind": "gate", "id": "TALK-05", "title": "示例不在岗", **CITED, "on": ["conversation.covering"],
        "requires": {"facts": {"owner_state": ["away", "off"]}}, "refuse": {"zh": "同事在岗。", "en": "He is here."},
    }  # fmt: skip
    installed(away)
    conversation, one, two = two_questions(), person("jia"), person("yi")
    accept(conversation, one, now=at("03-03 10:00:30"))
    presence = Presence.objects.create(
        staff=one.staff, state="ready", since=at("03-03 09:00"), heard_at=at("03-03 10:00")
    )
    with pytest.raises(ConversationRefused, match="同事在岗"):
        cover(conversation, two, now=at("03-03 10:01"))
    presence.state = "away"
    presence.save(update_fields=["state"])
    covered = cover(conversation, two, now=at("03-03 10:02"))
    assert (covered.owner, covered.covers) == (two.staff, one.staff)
    assert one.staff is not None
    back = offer(covered, one.staff, now=at("03-03 11:00"), until=None, by=two.principal)
    assert (back.owner, back.covers) == (two.staff, one.staff)
    done = accept(back, one, now=at("03-03 11:01"))
    assert (done.owner, done.covers) == (one.staff, None)


def test_a_limit_that_runs_out_starts_what_another_clause_owes() -> None:
    first = EACH_QUESTION | {"id": "TALK-06", "breach": [{"notify": "superior"}]}
    owed = {
        "kind": "duty", "id": "TALK-07", "title": "示例致歉", **CITED, "for": "conversation",
        "starts": ["clock.TALK-06.breached"], "owes": ["conversation.told"], "holder": ["agent"], "within": "5m",
        "missed": [{"notify": "lead"}],
    }  # fmt: skip
    installed(first, owed)
    inbox = inbox_of()
    conversation = asked(inbox, when="03-03 10:00")
    fire_due(at("03-03 10:03:01"))
    row = Obligation.objects.get()
    assert (row.clause, row.state, row.ends_at) == ("TALK-07", "owed", at("03-03 10:08"))
    say(conversation, person("jia"), words="久等了", key="m1", now=at("03-03 10:05"))
    row.refresh_from_db()
    assert row.state == "met"
    assert "talk:lead" in Notice.objects.get(kind="breached").to


def test_nobody_answering_ends_the_conversation_where_the_clause_says_so() -> None:
    idle = {
        "kind": "deadline", "id": "TALK-08", "title": "示例久无回应", **CITED, "starts": ["conversation.answered"],
        "until": ["conversation.asked"], "holder": ["customer"], "within": "10m", "breach": [{"close": "idle"}],
    }  # fmt: skip
    installed(idle)
    conversation = two_questions()
    say(conversation, person("jia"), words="两天", key="m1", now=at("03-03 10:01"))
    fire_due(at("03-03 10:11:01"))
    conversation.refresh_from_db()
    assert (conversation.state, conversation.outcome, conversation.closed_by) == ("closed", "idle", "system")


def test_what_is_written_down_by_hand_belongs_to_who_wrote_it_unless_a_clause_refuses_the_medium() -> None:
    only = {
        "kind": "gate", "id": "TALK-10", "title": "示例渠道", **CITED, "on": ["conversation.recording"],
        "requires": {"facts": {"channel": "visit"}}, "refuse": {"zh": "不收这种渠道。", "en": "Not by this way."},
    }  # fmt: skip
    installed(only, queues=[DESK | {"media": ["visit", "sms"]}])
    one = person("jia")
    incoming = Incoming(address="示例来客", key="v1", words="来店咨询")
    with pytest.raises(ConversationRefused, match="不收这种渠道"):
        record_by_hand(inbox_of("sms", "sms"), incoming, one, now=at("03-03 10:00"))
    assert not Conversation.objects.exists()
    written = record_by_hand(inbox_of("visit", "visit"), incoming, one, now=at("03-03 10:00"))
    assert (written.state, written.owner) == ("open", one.staff)
    assert sorted(ClauseUse.objects.values_list("clause", "outcome")) == [
        ("TALK-10", "applied"),
        ("TALK-10", "refused"),
    ]
