"""Everybody of a sample goes to every page he can reach by links, sends every form on it as nobody should, and asks every list oddly.

The answer is the form again in words, with what was typed, or done where the values are good; never a failure, never a lost value. The
ordinary run does so at the web chat desk, where every area of the product has something to show; ZHIKE_TEST_HOSTILE_EACH raises the
number of bad values of each field and goes to every shipped handbook.
"""

from __future__ import annotations

import os
import random
import urllib.parse

import pytest

from tests.hostile.asking import Findings, get, post
from tests.hostile.attempts import Size, attempts
from tests.hostile.forms import forms_of
from tests.hostile.furnishing import DESK, furnish
from tests.hostile.inside import Inside
from tests.pages import LEAVES, VISITOR, links, route_of, walk
from zhike.handbook import library
from zhike.web.tests.hostile import TEXTS
from zhike.web.tests.house import House, standing

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

ASKED_FOR = os.environ.get("ZHIKE_TEST_HOSTILE_EACH")
SIZE = Size.of(ASKED_FOR)
ENDS = ("sign_in:sign_out", "language", "sandbox:move", "sandbox:become", "account:end")
"""What would put somebody out of his own session, or move time."""


@pytest.mark.parametrize("handbook", library.names() if ASKED_FOR else [DESK])
def test_no_page_breaks_and_nothing_typed_is_lost(handbook: str, findings: Findings) -> None:
    with standing(handbook) as house:
        furnish(house)
        met: set[tuple[str, ...]] = set()
        for who in [*house.people, VISITOR]:
            _try_everything(house, who, met, findings)
    assert not findings.faults, str(findings)
    assert findings.answers.total() > 200


def _try_everything(house: House, who: str, met: set[tuple[str, ...]], findings: Findings) -> None:
    person = Inside(house, "" if who == VISITOR else who)
    dice = random.Random(house.name + who)
    for place in walk(None, who, person):  # type: ignore[arg-type]  # the person is given, nobody has to be signed in
        html = person.seen[place.path].text
        for form in forms_of(html):
            form.action = urllib.parse.urljoin(place.path, form.action or place.path)
            route, kind = route_of(form.action)
            if not _is_wanted(route, (kind, form.method, *form.inputs), met):
                continue
            if form.method == "post":
                for attempt in attempts(form, dice, SIZE):
                    post(person.client, route, form, attempt, findings)
            else:
                _ask_oddly(person, route, form.action, list(form.inputs), dice, findings)
        for link in links(html):
            path, _, query = urllib.parse.urljoin(place.path, link).partition("?")
            names = tuple(name for name, _ in urllib.parse.parse_qsl(query, keep_blank_values=True))
            route, kind = route_of(path)
            if names and _is_wanted(route, (kind, "get", *names), met):
                _ask_oddly(person, route, path, list(names), dice, findings)


def _is_wanted(route: str, key: tuple[str, ...], met: set[tuple[str, ...]]) -> bool:
    """Each form once under a handbook, whoever is offered it first."""
    if not route or route in ENDS or route in LEAVES or key in met:
        return False
    met.add(key)
    return True


def _ask_oddly(
    person: Inside, route: str, path: str, names: list[str], dice: random.Random, findings: Findings
) -> None:
    """Every name of the address with bad values, alone and together, and one nobody knows."""
    for name in [*names, "after", "page", "sort"]:
        for text in dice.sample(TEXTS, min(SIZE.each, len(TEXTS))):
            get(person.client, route, path, {name: text}, findings)
    for text in dice.sample(TEXTS, min(SIZE.whole, len(TEXTS))):
        get(person.client, route, path, dict.fromkeys(names, text), findings)
    get(person.client, route, path, {name: ["x", "", "1"] for name in names}, findings)
