"""Headers as people read them: encoded words joined before they are decoded, eight-bit ones guessed, addresses found in disorder."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from zhike.channels.email.charsets import decode
from zhike.lib.text import clean_line

LONGEST = 16 * 1024
"""Characters of one header that are read."""
WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
ADDRESS = re.compile(r"[^\s<>@\"',;:()\[\]\ud800-\udfff]{1,64}@[^\s<>@\"',;:()\[\]\ud800-\udfff]{1,125}")
BRACKETED = re.compile(rf"<{ADDRESS.pattern}>")
NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
MOST_ADDRESSES = 200


@dataclass(frozen=True, slots=True)
class Person:
    """An address in lower case, and the name beside it."""

    address: str
    name: str = ""


def raw_values(part: Message, name: str) -> list[str]:
    """Every header of that name, unfolded; bytes above 127 as surrogates."""
    wanted = name.lower()
    return [
        re.sub(r"\r?\n[ \t]?", " ", str(value))[:LONGEST] for key, value in part.raw_items() if key.lower() == wanted
    ]


def header(part: Message, name: str) -> str:
    """The first header of that name as one clean line, "" without one."""
    return next((decoded(value) for value in raw_values(part, name)), "")


def decoded(raw: str) -> str:
    """A header's text. Encoded words that stand beside each other are one: senders cut characters in two between them."""
    return clean_line("".join(_pieces(raw)))


def _pieces(raw: str) -> Iterator[str]:
    charset, end = "", 0
    coded: list[tuple[str, bytes]] = []
    for found in WORD.finditer(raw):
        between = raw[end : found.start()]
        name = found[1].partition("*")[0].lower()
        if coded and (between.strip() or name != charset):
            yield decode(_joined(coded), charset)
            coded = []
        if between.strip() or (end == 0 and between):
            yield _plain(between)
        charset, end = name, found.end()
        coded.append((found[2].lower(), found[3].encode("utf-8", "surrogateescape")))
    if coded:
        yield decode(_joined(coded), charset)
    if raw[end:]:
        yield _plain(raw[end:])


def _joined(coded: Sequence[tuple[str, bytes]]) -> bytes:
    """The bytes of neighbouring words; base64 cut anywhere is put together before it is decoded."""
    found, open_end = b"", b""
    for how, words in coded:
        if how == "b":
            open_end += words
            if len(open_end) % 4 == 0 or words.endswith(b"="):
                found, open_end = found + unpadded(open_end), b""
        else:
            found, open_end = found + unpadded(open_end) + _unquoted(words), b""
    return found + unpadded(open_end)


def _plain(text: str) -> str:
    return text if text.isascii() else decode(text.encode("utf-8", "surrogateescape"))


def _unquoted(coded: bytes) -> bytes:
    try:
        return binascii.a2b_qp(coded, header=True)
    except binascii.Error:
        return coded


def unpadded(coded: bytes) -> bytes:
    """Base64 with its faults: padding that is missing or in the middle, strange characters, plain text behind it.

    >>> unpadded(b"5oKo5aW9").decode()
    '您好'
    """
    found = b""
    for block in re.split(rb"=+", coded):
        if found and re.search(rb"[^A-Za-z0-9+/\s]|\S[ \t]+\S", block):
            break  # what follows the padding is not base64: a footer somebody appended
        kept = block.translate(None, NOT_BASE64)
        whole = kept[:-1] if len(kept) % 4 == 1 else kept
        found += base64.b64decode(whole + b"=" * (-len(whole) % 4))
    return found


def people(values: Iterable[str]) -> list[Person]:
    """Everybody named in address headers, once, in their order; what is no address is left out."""
    found: dict[str, Person] = {}
    for value in values:
        for name, address in _pairs(value):
            key = address.strip().strip("<>").lower()
            if key not in found and ADDRESS.fullmatch(key) and len(found) < MOST_ADDRESSES:
                found[key] = Person(key, decoded(name)[:80])
    return list(found.values())


def _pairs(value: str) -> list[tuple[str, str]]:
    try:
        pairs = getaddresses([value])
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        pairs = []
    if any(ADDRESS.fullmatch(address.strip("<> ")) for _, address in pairs):
        return pairs
    text = decoded(value)
    marks = list(BRACKETED.finditer(text)) or list(ADDRESS.finditer(text))
    return [(text[: found.start()].strip(" <\"'"), found[0].strip("<>")) for found in marks]


def message_ids(part: Message, *names: str) -> list[str]:
    """The identifiers between angle brackets in these headers, the newest last, without repetition."""
    found = [
        each for name in names for value in raw_values(part, name) for each in re.findall(r"<([^<>\s]{3,250})>", value)
    ]
    return list(dict.fromkeys(found))


def parameter(part: Message, header_name: str, name: str) -> str:
    """A parameter (`charset`, `boundary`, `filename`) with all its ways of being written wrong; "" without one."""
    raw = next(iter(raw_values(part, header_name)), "")
    if not raw.isascii():  # the library replaces what is not ASCII
        found = re.search(rf";\s*{re.escape(name)}\s*=\s*(?:\"([^\"]*)\"|([^;\s]*))", raw, re.IGNORECASE)
        return decoded(found[1] or found[2]) if found else ""
    try:
        value = part.get_param(name, "", header=header_name, unquote=True)
    except (ValueError, IndexError, LookupError, TypeError):
        value = ""
    if isinstance(value, tuple):
        charset, _, text = value
        return clean_line(
            decode(unquote_to_bytes(text) if "%" in text else text.encode("latin-1", "replace"), charset or "")
        )
    return decoded(str(value or ""))


def sent_at(part: Message) -> str:
    """The Date header in ISO, "" where it is none. For display only: senders' clocks are wrong."""
    for value in raw_values(part, "Date"):
        try:
            return parsedate_to_datetime(value).isoformat()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return ""
