"""Under every shipped handbook every form of an action that somebody of its sample is offered is sent as nobody should send it.

The answer is the form again in words, with what was typed, or done where the values are good; never a failure, never a lost value.
ZHIKE_TEST_HOSTILE_EACH raises the number of bad values of each field.
"""

from __future__ import annotations

import os
import random
import urllib.parse
from collections.abc import Iterator

import pytest
from django.urls import reverse

from tests.hostile.asking import Findings, post
from tests.hostile.attempts import Size, attempts
from tests.hostile.forms import forms_of
from tests.hostile.inside import Inside
from tests.pages import VISITOR, links, route_of
from zhike.cases.access import visible_cases
from zhike.cases.queries import entries, offered
from zhike.handbook import library
from zhike.web.tests.house import House, standing

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

SIZE = Size.of(os.environ.get("ZHIKE_TEST_HOSTILE_EACH"))


@pytest.mark.parametrize("handbook", library.names())
def test_no_form_of_a_handbook_breaks_and_nothing_typed_is_lost(handbook: str, findings: Findings) -> None:
    met: set[str] = set()
    with standing(handbook) as house:
        for who in [*house.people, VISITOR]:
            person, dice = Inside(house, "" if who == VISITOR else who), random.Random(handbook + who)
            for path in _offered(house, person):
                _try_forms_at(path, person, dice, met, findings)
    assert not findings.faults, str(findings)
    assert findings.answers[422] > 20, str(findings)


def _offered(house: House, person: Inside) -> Iterator[str]:
    """Addresses of the forms somebody may fill in: entries, actions of the cases he sees, rows he keeps, what customers file."""
    if not person.who:
        yield from (link for link in links(person.get("/portal/").text) if link.startswith("/portal/file/"))
        return
    viewer = house.viewer(person.who)
    for version, process, action in entries(viewer, [house.version]):
        yield reverse("desk:open", args=[version.name, process, action.id])
    for case in visible_cases(viewer).order_by("pk"):
        for offer in offered(case, viewer):
            if offer.allowed:
                yield reverse("case_page:act", args=[case.number, offer.action.id])
    for record in house.book.handbook.records:
        if record.kind == "reference":
            yield reverse("administration:add_row", args=[house.name, record.id])


def _try_forms_at(path: str, person: Inside, dice: random.Random, met: set[str], findings: Findings) -> None:
    """Each form once, whoever is offered it first."""
    route, kind = route_of(path)
    if kind in met or (answer := person.get(path)).status != 200:
        return
    met.add(kind)
    for form in forms_of(answer.text):
        form.action = urllib.parse.urljoin(path, form.action or path)
        if form.action == path and form.method == "post":
            for attempt in attempts(form, dice, SIZE):
                post(person.client, route, form, attempt, findings)
