"""Outlook's own rich text: the published examples of its packing, and its words."""

from __future__ import annotations

import struct

import pytest

from zhike.channels.email.rtf import unpacked, words_of
from zhike.channels.email.tnef import opened

# MS-OXRTFCP 4.1.1 and 4.2.1
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def plain(rich: bytes) -> bytes:
    return struct.pack("<LLLL", len(rich) + 12, len(rich), 0x414C454D, 0) + rich


@pytest.mark.parametrize(
    ("packed", "rich"),
    [
        (HELLO, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"),
        (CROSSING, b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"),
        (plain(b"{\\rtf1 a}"), b"{\\rtf1 a}"),
        (HELLO[:30], b"{\\rtf1\\ansi\\ansicpg1252"),
        (b"", b""),
        (b"nothing of the kind", b""),
    ],
)
def test_it_is_unpacked_as_published_and_as_far_as_it_goes(packed: bytes, rich: bytes) -> None:
    assert unpacked(packed) == rich


@pytest.mark.parametrize(
    ("rich", "words"),
    [
        (rb"{\rtf1\ansi\ansicpg1252\pard hello world}", "hello world"),
        (rb"{\rtf1\ansicpg936{\fonttbl{\f0 Arial;}}\'c4\'fa\'ba\'c3\par \b bold\b0 .}", "您好\nbold."),
        (rb"{\rtf1\uc1 \u24744?\u22909?\par}", "您好"),
        (rb"{\rtf1\uc2 \u24744 ??!}", "您!"),
        (rb"{\rtf1 a\{b\}\\c{\*\generator x;}{\info{\title y}}}", "a{b}\\c"),
        (rb"{\rtf1\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 one\htmlrtf }\htmlrtf0 \par two}", "one\ntwo"),
        (rb"{\rtf1 \u-10179?\u-8704?}", "\U0001f600"),
        (rb"{\rtf1 broken \'c", "broken 'c"),
        (rb"}}}{\par", ""),
    ],
)
def test_its_words_are_read(rich: bytes, words: str) -> None:
    assert words_of(rich) == words


def test_a_winmail_that_holds_words_in_rich_text_only_says_them() -> None:
    value = struct.pack("<LHHLL", 1, 0x0102, 0x1009, 1, len(HELLO)) + HELLO + b"\0" * (-len(HELLO) % 4)
    data = struct.pack("<LH", 0x223E9F78, 1) + struct.pack("<BLL", 1, 0x00069003, len(value)) + value + b"\0\0"
    found = opened(data)
    assert found is not None
    assert found.body == "hello world"
