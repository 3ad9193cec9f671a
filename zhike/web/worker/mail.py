"""Fetches and sends mails: `zhike mail`, a process of its own that the worker keeps while there is a mailbox.

Two threads a mailbox, one that reads and one that sends: a server that hangs holds up nobody but itself. A process of its own,
because what mails hold is made by anybody: reading one that was made to hurt costs this process its time, not the clocks theirs.

One such process works at a time: whoever holds a lock that dies with its connection.
"""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import Any

import psycopg
import structlog
from django.db import Error as DatabaseError

from zhike.channels.email import fetching, imap, outbox, resting, smtp
from zhike.channels.email.models import Mailbox, Outgoing
from zhike.channels.email.sealed import imap_password, smtp_password
from zhike.lib import clock
from zhike.lib.sealed import CannotOpen
from zhike.web.listening import plain_parameters, with_connection
from zhike.web.worker.hands import Hands

log = structlog.get_logger("zhike.mail")

LOCK = 0x6D61696C  # "mail" in ASCII
TICK = 2.0
"""Seconds between two looks at what is due, when nobody calls."""
POLL = 60.0
"""Seconds between two looks into a folder whose server does not tell of news."""
BACK_SOON = 5.0
"""Seconds at most before the database is tried again: it is this house's own, and everybody waits for it."""
GRACE = 5.0
"""Seconds the threads have to end when the process stops."""


class Line:
    """One mailbox and its two threads."""

    def __init__(self, row: Mailbox, hands: Hands) -> None:
        self.hands = hands
        self.number, self.revision, self.address = row.pk, row.revision, row.address
        self.stop = threading.Event()
        self.due = threading.Event()
        self.threads = [
            threading.Thread(target=work, args=(self,), name=f"{name} {row.address}", daemon=True)
            for name, work in (("read", read), ("send", send))
        ]

    def start(self) -> Line:
        for thread in self.threads:
            thread.start()
        return self

    def end(self) -> None:
        """Ask both to stop; they end with what they are at."""
        self.stop.set()
        self.due.set()


def read(line: Line) -> None:
    """Until stopped: look through the folder, wait for news, and begin anew after a fault, later each time."""
    failures = 0
    while not line.stop.is_set():
        try:
            with_connection(_read_on, line)
            failures = 0
        except (imap.ImapFault, OSError, ValueError, CannotOpen) as error:
            failures += 1
            log.warning("a mailbox cannot be read", mailbox=line.address, error=imap.said(error), failures=failures)
            line.stop.wait(_noted(line, imap.said(error), failures))
        except DatabaseError as error:
            failures += 1
            log.warning("the database is away", mailbox=line.address, error=str(error)[:200])
            line.stop.wait(min(BACK_SOON, resting.pause(failures)))


def _read_on(line: Line) -> None:
    """One connection's life."""
    row = Mailbox.objects.select_related("inbox").get(pk=line.number)
    if row.gave_up_at is not None:
        _close_connection()
        line.stop.wait()  # whoever begins again with it changes its revision, and this line ends
        return
    folder = imap.Folder(imap_server(row))
    try:
        while not line.stop.is_set():
            fetching.look_through(row, folder, clock.now, line.stop.is_set)
            _close_connection()
            if folder.can_idle:
                folder.wait(line.stop.is_set)
            else:
                line.stop.wait(POLL)
    finally:
        folder.close()


def send(line: Line) -> None:
    """Until stopped: whenever something is due, give it to the server, the oldest first."""
    while not line.stop.is_set():
        line.due.wait()
        line.due.clear()
        try:
            while not line.stop.is_set() and with_connection(_send_some, line):
                pass
        except DatabaseError as error:
            log.warning("the database is away", mailbox=line.address, error=str(error)[:200])
        except CannotOpen as error:
            log.warning("a mailbox's password cannot be opened", mailbox=line.address, error=str(error))
            line.stop.wait(TICK)


def _send_some(line: Line) -> bool:
    """A handful; False when nothing was due, or the server is of no use now: then everything waits a little."""
    row = Mailbox.objects.select_related("inbox").get(pk=line.number)
    server = smtp_server(row)
    claims = outbox.claim(line.number, clock.wall())
    for place, claim in enumerate(claims):
        try:
            if line.stop.is_set():
                outbox.put_back(claim)
            elif not send_one(claim, server, line.hands):
                outbox.put_off(line.number, claims[place + 1 :], clock.wall(), claim.attempt)
                return False
        except DatabaseError:
            for each in claims[place:]:
                line.hands.owe(partial(outbox.put_back, each))
            raise
    return bool(claims)


def send_one(claim: outbox.Claim, server: smtp.Server, hands: Hands) -> bool:
    """One attempt, written down; False where the server could not be used at all (no connection, a wrong password)."""
    try:
        row, mail = outbox.mail_of(claim.number, clock.now())
    except (OSError, LookupError, ValueError) as error:
        log.warning("a mail could not be made", outgoing=claim.number, error=repr(error)[:200])
        fault = smtp.Outcome("later", repr(error)[:200])
        outbox.note_outcome(claim, fault, now=clock.now(), wall=clock.wall())
        return True
    with hands.holding(claim.number):
        return _hand_over(claim, row, mail, server, hands)


def _hand_over(claim: outbox.Claim, row: Outgoing, mail: bytes, server: smtp.Server, hands: Hands) -> bool:
    sender = "" if row.is_auto else row.mailbox.address
    try:
        outcome = smtp.hand_over(server, sender, row.to, mail, lambda: outbox.before_end(claim))
    except smtp.BeforeEnd:
        log.warning("a mail was taken over by somebody else", outgoing=claim.number)
        return True
    except DatabaseError:  # asked before the mail's end was sent: the server has not got it
        unsent = smtp.Outcome("later", "the database was away")
        hands.owe(partial(outbox.note_outcome, claim, unsent, now=clock.now(), wall=clock.wall()))
        raise
    log.info("a mail was handed over", outgoing=claim.number, kind=outcome.kind, why=outcome.why)
    hands.write(partial(outbox.note_outcome, claim, outcome, now=clock.now(), wall=clock.wall()))
    return not outcome.of_mailbox


def imap_server(row: Mailbox) -> imap.Server:
    """Raises lib.sealed.CannotOpen."""
    return imap.Server(row.imap_host, row.imap_port, row.imap_security, row.imap_user, imap_password(row), row.folder)


def smtp_server(row: Mailbox) -> smtp.Server:
    """Raises lib.sealed.CannotOpen."""
    return smtp.Server(row.smtp_host, row.smtp_port, row.smtp_security, row.smtp_user, smtp_password(row))


class Post:
    """All mailboxes of the house."""

    def __init__(self, stop: threading.Event, hands: Hands) -> None:
        self.stop, self.hands = stop, hands
        self.lines: dict[int, Line] = {}

    def run(self) -> None:
        """Until stopped or the connection is lost; raises psycopg.OperationalError then."""
        with psycopg.connect(**plain_parameters(), autocommit=True) as connection:
            while not self.stop.is_set() and not _alone(connection):
                self.stop.wait(TICK)
            connection.execute(f"LISTEN {outbox.CHANNEL}")
            try:
                if not self.stop.is_set():
                    with_connection(self.take_over)
                while not self.stop.is_set():
                    with_connection(self.turn)
                    for _ in connection.notifies(timeout=TICK, stop_after=1):
                        pass
            finally:
                self.end()

    def end(self) -> None:
        """Ask every thread to stop, and wait a little: a mail that is being handed over is better known than unknown."""
        for line in self.lines.values():
            line.end()
        until = time.monotonic() + GRACE
        for line in self.lines.values():
            for thread in line.threads:
                thread.join(max(0.0, until - time.monotonic()))

    def take_over(self) -> None:
        """Settle what was left when the database went or another process ended. What a thread of ours still has in hand is left to it."""
        held = self.hands.held()  # before what is owed is read: whatever leaves the hands from here on is owed already
        self.hands.settle()
        outbox.recover(clock.now(), clock.wall(), but=held)

    def turn(self) -> None:
        """Begin with new mailboxes, begin anew with changed ones, end with those switched off; wake whoever has something to send."""
        self.hands.settle()
        rows = {row.pk: row for row in Mailbox.objects.select_related("inbox").filter(inbox__is_active=True)}
        for number, line in list(self.lines.items()):
            if number not in rows or rows[number].revision != line.revision:
                self.lines.pop(number).end()
        for number, row in rows.items():
            if number not in self.lines:
                self.lines[number] = Line(row, self.hands).start()
        for number in outbox.due(clock.wall()):
            if number in self.lines:
                self.lines[number].due.set()


def work(stop: threading.Event) -> None:
    """Fetch and send until `stop`; a restart of PostgreSQL is waited for."""
    failures, hands = 0, Hands()
    while not stop.is_set():
        try:
            Post(stop, hands).run()
            failures = 0
        except (psycopg.Error, DatabaseError) as error:
            failures += 1
            log.warning("the database is away", error=str(error)[:200])
        stop.wait(min(BACK_SOON, resting.pause(failures)))


def anything_to_do() -> bool:
    """Whether there is a mailbox that is switched on."""
    return Mailbox.objects.filter(inbox__is_active=True).exists()


def _alone(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
    return bool(row and row[0])


def _close_connection() -> None:
    """While a folder is waited at, its thread keeps no connection to the database."""
    from django.db import connection

    connection.close()


def _noted(line: Line, why: str, failures: int) -> float | None:
    """Note a fault; the seconds before the next attempt, None for until somebody begins anew."""
    try:
        return with_connection(_note, line.number, why)
    except DatabaseError as error:
        log.warning("a fault could not be noted", error=str(error)[:200])
        return min(BACK_SOON, resting.pause(failures))


def _note(number: int, why: str) -> float | None:
    return resting.note_fault(number, why, now=clock.now(), wall=clock.wall())
