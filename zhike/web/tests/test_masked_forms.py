"""The form of an action, and of a split, shows no more of a customer than the case's page does, and loses nothing by it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from zhike.cases.models import Case
from zhike.web.tests.world import COMPLETE, World

HX = {"HX-Request": "true"}
FULL = ("13800000101", "138 0000 0101")


@pytest.fixture
def case(world: World) -> Case:
    return world.warning()


def form_of(client: Client, address: str) -> tuple[Any, str]:
    answer = client.get(address, headers=HX)
    return answer.context["form"], answer.content.decode()


def values(form: Any) -> dict[str, Any]:
    """What a browser sends when nothing was touched."""
    return {field.name: field.value for field in form.fields if field.widget != "files"}


def test_the_form_of_an_action_shows_the_number_in_part_and_says_so(world: World, case: Case) -> None:
    form, text = form_of(world.signed_in("agent"), f"/cases/{case.number}/actions/submit")
    assert values(form)["customer_mobile"] == "138****0101"
    assert "不改就保持原样" in text
    assert not any(number in text for number in FULL)


def test_a_number_left_alone_is_kept(world: World, case: Case) -> None:
    client = world.signed_in("agent")
    form, _ = form_of(client, f"/cases/{case.number}/actions/submit")
    sent = {**COMPLETE, "customer_mobile": values(form)["customer_mobile"], "key": "k"}
    assert client.post(f"/cases/{case.number}/actions/submit", sent, headers=HX).status_code == 200
    case.refresh_from_db()
    assert case.data["complaint_warning"]["customer_mobile"] == "+8613800000101"


def test_a_number_typed_in_full_takes_its_place_and_a_foreign_mask_does_not(world: World, case: Case) -> None:
    client, address = world.signed_in("agent"), f"/cases/{case.number}/actions/submit"
    refused = client.post(address, {**COMPLETE, "customer_mobile": "139****0202", "key": "k"}, headers=HX)
    assert refused.status_code == 422
    assert (
        client.post(address, {**COMPLETE, "customer_mobile": "13900000202", "key": "l"}, headers=HX).status_code == 200
    )
    case.refresh_from_db()
    assert case.data["complaint_warning"]["customer_mobile"] == "+8613900000202"


def test_a_refused_form_comes_back_with_the_number_in_part(world: World, case: Case) -> None:
    sent = {**COMPLETE, "customer_mobile": "138****0101", "district": "", "key": "k"}
    answer = world.signed_in("agent").post(f"/cases/{case.number}/actions/submit", sent, headers=HX)
    assert answer.status_code == 422
    assert values(answer.context["form"])["customer_mobile"] == "138****0101"
    assert [field.name for field in answer.context["form"].fields if field.errors] == ["district"]


def test_a_stale_page_shows_the_number_as_it_is_now(world: World, case: Case) -> None:
    client, address = world.signed_in("agent"), f"/cases/{case.number}/actions/submit"
    form, _ = form_of(client, address)
    world.take(case, "submit", {**COMPLETE, "customer_mobile": "13900000202"}, "agent")
    world.take(case, "review", {"result": "reject"}, "supervisor")
    world.take(case, "return_warning", {"reject_opinion": "请写明时间"}, "supervisor")
    sent = {**COMPLETE, "customer_mobile": values(form)["customer_mobile"], "key": form.key, "version": form.version}
    again = client.post(address, sent, headers=HX)
    assert again.status_code == 409
    form = again.context["form"]
    assert values(form)["customer_mobile"] == "139****0202"
    sent |= {"customer_mobile": "139****0202", "key": form.key, "version": form.version}
    assert client.post(address, sent, headers=HX).status_code == 200
    case.refresh_from_db()
    assert case.data["complaint_warning"]["customer_mobile"] == "+8613900000202"


def test_a_split_shows_the_number_in_part_and_the_new_case_holds_it(world: World) -> None:
    ticket, client = world.ticket(), world.signed_in("agent")
    address = f"/cases/{ticket.number}/split"
    into = f"{world.version.name}.service_ticket.register"
    page = client.get(address, {"into": into})
    form, text = page.context["form"], page.content.decode()
    assert values(form)["caller_phone"] == "138****0101"
    assert not any(number in text for number in FULL)
    sent = {**values(form), "into": into, "title": "另一件事", "key": form.key}
    answer = client.post(address, sent)
    assert answer.status_code == 302, [field.errors for field in answer.context["form"].fields]
    new = Case.objects.exclude(pk=ticket.pk).get()
    assert new.data[form.action.record]["caller_phone"] == "+8613800000101"


def test_the_customer_beside_a_case_shows_where_the_number_was_issued(world: World) -> None:
    text = world.signed_in("agent").get(f"/cases/{world.ticket().number}").content.decode()
    assert '138****0101 <span class="quiet" lang="zh">北京</span>' in text
