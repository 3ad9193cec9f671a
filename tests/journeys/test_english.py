"""Where English is chosen no page speaks Chinese: of everything a reader sees or hears, only what people wrote, in the samples, and what
is marked as Chinese (the text of a handbook) may be. Every page of everybody at two departments, with the parts that are fetched into it.

The pages are found as axe finds them (tests/pages.py). A word is refused by where it stands, not by a list of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests import chat_desk
from tests.chat_desk import survey_of
from tests.pages import EVERYBODY, VISITOR, entered, route_of, walk
from tests.served import Answer, Person, Served

pytestmark = [pytest.mark.slow, pytest.mark.embedded]

HAN = re.compile(r"[\u3001-\u3011\uff01-\uff5e\u4e00-\u9fff]")
"""Characters and punctuation."""
SPOKEN = ("title", "placeholder", "aria-label", "alt", "label", "content")
"""Attributes that are read out or shown; every data attribute with words in it is one that a script will show."""
SILENT = ("script", "style", "template", "pre")
"""Not read out, or the values of an example."""
SAMPLE = "\u793a\u4f8b"
"""What is made up says so: names of people and departments, what they wrote."""
OWN = ("\u4e2d\u6587", "\u9000\u8ba2")
"""A language is called by its own name; what customers write back to be left alone is written as they write it."""
BOTH = " | "
"""Stands between the Chinese and the English of a line that is typed in both."""


class _Spoken(HTMLParser):
    """Every piece of a page that somebody reads, without what is marked as another language or as one nobody knows."""

    VOID = frozenset(("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.pieces: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        foreign = self.foreign or tag in SILENT or given.get("lang") == "" or given.get("lang", "").startswith("zh")
        if tag not in self.VOID:
            self.open.append((tag, foreign))
        if not foreign:
            self.pieces += [v for name, v in given.items() if name in SPOKEN or name.startswith("data-")]
        if "hx-get" in given:
            self.fetched.append(given["hx-get"])

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self.foreign:
            self.pieces.append(data)

    @property
    def foreign(self) -> bool:
        return bool(self.open) and self.open[-1][1]


def chinese(html: str) -> list[str]:
    """Pieces that should have been English."""
    reader = _Spoken()
    reader.feed(html)
    return [
        piece.strip()
        for piece in reader.pieces
        if HAN.search(_rest(piece)) and SAMPLE not in piece and BOTH not in piece
    ]


def _rest(piece: str) -> str:
    for word in OWN:
        piece = piece.replace(word, "")
    return piece


def parts(html: str, met: set[str]) -> Iterator[str]:
    """What a page fetches into itself, one of each kind."""
    reader = _Spoken()
    reader.feed(html)
    for path in reader.fetched:
        kind = route_of(path)[1]
        if path.startswith("/") and kind and kind not in met:
            met.add(kind)
            yield path


def looked_through(product: Served, who: str, person: Person, begins: tuple[str, ...] | None) -> list[str]:
    person.speaks("en")
    faults: list[str] = []
    met: set[str] = set()

    def look(path: str) -> Answer:
        answer = person.get(path)
        faults.extend(f"{path}: {piece[:80]}" for piece in chinese(answer.text))
        return answer

    for place in walk(product, who, person, begins):
        for path in parts(look(place.path).text, met):
            look(path)
    return list(dict.fromkeys(faults))


@pytest.mark.parametrize("who", EVERYBODY)
def test_english_pages_are_english(furnished: Served, who: str) -> None:
    assert looked_through(furnished, who, entered(furnished, who), None) == []


@pytest.mark.parametrize("who", chat_desk.PEOPLE)
def test_english_pages_are_english_where_people_talk(desk: Served, who: str) -> None:
    visitor = who == VISITOR
    begins = ("/demo", "/demo/kettle", survey_of(desk), "/sign-in", "/welcome") if visitor else None
    assert looked_through(desk, who, Person(desk) if visitor else entered(desk, who), begins) == []


def test_a_chinese_word_on_an_english_page_is_found() -> None:
    page = "<main><p>Hello</p><p>{}</p><button title='{}'>x</button></main>"
    assert chinese(page.format("\u4fdd\u5b58", "")) == ["\u4fdd\u5b58"]
    assert chinese(page.format("", "\u4fdd\u5b58")) == ["\u4fdd\u5b58"]
    assert chinese(page.format("\u793a\u4f8b\u987e\u5ba2", "")) == []
    assert chinese("<p lang='zh-CN'>\u4fdd\u5b58</p><script>'\u4fdd\u5b58'</script>") == []
