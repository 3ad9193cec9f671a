"""Handing a case to a colleague through its page."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.world import Cast, at, cast
from zhike.cases.actions import NotYours, hand_over_case
from zhike.clocks.models import Clock
from zhike.org.principals import staff_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> Cast:
    return cast()


def signed_in(people: Cast, who: str) -> Client:
    client = Client()
    client.force_login(people.staff[who])
    return client


def test_the_clock_goes_with_the_case(people: Cast) -> None:
    warning = people.warning(at("2025-06-10 09:00"))
    page = signed_in(people, "supervisor")
    answer = page.post(
        f"/cases/{warning.number}/hand-over", {"to": people.staff["colleague"].pk, "note": "示例:请接手"}
    )
    assert answer.status_code == 302
    warning.refresh_from_db()
    assert warning.owner == people.staff["colleague"]
    assert warning.holders == [staff_key(people.staff["colleague"].pk)]
    assert Clock.objects.get(subject_id=warning.pk, clause="WARN-05").holders == [
        staff_key(people.staff["colleague"].pk)
    ]
    assert warning.notes.get().words == "示例:请接手"


def test_only_colleagues_in_the_same_role_are_offered(people: Cast) -> None:
    warning = people.warning(at("2025-06-10 09:00"))
    page = signed_in(people, "agent").get(f"/cases/{warning.number}/hand-over").content.decode()
    assert people.staff["colleague"].name in page
    assert people.staff["manager"].name not in page
    assert people.staff["disabled"].name not in page


def test_somebody_outside_the_role_cannot_take_it(people: Cast) -> None:
    warning = people.warning(at("2025-06-10 09:00"))
    with pytest.raises(NotYours):
        hand_over_case(warning.pk, to=people.staff["manager"], by=people.supervisor, now=at("2025-06-10 09:05"))
    warning.refresh_from_db()
    assert warning.owner == people.staff["agent"]


@pytest.mark.parametrize("who", ["manager", "service", "deputy"])
def test_those_who_are_neither_peers_nor_superiors_have_no_such_page(people: Cast, who: str) -> None:
    warning = people.warning(at("2025-06-10 09:00"))
    assert signed_in(people, who).get(f"/cases/{warning.number}/hand-over").status_code == 404


def test_an_old_page_does_not_hand_over(people: Cast) -> None:
    warning = people.warning(at("2025-06-10 09:00"))
    sent = {"to": people.staff["colleague"].pk, "version": warning.version - 1, "note": "示例:写好的留言"}
    answer = signed_in(people, "supervisor").post(f"/cases/{warning.number}/hand-over", sent)
    assert answer.status_code == 409
    assert "示例:写好的留言" in answer.content.decode()


def test_without_a_choice_it_says_what_to_do(people: Cast) -> None:
    warning = people.warning(at("2025-06-10 09:00"))
    answer = signed_in(people, "agent").post(f"/cases/{warning.number}/hand-over", {"note": "x"})
    assert answer.status_code == 422
    assert "请选择接手的同事" in answer.content.decode()
