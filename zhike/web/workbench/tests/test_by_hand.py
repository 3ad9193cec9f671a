"""A visit or a letter written down by hand: when it was and what came along; one customer's timeline over all media."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from zhike.channels.email.tests.ground import mail, mailbox_of, opened_by
from zhike.channels.sms.gateways import Uplink
from zhike.channels.sms.incoming import take_reply
from zhike.channels.tests.short import gateway
from zhike.clocks.models import Clock
from zhike.conversations.actions import Incoming, receive, set_customer
from zhike.conversations.models import Conversation
from zhike.conversations.tests.ground import DESK, FIRST_ANSWER, at, inbox_of, installed, person
from zhike.customers.models import Customer
from zhike.customers.profile import Draft, add_customer
from zhike.lib import clock
from zhike.records.models import Attachment

pytestmark = pytest.mark.django_db
NOW = at("03-03 09:00:10")
PHONE = "+8613800000101"
MEDIA = {**DESK, "media": ["webchat", "email", "sms", "visit", "letter", "phone"]}


@pytest.fixture(autouse=True)
def nine_o_clock() -> Iterator[None]:
    before = clock.install(lambda: NOW)
    yield
    clock.install(before)


@pytest.fixture
def anna() -> Client:
    installed(FIRST_ANSWER, queues=[MEDIA])
    client = Client()
    client.force_login(person("anna").staff, backend="zhike.org.backend.StaffBackend")  # type: ignore[arg-type]
    return client


def customer(name: str, **more: Any) -> Customer:
    return add_customer(Draft(name=name, **more), by="staff:1", now=at("03-01 09:00"))


def middle(client: Client, talk: Conversation) -> str:
    """What was said, as the screen fetches it."""
    return client.get(f"/conversations/{talk.number}", headers={"HX-Request": "true"}).text


def typed(**more: Any) -> dict[str, Any]:
    return {"handbook": "talk", "medium": "letter", "said": "请把发票寄给我", "key": "press-1", **more}


def test_a_letter_is_written_down_with_its_day_and_its_scan(anna: Client) -> None:
    scan = SimpleUploadedFile("示例来信.txt", "示例：来信正文".encode())
    anna.post("/conversations/new", typed(happened="2025-02-27T16:30", files=[scan]))
    talk = Conversation.objects.get()
    assert (talk.medium, talk.opened_at) == ("letter", NOW)
    file = Attachment.objects.get()
    assert (file.subject_kind, file.subject_id) == ("message", talk.messages.get().pk)
    beside = anna.get(f"/conversations/{talk.number}/beside").text
    assert "<dt>发生时间</dt><dd>2月27日 周四 16:30</dd>" in beside
    assert "示例来信.txt" in middle(anna, talk)
    saved = anna.get(f"/conversations/{talk.number}/files/{file.token}")
    assert b"".join(saved.streaming_content) == "示例：来信正文".encode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("happened", ["2025-03-03T09:01", "2026-01-01T00:00", "gestern", "0001-01-01T00:00+99:99"])
def test_what_is_still_to_come_was_not_a_visit(anna: Client, happened: str) -> None:
    answer = anna.post("/conversations/new", typed(happened=happened))
    assert (answer.status_code, Conversation.objects.count()) == (422, 0)
    assert "请填写已经过去的日期和时间" in answer.text
    assert "请把发票寄给我" in answer.text


def test_a_file_that_is_not_taken_is_said_and_nothing_is_written_down(anna: Client) -> None:
    program = SimpleUploadedFile("scan.exe", b"MZ\x00\x01")
    answer = anna.post("/conversations/new", typed(files=[program]))
    assert (answer.status_code, Conversation.objects.count()) == (422, 0)
    assert "scan.exe" in answer.text


def test_a_limit_runs_from_the_writing_down(anna: Client) -> None:
    anna.post("/conversations/new", typed(happened="2025-02-27T16:30"))
    assert Clock.objects.get().started_at == NOW


def test_chat_mail_text_message_visit_and_letter_of_one_customer_are_one_timeline(anna: Client) -> None:
    who = customer("示例甲", phones=(PHONE,), emails=("guke@example.com",))
    said = Incoming(address="visitor-1", key="k1", words="一、网页", contact={"phone": PHONE})
    chat = receive(inbox_of(), said, now=at("03-03 08:00")).conversation
    opened_by(mailbox_of(), mail("二、邮件"), "03-03 08:10")
    taken = take_reply(gateway(), Uplink("u1", PHONE, "三、短信"), at("03-03 08:20"))
    assert taken is not None
    for number, medium in (("四、来访", "visit"), ("五、来信", "letter")):
        anna.post("/conversations/new", typed(said=number, medium=medium, phone=PHONE, key=f"press-{medium}"))
    assert list(Conversation.objects.values_list("customer", flat=True).distinct()) == [who.pk]
    page = middle(anna, chat)
    shown = re.findall(r"data-words>([一二三四五]、\w+)<", page)
    assert shown == ["一、网页", "二、邮件", "三、短信", "四、来访", "五、来信"]
    for number in Conversation.objects.values_list("number", flat=True):
        assert anna.get(f"/conversations/{number}").status_code == 200
        assert number in page


def test_two_customers_who_write_from_one_number_are_both_shown_and_neither_is_guessed(anna: Client) -> None:
    """The number is the mother's in the archive; once her son wrote from it, and a colleague said so."""
    mother, son = customer("示例母", phones=(PHONE,)), customer("示例子")
    row = gateway()
    take_reply(row, Uplink("u1", PHONE, "我的订单呢"), NOW)
    one = Conversation.objects.get()
    assert one.customer == mother
    set_customer(one, son, by=person("bert"), now=NOW, how="chosen")
    Conversation.objects.update(state="closed", closed_at=NOW)
    for number in (2, 3):
        take_reply(row, Uplink(f"u{number}", PHONE, "在吗"), NOW)
        later = Conversation.objects.exclude(state="closed").get()
        assert (later.customer, later.candidates) == (None, [mother.pk, son.pk])
        anna.post(f"/conversations/{later.number}/accept")
        beside = anna.get(f"/conversations/{later.number}/beside").text
        assert "联系方式对得上几位顾客" in beside
        assert ("示例母" in beside, "示例子" in beside) == (True, True)
        anna.post(f"/conversations/{later.number}/identify", {"customer": mother.pk if number == 2 else son.pk})
        Conversation.objects.update(state="closed", closed_at=NOW)


def test_what_is_written_down_of_a_visit_is_recorded_and_says_so(anna: Client) -> None:
    anna.post("/conversations/new", typed(medium="visit", key="press-visit"))
    talk = Conversation.objects.get()
    shown = middle(anna, talk)
    assert "记下答复" in shown
    assert "不会发给顾客" in shown
    assert "回复顾客" not in shown
    written = receive(inbox_of(), Incoming(address="示例访客", key="k", words="在吗"), now=NOW).conversation
    anna.post(f"/conversations/{written.number}/accept")
    assert "回复顾客" in middle(anna, written)
    assert "记下答复" not in middle(anna, written)
