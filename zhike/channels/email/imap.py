"""One folder of one mail server, read without changing anything in it: by UID, in pieces where a mail is large, told of news by IDLE."""

from __future__ import annotations

import base64
import imaplib
import re
import select
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zhike.channels.email.watching import Watch, WatchedImap, WatchedImapTls

TIMEOUT = 30.0
"""Seconds without a byte; a server that hangs holds up its own mailbox for so long and no other."""
WHOLE = 2.0
"""How many times as long one step may take in all, also where bytes drip: opening the folder, an answer."""
SLOWEST = 32 * 1024
"""Bytes a second with which a mail has to come at least."""
LARGEST = 50 * 1024 * 1024
"""Bytes of a mail that is fetched whole."""
BEGINNING = 256 * 1024
"""Bytes that are fetched of a larger one."""
IDLE_FOR = 24 * 60.0
"""Seconds of one IDLE: servers end them after half an hour."""
TICK = 1.0
CLOSING = 6.0
KEPT_ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""A line on which nobody answers for two minutes is dead."""
Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails are fetched from."""

    host: str
    port: int
    security: str
    user: str
    password: str
    folder: str = "INBOX"
    trust: ssl.SSLContext | None = None
    timeout: float = TIMEOUT


class ImapFault(Exception):
    """The server cannot be used as asked; in words for people who know mail servers."""


class Folder:
    """An open folder. Every method raises ImapFault or OSError when the connection is of no more use."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.watch = Watch()
        self.longest = server.timeout * WHOLE
        with self.watch.within(self.longest):
            try:
                self.line = _connected(server, self.watch)
            except imaplib.IMAP4.error as error:
                self.watch.end()
                raise ImapFault(said(error)) from error
            except BaseException:
                self.watch.end()
                raise
            try:
                self._open()
            except BaseException:
                self.close()
                raise

    def _open(self) -> None:
        self._ask(self.line.login, self.server.user, self.server.password)
        self.can_idle = "IDLE" in self._capabilities()
        self._ask(self.line.select, _quoted(self.server.folder), True)
        self.uidvalidity = self._number("UIDVALIDITY")
        self.uidnext = self._number("UIDNEXT")

    def _capabilities(self) -> set[str]:
        found = self._ask(self.line.capability)
        return {word.upper() for word in found[0].decode("ascii", "replace").split()}

    def _number(self, name: str) -> int:
        """What the server said of the folder; 1 where it said nothing."""
        _, found = self.line.response(name)
        text = found[0] if found else None
        return int(text) if isinstance(text, bytes) and text.isdigit() else 1

    def _ask(self, command: Callable[..., tuple[str, list[Any]]], *arguments: object) -> list[Any]:
        try:
            kind, found = command(*arguments)
        except imaplib.IMAP4.error as error:
            raise ImapFault(said(error)) from error
        if kind != "OK":
            raise ImapFault(_words(found))
        return found

    def after(self, uid: int) -> list[int]:
        """UIDs above this one, ascending."""
        found = self._uid("SEARCH", None, f"UID {uid + 1}:*")
        return sorted(number for number in _numbers(found) if number > uid)

    def since(self, day: str) -> list[int]:
        """UIDs of mails that came on this day (`3-Mar-2025`) or later, ascending."""
        return sorted(_numbers(self._uid("SEARCH", None, f"SINCE {day}")))

    def fetch(self, uid: int) -> bytes | None:
        """The mail; its beginning where it is too large, None where it is gone meanwhile."""
        size = re.search(rb"RFC822\.SIZE (\d+)", b" ".join(_flat(self._uid("FETCH", str(uid), "(RFC822.SIZE)"))))
        if size is None:
            return None
        part = "BODY.PEEK[]" if int(size[1]) <= LARGEST else f"BODY.PEEK[]<0.{BEGINNING}>"
        for piece in self._uid("FETCH", str(uid), f"({part})", size=min(int(size[1]), LARGEST)):
            if isinstance(piece, tuple) and len(piece) > 1 and b"BODY[]" in piece[0].upper():
                return bytes(piece[1])
        return None

    def _uid(self, command: str, *arguments: str | None, size: int = 0) -> list[Any]:
        with self.watch.within(self.longest + size / SLOWEST):
            return self._ask(self.line.uid, command, *(word for word in arguments if word is not None))

    def wait(self, stopped: Stopped, seconds: float = IDLE_FOR) -> bool:
        """Until something changes in the folder (True), `seconds` are over, or `stopped()`."""
        tag = self.line._new_tag()  # imaplib speaks IDLE from Python 3.14 on
        with self.watch.within(self.longest):
            self.line.send(tag + b" IDLE\r\n")
            if not self.line.readline().startswith(b"+"):
                raise ImapFault("the server refused IDLE")
        news = self._listen(stopped, time.monotonic() + seconds)
        with self.watch.within(self.longest):
            self.line.send(b"DONE\r\n")
            self._until(tag)
        return news

    def _listen(self, stopped: Stopped, until: float) -> bool:
        """Lines that come by themselves. Read a second at a time: a half line stays in the library's buffer."""
        while time.monotonic() < until and not stopped():
            if not _readable(self.line, TICK):
                continue
            with self.watch.within(self.longest):
                heard = self.line.readline()
            if not heard or heard.upper().startswith(b"* BYE"):
                raise ImapFault("the server ended the connection")
            if re.match(rb"\* \d+ (EXISTS|RECENT|EXPUNGE)", heard.upper()):
                return True
        return False

    def _until(self, tag: bytes) -> None:
        for _ in range(1000):
            heard = self.line.readline()
            if not heard:
                break
            if heard.startswith(tag):
                return
        raise ImapFault("the server did not end IDLE")

    def close(self) -> None:
        """End the connection; never raises."""
        try:
            self.line.sock.settimeout(3)
            with self.watch.within(CLOSING):
                self.line.logout()
        except (imaplib.IMAP4.error, OSError):
            self.line.shutdown()
        finally:
            self.watch.end()


def _connected(server: Server, watch: Watch) -> imaplib.IMAP4:
    line = _encrypted(server, watch)
    # While a folder is waited at nothing is sent: without this a line that was cut silently is noticed after half an hour.
    line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, seconds in KEPT_ALIVE.items():
        if (option := getattr(socket, name, None)) is not None:
            line.sock.setsockopt(socket.IPPROTO_TCP, option, seconds)
    return line


def _encrypted(server: Server, watch: Watch) -> imaplib.IMAP4:
    trust = server.trust or ssl.create_default_context()
    if server.security == "tls":
        return WatchedImapTls(watch, server.host, server.port, server.timeout, trust)
    line = WatchedImap(watch, server.host, server.port, server.timeout)
    if server.security == "starttls":
        try:
            line.starttls(trust)
        except BaseException:
            line.shutdown()
            raise
    return line


def _readable(line: imaplib.IMAP4, seconds: float) -> bool:
    """Whether there is something to read within so long, in the library's buffer or on its way; also the connection's end."""
    buffered: Any = getattr(line, "_file", None) or line.file
    before = line.sock.gettimeout()
    line.sock.settimeout(0.0)
    try:
        if buffered.peek(1) or isinstance(line.sock, ssl.SSLSocket):
            return True  # over TLS an empty answer is the end; where only the line under it spoke, it wants to read on
    except ssl.SSLWantReadError:
        select.select([line.sock], [], [], seconds)
        return False
    finally:
        line.sock.settimeout(before)
    return bool(select.select([line.sock], [], [], seconds)[0])


def _quoted(folder: str) -> str:
    """The folder's name as IMAP spells it: modified UTF-7, quoted.

    >>> _quoted("收件箱")
    '"&ZTZO9nux-"'
    """

    def shifted(run: re.Match[str]) -> str:
        return f"&{base64.b64encode(run[0].encode('utf-16-be')).decode().rstrip('=').replace('/', ',')}-"

    coded = re.sub(r"[^\x20-\x7e]+", shifted, folder.replace("&", "&-"))
    escaped = coded.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _numbers(found: list[Any]) -> list[int]:
    return [int(word) for line in found if isinstance(line, bytes) for word in line.split() if word.isdigit()]


def _flat(found: list[Any]) -> list[bytes]:
    return [piece if isinstance(piece, bytes) else b" ".join(piece) for piece in found if piece]


def _words(found: list[Any]) -> str:
    return " ".join(b" ".join(_flat(found)).decode("utf-8", "replace").split())[:200]


def said(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, TimeoutError):
        return "timed out"
    words = error.args[0] if error.args else ""
    if isinstance(error, OSError) and error.strerror:
        words = error.strerror.encode()
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(error)
    return " ".join(text.split())[:200] or type(error).__name__
