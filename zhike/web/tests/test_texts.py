"""Every text of the interface has its English."""

from __future__ import annotations

import re

import pytest

from zhike.web.tests.texts import WEB, english, texts_in, translations

AREAS = sorted(
    path for path in WEB.iterdir() if (path / "__init__.py").exists() and path.name not in ("tests", "migrations")
)


@pytest.mark.parametrize("area", AREAS, ids=lambda path: path.name)
def test_every_text_has_an_english_one(area) -> None:
    known = english()
    missing = {where: text for text, where in texts_in(area) if not known.get(text)}
    assert missing == {}


def test_no_catalogue_keeps_words_nobody_says() -> None:
    """What is left behind is translated, looked after and never read."""
    said = {text for text, _ in texts_in(WEB)}
    assert sorted(set(english()) - said - {""}) == []


def test_one_chinese_text_has_one_english() -> None:
    """The catalogues are read as one: with two, one area speaks with the other's words."""
    twice = {key: sorted(texts) for key, texts in translations().items() if len(texts) > 1}
    assert twice == {}


def test_texts_said_with_a_context_have_english_in_it() -> None:
    known = translations()
    said = {
        found.groups()
        for path in WEB.rglob("*.py")
        for found in re.finditer(r'pgettext\("([^"]+)", "([^"]+)"\)', path.read_text())
    }
    assert len(said) > 5
    assert {key for key in said if not known.get(key)} == set()


def test_texts_beside_the_areas_have_english_too() -> None:
    known = english()
    missing = {where: text for text, where in texts_in(WEB) if "/" not in where.split(":")[0] and not known.get(text)}
    assert missing == {}
