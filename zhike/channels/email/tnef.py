"""winmail.dat: the files, the subject and the plain body inside Microsoft's TNEF, as far as they can be read."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from zhike.channels.email.charsets import decode

SIGNATURE = 0x223E9F78
BODY, SUBJECT, CODEPAGE = 0x0002800C, 0x00018004, 0x00069007
BEGINS_FILE, FILE_NAME, FILE_DATA, FILE_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
LONG_NAMES = (b"\x1f\x00\x07\x37", b"\x1e\x00\x07\x37")
"""PR_ATTACH_LONG_FILENAME, in Unicode and in eight bits."""
MOST_FILES = 50


@dataclass
class Opened:
    """What a winmail.dat held."""

    body: str = ""
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
    return found


def _take(found: Opened, name: int, value: bytes, charset: str) -> None:
    if name == BODY:
        found.body = decode(value.rstrip(b"\0"), charset)
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
