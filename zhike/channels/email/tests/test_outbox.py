"""An answer goes out in its thread, once; what became of it is known, or said to be unknown."""

from __future__ import annotations

import base64
import datetime as dt
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest

from zhike.channels.email import outbox
from zhike.channels.email.access import NotFound
from zhike.channels.email.actions import settle_outgoing
from zhike.channels.email.models import Mail, Outgoing
from zhike.channels.email.smtp import BeforeEnd, Outcome
from zhike.channels.email.tests.ground import DESK, GUEST, WALL, answered, came, head, mail, mailbox_of, opened_by, sent
from zhike.conversations.actions import recall_message, say
from zhike.conversations.failures import in_words
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation, Message
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.tests.ground import at, inbox_of, installed, person
from zhike.notices.models import Notice
from zhike.org.principals import Viewer
from zhike.records.attachments import store_attachment

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Viewer:
    installed()
    return person("jia")


@pytest.fixture
def message(desk: Viewer) -> Message:
    return answered(opened_by(mailbox_of(), mail()), desk)


def text(data: bytes) -> str:
    return base64.b64decode(data.partition(b"\r\n\r\n")[2]).decode()


def state_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, Outgoing.objects.get(message=message).state


def test_an_answer_keeps_the_thread_and_quotes_what_it_answers(message: Message) -> None:
    data = sent(message)
    subject = str(make_header(decode_header(head(data, "Subject"))))
    assert subject.startswith("Re: 咨询 [C-250303-")
    assert (head(data, "In-Reply-To"), head(data, "References")) == ("<q1@example.com>", "<q1@example.com>")
    assert head(data, "To") == GUEST
    assert text(data).split("\r\n") == [
        "九点开门",
        "",
        "在 2025年03月03日 09:00，示例顾客 写道：",
        "> 请问几点开门",
        "",
    ]
    assert state_of(message) == ("sent", "sent")


def test_what_the_product_adds_is_in_the_customers_language_else_in_the_mailboxs(desk: Viewer) -> None:
    english = mail("When do you open on Sunday?", subject="Opening hours")
    conversation = opened_by(mailbox_of(auto_answer="We will answer soon."), english)
    auto = sent(Message.objects.get(conversation=conversation, side="system"))
    assert str(make_header(decode_header(head(auto, "Subject")))).startswith("Your mail has arrived [C-")
    assert "On 2025-03-03 09:00, 示例顾客 wrote:" in text(sent(answered(conversation, desk)))
    other = mailbox_of("two@zhike.example", language="en")
    unknown = opened_by(
        other, mail("注文はどこですか", sender="kyaku@example.com", subject="?", identifier="j@example.com")
    )
    assert "On 2025-03-03 09:00, 示例顾客 wrote:" in text(sent(answered(unknown, desk)))


def test_a_fault_is_told_in_the_readers_language(desk: Viewer) -> None:
    message = answered(opened_by(mailbox_of(language="en"), mail()), desk)
    sent(message, Outcome("never", "550 5.1.1 No such user"))
    message.refresh_from_db()
    told = [in_words(message, language) for language in ("en", "zh-hans")]
    assert told == ["Not sent: 550 5.1.1 No such user", "没有送出：550 5.1.1 No such user"]


def test_further_answers_name_all_mails_before_them(desk: Viewer, message: Message) -> None:
    first = sent(message)
    more = say(message.conversation, desk, words="周末十点", key="a2", now=at("03-03 09:12"))
    assert head(sent(more), "References").split() == [head(first, "Message-ID"), "<q1@example.com>"]


def test_nothing_typed_becomes_a_header(desk: Viewer) -> None:
    evil = "咨询\r\nBcc: all@example.com\r\n\r\nbody"
    conversation = opened_by(mailbox_of(sender_name="示例\r\nBcc: b@example.com", signature="x\r\n.\r\ny"), mail())
    Conversation.objects.filter(pk=conversation.pk).update(subject=evil)
    conversation.address.name = "n\r\nBcc: c@example.com"  # type: ignore[union-attr]
    conversation.address.save(update_fields=["name"])  # type: ignore[union-attr]
    conversation.refresh_from_db()
    data = sent(answered(conversation, desk, "x\r\n.\r\nRCPT TO:<evil@example.com>"))
    found = message_from_bytes(data)
    assert (found["Bcc"], found["To"]) == (None, GUEST)
    assert b"evil" not in data


def test_files_go_out_with_their_names(desk: Viewer) -> None:
    conversation = opened_by(mailbox_of(), mail())
    accept(conversation, desk, now=at("03-03 09:05"))
    file = store_attachment("一,二".encode(), "示例清单.csv", by=desk.principal, now=at("03-03 09:06"))
    message = say(conversation, desk, words="见附件", key="f", files=[file.token], now=at("03-03 09:07"))
    parts = [part for part in message_from_bytes(sent(message)).walk() if part.get_filename()]
    assert [str(make_header(decode_header(part.get_filename() or ""))) for part in parts] == ["示例清单.csv"]
    assert parts[0].get_payload(decode=True) == "一,二".encode()


def test_an_internal_note_never_goes_out(desk: Viewer) -> None:
    conversation = opened_by(mailbox_of(), mail())
    say(conversation, desk, words="内部", key="n", internal=True, now=at("03-03 09:05"))
    assert Outgoing.objects.count() == 0


def test_without_a_mailbox_the_message_says_so(desk: Viewer) -> None:
    conversation = opened_by(mailbox_of(), mail())
    Conversation.objects.filter(pk=conversation.pk).update(inbox=inbox_of("email", "other@zhike.example"))
    message = answered(conversation, desk)
    message.refresh_from_db()
    assert (message.state, in_words(message)) == ("failed", "这个入口没有设置邮箱，无法发出。")
    assert in_words(message, "en") == "This inbox has no mailbox set up; nothing can be sent."


def test_a_fault_that_may_pass_is_tried_again_with_growing_waits_and_fails_in_the_end(message: Message) -> None:
    wall, waits = WALL, []
    for _ in range(len(outbox.WAITS)):
        sent(message, Outcome("later", "451 greylisted"), wall)
        assert state_of(message) == ("sending", "waiting")
        following = Outgoing.objects.get().next_at
        assert outbox.claim(Outgoing.objects.get().mailbox_id, following - dt.timedelta(seconds=1)) == []
        waits.append((following - wall).total_seconds())
        wall = following
    assert waits == [30, 120, 600, 1800, 3600, 7200, 14400, 14400, 14400, 14400]
    sent(message, Outcome("later", "451 greylisted"), wall)
    assert state_of(message) == ("failed", "failed")
    assert Notice.objects.count() == 1


def test_a_refusal_fails_at_once_with_its_words(message: Message) -> None:
    sent(message, Outcome("never", "550 5.1.1 No such user"))
    assert state_of(message) == ("failed", "failed")
    assert "No such user" in in_words(message)


def test_no_answer_to_the_end_is_unknown_and_never_sent_again_by_itself(desk: Viewer, message: Message) -> None:
    sent(message, Outcome("unknown", "timed out"))
    assert state_of(message) == ("unknown", "unknown")
    number = Outgoing.objects.get().pk
    assert outbox.claim(Outgoing.objects.get().mailbox_id, WALL + dt.timedelta(days=30)) == []
    assert Notice.objects.get().to == [desk.principal]
    settle_outgoing(number, "sent", by=desk, now=at("03-03 10:00"))
    assert state_of(message) == ("sent", "sent")


def test_a_person_may_have_an_unknown_one_sent_again_under_the_same_name(desk: Viewer, message: Message) -> None:
    first = sent(message, Outcome("unknown", "timed out"))
    number = Outgoing.objects.get().pk
    with pytest.raises(NotFound):
        settle_outgoing(number, "again", by=person("bing", "elsewhere"), now=at("03-03 10:00"))
    settle_outgoing(number, "again", by=desk, now=at("03-03 10:00"))
    settle_outgoing(number, "sent", by=desk, now=at("03-03 10:01"))
    assert state_of(message) == ("sending", "waiting")
    assert head(sent(message), "Message-ID") == head(first, "Message-ID")


def test_a_sender_that_died_before_the_end_begins_anew_and_after_it_nobody_knows(
    desk: Viewer, message: Message
) -> None:
    row = Outgoing.objects.get()
    outbox.claim(row.mailbox_id, WALL)
    assert outbox.recover(at("03-03 09:20"), WALL) == 0
    assert state_of(message) == ("sending", "waiting")
    (claim,) = outbox.claim(row.mailbox_id, WALL)
    outbox.before_end(claim)
    assert outbox.recover(at("03-03 09:20"), WALL) == 1
    assert state_of(message) == ("unknown", "unknown")


def test_the_end_is_not_sent_of_a_mail_that_somebody_else_has(message: Message) -> None:
    (older,) = outbox.claim(Outgoing.objects.get().mailbox_id, WALL)
    outbox.recover(at("03-03 09:20"), WALL)
    (newer,) = outbox.claim(Outgoing.objects.get().mailbox_id, WALL)
    with pytest.raises(BeforeEnd):
        outbox.before_end(older)
    outbox.note_outcome(older, Outcome("sent"), now=at("03-03 09:20"), wall=WALL)
    assert state_of(message) == ("sending", "taken")
    outbox.before_end(newer)


def test_a_mail_is_not_taken_back_and_goes_out_as_it_was_written(desk: Viewer, message: Message) -> None:
    with pytest.raises(ConversationRefused):
        recall_message(message, desk, now=at("03-03 09:10:30"), within=dt.timedelta(minutes=2))
    assert len(outbox.claim(Outgoing.objects.get().mailbox_id, WALL)) == 1


def bounce(about: str, action: str = "failed", status: str = "5.1.1", why: str = "550 5.1.1 No such user") -> bytes:
    fields = (
        f"Final-Recipient: rfc822; {GUEST}\r\nAction: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {why}\r\n"
    )
    return (
        "From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nMessage-ID: <b@mx.example>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\r\n\r\n'
        "--r\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        f"--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n{fields}\r\n"
        f"--r\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {about}\r\nSubject: x\r\n--r--\r\n"
    ).encode()


def test_a_returned_mail_is_seen_at_the_message_and_its_owner_is_told(desk: Viewer, message: Message) -> None:
    data = sent(message)
    row = came(message.conversation.inbox.mailbox, bounce(head(data, "Message-ID"))).row
    assert (row.state, row.reasons, row.conversation, row.about) == (
        "report",
        ["not_delivered"],
        message.conversation,
        Outgoing.objects.get(),
    )
    assert state_of(message) == ("failed", "failed")
    assert "No such user" in in_words(message)
    assert Notice.objects.get().to == [desk.principal]
    assert Message.objects.count() == 2


def test_a_late_mail_is_not_a_failed_one_and_an_arrived_one_stays_arrived(message: Message) -> None:
    data, mailbox = sent(message), message.conversation.inbox.mailbox
    assert came(mailbox, bounce(head(data, "Message-ID"), "delayed", "4.4.1")).row.reasons == ["late"]
    assert state_of(message) == ("sent", "sent")
    came(mailbox, bounce(head(data, "Message-ID"), "delivered", "2.0.0"))
    assert state_of(message)[0] == "delivered"


def test_a_report_about_a_mail_we_never_sent_changes_nothing(message: Message) -> None:
    sent(message)
    forged = f"<z.{message.conversation_id}.{message.pk}.{'0' * 20}@zhike.example>"
    row = came(message.conversation.inbox.mailbox, bounce(forged)).row
    assert (row.state, row.reasons, row.about) == ("report", ["not_delivered", "unknown_mail"], None)
    assert state_of(message) == ("sent", "sent")
    assert Mail.objects.exclude(conversation=None).count() == 1


def test_an_answer_never_goes_to_those_in_copy(desk: Viewer) -> None:
    conversation = opened_by(mailbox_of(), mail(headers="Cc: other@example.com, third@example.com"))
    data = sent(answered(conversation, desk))
    assert (head(data, "To"), head(data, "Cc"), Outgoing.objects.get().to) == (GUEST, "", GUEST)
    assert DESK in head(data, "From")
