"""Who may do what on the screen of conversations: every address for whoever it is not for, every deed for whoever only looks on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from zhike.cases.actions import open_case
from zhike.cases.models import Case
from zhike.conversations.actions import say
from zhike.conversations.canned import save_reply
from zhike.conversations.handing import accept, offer
from zhike.conversations.models import Conversation, Message, PageView
from zhike.conversations.tests.ground import DESK, FIRST_ANSWER, asked, at, inbox_of, installed, person
from zhike.customers.models import Customer
from zhike.org.models import HandbookVersion, Staff, Substitution
from zhike.org.principals import Viewer
from zhike.records.models import Filling
from zhike.web.workbench import talking
from zhike.web.workbench.tests.test_pages import NOW, browser, nine_o_clock
from zhike.web.workbench.urls import urlpatterns

__all__ = ["nine_o_clock"]
pytestmark = pytest.mark.django_db

ROLES: list[dict[str, Any]] = [
    {"id": "agent", "title": "示例坐席", "reports_to": "lead", "screens": ["desk"]},
    {"id": "lead", "title": "示例班长", "screens": ["desk", "board"]},
    {"id": "auditor", "title": "示例质检", "screens": ["board"]},
    {"id": "stranger", "title": "示例外人", "screens": ["desk", "board", "floor"]},
    {"id": "second", "title": "示例二线", "screens": ["desk"]},
]
ELSEWHERE = [
    {"id": f"{role}s", "title": "示例别处", "media": ["letter"], "answered_by": [role]}
    for role in ("auditor", "stranger")
]
"""Queues of their own, so that the screen of conversations is open to them."""
READS_ALONG: dict[str, Any] = {
    "kind": "visibility", "id": "TALK-30", "title": "示例谁看会话", "cites": "1", "quote": "示例", "of": "conversations",
    "to": [{"role": "agent"}, {"role": "lead"}, {"role": "auditor"}], "refuse": {"zh": "不给您看。", "en": "Not for you."},
}  # fmt: skip
LEADS_TRAIL: dict[str, Any] = {
    "kind": "visibility", "id": "TALK-21", "title": "示例轨迹", "cites": "1", "quote": "示例", "of": "page_trail",
    "to": [{"role": "lead"}], "refuse": {"zh": "轨迹不给您看。", "en": "The trail is not for you."},
}  # fmt: skip
MATTER = {"id": "matter", "title": "示例事项", "fields": [{"id": "what", "title": "示例内容", "type": "string"}]}
PROFILE = {
    "id": "profile", "title": "示例档案", "in_conversation": ["agent"],
    "fields": [{"id": "place", "title": "示例地点", "type": "string"}],
}  # fmt: skip
PROCESS = {
    "id": "matter", "title": "示例事项单", "number": "SX{yymmdd}-{seq}", "record": "matter", "summary": ["what"],
    "stages": [{"id": "open", "title": "示例办理", "holder": ["owner"]}, {"id": "done", "title": "示例办结", "final": True}],
    "actions": [{"id": "note_down", "title": "示例登记", "by": ["agent", "second"], "record": "matter", "to": "open"}],
    "visible_to": [{"role": "second"}],
}  # fmt: skip
HELD = "示例：这句话不给外人看"


def ground(*clauses: dict[str, Any]) -> tuple[Conversation, Viewer]:
    """A conversation with a customer, which anna has."""
    installed(
        FIRST_ANSWER,
        READS_ALONG,
        *clauses,
        roles=ROLES,
        queues=[DESK, *ELSEWHERE],
        records=[PROFILE, MATTER],
        processes=[PROCESS],
    )
    anna = person("anna")
    return accept(asked(inbox_of(), HELD), anna, now=NOW), anna


ADDRESSES = sorted(str(each.pattern) for each in urlpatterns if "<str:number>" in str(each.pattern))
PARTS = {
    "<slug:record>": "profile", "<int:seq>": "1", "<str:token>": "x" * 43, "<slug:handbook>": "talk", "<slug:process>": "matter",
    "<slug:action>": "note_down",
}  # fmt: skip


def outside(who: str, anna: Viewer) -> Client:
    """Somebody the conversation is not for."""
    if who == "visitor":
        return Client()
    if who == "disabled":
        gone = person("gone")
        client = browser(gone)
        Staff.objects.filter(pk=gone.staff.pk).update(is_active=False)  # type: ignore[union-attr]
        return client
    if who == "administrator":
        Staff.objects.filter(pk=person("chief", "nothing").staff.pk).update(is_admin=True)  # type: ignore[union-attr]
        return browser(replace(anna, staff=Staff.objects.get(username="chief")))
    stranger = person("stranger", "stranger")
    if who == "substitute":
        Substitution.objects.create(
            absent=anna.staff, substitute=stranger.staff, begins_at=at("03-03 08:00"), ends_at=at("03-03 18:00"),
            made_by=anna.principal, made_at=at("03-03 07:00"),
        )  # fmt: skip
    return browser(stranger)


@pytest.mark.parametrize("who", ["visitor", "disabled", "other department", "substitute", "administrator"])
def test_every_address_of_a_conversation_is_shut_to_whom_it_is_not_for(who: str) -> None:
    talk, anna = ground()
    client = outside(who, anna)
    before = Conversation.objects.values().get()
    for pattern in ADDRESSES:
        path = pattern.replace("<str:number>", talk.number)
        for part, value in PARTS.items():
            path = path.replace(part, value)
        for method in (client.get, client.post):
            for headers in ({}, {"HX-Request": "true"}):
                answer = method(f"/conversations{path}", headers=headers)
                assert answer.status_code in (302, 401, 403, 404, 405), (path, answer.status_code)
                assert answer.status_code != 302 or "/sign-in" in answer["Location"], path
                assert HELD not in answer.text
    assert (Conversation.objects.values().get(), Message.objects.count()) == (before, 1)


@pytest.mark.parametrize("who", ["other department", "substitute", "administrator"])
def test_no_list_names_a_conversation_to_whom_it_is_not_for(who: str) -> None:
    talk, anna = ground()
    customer = Customer.objects.create(name="示例顾客", created_at=NOW)
    Conversation.objects.update(customer=customer)
    client = outside(who, anna)
    assert HELD in browser(anna).get("/conversations/list").text
    for path in ("", "/list", "/replies", "/new", f"/rows?ids={talk.pk}"):
        page = client.get(f"/conversations{path}").text
        assert (HELD in page, talk.number in page) == (False, False), path
    floor = client.get("/floor")
    assert (talk.number in floor.text, HELD in floor.text) == (False, False)


def deeds(talk: Conversation, to: Viewer) -> dict[str, dict[str, Any]]:
    """Each sound by itself: whoever has the conversation does it with these words."""
    assert to.staff is not None
    return {
        "transfer": {"to": f"staff:{to.staff.pk}"},
        "invite": {"staff": to.staff.pk},
        "identify": {"customer": "nobody"},
        "close": {"outcome": "", "topic": ""},
        "say": {"words": "我来答", "key": "x1"},
        "messages/1": {"deed": "settle"},
        "forms/profile": {"place": "示例"},
    }


def test_whoever_only_looks_on_does_none_of_the_deeds_of_whoever_has_it() -> None:
    talk, anna = ground()
    bert, carl = person("bert"), person("carl")
    before = Conversation.objects.values().get()
    for deed, values in deeds(talk, carl).items():
        answer = browser(bert).post(f"/conversations/{talk.number}/{deed}", values)
        assert answer.status_code == (404 if deed == "forms/profile" else 422), deed
    assert Conversation.objects.values().get() == before
    assert (Message.objects.count(), Filling.objects.count()) == (1, 0)
    for deed in ("messages/1", "forms/profile", "invite", "identify", "say"):
        answer = browser(anna).post(f"/conversations/{talk.number}/{deed}", deeds(talk, carl)[deed])
        assert answer.status_code in (200, 302), deed


def test_who_reads_along_notes_nothing_covers_nothing_and_steps_in_nowhere() -> None:
    talk, _anna = ground()
    carl, auditor = person("carl"), browser(person("eve", "auditor"))
    assert auditor.get(f"/conversations/{talk.number}/head").status_code == 200
    before = Conversation.objects.values().get()
    assert carl.staff is not None
    for deed, values, status in (
        ("say", {"words": "内部", "key": "n1", "internal": "1"}, 422),
        ("whisper", {"words": "先道歉", "key": "w1"}, 422),
        ("assign", {"staff": carl.staff.pk}, 422),
        ("take-over", {}, 302),
        ("cover", {}, 302),
        ("decline", {}, 302),
    ):
        answer = auditor.post(f"/conversations/{talk.number}/{deed}", values)
        assert answer.status_code == status, deed
    assert (Conversation.objects.values().get(), Message.objects.count()) == (before, 1)


def test_only_whom_it_is_offered_to_lets_it_go_and_is_led_back_to_his_list() -> None:
    talk, _anna = ground()
    bert, carl = person("bert"), person("carl")
    assert carl.staff is not None
    offer(talk, carl.staff, now=NOW, until=None)
    browser(bert).post(f"/conversations/{talk.number}/decline")
    talk.refresh_from_db()
    assert talk.offered_to_id == carl.staff.pk
    answer = browser(carl).post(f"/conversations/{talk.number}/decline")
    assert answer["Location"] == "/conversations"
    talk.refresh_from_db()
    assert (talk.offered_to_id, talk.state) == (None, "open")


def test_a_message_that_failed_is_sent_again_by_whoever_has_it() -> None:
    talk, anna = ground()
    message = say(talk, anna, words="九点", key="m1", now=NOW)
    Message.objects.filter(pk=message.pk).update(state="failed")
    there = f"/conversations/{talk.number}/messages/{message.seq}"
    assert browser(person("bert")).post(there, {"deed": "again"}).status_code == 422
    assert Message.objects.get(pk=message.pk).state == "failed"
    assert browser(anna).post(there, {"deed": "again"}).status_code == 200
    assert Message.objects.get(pk=message.pk).state == "sending"


def test_the_customer_learns_of_nobody_who_only_looks_on(monkeypatch: pytest.MonkeyPatch) -> None:
    talk, anna = ground()
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(talking, "tell_passing", lambda _talk, kind, by, **_more: told.append((kind, by)))
    for who in (person("bert"), anna):
        browser(who).post(f"/conversations/{talk.number}/typing")
        browser(who).post(f"/conversations/{talk.number}/read", {"seq": "1"})
    assert told == [("typing", anna.principal), ("read", anna.principal)]


def test_forms_and_new_cases_are_offered_to_whoever_has_it() -> None:
    talk, anna = ground()
    bert = browser(person("bert"))
    assert "示例地点" in browser(anna).get(f"/conversations/{talk.number}/forms").text
    none = bert.get(f"/conversations/{talk.number}/forms")
    assert (none.status_code, "示例地点" in none.text) == (200, False)
    assert bert.get(f"/conversations/{talk.number}/forms/profile").status_code == 404
    opened = browser(anna).get(f"/conversations/{talk.number}/case")
    assert opened["Location"].endswith("/case/talk/matter/note_down")
    assert bert.get(f"/conversations/{talk.number}/case").status_code == 200
    assert bert.get(opened["Location"]).status_code == 404


def test_the_page_trail_is_shown_to_whoever_has_it_and_those_above_as_the_clause_says() -> None:
    talk, anna = ground()
    PageView.objects.create(address=talk.address, url="https://shop.example/", title="示例首页", entered_at=NOW)
    trail = f"/conversations/{talk.number}/trail"
    seen = {}
    for who in (anna, person("bert"), person("chief", "lead")):
        beside = browser(who).get(f"/conversations/{talk.number}/beside").text
        seen[who.name] = (trail in beside, browser(who).get(trail).status_code)
    assert seen == {"示例anna": (True, 200), "示例bert": (False, 404), "示例chief": (True, 200)}


def test_where_a_clause_keeps_the_trail_from_the_agent_it_is_not_offered_to_him() -> None:
    talk, anna = ground(LEADS_TRAIL)
    trail = f"/conversations/{talk.number}/trail"
    assert trail not in browser(anna).get(f"/conversations/{talk.number}/beside").text
    assert "轨迹不给您看" in browser(anna).get(trail).text
    assert trail in browser(person("chief", "lead")).get(f"/conversations/{talk.number}/beside").text


def test_beside_a_conversation_stands_only_what_its_own_page_would_show() -> None:
    """Another conversation and a case of the same customer, neither for this agent; candidates for whoever may choose."""
    talk, anna = ground()
    customer = Customer.objects.create(name="示例顾客", created_at=NOW)
    other = asked(talk.inbox, "示例：另一组的话", key="o1", who="visitor-2")
    Conversation.objects.filter(pk=other.pk).update(customer=customer, audience=["staff:0"])
    Conversation.objects.filter(pk=talk.pk).update(customer=customer)
    case = hidden_case(customer)
    page = browser(anna).get(f"/conversations/{talk.number}/beside").text
    assert (other.number in page, case.number in page, f"/customers/{customer.pk}" in page) == (False, False, False)
    Case.objects.filter(pk=case.pk).update(audience=[anna.principal])
    Conversation.objects.filter(pk=other.pk).update(audience=[anna.principal])
    page = browser(anna).get(f"/conversations/{talk.number}/beside").text
    assert (other.number in page, case.number in page) == (True, True)
    Conversation.objects.filter(pk=talk.pk).update(customer=None, candidates=[customer.pk])
    assert "示例顾客" in browser(anna).get(f"/conversations/{talk.number}/beside").text
    assert "示例顾客" not in browser(person("bert")).get(f"/conversations/{talk.number}/beside").text


def hidden_case(customer: Customer) -> Case:
    """Of a role the agent does not hold."""
    dora = person("dora", "second")
    case = open_case(HandbookVersion.objects.get(), "matter", "note_down", {"what": "示例"}, by=dora, now=NOW)
    Case.objects.filter(pk=case.pk).update(customer=customer)
    return case


def test_only_those_above_write_what_everybody_uses() -> None:
    ground()
    chief = person("chief", "lead")
    shared = save_reply(chief, handbook="talk", title="营业时间", shortcut="h", words="九点", shared=True, now=NOW)
    found = {}
    for who in (chief, person("bert")):
        page = browser(who).get("/conversations/replies").text
        found[who.name] = ('name="shared"' in page, browser(who).get(f"/conversations/replies/{shared.pk}").status_code)
    assert found == {"示例chief": (True, 200), "示例bert": (False, 404)}
