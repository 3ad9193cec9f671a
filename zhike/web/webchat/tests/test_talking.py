"""A visitor writes from a site, is answered, sees what became of it, ends it and says how it was."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from zhike.channels.sealing import seal_into
from zhike.channels.webchat.trail import forget_trails
from zhike.channels.webchat.visitors import IDENTITY
from zhike.conversations import trails
from zhike.conversations.actions import close, recall_message, say
from zhike.conversations.handing import accept
from zhike.conversations.models import Address, Conversation, Inbox, Message, PageView, Survey
from zhike.conversations.tests.ground import DESK, asked, at, installed
from zhike.customers.actions import find_or_add_customer
from zhike.customers.models import Consent
from zhike.org.models import HandbookVersion
from zhike.org.principals import Viewer
from zhike.web.webchat.tests.conftest import Watch
from zhike.web.webchat.tests.ground import Visitor, inbox_with, png, token_of

pytestmark = pytest.mark.django_db
NOTICE = {"version": "2025-03", "words": {"zh": "示例告知：我们会记录您的咨询和浏览的页面。", "en": "Sample notice."}}


def test_what_a_visitor_writes_waits_in_the_queue_and_he_is_told_his_place(shop: Inbox) -> None:
    asked(shop, who="somebody-before", when="03-03 09:59")
    told = Visitor().writes("请问几点开门").json()
    assert told["conversation"] | {"opened_at": ""} == {
        "number": Conversation.objects.latest("id").number, "state": "waiting", "agent": "", "last": 1, "opened_at": "",
        "ended_by": "", "read": 0, "ahead": 1, "wait": None,
    }  # fmt: skip
    assert [(each["seq"], each["words"], each["key"]) for each in told["messages"]] == [
        (1, "请问几点开门", "key-00000001")
    ]


def test_the_secret_is_kept_as_a_digest_only(shop: Inbox) -> None:
    Visitor("s" * 43).writes("你好")
    assert "s" * 43 not in str(list(Address.objects.values()))
    assert len(Address.objects.get().value) == 64


def test_the_same_message_sent_again_is_stored_once_even_after_the_end(shop: Inbox) -> None:
    visitor = Visitor()
    first = visitor.writes("你好").json()
    assert visitor.writes("你好").json()["messages"] == first["messages"]
    visitor.post("end")
    assert visitor.writes("你好").json()["conversation"]["number"] == first["conversation"]["number"]
    assert (Message.objects.count(), Conversation.objects.count()) == (1, 1)


def test_he_sees_the_answer_by_seq_and_never_a_note(shop: Inbox, agent: Viewer) -> None:
    visitor = Visitor()
    number = visitor.writes("几点开门").json()["conversation"]["number"]
    conversation = Conversation.objects.get()
    accept(conversation, agent, now=at("03-03 10:00:05"))
    say(conversation, agent, words="像是老客户", key="n", internal=True, now=at("03-03 10:00:06"))
    say(conversation, agent, words="九点", key="m", now=at("03-03 10:00:10"))
    told = visitor.state(number=number, after=1)
    assert [(each["seq"], each["side"], each["words"]) for each in told["messages"]] == [(3, "staff", "九点")]
    assert told["conversation"]["agent"] == "示例jia"
    assert "老客户" not in str(visitor.state())


def test_what_was_recalled_is_gone_for_him_too(shop: Inbox, agent: Viewer) -> None:
    visitor = Visitor()
    visitor.writes("几点开门")
    conversation = Conversation.objects.get()
    accept(conversation, agent, now=at("03-03 10:00:05"))
    message = say(conversation, agent, words="写错了的话", key="m", now=at("03-03 10:00:10"))
    recall_message(message, agent, now=at("03-03 10:00:20"), within=dt.timedelta(minutes=2))
    told = visitor.state(number=conversation.number, only=2)["messages"][0]
    assert (told["recalled"], told["words"]) == (True, "")


def test_another_visitor_sees_nothing_of_it(shop: Inbox) -> None:
    Visitor().writes("我的地址是示例路一号")
    assert Visitor("w" * 43).state() | {"position": 0} == {"conversation": None, "messages": [], "position": 0}


@pytest.mark.parametrize(
    ("origin", "status"), [("https://shop.example", 201), ("", 201), ("https://evil.example", 403), ("null", 403)]
)
def test_only_the_sites_of_the_inbox_are_let_in(shop: Inbox, origin: str, status: int) -> None:
    answer = Visitor(origin=origin).writes("你好")
    assert answer.status_code == status
    assert answer.headers.get("Access-Control-Allow-Origin", "") == (origin if origin and status == 201 else "")


def test_a_browser_that_asks_first_is_told_which_headers_go(shop: Inbox) -> None:
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = Client().options("/chat/shop/messages", headers=asking)
    assert answer.status_code == 204
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("secret", ["", "short", "v" * 42 + "!"])
def test_without_a_whole_secret_nobody_writes(shop: Inbox, secret: str) -> None:
    assert Visitor(secret).writes("你好").status_code == 401


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("settings", "post"), ("state", "post"), ("messages", "get"), ("files", "get"), ("typing", "get"), ("read", "get"), ("end", "get"),
        ("survey", "get"), ("pages", "get"), ("identity", "get"), ("offline", "get"), ("transcript", "post"),
    ],
)  # fmt: skip
def test_each_address_answers_its_own_method_only(shop: Inbox, path: str, method: str) -> None:
    assert getattr(Visitor(), method)(path).status_code == 405


def test_an_inbox_that_was_switched_off_answers_nobody(shop: Inbox) -> None:
    Inbox.objects.update(is_active=False)
    assert Visitor().writes("你好").status_code == 404


@pytest.mark.parametrize(
    "told",
    [
        {}, {"key": 5}, {"key": "short"}, {"key": "key-00000001", "words": ["a"]}, {"key": "key-00000001", "files": "x"},
        {"key": "key-00000001", "form": []}, {"key": "key-00000001", "files": ["x"] * 10},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_and_nothing_is_opened(shop: Inbox, told: dict[str, Any]) -> None:
    assert Visitor().post("messages", **told).status_code in (400, 422)
    assert not Conversation.objects.exists()


def test_an_empty_message_says_what_to_do(shop: Inbox) -> None:
    answer = Visitor().writes("  ")
    assert (answer.status_code, answer.json()["words"]) == (422, "请写点内容，或附上文件。")


def test_the_form_is_checked_as_the_inbox_asks_all_at_once_in_his_language(shop: Inbox) -> None:
    topics = [{"id": "delivery", "title": {"zh": "示例配送", "en": "Sample delivery"}}]
    fields = [{"id": "name", "required": True}, {"id": "phone", "required": False}]
    inbox_with(fields=fields, topics=topics, consent=NOTICE)
    english = Visitor(language="en").writes("hello", form={"phone": "12"}).json()
    assert english["problems"] == {
        "name": "Please fill this in.", "phone": "Write a phone number that can be dialled.",
        "topic": "Choose what it is about.", "consent": "Please read the notice and agree first.",
    }  # fmt: skip
    form = {"name": "示例甲", "phone": "13800138000", "topic": "delivery", "consent": "2025-03"}
    assert Visitor().writes("你好", form=form, page="https://shop.example/a?utm_source=ad").status_code == 201
    facts = Conversation.objects.get().facts
    assert (facts["topic"], facts["phone"], facts["consent"], facts["source"]) == (
        "delivery", "+8613800138000", "2025-03", "ad",
    )  # fmt: skip


def test_an_older_version_of_the_notice_is_not_agreed_to(shop: Inbox) -> None:
    inbox_with(consent=NOTICE)
    assert "consent" in Visitor().writes("你好", form={"consent": "2024-01"}).json()["problems"]


def test_the_consent_of_a_known_customer_goes_into_the_ledger_once(shop: Inbox) -> None:
    inbox_with(consent=NOTICE, fields=[{"id": "phone", "required": True}])
    customer = find_or_add_customer(phone="13800138000", name="示例甲", now=at("03-01 09:00"))
    visitor = Visitor()
    for number in (1, 2):
        visitor.writes("你好", key=f"key-0000000{number}", form={"phone": "13800138000", "consent": "2025-03"})
        visitor.post("end")
    consent = Consent.objects.get()
    assert (consent.customer, consent.purpose, consent.version, consent.channel) == (
        customer, "webchat", "2025-03", "webchat",
    )  # fmt: skip


# the hours


def closed_at_night() -> None:
    HandbookVersion.objects.all().delete()
    calendar = {"id": "day", "title": {"zh": "示例白班"}, "weekly": {"mon-fri": ["09:00-18:00"]}}
    installed(queues=[{**DESK, "calendar": "day"}], calendars=[calendar])


def test_outside_the_hours_he_is_told_when_somebody_answers_and_nothing_is_opened(shop: Inbox, watch: Watch) -> None:
    closed_at_night()
    watch.now = at("03-03 20:00")
    told = Visitor().get("settings").json()
    assert (told["open"], told["opens_at"]) == (False, "2025-03-04T09:00:00+08:00")
    answer = Visitor().writes("你好")
    assert (answer.status_code, answer.json()["error"]) == (409, "closed")
    assert not Conversation.objects.exists()


def test_a_conversation_under_way_goes_on_after_hours(shop: Inbox, watch: Watch) -> None:
    closed_at_night()
    visitor = Visitor()
    visitor.writes("你好")
    watch.now = at("03-03 20:00")
    assert visitor.writes("还在吗", key="key-00000002").status_code == 201


# files


def test_a_picture_goes_with_his_message_and_only_he_gets_it(shop: Inbox) -> None:
    visitor = Visitor()
    token = visitor.sends(png(40, 30)).json()["token"]
    told = visitor.writes("", files=[token]).json()["messages"][0]
    assert [(each["token"], each["picture"]) for each in told["files"]] == [(token, True)]
    assert b"".join(visitor.get(f"files/{token}").streaming_content) == png(40, 30)
    assert Visitor("w" * 43).get(f"files/{token}").status_code == 404


def test_a_file_of_a_note_is_not_his(shop: Inbox, agent: Viewer) -> None:
    visitor = Visitor()
    token = visitor.sends(png(40, 30)).json()["token"]
    visitor.writes("你好")
    say(Conversation.objects.get(), agent, words="", files=[token], key="n", internal=True, now=at("03-03 10:01"))
    assert visitor.get(f"files/{token}").status_code == 404


def test_thirty_megabytes_are_refused_before_they_are_read(shop: Inbox) -> None:
    answer = Visitor().sends(b"\x89PNG" + b"x" * (30 * 1024 * 1024))
    assert (answer.status_code, answer.json()["words"]) == (413, "文件太大，最多 10 MB。请压缩后再发。")


# the end


def test_he_ends_it_and_is_asked_once_how_it_was(shop: Inbox, agent: Viewer) -> None:
    visitor = Visitor()
    visitor.writes("几点开门")
    conversation = Conversation.objects.get()
    accept(conversation, agent, now=at("03-03 10:00:05"))
    say(conversation, agent, words="九点", key="m", now=at("03-03 10:00:10"))
    told = visitor.post("end").json()
    assert (told["conversation"]["state"], told["conversation"]["ended_by"]) == ("closed", "customer")
    assert told["survey"] == {"reminder": False}
    assert visitor.post("survey", score=6).status_code == 422
    assert visitor.post("survey", score=4, comment="示例：很快").status_code == 201
    assert visitor.post("survey", score=1).status_code == 409
    survey = Survey.objects.get()
    assert (survey.score, survey.comment) == (4, "示例：很快")


def test_nobody_is_asked_about_a_conversation_nobody_answered(shop: Inbox) -> None:
    visitor = Visitor()
    visitor.writes("几点开门")
    assert visitor.post("end").json()["survey"] is None


def test_he_is_reminded_once_after_the_hours_the_inbox_says(shop: Inbox, agent: Viewer, watch: Watch) -> None:
    visitor = Visitor()
    visitor.writes("几点开门")
    conversation = Conversation.objects.get()
    say(conversation, agent, words="九点", key="m", now=at("03-03 10:00:10"))
    close(conversation, by=agent.principal, now=at("03-03 10:01"))
    watch.now = at("03-04 10:30")
    assert visitor.state()["survey"] == {"reminder": True}
    visitor.post("survey", later=True)
    assert visitor.state()["survey"] == {"reminder": False}


def test_the_link_of_the_question_takes_one_answer(shop: Inbox, agent: Viewer, client: Client) -> None:
    Visitor().writes("几点开门")
    conversation = Conversation.objects.get()
    say(conversation, agent, words="九点", key="m", now=at("03-03 10:00:10"))
    close(conversation, by=agent.principal, now=at("03-03 10:01"))
    link = f"/chat/survey/{Survey.objects.get().token}"
    assert client.post(link, {"score": "9"}).status_code == 422
    assert "谢谢您的评价" in client.post(link, {"score": "5", "comment": "好"}).content.decode()
    client.post(link, {"score": "1"})
    assert Survey.objects.get().score == 5
    assert client.get("/chat/survey/nothing").status_code == 404


def test_the_transcript_is_text_without_notes(shop: Inbox, agent: Viewer) -> None:
    visitor = Visitor()
    visitor.writes("几点开门")
    conversation = Conversation.objects.get()
    say(conversation, agent, words="像是老客户", key="n", internal=True, now=at("03-03 10:00:06"))
    say(conversation, agent, words="九点", key="m", now=at("03-03 10:00:10"))
    lines = visitor.get("transcript").content.decode("utf-8-sig").splitlines()
    assert lines == [
        f"{conversation.number}  2025-03-03 10:00", "", "[10:00:00] 我: 几点开门", "[10:00:10] 客服: 九点",
    ]  # fmt: skip


# who he is

SIGNING = "example-signing-key"
SOON = int(at("03-03 10:30").timestamp())


@pytest.fixture
def signing(shop: Inbox) -> Inbox:
    inbox = inbox_with()
    seal_into(inbox, IDENTITY, SIGNING)
    inbox.save(update_fields=["settings"])
    return inbox


def test_a_token_of_the_site_says_who_he_is(signing: Inbox) -> None:
    token = token_of(SIGNING, phone="13800138000", name="示例甲", exp=SOON, jti="1")
    assert Visitor().writes("你好", token=token).status_code == 201
    address = Address.objects.get()
    assert address.is_verified
    assert address.customer is not None
    assert Conversation.objects.get().customer == address.customer


def test_a_token_shown_in_another_browser_proves_nothing(signing: Inbox) -> None:
    token = token_of(SIGNING, phone="13800138000", exp=SOON, jti="1")
    Visitor().writes("你好", token=token)
    answer = Visitor("w" * 43).writes("你好", token=token)
    assert (answer.status_code, answer.json()["error"]) == (422, "token")


@pytest.mark.parametrize(
    "token",
    [
        "a.b.c",
        token_of("another-key", phone="13800138000", exp=SOON),
        token_of(SIGNING, phone="13800138000", exp=int(at("03-03 09:00").timestamp())),
        token_of(SIGNING, phone="13800138000", exp=int(at("03-09 09:00").timestamp())),
        token_of(SIGNING, phone="13800138000"),
        token_of(SIGNING, name="示例甲", exp=SOON),
        token_of(SIGNING, phone="13800138000", exp=SOON).rpartition(".")[0] + ".",
    ],
)
def test_a_token_that_is_forged_old_or_names_nobody_is_refused(signing: Inbox, token: str) -> None:
    assert Visitor().writes("你好", token=token).json()["error"] == "token"


def test_where_another_customer_signs_in_the_browser_begins_anew(signing: Inbox) -> None:
    visitor = Visitor()
    visitor.writes("你好", token=token_of(SIGNING, phone="13800138000", exp=SOON, jti="1"))
    answer = visitor.post("identity", token=token_of(SIGNING, phone="13900139000", exp=SOON, jti="2"))
    assert (answer.status_code, answer.json()["error"]) == (409, "other_person")


def test_a_token_that_comes_later_tells_the_agent_who_it_is(signing: Inbox) -> None:
    visitor = Visitor()
    visitor.writes("你好")
    assert visitor.post("identity", token=token_of(SIGNING, phone="13800138000", exp=SOON)).status_code == 200
    assert Conversation.objects.get().customer is not None


# pages


def test_his_pages_are_kept_in_order_and_thrown_away_after_the_days(shop: Inbox, watch: Watch) -> None:
    visitor = Visitor()
    visitor.writes("你好")
    page = {"title": "示例", "referrer": ""}
    seen = [{**page, "url": f"https://shop.example/{name}", "ago": ago} for name, ago in (("a", 90), ("b", 20))]
    visitor.post("pages", pages=[seen[0] | {"left": 20}, seen[1], {"url": "javascript:alert(1)", "ago": 1}])
    kept = list(PageView.objects.order_by("entered_at").values_list("url", "entered_at", "left_at"))
    assert kept == [
        ("https://shop.example/a", at("03-03 09:58:30"), at("03-03 09:59:40")),
        ("https://shop.example/b", at("03-03 09:59:40"), None),
    ]
    assert forget_trails(at("05-31 10:00")) == 0
    assert forget_trails(at("06-02 10:00")) == 2


def test_what_a_clause_says_of_keeping_pages_goes_before_the_days_of_the_inbox(
    shop: Inbox, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trails, "kept_since", lambda _, now: now - dt.timedelta(days=7))
    visitor = Visitor()
    visitor.writes("你好")
    visitor.post("pages", pages=[{"url": "https://shop.example/a", "ago": 1}])
    assert forget_trails(at("03-10 09:00")) == 0
    assert forget_trails(at("03-10 10:30")) == 1


def test_of_somebody_who_has_not_written_no_page_is_kept(shop: Inbox) -> None:
    Visitor().post("pages", pages=[{"url": "https://shop.example/a", "ago": 1}])
    assert not PageView.objects.exists()


# floods


def test_sixty_messages_a_minute_and_thirty_conversations_then_he_waits(shop: Inbox) -> None:
    visitor = Visitor()
    answers = [visitor.writes("水", key=f"key-{number:08}") for number in range(61)]
    assert [answer.status_code for answer in answers] == [201] * 60 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert Message.objects.count() == 60


def test_thirty_conversations_a_minute_from_one_address(shop: Inbox) -> None:
    secrets = [f"{number:043}" for number in range(31)]
    assert [Visitor(secret).writes("水").status_code for secret in secrets] == [201] * 30 + [429]
