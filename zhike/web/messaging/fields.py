"""Fields of this area's forms: what they are called, what was typed, what is wrong with it. `messaging/_fields.html` draws them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language

from zhike.handbook.common import Text
from zhike.org.handbooks import book_of, in_force

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Field:
    """`kind`: text, password, area, select or fixed."""

    name: str
    label: str
    kind: str = "text"
    help: str = ""
    longest: int = 80
    required: bool = True
    choices: Choices = ()
    shown_when: str = ""
    """JSON for data-shown-when."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A field with what stands in it."""

    field: Field
    value: str
    wrong: str


def drawn(fields: Sequence[Field], typed: Mapping[str, str], problems: Mapping[str, Text]) -> list[Drawn]:
    language = get_language() or "zh"
    return [
        Drawn(
            each,
            "" if each.kind == "password" else typed.get(each.name, ""),
            problems[each.name].say(language) if each.name in problems else "",
        )
        for each in fields
    ]


def said(problems: Mapping[str, Text]) -> list[str]:
    return [words.say(get_language() or "zh") for words in problems.values()]


def handbook_choices(now: dt.datetime) -> Choices:
    """(name, title) of the handbooks in force."""
    language = get_language() or "zh"
    return [(version.name, book_of(version.pk).handbook.title.say(language)) for version in in_force(now)]
