"""The words of Outlook's own rich text: unpacked (MS-OXRTFCP) and read as plain text (RTF 1.9, MS-OXRTFEX).

Everything is bounded by what the text says of its own size; one that breaks off gives the words before the break.
"""

from __future__ import annotations

import re
import struct

from zhike.channels.email.charsets import decode

PACKED, PLAIN = 0x75465A4C, 0x414C454D
"""LZFu and MELA, little-endian."""
START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the dictionary begins with."""
SIZE = 4096
MOST = 4 * 1024 * 1024
"""Bytes of unpacked text; what is longer is cut off."""
SILENT = frozenset(
    {"fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "listtable", "themedata"}
)
"""Groups that hold no words; so do those that begin with \\*."""
BREAKS = {"par": "\n", "line": "\n", "row": "\n", "tab": "\t", "cell": "\t", "emdash": "\u2014", "endash": "\u2013", "bullet": "\u2022",
          "lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d"}  # fmt: skip
_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.IGNORECASE
)


def unpacked(data: bytes) -> bytes:
    """The rich text itself; empty for what is neither packed nor plain."""
    if len(data) < 16:
        return b""
    _, size, kind, _ = struct.unpack_from("<LLLL", data)
    size = min(size, MOST)
    if kind == PLAIN:
        return data[16 : 16 + size]
    return _unpacked(data[16:], size) if kind == PACKED else b""


def _unpacked(data: bytes, size: int) -> bytes:
    book, at, found, place = bytearray(START.ljust(SIZE, b"\0")), len(START), bytearray(), 0

    def put(byte: int) -> None:
        nonlocal at
        found.append(byte)
        book[at] = byte
        at = (at + 1) % SIZE

    while place < len(data) and len(found) < size:
        flags, place = data[place], place + 1
        for bit in range(8):
            if not flags >> bit & 1:
                if place >= len(data):
                    return bytes(found[:size])
                put(data[place])
                place += 1
                continue
            if place + 2 > len(data):
                return bytes(found[:size])
            (pointer,) = struct.unpack_from(">H", data, place)
            place += 2
            source = pointer >> 4
            if source == at:
                return bytes(found[:size])
            for step in range((pointer & 15) + 2):
                put(book[(source + step) % SIZE])
    return bytes(found[:size])


class _Reader:
    """Reads tokens; the state of a group is kept while what stands in it is read."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.bytes = bytearray()
        self.charset = "cp1252"
        self.silent, self.skip, self.width = False, 0, 1
        self.kept: list[tuple[bool, int]] = []

    def flush(self) -> None:
        if self.bytes:
            self.words.append(decode(bytes(self.bytes), self.charset))
            self.bytes.clear()

    def say(self, text: str) -> None:
        self.flush()
        if not self.silent:
            self.words.append(text)

    def byte(self, data: bytes) -> None:
        """A character that stands for a Unicode one before it is passed over."""
        if self.skip:
            taken = min(self.skip, len(data))
            self.skip, data = self.skip - taken, data[taken:]
        if not self.silent:
            self.bytes += data

    def brace(self, which: bytes) -> None:
        self.flush()
        self.skip = 0
        if which == b"{":
            self.kept.append((self.silent, self.width))
        elif self.kept:
            self.silent, self.width = self.kept.pop()

    def sign(self, which: bytes) -> None:
        if which == b"*":
            self.silent = True
        elif which in b"\\{}":
            self.byte(which)
        elif which == b"~":
            self.say("\u00a0")

    def control(self, name: str, number: int | None) -> None:
        if name in SILENT:
            self.silent = True
        elif name == "ansicpg" and number:
            self.charset = f"cp{number}"
        elif name == "uc" and number is not None:
            self.width = max(0, min(number, 8))
        elif name == "u" and number is not None:
            self.say(chr(number % 65536))
            self.skip = self.width
        elif name == "htmlrtf":
            self.flush()
            self.silent = number != 0
        elif name in BREAKS:
            self.say(BREAKS[name])


def words_of(rich: bytes) -> str:
    """What a reader would see, as plain text; nothing of what is no rich text.

    >>> words_of(rb"{\\rtf1\\ansi\\ansicpg936 {\\fonttbl{\\f0 Arial;}}\\'c4\\'fa\\'ba\\'c3\\par {\\b bold}}")
    '您好\\nbold'
    """
    if not rich.startswith(b"{\\rtf"):
        return ""
    reader = _Reader()
    for name, number, code, sign, brace, text in _TOKEN.findall(rich[:MOST]):
        if name:
            reader.control(name.decode().lower(), int(number) if number else None)
        elif code:
            reader.byte(bytes.fromhex(code.decode()))
        elif sign:
            reader.sign(sign)
        elif brace:
            reader.brace(brace)
        elif text:
            reader.byte(text)
    reader.flush()
    whole = "".join(reader.words).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return re.sub(r"\n{3,}", "\n\n", whole).strip()
