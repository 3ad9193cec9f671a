"""winmail.dat: the files, the subject and the plain body inside Microsoft's TNEF, as far as they can be read."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from zhike.channels.email import rtf
from zhike.channels.email.charsets import decode

SIGNATURE = 0x223E9F78
BODY, SUBJECT, CODEPAGE, PROPERTIES = 0x0002800C, 0x00018004, 0x00069007, 0x00069003
BEGINS_FILE, FILE_NAME, FILE_DATA, FILE_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
LONG_NAMES = (b"\x1f\x00\x07\x37", b"\x1e\x00\x07\x37")
"""PR_ATTACH_LONG_FILENAME, in Unicode and in eight bits."""
MOST_FILES = 50


@dataclass
class Opened:
    """What a winmail.dat held."""

    body: str = ""
    html: str = ""
    """The words, where they are there as HTML only."""
    rich: bytes = b""
    """Outlook's own rich text, packed."""
    subject: str = ""
    files: list[tuple[str, bytes]] = field(default_factory=list)
    """(name, content)."""


def opened(data: bytes) -> Opened | None:
    """Its contents; None for what is no TNEF. One that breaks off gives what stands before the break."""
    if len(data) < 6 or struct.unpack_from("<L", data)[0] != SIGNATURE:
        return None
    found, charset, place = Opened(), "", 6
    while place + 9 <= len(data):
        _, name, length = struct.unpack_from("<BLL", data, place)
        value = data[place + 9 : place + 9 + length]
        place += 9 + length + 2
        if len(value) < length:
            break
        if name == CODEPAGE and length >= 4:
            charset = f"cp{struct.unpack_from('<L', value)[0]}"
        _take(found, name, value, charset)
    found.files = [(title or "file", content) for title, content in found.files if content]
    if not found.body and not found.html and found.rich:
        found.body = rtf.words_of(rtf.unpacked(found.rich))
    return found if found.body or found.html or found.files else None


def _take(found: Opened, name: int, value: bytes, charset: str) -> None:
    if name == BODY:
        found.body = decode(value.rstrip(b"\0"), charset)
    elif name == PROPERTIES:
        _read_properties(found, value, charset)
    elif name == SUBJECT:
        found.subject = decode(value.rstrip(b"\0"), charset)
    elif name == BEGINS_FILE and len(found.files) < MOST_FILES:
        found.files.append(("", b""))
    elif found.files and name == FILE_NAME:
        found.files[-1] = (found.files[-1][0] or decode(value.rstrip(b"\0"), charset), found.files[-1][1])
    elif found.files and name == FILE_DATA:
        found.files[-1] = (found.files[-1][0], value)
    elif found.files and name == FILE_PROPERTIES and (title := _long_name(value, charset)):
        found.files[-1] = (title, found.files[-1][1])


SIZES = {
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x000A: 4,
    0x000B: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
"""Bytes of the property types of one size; the others say theirs."""
TEXT_8, TEXT_16, BYTES, OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
PLAIN_WORDS, HTML_WORDS, RICH_WORDS = 0x1000, 0x1013, 0x1009
MOST_PROPERTIES = 1000


def _read_properties(found: Opened, data: bytes, charset: str) -> None:
    """The words among a message's properties (MS-OXTNEF 2.1.3.4); it ends where something is not understood."""
    for kind, name, value in _properties(data):
        if name == PLAIN_WORDS and kind in (TEXT_8, TEXT_16) and not found.body:
            found.body = _text(value, kind, charset)
        elif name == HTML_WORDS and kind in (TEXT_8, TEXT_16, BYTES):
            found.html = _text(value, kind, "" if kind == BYTES else charset)
        elif name == RICH_WORDS and kind == BYTES:
            found.rich = value


def _text(value: bytes, kind: int, charset: str) -> str:
    text = value.decode("utf-16-le", "replace") if kind == TEXT_16 else decode(value.rstrip(b"\0"), charset)
    return text.rstrip("\0")


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(type, name, value) of each property with one value."""
    try:
        (count,) = struct.unpack_from("<L", data)
        place = 4
        for _ in range(min(count, MOST_PROPERTIES)):
            kind, name = struct.unpack_from("<HH", data, place)
            place += 4
            if name >= 0x8000:  # named: its own name stands before the value
                (by_words,) = struct.unpack_from("<L", data, place + 16)
                (length,) = struct.unpack_from("<L", data, place + 20)
                place += 24 + (length + 3 & ~3 if by_words else 0)
            size = SIZES.get(kind, 0)
            if not size:
                if kind not in (TEXT_8, TEXT_16, BYTES, OBJECT):
                    return
                values, size = struct.unpack_from("<LL", data, place)
                if values != 1:
                    return
                place += 8
            yield kind, name, data[place : place + size]
            place += size + 3 & ~3
    except struct.error:
        return


def _long_name(properties: bytes, charset: str) -> str:
    """The long name among an attachment's properties, "" where there is none."""
    for mark in LONG_NAMES:
        at = properties.find(mark)
        if at < 0 or at + 12 > len(properties):
            continue
        length = struct.unpack_from("<L", properties, at + 8)[0]
        value = properties[at + 12 : at + 12 + min(length, 1024)]
        if mark[0] == 0x1F:
            return value.decode("utf-16-le", "replace").rstrip("\0")
        return decode(value.rstrip(b"\0"), charset)
    return ""
