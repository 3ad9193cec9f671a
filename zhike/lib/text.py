"""Cleaning what people type and paste, so that it can be stored, searched and shown.

Markup and emoji are somebody's words and stay as they are; the page escapes them. What goes is what no reader can see:
control characters, halves of characters, marks that turn the direction of writing, invisible spaces.
"""

from __future__ import annotations

import re
import unicodedata

LINE_LENGTH = 200
TEXT_LENGTH = 20_000
"""Characters a long text may have where a form does not say otherwise."""

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # controls
    "\u00ad\u200b\u200e\u200f\u2060-\u2064\ufeff"  # soft hyphen, zero width, direction marks, joiners
    "\u202a-\u202e\u2066-\u206f"  # embeddings, overrides and isolates: they show a text in another order than it is
    "\ud800-\udfff\ufff9-\uffff\U000e0000-\U000e001f]"  # halves of characters, noncharacters, old language tags
)
_PLAIN = re.compile("[ -~\u4e00-\u9fff]*")
"""Nothing to clean but blanks at the ends: nearly every line of a file with a million of them."""
_MOST_MARKS = 8
"""Accents on one character. Vietnamese and Hebrew need four; thousands only make a page or a normalisation crawl."""


def clean_text(value: str) -> str:
    """Several lines: NFC, line ends as "\\n", nothing invisible, no blanks at either end.

    >>> clean_text("  一\\r\\n二\\x00 ")
    '一\\n二'
    """
    if _PLAIN.fullmatch(value):
        return value.strip()
    visible = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", value))
    return _compose(visible).strip()


def clean_line(value: str) -> str:
    """One line: as `clean_text`, with line ends and tabs as single blanks.

    >>> clean_line("王\\t小\\n明")
    '王 小 明'
    """
    if _PLAIN.fullmatch(value):
        return value.strip()
    return re.sub(r"[\n\t]+", " ", clean_text(value))


def narrow(value: str) -> str:
    """A code, number or date typed on a Chinese keyboard: full-width letters, digits and signs become ordinary ones.

    >>> narrow(" １３８－００１３ ")
    '138-0013'
    """
    return unicodedata.normalize("NFKC", clean_line(value)).strip()


def shorten(value: str, longest: int) -> str:
    """At most `longest` characters, the last of them an ellipsis where something was cut."""
    return value if len(value) <= longest else value[: longest - 1] + "…"


def _compose(value: str) -> str:
    """NFC. Piles of accents are cut first: composing them takes quadratic time."""
    if unicodedata.is_normalized("NFC", value) and not _has_pile(value):
        return value
    kept, marks = [], 0
    for character in value:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def _has_pile(value: str) -> bool:
    marks = 0
    for character in value:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > _MOST_MARKS:
            return True
    return False
