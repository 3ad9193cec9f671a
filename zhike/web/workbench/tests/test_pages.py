"""The screen of conversations over HTTP: lists, talking, deeds, and who may do which."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from zhike.conversations.actions import Incoming, receive
from zhike.conversations.handing import accept, join, offer
from zhike.conversations.models import Choice, Conversation, Message, PageView
from zhike.conversations.tests.ground import DESK, FIRST_ANSWER, asked, at, inbox_of, installed, person
from zhike.customers.models import ContactPoint, Customer
from zhike.lib import clock
from zhike.org.principals import Viewer
from zhike.records.models import Filling

pytestmark = pytest.mark.django_db
NOW = at("03-03 09:00:10")
ROLES = [
    {"id": "agent", "title": "示例坐席", "reports_to": "lead", "screens": ["desk"]},
    {"id": "lead", "title": "示例班长", "screens": ["desk", "board"]},
    {"id": "outsider", "title": "示例外人", "screens": ["desk", "board"]},
]
OTHER = {"id": "other", "title": "示例另一组", "media": ["webchat"], "answered_by": ["agent"]}
TOPIC: dict[str, Any] = {
    "kind": "gate", "id": "TALK-02", "title": {"zh": "示例结束前选主题", "en": "Sample topic"}, "cites": "1", "quote": "示例",
    "on": ["conversation.closed"], "requires": {"fields": ["topic"]},
    "refuse": {"zh": "请选主题。", "en": "Choose a topic."},
}  # fmt: skip


EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def nine_o_clock() -> Iterator[None]:
    before = clock.install(lambda: NOW)
    yield
    clock.install(before)


def browser(viewer: Viewer) -> Client:
    client = Client()
    client.force_login(viewer.staff, backend="zhike.org.backend.StaffBackend")  # type: ignore[arg-type]
    return client


def taken(viewer: Viewer, words: str = "请问几点开门", **more: Any) -> Conversation:
    """A conversation this agent has."""
    return accept(
        asked(inbox_of() if not Conversation.objects.exists() else known_inbox(), words, **more), viewer, now=NOW
    )


def known_inbox() -> Any:
    return Conversation.objects.select_related("inbox").first().inbox  # type: ignore[union-attr]


def ground(*clauses: dict[str, Any], **more: Any) -> None:
    installed(FIRST_ANSWER, *clauses, roles=ROLES, queues=[DESK, OTHER], **more)


def test_what_waits_is_listed_taken_and_answered() -> None:
    ground()
    anna = person("anna")
    talk = asked(inbox_of(), "请问几点开门")
    page = browser(anna).get("/conversations")
    assert "请问几点开门" in page.text
    assert "排队" in page.text
    assert browser(anna).post(f"/conversations/{talk.number}/accept").status_code == 302
    answer = browser(anna).post(f"/conversations/{talk.number}/say", {"words": "九点", "key": "k2", "after": "0"})
    assert "九点" in answer.text
    talk.refresh_from_db()
    assert (talk.owner_id, talk.first_answered_at) == (anna.staff.pk, NOW)  # type: ignore[union-attr]


def test_the_same_key_again_says_nothing_twice() -> None:
    ground()
    anna = person("anna")
    talk = taken(anna)
    for _ in range(2):
        browser(anna).post(f"/conversations/{talk.number}/say", {"words": "九点", "key": "once"})
    assert list(talk.messages.values_list("words", flat=True).order_by("seq")) == ["请问几点开门", "九点"]


def test_who_watches_cannot_write_to_the_customer() -> None:
    ground()
    anna, bert = person("anna"), person("bert")
    talk = taken(anna)
    answer = browser(bert).post(f"/conversations/{talk.number}/say", {"words": "我来", "key": "b1"})
    assert answer.status_code == 422
    assert "不在您手上" in answer.text
    note = browser(bert).post(f"/conversations/{talk.number}/say", {"words": "内部", "key": "b2", "internal": "1"})
    assert note.status_code == 200
    assert list(talk.messages.values_list("internal", flat=True).order_by("seq")) == [False, True]


def test_the_number_of_a_conversation_in_the_search_of_the_bar_opens_it_for_whom_it_is() -> None:
    roles = [{**role, "screens": ["desk", "cases"]} for role in ROLES]
    installed(FIRST_ANSWER, roles=roles, queues=[DESK, OTHER])
    anna, outsider = person("anna"), person("stranger", "outsider")
    talk = taken(anna)
    found = browser(anna).get("/cases", {"q": f" {talk.number.lower()} "})
    assert (found.status_code, found["Location"]) == (302, f"/conversations/{talk.number}")
    assert browser(outsider).get("/cases", {"q": talk.number}).status_code == 200
    assert browser(anna).get("/cases", {"q": "C-250101-999999"}).status_code == 200


def test_a_conversation_of_another_department_is_not_there() -> None:
    ground()
    anna, outsider = person("anna"), person("stranger", "outsider")
    talk = taken(anna)
    client = browser(outsider)
    for path in (
        "",
        "/head",
        "/beside",
        "/hints",
        "/tail",
        "/earlier",
        "/replies",
        "/messages/1",
        "/transfer",
        "/close",
        "/case",
    ):
        assert client.get(f"/conversations/{talk.number}{path}").status_code in (403, 404), path
    for path in ("/say", "/read", "/accept", "/decline", "/take-over", "/whisper", "/assign", "/identify", "/close"):
        assert client.post(f"/conversations/{talk.number}{path}").status_code in (403, 404), path


def test_what_only_supervisors_do_is_refused_to_agents() -> None:
    ground()
    anna, bert = person("anna"), person("bert")
    talk = taken(anna)
    for path in ("take-over", "whisper", "assign"):
        assert browser(bert).post(f"/conversations/{talk.number}/{path}", {"words": "x"}).status_code == 403
    talk.refresh_from_db()
    assert talk.owner_id == anna.staff.pk  # type: ignore[union-attr]


def test_a_lead_who_may_not_step_in_is_told_why() -> None:
    ground()
    anna, lead, guest = person("anna"), person("lead", "lead"), person("guest", "outsider")
    talk, htmx = taken(anna), {"HX-Request": "true"}
    assert browser(lead).post(f"/conversations/{talk.number}/take-over", headers=htmx).status_code == 200
    own = browser(lead).post(f"/conversations/{talk.number}/whisper", {"words": "快"}, headers=htmx)
    assert (own.status_code, "就在您手上" in own.text) == (422, True)
    talk.refresh_from_db()
    join(talk, lead, guest.staff, now=NOW)  # type: ignore[arg-type]
    leave = browser(guest).post(f"/conversations/{talk.number}/assign", {"staff": "1"}, headers=htmx)
    assert (leave.status_code, "就在您手上" in leave.text) == (422, True)


def test_two_agents_press_at_once_and_one_is_told() -> None:
    ground()
    anna, bert = person("anna"), person("bert")
    talk = asked(inbox_of())
    first, second = (
        browser(who).post(f"/conversations/{talk.number}/accept", headers={"HX-Request": "true"})
        for who in (anna, bert)
    )
    assert first.status_code == 200
    assert "talk-done" in first["HX-Trigger"]
    assert second.status_code == 422
    assert "已由同事接走" in second.text


def test_an_offer_let_go_returns_to_the_queue() -> None:
    ground()
    anna = person("anna")
    talk = asked(inbox_of())
    offer(talk, anna.staff, now=NOW, until=None)  # type: ignore[arg-type]
    assert "派给我" in browser(anna).get("/conversations").text
    browser(anna).post(f"/conversations/{talk.number}/decline")
    talk.refresh_from_db()
    assert (talk.state, talk.passed_over) == ("waiting", [anna.staff.pk])  # type: ignore[union-attr]


def test_a_transfer_stays_ones_own_until_it_is_taken() -> None:
    ground()
    anna, bert = person("anna"), person("bert")
    talk = taken(anna)
    sent = {"to": f"staff:{bert.staff.pk}", "note": "请看前文", "key": "t1"}  # type: ignore[union-attr]
    browser(anna).post(f"/conversations/{talk.number}/transfer", sent)
    talk.refresh_from_db()
    assert (talk.state, talk.owner_id) == ("offered", anna.staff.pk)  # type: ignore[union-attr]
    assert browser(anna).post(f"/conversations/{talk.number}/say", {"words": "请稍等", "key": "a2"}).status_code == 200
    browser(bert).post(f"/conversations/{talk.number}/accept")
    talk.refresh_from_db()
    assert (talk.state, talk.owner_id) == ("open", bert.staff.pk)  # type: ignore[union-attr]
    assert talk.messages.get(internal=True).words == "请看前文"


def test_a_refused_transfer_keeps_what_was_written_to_the_colleague() -> None:
    ground()
    anna = person("anna")
    talk = taken(anna)
    answer = browser(anna).post(f"/conversations/{talk.number}/transfer", {"to": "staff:0", "note": "请看前文"})
    assert answer.status_code == 422
    assert "请看前文</textarea>" in answer.text
    assert not talk.messages.filter(internal=True).exists()


def test_a_form_refuses_a_file_that_is_none_and_keeps_one_that_is_good() -> None:
    fields = [
        {"id": "place", "title": "示例地点", "type": "string", "required": True},
        {"id": "photos", "title": "示例照片", "type": "files"},
    ]
    ground(records=[{"id": "profile", "title": "示例档案", "in_conversation": ["agent"], "fields": fields}])
    anna = person("anna")
    talk = taken(anna)
    there = f"/conversations/{talk.number}/forms/profile"
    broken = browser(anna).post(there, {"place": "示例一店", "photos": SimpleUploadedFile("门口.png", b"no picture")})
    assert broken.status_code == 422
    assert ('value="示例一店"' in broken.text, "不是图片" in broken.text) == (True, True)
    assert not Filling.objects.exists()
    kept = browser(anna).post(there, {"place": "", "photos": SimpleUploadedFile("说明.txt", "示例".encode())})
    assert kept.status_code == 422
    token = kept.text.partition('name="kept_file" value="photos:')[2].partition('"')[0]
    assert browser(anna).post(there, {"place": "示例一店", "kept_file": f"photos:{token}"}).status_code == 302
    assert Filling.objects.get().values == {"place": "示例一店", "photos": [token]}


def test_handed_to_another_queue_it_waits_there_and_its_owner_still_answers_for_it() -> None:
    ground()
    anna, bert = person("anna"), person("bert")
    talk = taken(anna)
    browser(anna).post(f"/conversations/{talk.number}/transfer", {"to": "queue:other"})
    talk.refresh_from_db()
    assert (talk.state, talk.queue, talk.owner_id) == ("waiting", "other", anna.staff.pk)  # type: ignore[union-attr]
    assert talk.number in browser(anna).get("/conversations").text
    browser(bert).post(f"/conversations/{talk.number}/accept")
    talk.refresh_from_db()
    assert (talk.state, talk.owner_id) == ("open", bert.staff.pk)  # type: ignore[union-attr]


def test_ending_without_the_topic_a_clause_asks_for_names_the_clause() -> None:
    ground(TOPIC, options={"topic": [{"id": "hours", "title": "示例营业时间"}]})
    anna = person("anna")
    talk = taken(anna)
    refused = browser(anna).post(f"/conversations/{talk.number}/close", {})
    assert refused.status_code == 422
    assert "TALK-02" in refused.text
    assert browser(anna).post(f"/conversations/{talk.number}/close", {"topic": "nonsense"}).status_code == 422
    assert browser(anna).post(f"/conversations/{talk.number}/close", {"topic": "hours"}).status_code == 302
    talk.refresh_from_db()
    assert (talk.state, talk.topic) == ("closed", "hours")


def test_candidates_are_shown_and_one_is_chosen_by_a_person() -> None:
    ground()
    anna = person("anna")
    people = [Customer.objects.create(name=f"示例顾客{n}", created_at=NOW) for n in (1, 2)]
    contact = {"phone": "+8613800000101", "email": "sample@example.com"}
    for each, (kind, value) in zip(people, contact.items(), strict=True):
        ContactPoint.objects.create(customer=each, kind=kind, value=value, created_at=NOW)
    talk = receive(inbox_of(), Incoming(address="v", key="k", words="在吗", contact=contact), now=NOW).conversation
    accept(talk, anna, now=NOW)
    page = browser(anna).get(f"/conversations/{talk.number}/beside")
    assert "示例顾客1" in page.text
    assert "示例顾客2" in page.text
    assert "138****0101" in page.text
    assert "+8613800000101" not in page.text
    assert "13800000101" not in page.text
    browser(anna).post(f"/conversations/{talk.number}/identify", {"customer": people[1].pk})
    talk.refresh_from_db()
    assert (talk.customer_id, talk.candidates) == (people[1].pk, [])


def test_a_customer_who_is_no_candidate_is_chosen_only_by_those_who_may_see_the_archive() -> None:
    ground()
    anna = person("anna")
    talk = taken(anna)
    stranger = Customer.objects.create(name="示例外人", created_at=NOW)
    refused = browser(anna).post(f"/conversations/{talk.number}/identify", {"customer": stranger.pk})
    assert refused.status_code == 422
    talk.refresh_from_db()
    assert talk.customer_id is None


def test_a_message_is_corrected_and_recalled_while_it_is_fresh() -> None:
    ground()
    anna, bert = person("anna"), person("bert")
    talk = taken(anna)
    browser(anna).post(f"/conversations/{talk.number}/say", {"words": "八点", "key": "k2"})
    at_message = f"/conversations/{talk.number}/messages/2"
    assert "已修改" in browser(anna).post(at_message, {"words": "九点"}).text
    assert browser(bert).post(at_message, {"words": "十点"}).status_code == 422
    assert "已撤回" in browser(anna).post(at_message, {"deed": "recall"}).text
    assert Message.objects.get(conversation=talk, seq=2).words == ""


def test_after_the_limit_of_the_handbook_it_stays_as_it_is_and_the_clause_is_named() -> None:
    parameter = {"id": "message_change_within", "title": "示例", "value": "5s", "type": "duration", "clause": "TALK-01"}
    ground(parameters=[parameter])
    anna = person("anna")
    talk = taken(anna)
    browser(anna).post(f"/conversations/{talk.number}/say", {"words": "八点", "key": "k2"})
    Message.objects.filter(conversation=talk, seq=2).update(at=at("03-03 09:00:00"))
    refused = browser(anna).post(f"/conversations/{talk.number}/messages/2", {"deed": "recall"})
    assert refused.status_code == 422
    assert "TALK-01" in refused.text


def test_unread_counts_what_others_wrote_since_one_looked() -> None:
    ground()
    anna = person("anna")
    talk = taken(anna)
    asked(known_inbox(), "还在吗", key="k9")
    row = json.loads(browser(anna).get(f"/conversations/rows?ids={talk.pk}").content)["rows"][0]
    assert row["group"] == "mine"
    assert 'data-unread="2"' in row["html"]
    browser(anna).post(f"/conversations/{talk.number}/read", {"seq": "2"})
    row = json.loads(browser(anna).get(f"/conversations/rows?ids={talk.pk}").content)["rows"][0]
    assert 'data-unread="0"' in row["html"]


def test_rows_of_conversations_one_may_not_see_are_gone() -> None:
    ground()
    anna, outsider = person("anna"), person("stranger", "outsider")
    talk = taken(anna)
    answer = browser(outsider).get(f"/conversations/rows?ids={talk.pk},99999,x")
    assert answer.status_code == 403 or json.loads(answer.content) == {"rows": [], "gone": [talk.pk, 99999]}


def test_markup_in_every_word_is_shown_and_not_carried_out() -> None:
    ground()
    anna = person("anna")
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    inbox = inbox_of()
    talk = receive(
        inbox, Incoming(address="v", key="k", words=evil, name=evil, subject=evil, facts={"source": evil}), now=NOW
    ).conversation
    accept(talk, anna, now=NOW)
    for path in (f"/conversations/{talk.number}", f"/conversations/{talk.number}/beside", "/conversations"):
        text = browser(anna).get(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    told = json.loads(browser(anna).get(f"/conversations/rows?ids={talk.pk}").content)["rows"][0]["html"]
    assert "<script>alert" not in told


def test_markup_in_titles_notes_replies_and_file_names_does_nothing_anywhere() -> None:
    ground(options={"topic": [{"id": "x", "title": EVIL}]})
    anna, lead = person("anna"), person("lead", "lead")
    talk = receive(inbox_of(), Incoming(address="v", key="k", words=EVIL, name=EVIL), now=NOW).conversation
    PageView.objects.create(address=talk.address, url="https://shop.example/", title=EVIL, entered_at=NOW)  # type: ignore[misc]
    accept(talk, anna, now=NOW)
    client = browser(anna)
    client.post("/conversations/replies", {"title": "退货", "words": EVIL, "handbook": "talk"})
    sent = client.post("/conversations/upload", {"file": SimpleUploadedFile(f"{EVIL}.txt", b"words")})
    token = json.loads(sent.content)["token"]
    for internal in ("0", "1"):
        said = {"words": EVIL, "key": f"k{internal}", "internal": internal} | (
            {"file": token} if internal == "0" else {}
        )
        assert client.post(f"/conversations/{talk.number}/say", said).status_code == 200
    found = "".join(
        client.get(f"/conversations/{talk.number}{part}").text
        for part in ("", "/earlier", "/trail", "/hints", "/close")
    )
    found += client.get("/conversations/replies").text + client.get("/conversations/ended").text
    found += browser(lead).get("/floor").text + browser(lead).get(f"/conversations/{talk.number}").text
    assert "alert(1)" in found
    assert "<script>alert" not in found
    assert "<img src=x" not in found
    offered = client.get(f"/conversations/{talk.number}/replies")
    assert offered["Content-Type"] == "application/json"


def test_a_file_of_thirty_megabytes_is_refused_in_words() -> None:
    ground()
    large = SimpleUploadedFile("large.png", b"\x89PNG\r\n\x1a\n" + bytes(30 * 1024 * 1024), "image/png")
    answer = browser(person("anna")).post("/conversations/upload", {"file": large})
    assert answer.status_code == 422
    assert "large.png" in json.loads(answer.content)["why"]
    assert "10 MB" in json.loads(answer.content)["why"]


def test_the_timeline_holds_every_medium_of_the_customer() -> None:
    ground()
    anna = person("anna")
    customer = Customer.objects.create(name="示例顾客", created_at=NOW)
    mails = inbox_of("email", "mail")
    first = receive(
        mails,
        Incoming(address="x@example.com", key="m", words="邮件里问的", verified_customer=customer.pk),
        now=at("03-01 10:00"),
    )
    talk = receive(
        inbox_of(), Incoming(address="v", key="k", words="网页里问的", verified_customer=customer.pk), now=NOW
    ).conversation
    accept(talk, anna, now=NOW)
    page = browser(anna).get(f"/conversations/{talk.number}/earlier").text
    assert page.index("邮件里问的") < page.index("网页里问的")
    assert first.conversation.number in page
    assert "3月1日" in page


def test_a_page_asks_twelve_questions_at_most_however_long_the_list_is() -> None:
    ground()
    anna = person("anna")
    talk = taken(anna)
    for number in range(30):
        taken(anna, who=f"visitor-{number + 2}", key=f"v{number}")
        asked(known_inbox(), who=f"waits-{number}", key=f"w{number}")
    client = browser(anna)
    client.get("/conversations")
    for path in (
        "/conversations",
        f"/conversations/{talk.number}",
        f"/conversations/{talk.number}/beside",
        "/conversations/replies",
    ):
        with CaptureQueriesContext(connection) as asked_for:
            assert client.get(path).status_code == 200
        assert len(asked_for) <= 12, (path, [each["sql"][:100] for each in asked_for.captured_queries])


def test_why_it_was_given_to_whom_names_people() -> None:
    ground()
    anna = person("anna")
    talk = taken(anna)
    because = [{"staff": anna.principal, "free": False, "why": {"zh": "离线", "en": "off"}, "rank": None}]
    Choice.objects.create(conversation=talk, at=NOW, clause="", strategy="longest_idle", because=because)
    page = browser(anna).get(f"/conversations/{talk.number}/beside").text
    assert ("示例anna" in page, "staff:" in page) == (True, False)
