"""`zhike mail` against real servers: one that hangs holds up nobody else, and a process killed at any moment loses and repeats nothing."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.db import DatabaseError, connection

from zhike.channels.email import imap, outbox, raw, smtp
from zhike.channels.email.models import Mail, Mailbox, Outgoing
from zhike.channels.email.sealed import sealed
from zhike.channels.email.tests.ground import DESK, GUEST, head, mail, mailbox_of, opened_by
from zhike.channels.email.tests.servers import PASSWORD, Dovecot, HangUp, fresh_dovecot, post_office
from zhike.conversations.actions import say
from zhike.conversations.handing import accept
from zhike.conversations.models import Message
from zhike.conversations.tests.ground import at, installed, person
from zhike.lib import clock
from zhike.web.worker import mail as work
from zhike.web.worker.hands import Hands

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE = 240
"""Seconds before a test gives up; with a free machine it needs a tenth."""
TAKEN, SENT = 200, 50
KILLS = 6
EACH_TENTH = 10


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    yield from fresh_dovecot()


def until(found: Callable[[], bool], what: str) -> None:
    for _ in range(PATIENCE * 20):
        if found():
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"not in time: {what}")


def at_servers(row: Mailbox, imap_port: int, smtp_port: int, user: str) -> Mailbox:
    """The mailbox, fetched and sent by these servers of this machine."""
    row.imap_key, row.imap_sealed = sealed(PASSWORD)
    row.imap_port, row.smtp_port, row.imap_user, row.smtp_user = imap_port, smtp_port, user, ""
    row.save(update_fields=["imap_key", "imap_sealed", "imap_port", "smtp_port", "imap_user", "smtp_user"])
    return row


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes every connection and never says a word. Answers its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield listening.getsockname()[1]


@contextmanager
def running(*rows: Mailbox) -> Iterator[None]:
    """The threads of these mailboxes, as `zhike mail` runs them."""
    lines = [work.Line(row, Hands()).start() for row in rows]
    try:
        for line in lines:
            line.due.set()
        yield
    finally:
        for line in lines:
            line.end()
        for line in lines:
            for thread in line.threads:
                thread.join(PATIENCE)


def test_a_server_that_takes_the_line_and_says_nothing_holds_up_no_other_mailbox(
    server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_time, out_time = work.imap_server, work.smtp_server
    monkeypatch.setattr(work, "imap_server", lambda row: replace(in_time(row), timeout=0.5))
    monkeypatch.setattr(work, "smtp_server", lambda row: replace(out_time(row), connect=0.5, answer=0.5))
    assert (imap.TIMEOUT, smtp.CONNECT, smtp.ANSWER) == (30.0, 20.0, 120.0)
    installed()
    desk, got = person("jia"), list[bytes]()
    with silent_server() as silent, post_office(lambda _to, data: got.append(data)) as port:
        stuck = at_servers(mailbox_of(), silent, silent, "stuck")
        well = at_servers(mailbox_of("two@zhike.example"), server.port, port, "well")
        for box, words in ((stuck, "甲"), (well, "乙")):
            conversation = opened_by(box, mail(f"{words}问", identifier=f"{words.encode().hex()}@example.com"))
            accept(conversation, desk, now=at("03-03 09:05"))
            say(conversation, desk, words=f"{words}答", key=words, now=at("03-03 09:06"))
        server.deliver("well", mail("丙问", identifier="c@example.com"))
        with running(stuck, well):
            until(lambda: Message.objects.filter(words="丙问").exists(), "the other mailbox reads")
            until(lambda: Outgoing.objects.get(mailbox=well).state == "sent", "the other mailbox sends")
            until(lambda: Mailbox.objects.get(pk=stuck.pk).read_fault != "", "the silent one is known as such")
            until(lambda: Mailbox.objects.get(pk=stuck.pk).send_fault != "", "and at sending too")
    stuck.refresh_from_db()
    waiting = Outgoing.objects.get(mailbox=stuck)
    assert (stuck.read_fault, stuck.send_fault) == ("timed out", "timed out")
    assert (waiting.state, waiting.attempts, len(got)) == ("waiting", 1, 1)


def test_a_server_that_cannot_be_used_is_tried_with_one_mail_and_the_others_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "HANDFUL", 3)
    row, tried = five_answers(), list[str]()

    def refused(*_: object) -> smtp.Outcome:
        tried.append("once")
        return smtp.Outcome("later", "535 wrong password", of_mailbox=True)

    monkeypatch.setattr(smtp, "hand_over", refused)
    before = clock.wall()
    assert not work._send_some(work.Line(row, Hands()))
    assert (tried, outbox.due(clock.wall())) == (["once"], set())
    rows = list(Outgoing.objects.order_by("pk"))
    assert [(each.state, each.attempts) for each in rows] == [("waiting", 1), *[("waiting", 0)] * 4]
    assert all(each.next_at >= before + dt.timedelta(seconds=30) for each in rows)


def five_answers() -> Mailbox:
    """A mailbox with five mails to send."""
    installed()
    desk, row = person("jia"), mailbox_of()
    conversation = opened_by(row, mail())
    accept(conversation, desk, now=at("03-03 09:05"))
    for number in range(5):
        say(conversation, desk, words=f"答{number}", key=f"a{number}", now=at("03-03 09:06"))
    return row


def cut_off() -> None:
    """The database ends this thread's connection."""
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def taken_over(row: Mailbox, hands: Hands) -> list[tuple[str, int]]:
    """(state, attempts) of what the mailbox sends, once the database is back and the next watch begins."""
    connection.close()
    work.Post(threading.Event(), hands).take_over()
    return list(Outgoing.objects.filter(mailbox=row).order_by("pk").values_list("state", "attempts"))


def test_what_became_of_a_mail_while_the_database_went_is_written_down_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row, hands = five_answers(), Hands()

    def sent_while_it_went(*given: Any) -> smtp.Outcome:
        given[-1]()
        cut_off()
        return smtp.Outcome("sent")

    monkeypatch.setattr(smtp, "hand_over", sent_while_it_went)
    with pytest.raises(DatabaseError):
        work._send_some(work.Line(row, hands))
    assert taken_over(row, hands) == [("sent", 1), *[("waiting", 0)] * 4]


def test_a_mail_whose_end_was_not_sent_because_the_database_went_goes_out_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row, hands = five_answers(), Hands()

    def went_before_the_end(*given: Any) -> smtp.Outcome:
        cut_off()
        given[-1]()
        raise AssertionError("the end was sent")

    monkeypatch.setattr(smtp, "hand_over", went_before_the_end)
    with pytest.raises(DatabaseError):
        work._send_some(work.Line(row, hands))
    assert taken_over(row, hands) == [("waiting", 1), *[("waiting", 0)] * 4]


def test_a_mail_that_a_living_thread_hands_over_is_not_taken_for_one_that_was_left_behind() -> None:
    row, hands = five_answers(), Hands()
    first, second, *_ = outbox.claim(row.pk, clock.wall())
    outbox.before_end(first)
    outbox.before_end(second)
    with hands.holding(first.number):
        assert taken_over(row, hands) == [("handing", 1), ("unknown", 1), *[("waiting", 1)] * 3]
    assert taken_over(row, hands) == [("unknown", 1)] * 2 + [("waiting", 1)] * 3


class Sink:
    """What an SMTP server took: every tenth mail it takes and hangs up, instead of saying so."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.refused_an_answer: set[str] = set()

    def deliver(self, _to: str, data: bytes) -> None:
        self.taken.append(data)
        if len(self.taken) % EACH_TENTH == 0:
            self.refused_an_answer.add(head(data, "Message-ID"))
            raise HangUp

    def names(self) -> Counter[str]:
        return Counter(head(data, "Message-ID").strip("<>") for data in self.taken)


def came_in(number: int) -> bytes:
    """Most are people's; some are machines', some are unwanted, some answer an earlier one."""
    headers = {3: "Auto-Submitted: auto-replied", 7: "X-Spam-Flag: YES", 9: f"In-Reply-To: <{number - 9}@example.com>"}
    sender = f"guke{number // 10}@example.com"
    return mail(
        f"第{number}封", sender=sender, identifier=f"{number}@example.com", headers=headers.get(number % 10, "")
    )


def database_url() -> str:
    at_ = connection.settings_dict
    query = {name: str(at_[name.upper()]) for name in ("host", "port") if at_[name.upper()]}
    who = quote(at_["USER"], safe="") + (":" + quote(at_["PASSWORD"], safe="") if at_["PASSWORD"] else "")
    return f"postgresql://{who}@/{quote(at_['NAME'], safe='')}?{urlencode(query)}"


def zhike_mail() -> subprocess.Popen[bytes]:
    known = {"DATABASE_URL": database_url(), "ZHIKE_HOME": str(settings.ZHIKE_HOME)}
    environment = {**os.environ, **known, "DJANGO_SETTINGS_MODULE": "zhike.settings"}
    return subprocess.Popen(
        [sys.executable, "-m", "zhike", "mail"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def progress() -> int:
    return Mail.objects.count() + Outgoing.objects.exclude(state__in=("waiting", "taken", "handing")).count()


def settled(first: int) -> bool:
    open_ = Outgoing.objects.filter(state__in=("waiting", "taken", "handing"))
    return Mail.objects.count() >= TAKEN + first and not open_.exists()


def killed_at(mark: int, later: float) -> None:
    child = zhike_mail()
    try:
        until(lambda: progress() >= mark or child.poll() is not None, "it works")
        threading.Event().wait(later)
        assert child.poll() is None
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


def killed_and_begun_anew(first: int, kills: int, chance: random.Random) -> None:
    """`zhike mail` is killed at so many moments between its first mail and its last, and started again each time."""
    everything = TAKEN + SENT + first
    for mark in sorted(chance.randrange(first + 1, everything - 10) for _ in range(kills)):
        killed_at(mark, chance.random() * 0.05)
    child = zhike_mail()
    try:
        until(lambda: settled(first) or child.poll() is not None, "everything is settled")
    finally:
        child.terminate()
        child.wait()


def test_killed_at_any_moment_it_loses_no_mail_and_sends_none_twice(server: Dovecot) -> None:
    installed()
    desk, sink = person("jia"), Sink()
    for number in range(TAKEN):
        server.deliver("many", came_in(number))
    with post_office(sink.deliver) as port:
        row = at_servers(mailbox_of(), server.port, port, "many")
        conversation = opened_by(row, mail("先问一句", identifier="first@example.com"))
        accept(conversation, desk, now=at("03-03 09:05"))
        for number in range(SENT):
            say(conversation, desk, words=f"答{number}", key=f"a{number}", now=at("03-03 09:06"))
        killed_and_begun_anew(1, int(os.environ.get("ZHIKE_TEST_KILLS", KILLS)), random.Random(20250603))
        everything_is_there_once(row)
        nothing_went_out_twice(sink)
        before = len(sink.taken)
        child = zhike_mail()
        server.deliver("many", mail("又一封", identifier="last@example.com"))
        until(lambda: Message.objects.filter(words="又一封").exists() or child.poll() is not None, "it reads on")
        child.terminate()
        child.wait()
    assert len(sink.taken) == before


def everything_is_there_once(row: Mailbox) -> None:
    """One conversation message, one note, or one row kept aside for each mail; as it came, byte by byte."""
    known = {found.identifier: found for found in Mail.objects.filter(mailbox=row).select_related("message")}
    assert len(known) == Mail.objects.count() == TAKEN + 1
    for number in range(TAKEN):
        found = known[f"{number}@example.com"]
        assert raw.kept(found.raw_digest) == came_in(number)
        assert found.state == {3: "auto", 7: "spam"}.get(number % 10, "accepted")
        messages = list(Message.objects.filter(key=f"mail:{found.digest}"))
        assert messages == ([found.message] if found.state == "accepted" else [])
    words = Counter(Message.objects.filter(side="customer").values_list("words", flat=True))
    people = [f"第{number}封" for number in range(TAKEN) if number % 10 not in (3, 7)]
    assert words == dict.fromkeys(["先问一句", *people], 1)


def nothing_went_out_twice(sink: Sink) -> None:
    """Each was taken at most once; what is said to be sent was; what was taken without a word said so is unknown."""
    taken, rows = sink.names(), list(Outgoing.objects.all())
    assert set(taken.values()) == {1}
    assert {row.identifier for row in rows if row.state == "sent"} <= set(taken)
    assert {row.state for row in rows if row.identifier not in taken} <= {"unknown"}
    silent = {name.strip("<>") for name in sink.refused_an_answer}
    assert len(silent) >= SENT // EACH_TENTH - 1
    assert {row.state for row in rows if row.identifier in silent} == {"unknown"}
    assert Counter(row.state for row in rows).keys() <= {"sent", "unknown"}
    unknown = [row for row in rows if row.state == "unknown"]
    assert {row.message.state for row in unknown} == {"unknown"}
    assert {row.to for row in rows} == {GUEST}
    assert {row.mailbox.address for row in rows} == {DESK}
