"""A mail taken apart into its parts, by its bytes: quick on large ones, and bounded on those made to hurt.

Boundaries that are missing, repeated or never closed are met here. A part's headers are read by the standard library.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from zhike.channels.email.headers import parameter, unpadded

MOST_PARTS = 200
DEEPEST = 12
LONGEST_HEAD = 256 * 1024
"""Bytes of headers of one part that are read."""
END_OF_HEAD = re.compile(
    rb"\r?\n\r?\n|\r?\n[ \t]+\r?\n(?!(?i:[a-z]+-[a-z-]{1,40}|from|to|cc|date|subject|sender)[ \t]*:)|\r\r"
)
"""The empty line. One of blanks between two headers is the rest of a long one that was folded badly."""
SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n)")
NOT_BASE64 = re.compile(rb"\s*(?:[^\r\n]*[\x80-\xff]|\S+ \S+ \S)")
"""How a text begins that was called base64 and is none."""
FIELD = re.compile(rb"[!-9;-~]{1,76}[ \t]*:")
GUESSED = re.compile(rb"(?m)^--([^\s-][^\r\n]{0,200}?)[ \t]*\r?\n(?=[Cc]ontent-)")


@dataclass(slots=True)
class Part:
    """A part with its headers; `parts` where it holds others, `body` as it was transferred where it does not."""

    head: Message
    body: bytes
    parts: list[Part]
    depth: int = 0

    @property
    def kind(self) -> str:
        """text/plain, image/png ...; what has no kind, or an impossible one, is plain text."""
        found = self.head.get_content_type().lower()
        return found if re.fullmatch(r"[\w.+-]+/[\w.+-]+", found) else "text/plain"

    @property
    def disposition(self) -> str:
        return str(self.head.get("Content-Disposition", "")).partition(";")[0].strip().lower()

    @property
    def name(self) -> str:
        """The file name, "" without one."""
        return parameter(self.head, "content-disposition", "filename") or parameter(self.head, "content-type", "name")

    @property
    def charset(self) -> str:
        return parameter(self.head, "content-type", "charset")

    @property
    def content_id(self) -> str:
        return str(self.head.get("Content-ID", "")).strip().strip("<>").strip()

    @property
    def transfer(self) -> str:
        """base64, quoted-printable ...; what stands behind the word does not count."""
        said = re.match(r"[\s\"']*([\w-]+)", str(self.head.get("Content-Transfer-Encoding", "")))
        return said[1].lower() if said else ""

    def content(self) -> bytes:
        """The body without its transfer encoding; as it stands where that is broken or unknown."""
        how = self.transfer
        if how == "base64":
            is_plain = self.kind.startswith("text/") and NOT_BASE64.match(self.body, 0, 1000)
            return self.body if is_plain else unpadded(self.body)
        if how == "quoted-printable":
            return binascii.a2b_qp(SOFT_BREAK.sub(b"=", self.body))
        if how in ("x-uuencode", "uuencode", "x-uue", "uue"):
            return _uudecoded(self.body)
        return self.body

    def walk(self) -> Iterator[Part]:
        yield self
        for part in self.parts:
            yield from part.walk()


class Splitter:
    """Counts what it takes apart, so that ten thousand parts cost no more than two hundred."""

    def __init__(self) -> None:
        self.left = MOST_PARTS
        self.cut = False
        """Whether something was left unread because there was too much of it."""

    def part(self, data: bytes, depth: int = 0, usual: str = "text/plain") -> Part:
        """`usual`: the kind of a part that names none."""
        self.left -= 1
        head, body = head_and_body(data)
        message = BytesHeaderParser().parsebytes(head)
        message.set_default_type(usual)
        part = Part(message, body, [], depth)
        if part.kind.startswith("multipart/"):
            part.parts = self._inside(part)
        return part

    def _inside(self, part: Part) -> list[Part]:
        if part.depth >= DEEPEST:
            self.cut = True
            return []
        usual = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        found = []
        boundary = parameter(part.head, "content-type", "boundary")
        body = part.body
        if part.transfer in ("base64", "quoted-printable") and f"--{boundary}".encode("utf-8", "replace") not in body:
            body = part.content()  # forbidden for a part that holds others, and met all the same
        for piece in pieces(body, boundary):
            if self.left <= 0:
                self.cut = True
                break
            found.append(self.part(piece, part.depth + 1, usual))
        return found


def head_and_body(data: bytes) -> tuple[bytes, bytes]:
    """Headers and what follows the first empty line; a mail that begins without a header is all body."""
    start = data[: LONGEST_HEAD + 4].lstrip(b"\r\n")
    skipped = len(data[: LONGEST_HEAD + 4]) - len(start)
    if start.startswith(b"From "):  # of mbox files
        line = start.find(b"\n") + 1
        start, skipped = start[line:], skipped + line
    if not FIELD.match(start):
        return b"", data
    if data[:2] in (b"\r\n", b"\n\n") or data[:1] == b"\n":
        # A part without headers of its own begins with the empty line.
        return b"", data.lstrip(b"\r\n")
    found = END_OF_HEAD.search(start)
    if found is None:
        return start, data[skipped + len(start) :] if len(data) > LONGEST_HEAD else b""
    return start[: found.start()] + b"\n", data[skipped + found.end() :]


def pieces(body: bytes, boundary: str) -> list[bytes]:
    """What stands between the boundaries. One that does not occur is guessed from the body; without any the body is one piece."""
    spoken = boundary.encode("utf-8", "replace")
    found = _between(body, spoken) if spoken else []
    if not found and (guess := GUESSED.search(body)):
        found = _between(body, guess[1])
    return found or ([body] if body.strip() else [])


def _between(body: bytes, boundary: bytes) -> list[bytes]:
    line = re.compile(rb"(?m)^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?:\n|\Z)")
    found: list[bytes] = []
    start = -1
    for mark in line.finditer(body):
        if start >= 0:
            found.append(_without_last_end(body[start : mark.start()]))
        start = -1 if mark[1] else mark.end()
        if len(found) > MOST_PARTS:
            return found
    if start >= 0:
        found.append(body[start:])
    return found


def _without_last_end(piece: bytes) -> bytes:
    """The line end before a boundary belongs to the boundary."""
    return piece[:-2] if piece.endswith(b"\r\n") else piece[:-1] if piece.endswith(b"\n") else piece


def _uudecoded(data: bytes) -> bytes:
    found = b""
    for line in re.sub(rb"^.*?begin [0-7]{3} [^\n]*\n", b"", data, flags=re.DOTALL).splitlines():
        if line in (b"end", b"`", b""):
            break
        try:
            found += binascii.a2b_uu(line)
        except binascii.Error:
            continue
    return found
