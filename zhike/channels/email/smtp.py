"""One mail to one server, so that it is always known whether the server may have it.

Everything up to the mail's end can be broken off without harm. From the end on (`before_end` has noted that) only the server's
answer tells; no answer means that nobody knows.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from zhike.channels.email.watching import Watch, WatchedSmtp, WatchedSmtpTls

CONNECT = 20.0
"""Seconds without a byte, in each step up to the mail's end."""
WHOLE = 3.0
"""How many times as long may be taken in all: signing in, the envelope, the mail (and what its size allows), also where bytes drip."""
SLOWEST = 16 * 1024
"""Bytes a second the server has to take at least."""
ANSWER = 120.0
"""Seconds to wait for the answer to the end: servers look through a mail before they take it."""
Kind = Literal["sent", "later", "never", "unknown"]


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails are given to."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = ""
    trust: ssl.SSLContext | None = None
    connect: float = CONNECT
    answer: float = ANSWER


@dataclass(frozen=True, slots=True)
class Outcome:
    """`later` may be tried again, `never` not; `unknown`: the server may have it."""

    kind: Kind
    why: str = ""
    of_mailbox: bool = False
    """The fault is the mailbox's own (connection, name, password), not this mail's."""


class BeforeEnd(Exception):
    """Noting that the end is about to be sent failed: so it is not sent."""


def hand_over(server: Server, sender: str, to: str, mail: bytes, before_end: Callable[[], None]) -> Outcome:
    """Give the mail to the server; never raises for what the server does. `sender` is "" for a machine's answer (null return path)."""
    watch = Watch()
    try:
        line = connected(server, watch)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Outcome("later", said(error), of_mailbox=True)
    try:
        return _given(line, watch, server, sender, to, mail, before_end)
    finally:
        line.close()
        watch.end()


def connected(server: Server, watch: Watch) -> smtplib.SMTP:
    """Connected, encrypted as asked, signed in. `watch`: the caller's, to end with. Raises smtplib.SMTPException, OSError."""
    try:
        with watch.within(server.connect * WHOLE):
            return _signed_in(server, watch)
    except BaseException:
        watch.end()
        raise


def _signed_in(server: Server, watch: Watch) -> smtplib.SMTP:
    trust = server.trust or ssl.create_default_context()
    name = socket.gethostname() if re.fullmatch(r"[A-Za-z0-9.-]+", socket.gethostname()) else "localhost"
    line: smtplib.SMTP
    if server.security == "tls":
        line = WatchedSmtpTls(watch, server.host, server.port, name, server.connect, trust)
    else:
        line = WatchedSmtp(watch, server.host, server.port, name, server.connect)
    try:
        if server.security == "starttls":
            line.starttls(context=trust)
        line.ehlo_or_helo_if_needed()
        if server.user:
            line.login(server.user, server.password)
    except BaseException:
        line.close()
        raise
    return line


def _given(
    line: smtplib.SMTP, watch: Watch, server: Server, sender: str, to: str, mail: bytes, before_end: Callable[[], None]
) -> Outcome:
    try:
        with watch.within(server.connect * WHOLE):
            if (no := _addressed(line, sender, to)) is not None:
                return _refused(no)
        content = re.sub(rb"(?m)^\.", b"..", re.sub(rb"\r\n|\n|\r(?!\n)", b"\r\n", mail))
        if line.sock is not None:
            line.sock.settimeout(server.answer)
        with watch.within(server.answer + len(content) / SLOWEST):
            line.send(content if content.endswith(b"\r\n") else content + b"\r\n")
        if _is_gone(line):
            return Outcome("later", "the server ended the connection before the end of the mail")
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Outcome("later", said(error))
    before_end()
    try:
        with watch.within(server.answer):
            line.send(b".\r\n")
            answer = line.getreply()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Outcome("unknown", said(error))
    if answer[0] == 250:
        return Outcome("sent", _text(answer))
    # Anything else than a refusal is no answer: the server has the mail, and what it thinks of it nobody knows.
    return _refused(answer) if 400 <= answer[0] < 600 else Outcome("unknown", _text(answer))


def _addressed(line: smtplib.SMTP, sender: str, to: str) -> tuple[int, bytes] | None:
    """The answer that is none of those that let the mail follow; each is asked before the next."""
    taken = (250, 251)
    if (answer := line.mail(sender))[0] not in taken or (answer := line.rcpt(to))[0] not in taken:
        return answer
    return None if (answer := line.docmd("DATA"))[0] == 354 else answer


def _is_gone(line: smtplib.SMTP) -> bool:
    """Whether the server has hung up, or says something nobody asked for, while it should be listening."""
    if line.sock is None:
        return True
    before = line.sock.gettimeout()
    line.sock.settimeout(0.0)
    try:
        line.sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    finally:
        line.sock.settimeout(before)
    return True


def _refused(answer: tuple[int, bytes]) -> Outcome:
    """A refusal by number: 4xx may change, 5xx will not. 421 and whatever is no number are faults of the line."""
    kind: Kind = "never" if 500 <= answer[0] < 600 else "later"
    return Outcome(kind, _text(answer))


def _text(answer: tuple[int, bytes]) -> str:
    return f"{answer[0]} {' '.join(answer[1].decode('utf-8', 'replace').split())}"[:200]


def said(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        return _text((error.smtp_code, words))
    if isinstance(error, TimeoutError) or str(error).endswith(": timed out"):  # smtplib wraps one of the greeting
        return "timed out"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:200]
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
