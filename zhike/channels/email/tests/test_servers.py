"""Against real servers: dovecot and aiosmtpd on loopback; and against one that misbehaves."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from zhike.channels.email import imap, outbox, smtp
from zhike.channels.email.fetching import look_through
from zhike.channels.email.models import Mail, Mailbox, Outgoing
from zhike.channels.email.tests.ground import DESK, GUEST, WALL, answered, mail, mailbox_of
from zhike.channels.email.tests.servers import (
    PASSWORD,
    Dovecot,
    dripping_server,
    fresh_dovecot,
    post_office,
    rude_server,
)
from zhike.conversations.models import Conversation, Message
from zhike.conversations.tests.ground import at, installed, person


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    yield from fresh_dovecot()


def folder_of(server: Dovecot, user: str, **more: object) -> imap.Folder:
    usual = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "none",
        "user": user,
        "password": PASSWORD,
        "timeout": 10.0,
    }
    return imap.Folder(imap.Server(**(usual | more)))  # type: ignore[arg-type]


def looked(mailbox: Mailbox, folder: imap.Folder) -> int:
    return look_through(mailbox, folder, lambda: at("03-03 09:00"))


@pytest.mark.django_db
def test_every_mail_is_taken_once_and_left_as_it_was(server: Dovecot) -> None:
    installed()
    mailbox = mailbox_of()
    for number in range(3):
        server.deliver("one", mail(f"第{number}封", identifier=f"{number}@example.com"))
    folder = folder_of(server, "one")
    assert (looked(mailbox, folder), looked(mailbox, folder)) == (3, 0)
    server.deliver("one", mail("新来的", identifier="new@example.com"))
    folder.line.noop()
    assert looked(mailbox, folder) == 1
    _, flags = folder.line.uid("FETCH", "1:*", "(FLAGS)")
    folder.close()
    assert b"\\Seen" not in b" ".join(flags)
    mailbox.refresh_from_db()
    assert (mailbox.last_uid, mailbox.read_fault) == (4, "")
    assert list(Message.objects.order_by("pk").values_list("words", flat=True)) == ["第0封", "第1封", "第2封", "新来的"]


@pytest.mark.django_db
def test_after_a_restart_reading_goes_on_where_it_stopped(server: Dovecot) -> None:
    installed()
    mailbox = mailbox_of()
    for number in range(5):
        server.deliver("two", mail(identifier=f"{number}@example.com"))
    folder, calls = folder_of(server, "two"), []

    def stopped() -> bool:
        calls.append(1)
        return len(calls) > 2

    assert look_through(mailbox, folder, lambda: at("03-03 09:00"), stopped) == 2
    folder.close()
    again = Mailbox.objects.select_related("inbox").get()
    assert again.last_uid == 2
    with_rest = folder_of(server, "two")
    assert looked(again, with_rest) == 3
    with_rest.close()
    assert Mail.objects.count() == 5


@pytest.mark.django_db
def test_a_folder_made_anew_is_read_anew_and_adds_nothing_known(server: Dovecot) -> None:
    installed()
    mailbox = mailbox_of()
    server.deliver("three", mail())
    folder = folder_of(server, "three")
    looked(mailbox, folder)
    before = folder.uidvalidity
    folder.close()
    Mailbox.objects.update(uidvalidity=before + 1, last_uid=77)
    server.deliver("three", mail("又一封", identifier="q2@example.com"))
    mailbox = Mailbox.objects.select_related("inbox").get()
    again = folder_of(server, "three")
    assert looked(mailbox, again) == 1
    again.close()
    assert (Mail.objects.count(), mailbox.uidvalidity, mailbox.last_uid) == (2, before, 2)


@pytest.mark.django_db
def test_a_mail_that_is_gone_meanwhile_holds_up_nothing(server: Dovecot) -> None:
    server.deliver("four", mail())
    folder = folder_of(server, "four")
    assert folder.fetch(99) is None
    assert folder.fetch(1) == mail()
    folder.close()


def test_a_large_mail_is_fetched_in_its_beginning(server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "LARGEST", 10_000)
    monkeypatch.setattr(imap, "BEGINNING", 2_000)
    server.deliver("five", mail("长" * 20_000))
    folder = folder_of(server, "five")
    data = folder.fetch(1)
    folder.close()
    assert data is not None
    assert (len(data), data[:20]) == (2_000, mail()[:20])


def test_news_is_heard_at_once(server: Dovecot) -> None:
    server.deliver("six", mail())
    folder = folder_of(server, "six")
    assert folder.can_idle
    timer = threading.Timer(0.3, server.deliver, ("six", mail(identifier="n@example.com")))
    timer.start()
    assert folder.wait(lambda: False, 20)
    assert folder.after(1) == [2]
    assert not folder.wait(lambda: True, 20)
    folder.close()
    timer.join()


def test_a_wrong_password_is_said_in_the_servers_words(server: Dovecot) -> None:
    with pytest.raises(imap.ImapFault, match="Authentication failed"):
        folder_of(server, "seven", password="wrong")


def test_a_certificate_nobody_knows_is_refused_and_a_known_one_is_not(server: Dovecot) -> None:
    server.deliver("eight", mail())
    with pytest.raises(ssl.SSLError):
        folder_of(server, "eight", port=server.tls_port, security="tls")
    for port, security in ((server.tls_port, "tls"), (server.port, "starttls")):
        folder = folder_of(server, "eight", port=port, security=security, trust=server.trust)
        assert folder.fetch(1) == mail()
        assert not folder.wait(lambda: False, 0.1)
        folder.close()


def test_a_server_that_hangs_is_left_after_its_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(OSError, match="timed out"):
        imap.Folder(imap.Server("127.0.0.1", silent.getsockname()[1], "none", "x", "y", timeout=0.3))


GREETED = (b"* OK hello\r\n", b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n")


@pytest.mark.parametrize("answers", [(), GREETED[:1], GREETED, (*GREETED, b"TAG OK in\r\n")])
def test_a_folder_whose_server_drips_is_left_after_its_time_in_all(answers: tuple[bytes, ...]) -> None:
    """Each byte comes in time; the step does not."""
    with dripping_server(*answers) as port, pytest.raises(TimeoutError, match="timed out"):
        imap.Folder(imap.Server("127.0.0.1", port, "none", "x", "y", timeout=0.4))


SMTP_SAID = (b"220 sample\r\n", b"250 sample\r\n", b"250 good\r\n", b"250 good\r\n", b"354 go on\r\n")


@pytest.mark.parametrize(("answered", "kind"), [(0, "later"), (1, "later"), (2, "later"), (4, "later"), (5, "unknown")])
def test_a_server_that_drips_takes_no_mail_for_ever_and_it_is_known_whether_it_may_have_it(
    answered: int, kind: str
) -> None:
    server = {"connect": 0.3, "answer": 0.9}
    with dripping_server(*SMTP_SAID[:answered]) as port:
        outcome = smtp.hand_over(
            smtp.Server("127.0.0.1", port, "none", **server), DESK, GUEST, b"a: b\r\n\r\nx\r\n", lambda: None
        )
    assert (outcome.kind, outcome.why) == (kind, "timed out")


@pytest.mark.django_db
def test_a_question_its_answer_and_the_next_question_are_one_conversation(server: Dovecot) -> None:
    """The whole way: the customer's program sends, dovecot keeps, the desk answers through SMTP, the customer answers that."""
    installed()
    desk, mailbox = person("jia"), mailbox_of()
    users = {DESK: "desk", GUEST: "guest"}
    with post_office(lambda to, data: server.deliver(users[to], data)) as port:
        line = smtp.Server("127.0.0.1", port, "none")
        assert smtp.hand_over(line, GUEST, DESK, mail(), lambda: None).kind == "sent"
        folder = folder_of(server, "desk")
        assert looked(mailbox, folder) == 1
        first = Conversation.objects.get()
        message = answered(first, desk)
        (claim,) = outbox.claim(mailbox.pk, WALL)
        row, data = outbox.mail_of(claim.number, at("03-03 09:11"))
        outcome = smtp.hand_over(line, DESK, row.to, data, lambda: outbox.before_end(claim))
        outbox.note_outcome(claim, outcome, now=at("03-03 09:11"), wall=WALL)
        guest = folder_of(server, "guest")
        got = guest.fetch(1)
        assert got is not None
        named = next(each for each in got.decode().splitlines() if each.startswith("Message-ID: ")).partition(": ")[2]
        reply = mail("谢谢，还有一个问题", identifier="q2@example.com", headers=f"In-Reply-To: {named}")
        smtp.hand_over(line, GUEST, DESK, reply, lambda: None)
        folder.line.noop()
        assert looked(mailbox, folder) == 1
        folder.close()
        guest.close()
    message.refresh_from_db()
    assert (message.state, Outgoing.objects.get().state, Conversation.objects.count()) == ("sent", "sent", 1)
    assert Message.objects.order_by("seq").last().words == "谢谢，还有一个问题"  # type: ignore[union-attr]


def test_a_server_that_speaks_starttls_is_spoken_to_in_tls(server: Dovecot) -> None:
    got: list[bytes] = []
    with post_office(lambda _to, data: got.append(data), tls=server.place) as port:
        line = smtp.Server("127.0.0.1", port, "starttls", trust=server.trust)
        assert smtp.hand_over(line, DESK, GUEST, mail(), lambda: None).kind == "sent"
        distrustful = smtp.Server("127.0.0.1", port, "starttls")
        outcome = smtp.hand_over(distrustful, DESK, GUEST, mail(), lambda: None)
    assert (outcome.kind, outcome.of_mailbox, len(got)) == ("later", True, 1)


FAULTS = {
    "no banner": ("later", 0, 0),
    "refuses sender": ("never", 0, 0),
    "refuses recipient": ("never", 0, 0),
    "later": ("later", 0, 0),
    "full": ("later", 0, 0),
    "drops in data": ("later", 0, 0),
    "hangs after end": ("unknown", 1, 1),
    "drops after end": ("unknown", 1, 1),
    "talks nonsense after end": ("unknown", 1, 1),
    "refuses mail": ("never", 1, 1),
    "slow": ("sent", 1, 1),
    "none": ("sent", 1, 1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_a_server_does_it_is_known_whether_it_may_have_the_mail(fault: str) -> None:
    ends: list[int] = []
    with rude_server(fault) as rude:
        # Short only where nothing comes at all: on a machine with much to do an answer may take its time.
        waits = {
            "connect": 1.0 if fault == "no banner" else 30.0,
            "answer": 1.5 if fault == "hangs after end" else 30.0,
        }
        server = smtp.Server("127.0.0.1", rude.port, "none", **waits)
        outcome = smtp.hand_over(
            server,
            DESK,
            GUEST,
            mail("x\r\n.\r\ny" * (1_000_000 if fault == "drops in data" else 1)),
            lambda: ends.append(1),
        )
    assert (outcome.kind, len(ends), len(rude.taken)) == FAULTS[fault]


def test_a_line_with_a_dot_alone_does_not_end_the_mail() -> None:
    with rude_server("none") as rude:
        smtp.hand_over(
            smtp.Server("127.0.0.1", rude.port, "none"), DESK, GUEST, b"a: b\n\none\n.\nQUIT\n", lambda: None
        )
    assert rude.taken == [b"a: b\r\n\r\none\r\n..\r\nQUIT\r\n.\r\n"]


def test_the_end_is_not_sent_where_it_could_not_be_noted(tmp_path: Path) -> None:
    def fails() -> None:
        raise smtp.BeforeEnd(1)

    with rude_server("none") as rude, pytest.raises(smtp.BeforeEnd):
        smtp.hand_over(smtp.Server("127.0.0.1", rude.port, "none"), DESK, GUEST, mail(), fails)
    assert rude.taken == []
