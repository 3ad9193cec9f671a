"""A mail becomes a conversation once, goes on with the right one, and lets nobody in who only knows a number."""

# ruff: noqa: E501 - a mail a line
from __future__ import annotations

import base64
from pathlib import Path

import pytest

from zhike.channels.email import raw, receiving, tokens
from zhike.channels.email.access import NotFound, mail_for, visible_mails
from zhike.channels.email.actions import block_sender, release_mail
from zhike.channels.email.models import Mail, Outgoing
from zhike.channels.email.parsing import parse
from zhike.channels.email.tests.ground import DESK, GUEST, answered, came, head, mail, mailbox_of, opened_by, sent
from zhike.channels.email.tests.letters import HELLO, PNG, part, parts
from zhike.channels.email.tests.test_parsing import LETTERS
from zhike.conversations.actions import close
from zhike.conversations.models import Conversation, Message
from zhike.conversations.tests.ground import at, installed, person
from zhike.customers.actions import find_or_add_customer
from zhike.journal.models import Fact
from zhike.org.principals import Viewer
from zhike.records.models import Attachment

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Viewer:
    installed()
    return person("jia")


def reply(
    to: bytes,
    words: str = "还有一个问题",
    *,
    sender: str = GUEST,
    identifier: str = "q2@example.com",
    subject: str = "",
    headers: str = "",
) -> bytes:
    """An answer to a mail of ours."""
    named = head(to, "Message-ID")
    more = f"In-Reply-To: {named}\r\nReferences: <q1@example.com> {named}" + (f"\r\n{headers}" if headers else "")
    return mail(words, sender=sender, identifier=identifier, subject=subject or head(to, "Subject"), headers=more)


def test_a_mail_opens_a_conversation_with_its_words_and_subject(desk: Viewer) -> None:
    conversation = opened_by(mailbox_of(), mail())
    message = Message.objects.get()
    assert (conversation.medium, conversation.subject, conversation.queue, conversation.state) == (
        "email",
        "咨询",
        "desk",
        "waiting",
    )
    assert (message.words, message.side, conversation.address and conversation.address.value) == (
        "请问几点开门",
        "customer",
        GUEST,
    )


def test_fed_twice_it_is_there_once_also_by_another_way(desk: Viewer) -> None:
    mailbox = mailbox_of()
    came(mailbox, mail())
    again = came(mailbox, b"Received: by another way\r\n" + mail(), "03-03 09:05")
    assert again.again
    assert (Mail.objects.count(), Message.objects.count(), Conversation.objects.count()) == (1, 1, 1)


def test_a_mail_with_the_identifier_of_another_one_is_not_lost(desk: Viewer) -> None:
    mailbox = mailbox_of()
    came(mailbox, mail(sender="other@example.com"))
    assert not came(mailbox, mail()).again
    assert Mail.objects.count() == 2


def test_the_raw_mail_is_kept_as_it_came(desk: Viewer, settings: object, tmp_path: Path) -> None:
    row = came(mailbox_of(), mail()).row
    assert raw.kept(row.raw_digest) == mail()


def test_an_answer_goes_on_with_its_conversation_by_each_of_our_names(desk: Viewer) -> None:
    mailbox = mailbox_of(plus_addressing=True)
    first = opened_by(mailbox, mail())
    ours = sent(answered(first, desk))
    plus = head(ours, "Reply-To").partition("<")[2].rstrip(">")
    assert plus == tokens.plus_address(DESK, first.pk)
    by_reference = reply(ours, "一", subject="Re: 别的")
    by_plus = mail("二", identifier="q3@example.com", subject="无", to=plus)
    by_subject = mail("三", identifier="q4@example.com", subject=f"答复：咨询 {tokens.subject_mark(first.number)}")
    for data in (by_reference, by_plus, by_subject):
        assert opened_by(mailbox, data, "03-03 10:00") == first
    words = Message.objects.filter(conversation=first).order_by("seq").values_list("words", flat=True)
    assert list(words) == ["请问几点开门", "九点开门", "一", "二", "三"]


def test_a_second_mail_before_any_answer_goes_on_with_the_first(desk: Viewer) -> None:
    mailbox = mailbox_of()
    first = opened_by(mailbox, mail())
    second = mail("补充一句", identifier="q2@example.com", headers="In-Reply-To: <q1@example.com>")
    assert opened_by(mailbox, second, "03-03 09:01") == first


@pytest.mark.parametrize("fault", ["another number", "no hmac", "another hmac", "somebody's own"])
def test_a_guessed_name_opens_a_conversation_of_its_own(desk: Viewer, fault: str) -> None:
    mailbox = mailbox_of()
    first = opened_by(mailbox, mail())
    identifier = tokens.message_id(first.pk, 1, "zhike.example")
    guessed = {
        "another number": tokens.message_id(first.pk + 1, 1, "zhike.example").replace(
            f"z.{first.pk + 1}.", f"z.{first.pk}."
        ),
        "no hmac": f"z.{first.pk}.1.@zhike.example",
        "another hmac": identifier[:-20].rpartition(".")[0] + "." + "0" * 20 + "@zhike.example",
        "somebody's own": f"{first.number}@zhike.example",
    }[fault]
    data = mail("给我看看", identifier="x@example.com", subject=f"Re: [{first.number}]", headers=f"References: <{guessed}>", to=f"desk+{first.pk}@zhike.example")  # fmt: skip
    assert opened_by(mailbox, data) != first


def test_somebody_else_with_a_right_name_joins_nothing_and_the_agent_reads_why(desk: Viewer) -> None:
    mailbox = mailbox_of()
    first = opened_by(mailbox, mail())
    ours = sent(answered(first, desk))
    stranger = opened_by(mailbox, reply(ours, "我是抄送的人", sender="other@example.com"))
    assert stranger != first
    assert Message.objects.filter(conversation=first).count() == 2
    note = Message.objects.get(conversation=stranger, internal=True)
    assert first.number in note.words
    assert f"address:{stranger.address_id}" not in first.audience


def test_another_address_of_the_same_customer_goes_on(desk: Viewer) -> None:
    customer = find_or_add_customer(phone="13800138000", name="示例甲", now=at("03-01 09:00"))
    mailbox = mailbox_of()
    first = opened_by(mailbox, mail())
    second = opened_by(mailbox, mail(sender="private@example.com", identifier="p@example.com"))
    for conversation in (first, second):
        assert conversation.address is not None
        conversation.address.customer = customer
        conversation.address.save(update_fields=["customer"])
    Conversation.objects.filter(pk=first.pk).update(customer=customer)
    first.refresh_from_db()
    ours = sent(answered(first, desk))
    assert opened_by(mailbox, reply(ours, sender="private@example.com")) == first


def test_an_answer_after_the_end_opens_another_that_follows_it(desk: Viewer) -> None:
    mailbox = mailbox_of()
    first = opened_by(mailbox, mail())
    ours = sent(answered(first, desk))
    close(first, by="system", now=at("03-03 12:00"))
    second = opened_by(mailbox, reply(ours), "03-04 09:00")
    assert (second.follows_id, second.subject) == (first.pk, "Re: 咨询")


def test_a_mail_in_the_name_of_a_colleague_is_a_customers_message(desk: Viewer) -> None:
    mailbox = mailbox_of()
    first = opened_by(mailbox, mail())
    ours = sent(answered(first, desk))
    forged = opened_by(mailbox, reply(ours, "同意退款", sender="jia@zhike.example"))
    message = Message.objects.get(conversation=forged, internal=False)
    assert (message.side, message.author) == ("customer", f"address:{forged.address_id}")


def test_what_is_quoted_is_kept_apart_and_pictures_come_along(desk: Viewer) -> None:
    quoted = "\r\n\r\n在 2025年3月3日，示例客服 <desk@zhike.example> 写道：\r\n> 九点开门"
    message = Message.objects.get(conversation=opened_by(mailbox_of(), mail(f"谢谢{quoted}")))
    assert (message.words, message.extra["quoted"]) == (
        "谢谢",
        "在 2025年3月3日，示例客服 <desk@zhike.example> 写道：\n> 九点开门",
    )
    html = part("text/html", '<p>图</p><img src="cid:p@x"><img src="https://t.example/a.gif">'.encode())
    picture = part("image/png", PNG, "Content-ID: <p@x>", 'Content-Disposition: inline; filename="p.png"', how="base64")
    shown = Message.objects.get(
        conversation=opened_by(mailbox_of("two@zhike.example"), parts(html, picture, kind="related")), internal=False
    )
    attachment = Attachment.objects.get()
    assert f'data-file="{attachment.token}"' in shown.html
    assert "t.example" not in shown.html
    assert shown.extra["blocked"] == 1
    assert (attachment.subject_kind, attachment.subject_id, shown.files) == ("message", shown.pk, 1)


def test_a_file_that_is_not_taken_leaves_a_note_with_the_reason(desk: Viewer) -> None:
    program = part(
        "application/octet-stream", b"MZ\x00\x01", 'Content-Disposition: attachment; filename="a.bin"', how="base64"
    )
    conversation = opened_by(mailbox_of(), parts(HELLO, program))
    note = Message.objects.get(conversation=conversation, internal=True)
    assert (note.side, Message.objects.get(conversation=conversation, internal=False).files) == ("system", 0)
    assert "a.bin" in note.words
    assert "类型不支持" in note.words


def test_thirty_files_of_one_mail_are_all_there(desk: Viewer) -> None:
    files = [
        part("text/plain", f"{n}".encode(), f"Content-Disposition: attachment; filename={n}.txt") for n in range(30)
    ]
    message = Message.objects.get(conversation=opened_by(mailbox_of(), parts(HELLO, *files)))
    assert (message.files, Attachment.objects.filter(subject_kind="message").count()) == (30, 30)


AUTOMATIC = {
    "Auto-Submitted: auto-replied": "auto_reply",
    "Auto-Submitted: auto-generated; x=1": "auto_submitted",
    "Precedence: bulk": "bulk",
    "Precedence: auto_reply": "auto_reply",
    "List-Id: <news.example.com>": "list",
    "X-Auto-Response-Suppress: All": "auto_submitted",
    "Return-Path: <>": "null_sender",
    "X-Autoreply: yes": "auto_reply",
}


@pytest.mark.parametrize("header", AUTOMATIC)
def test_a_machines_mail_opens_nothing_and_is_answered_by_no_machine(desk: Viewer, header: str) -> None:
    row = came(mailbox_of(auto_answer="我们已收到"), mail(headers=header)).row
    assert (row.state, row.reasons) == ("auto", [AUTOMATIC[header]])
    assert (Conversation.objects.count(), Outgoing.objects.count()) == (0, 0)


def test_an_automatic_reply_in_a_conversation_is_a_note_that_asks_nothing(desk: Viewer) -> None:
    mailbox = mailbox_of()
    first = opened_by(mailbox, mail())
    ours = sent(answered(first, desk))
    row = came(mailbox, reply(ours, "我在休假", headers="Auto-Submitted: auto-replied"), "03-03 09:20").row
    first.refresh_from_db()
    assert (row.state, row.conversation, first.asked_at) == ("auto", first, None)
    note = Message.objects.get(pk=row.message_id)
    assert (note.internal, "我在休假" in note.words) == (True, True)


def test_the_machine_answers_once_without_his_words_and_three_times_a_day_at_most(desk: Viewer) -> None:
    mailbox = mailbox_of(auto_answer="我们已收到，会尽快答复。")
    for number in range(5):
        came(
            mailbox,
            mail("<b>secret words</b>", identifier=f"{number}@example.com", subject="秘密标题"),
            f"03-03 09:0{number}",
        )
    assert (Conversation.objects.count(), Outgoing.objects.filter(to=GUEST, is_auto=True).count()) == (5, 3)
    row = Outgoing.objects.order_by("pk").first()
    assert row is not None
    data = sent(row.message)
    assert (head(data, "Auto-Submitted"), head(data, "X-Auto-Response-Suppress")) == ("auto-replied", "All")
    whole = data + base64.b64decode(data.partition(b"\r\n\r\n")[2])
    assert "secret" not in whole.decode(errors="replace")
    assert "秘密标题" not in head(data, "Subject")
    came(mailbox, mail(identifier="next@example.com"), "03-04 10:00")
    assert Outgoing.objects.filter(is_auto=True).count() == 4


@pytest.mark.parametrize("most", [0, 1, 5])
def test_how_many_mails_of_machines_an_address_gets_a_day_is_the_handbooks_word(desk: Viewer, most: int) -> None:
    parameter = {"id": "auto_mails_a_day", "title": "示例", "value": most}
    installed(version="2", effective="2025-01-02", parameters=[parameter])
    mailbox = mailbox_of(auto_answer="我们已收到")
    for number in range(6):
        came(mailbox, mail(identifier=f"{number}@example.com"), f"03-03 09:0{number}")
    assert Outgoing.objects.filter(to=GUEST, is_auto=True).count() == most


@pytest.mark.parametrize("sender", ["no-reply@example.com", "mailer-daemon@example.com"])
def test_the_machine_does_not_answer_addresses_nobody_reads(desk: Viewer, sender: str) -> None:
    came(mailbox_of(auto_answer="我们已收到"), mail(sender=sender))
    assert Outgoing.objects.count() == 0


def test_two_mailboxes_of_ours_do_not_write_to_each_other_for_ever(desk: Viewer) -> None:
    one, two = mailbox_of(auto_answer="我们已收到"), mailbox_of("two@zhike.example", auto_answer="我们也收到")
    came(one, mail())
    answer = Outgoing.objects.get()
    back = sent(answer.message)
    row = came(two, back).row
    assert (row.state, row.reasons, Outgoing.objects.count()) == ("own", ["loop"], 1)
    plain = came(two, mail(sender=DESK, identifier="own@zhike.example")).row
    assert (plain.state, plain.reasons) == ("own", ["own_address"])


def test_mails_that_go_round_between_two_mailboxes_of_ours_come_to_rest_by_themselves(desk: Viewer) -> None:
    """Each hands on to the other whatever it gets, and each answers whoever begins a conversation."""
    boxes = {
        DESK: mailbox_of(auto_answer="我们已收到"),
        "two@zhike.example": mailbox_of("two@zhike.example", auto_answer="我们也收到"),
    }
    onward = {DESK: "two@zhike.example", "two@zhike.example": DESK}
    moving = [(DESK, mail()), ("two@zhike.example", mail(sender=DESK, identifier="own@zhike.example"))]
    for _ in range(40):
        if not moving:
            break
        to, data = moving.pop(0)
        taken = came(boxes[to], data)
        if not taken.again:
            moving.append((onward[to], b"Received: handed on\r\n" + data))
        for row in Outgoing.objects.filter(state="waiting"):
            went = sent(row.message)
            moving += [(each, went) for each in boxes]
    assert moving == []
    assert sorted(Mail.objects.values_list("state", "mailbox__inbox__key")) == [
        ("accepted", DESK), ("accepted", "two@zhike.example"),
        *[("own", DESK)] * 3, *[("own", "two@zhike.example")] * 3,
    ]  # fmt: skip
    assert {row.to for row in Outgoing.objects.all()} == {GUEST}
    assert (Conversation.objects.count(), Outgoing.objects.count()) == (2, 2)


def test_a_machine_elsewhere_that_answers_everything_and_says_nothing_of_itself_is_answered_three_times(
    desk: Viewer,
) -> None:
    mailbox = mailbox_of(auto_answer="我们已收到")
    answers, number = [mail(identifier="m0@example.com")], 0
    while answers and number < 40:
        number += 1
        came(mailbox, answers.pop(), f"03-03 09:{number:02}")
        if (waiting := Outgoing.objects.filter(state="waiting").first()) is not None:
            sent(waiting.message)
            answers.append(mail("thank you for your mail", identifier=f"m{number}@example.com"))
    assert (number, Outgoing.objects.count(), Conversation.objects.count()) == (4, 3, 4)


def test_every_kind_of_mail_is_one_row_with_its_bytes_and_adds_nothing_when_it_comes_again(desk: Viewer) -> None:
    mailbox = mailbox_of(allowed=["@example.com"])
    different = {parse(letter.raw).digest for letter in LETTERS}
    rows = [(letter, came(mailbox, letter.raw)) for letter in LETTERS]
    assert Mail.objects.count() == len(different)
    for letter, taken in rows:
        assert taken.row.state != "broken", letter.name
        assert taken.again or raw.kept(taken.row.raw_digest) == letter.raw
        assert (taken.row.state == "accepted") <= (taken.row.message_id is not None)
    before = Message.objects.count()
    assert all(came(mailbox, letter.raw, "03-04 09:00").again for letter in LETTERS[::5])
    assert (Mail.objects.count(), Message.objects.count()) == (len(different), before)


UNWANTED = {
    "marked": mail(headers="X-Spam-Flag: YES"),
    "failed_check": mail(headers="Authentication-Results: mx.example; dmarc=fail"),
    "forged": mail(sender=DESK, headers="Authentication-Results: mx.example; dmarc=fail"),
    "disguised": mail().replace("示例顾客".encode(), DESK.encode()),
    "dangerous_file": parts(
        HELLO, part("application/x", b"MZ", "Content-Disposition: attachment; filename=rechnung.pdf.exe")
    ),
    "blocked": mail(sender="x@spam.example"),
}


@pytest.mark.parametrize(
    "shown", [DESK, f'"{DESK}"', f"客服 {DESK}", f"({DESK})", f"<{DESK}>", DESK.upper(), DESK.replace("@", "＠")]
)
def test_our_address_in_the_name_beside_another_one_is_a_disguise_however_it_is_written(
    desk: Viewer, shown: str
) -> None:
    """By our own reading of the header: the library's says otherwise from one version of Python to the next."""
    row = came(mailbox_of(), mail().replace("示例顾客".encode(), shown.encode())).row
    assert (row.sender, row.state, row.reasons) == (GUEST, "spam", ["disguised"])


@pytest.mark.parametrize("reason", UNWANTED)
def test_what_nobody_wants_is_kept_aside_with_its_reason(desk: Viewer, reason: str) -> None:
    row = came(mailbox_of(blocked=["@spam.example"]), UNWANTED[reason]).row
    assert (row.state, row.reasons) == ("spam", [reason])
    assert Conversation.objects.count() == 0
    assert Fact.objects.get(type="mail.held").payload["reasons"] == [reason]


def test_the_thirty_first_mail_of_an_hour_is_kept_aside(desk: Viewer) -> None:
    mailbox = mailbox_of()
    states = [came(mailbox, mail(identifier=f"{n}@example.com")).row.state for n in range(31)]
    assert states == ["accepted"] * 30 + ["spam"]


def test_a_released_mail_is_a_conversation_once_and_its_sender_is_kept_aside_no_more(desk: Viewer) -> None:
    mailbox = mailbox_of(blocked=[GUEST], auto_answer="我们已收到")
    row = came(mailbox, mail()).row
    one = release_mail(row.pk, by=desk, now=at("03-03 10:00"), allow=True)
    two = release_mail(row.pk, by=desk, now=at("03-03 10:01"))
    mailbox.refresh_from_db()
    row.refresh_from_db()
    assert (one, Message.objects.count(), row.state, row.settled_by) == (two, 1, "accepted", desk.principal)
    assert (mailbox.blocked, mailbox.allowed, Outgoing.objects.count()) == ([], [GUEST], 0)


def test_mails_of_a_blocked_sender_are_kept_aside_from_then_on(desk: Viewer) -> None:
    mailbox = mailbox_of()
    row = came(mailbox, mail()).row
    assert block_sender(row.pk, by=desk, now=at("03-03 10:00")) == GUEST
    mailbox.refresh_from_db()
    assert came(mailbox, mail(identifier="q9@example.com")).row.state == "spam"


def test_mails_are_seen_by_who_answers_them_and_by_nobody_else(desk: Viewer) -> None:
    mailbox = mailbox_of()
    held, accepted = (
        came(mailbox, mail(headers="X-Spam-Flag: YES")).row,
        came(mailbox, mail(identifier="b@example.com")).row,
    )
    now, outsider = at("03-03 10:00"), person("bing", "elsewhere")
    assert set(visible_mails(desk, now)) == {held, accepted}
    assert list(visible_mails(outsider, now)) == []
    for row in (held, accepted):
        with pytest.raises(NotFound):
            mail_for(outsider, row.pk, now)
        with pytest.raises(NotFound):
            release_mail(row.pk, by=outsider, now=now)


def test_a_mail_that_meets_a_fault_of_ours_is_kept_and_shown(desk: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("示例")

    monkeypatch.setattr(receiving, "receive", fails)
    mailbox = mailbox_of()
    row = came(mailbox, mail()).row
    assert (row.state, raw.kept(row.raw_digest), came(mailbox, mail()).again) == ("broken", mail(), True)
    monkeypatch.undo()
    assert release_mail(row.pk, by=desk, now=at("03-03 10:00")).subject == "咨询"


def test_an_empty_mail_is_a_conversation_too(desk: Viewer) -> None:
    conversation = opened_by(mailbox_of(), b"")
    assert "没有正文" in conversation.last_words
