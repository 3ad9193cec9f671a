"""Headers as people read them: encoded words joined before they are decoded, eight-bit ones guessed, addresses found in disorder."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from zhike.channels.email.charsets import decode
from zhike.lib.text import clean_line

LONGEST = 16 * 1024
"""Characters of one header that are read."""
WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*){0,3})\?=")
OF_ADDRESS = r"[^\s<>@\"',;:()\[\]\ud800-\udfff]"
ADDRESS = re.compile(rf"(?<!{OF_ADDRESS}){OF_ADDRESS}{{1,128}}@{OF_ADDRESS}{{1,125}}")
LONGEST_ADDRESS = 190
BRACKETED = re.compile(rf"<\s*{ADDRESS.pattern}\s*>?")
DIVIDED = re.compile(
    r'=\?[^?\s]{1,60}\?[bBqQ]\?[^?]{0,2000}\?=|"(?:[^"\\]|\\.){0,400}"|\([^()]{0,400}\)|<[^<>,;]{0,400}>|[^",;(<=]+|.',
    re.DOTALL,
)
"""The pieces of an address header: an encoded word, quoted words, a comment, an address in brackets, plain words, a sign."""
NAMED = re.compile(r'\(([^()]{0,400})\)|"((?:[^"\\]|\\.){0,400})"')
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
            sound = ADDRESS.fullmatch(key) and len(key) <= LONGEST_ADDRESS
            if key not in found and sound and len(found) < MOST_ADDRESSES:
                found[key] = Person(key, decoded(name)[:80])
    return list(found.values())


def _pairs(value: str) -> Iterator[tuple[str, str]]:
    """(name, address) of each entry. Our own reading: the library's own takes a name that looks like an address for the
    sender's address in one version of Python, and for nobody in the next."""
    readable = _plain(value)
    if "@" not in readable:
        readable = decoded(value)  # senders who encode the address together with the name
    for entry in _entries(readable):
        marks = list(BRACKETED.finditer(entry))
        found = marks[-1] if marks else ADDRESS.search(NAMED.sub("", entry)) or ADDRESS.search(entry)
        if found is None:
            continue
        if marks:
            name = entry[: found.start()] + entry[found.end() :]
        else:
            name = "".join(NAMED.findall(entry)[-1:][0]) if NAMED.search(entry) else entry.replace(found[0], "", 1)
        yield name.strip(" <>\"'():"), found[0].strip("<>")


def _entries(value: str) -> Iterator[str]:
    """What stands between the commas of an address header: commas in quotes, comments and encoded words divide nothing. An entry
    without an address belongs to the one behind it: senders forget quotes around `Zhang, San`."""
    entry = ""
    for piece in DIVIDED.finditer(value):
        if piece[0] not in (",", ";"):
            entry += piece[0]
        elif "@" in entry:
            yield entry
            entry = ""
        else:
            entry += " "
    yield entry


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
        given: list[tuple[str, Any]] = part.get_params([], header_name, unquote=True)
    except (ValueError, IndexError, LookupError, TypeError):
        given = []
    values = [value for key, value in given if key.lower() == name]
    # Said in both ways, the one with a charset is meant: the other is for programs that cannot read it.
    value = next((each for each in values if isinstance(each, tuple)), next(iter(values), ""))
    if isinstance(value, tuple):
        charset, _, text = value
        return clean_line(
            decode(unquote_to_bytes(text) if "%" in text else text.encode("latin-1", "replace"), charset or "")
        )
    return _without_percent(decoded(str(value or "")))


def _without_percent(text: str) -> str:
    """Percent signs where there should be none, if what they stand for is no plain ASCII.

    >>> _without_percent("%E7%A4%BA.txt"), _without_percent("100%25.txt")
    ('示.txt', '100%25.txt')
    """
    if "%" not in text or not text.isascii():
        return text
    try:
        found = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return text
    return text if found.isascii() else clean_line(found)


def sent_at(part: Message) -> str:
    """The Date header in ISO, "" where it is none. For display only: senders' clocks are wrong."""
    for value in raw_values(part, "Date"):
        try:
            return parsedate_to_datetime(value).isoformat()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return ""
