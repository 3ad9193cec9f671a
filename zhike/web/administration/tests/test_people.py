"""Staff: added, changed, disabled; roles; only by administrators."""

from __future__ import annotations

import pytest
from django.test import Client

from zhike.journal.models import Fact
from zhike.org.models import Staff
from zhike.web.tests.world import World

ATTACK = "<script>alert(1)</script>"


def person(username: str) -> Staff:
    return Staff.objects.get(username=username)


def test_a_refused_change_of_a_person_comes_back_as_typed(world: World) -> None:
    boss, agent = world.signed_in("boss"), person("agent")
    typed = {"name": "", "phone": "010-5555 0100 分机 1234567890", "language": "en", "is_admin": "true"}
    answer = boss.post(f"/administration/staff/{agent.pk}", typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'value="{typed["phone"]}"' in page
    assert 'name="name" value=""' in page
    assert '<option value="en" selected>' in page
    assert 'name="is_admin" value="true" checked' in page
    assert person("agent").phone == agent.phone


def test_a_role_that_is_refused_stays_chosen_with_its_department(world: World) -> None:
    hotline = world.departments["hotline"].pk
    typed = {"role": "retail-hotline:store_manager", "department": hotline}
    answer = world.signed_in("boss").post(f"/administration/staff/{person('agent').pk}/assign", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<option value="retail-hotline:store_manager" selected>' in page
    assert page.count(" selected>") == 2


def test_a_person_is_added_and_given_a_role(world: World) -> None:
    boss = world.signed_in("boss")
    boss.post("/administration/staff/add", {"name": "示例新人", "username": "Newcomer", "phone": ""})
    new = person("newcomer")
    assert not new.has_usable_password()
    address = f"/administration/staff/{new.pk}"
    store = world.departments["store-1"].pk
    assert boss.post(f"{address}/assign", {"role": "retail-hotline:store_manager", "department": ""}).status_code == 422
    hotline = world.departments["hotline"].pk
    assert (
        boss.post(f"{address}/assign", {"role": "retail-hotline:store_manager", "department": hotline}).status_code
        == 422
    )
    boss.post(f"{address}/assign", {"role": "retail-hotline:store_manager", "department": store})
    assert f"retail-hotline:store_manager@{store}" in world.viewer("newcomer").keys
    assert {"staff.added", "role.assigned"} <= set(Fact.objects.values_list("type", flat=True))


def test_a_role_is_withdrawn_and_with_it_what_it_opened(world: World) -> None:
    held = person("agent").assignments.get()
    world.signed_in("boss").post(f"/administration/staff/{held.staff_id}/withdraw", {"assignment": held.pk})
    assert world.viewer("agent").keys == {f"staff:{held.staff_id}"}


def test_roles_of_customers_and_of_the_product_are_not_given(world: World) -> None:
    for role in ("retail-hotline:customer", "retail-hotline:system", "other:agent", ""):
        answer = world.signed_in("boss").post(f"/administration/staff/{person('outsider').pk}/assign", {"role": role})
        assert answer.status_code == 422
    assert person("outsider").assignments.count() == 0


def test_a_disabled_person_is_signed_out_with_the_next_request(world: World) -> None:
    agent = world.signed_in("agent")
    assert agent.get("/lookup").status_code == 200
    address = f"/administration/staff/{person('agent').pk}/switch"
    world.signed_in("boss").post(address)
    assert agent.get("/lookup").status_code == 302
    world.signed_in("boss").post(address, {"active": "true"})
    assert world.signed_in("agent").get("/lookup").status_code == 200


def test_nobody_disables_himself_or_the_last_administrator(world: World) -> None:
    boss = person("boss")
    client = world.signed_in("boss")
    answer = client.post(f"/administration/staff/{boss.pk}/switch")
    assert "不能停用自己" in answer.content.decode()
    answer = client.post(f"/administration/staff/{boss.pk}", {"name": "示例老板", "is_admin": "false"})
    assert "最后一位管理员" in answer.content.decode()
    assert person("boss").is_admin


def test_markup_in_names_shows_as_text(world: World) -> None:
    boss = world.signed_in("boss")
    boss.post("/administration/staff/add", {"name": ATTACK, "username": "hostile", "phone": '"><b>'})
    for address in ("/administration/staff", f"/administration/staff/{person('hostile').pk}"):
        page = boss.get(address).content.decode()
        assert "<script>alert" not in page
        assert '"><b>' not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": "", "username": "ok"}, "请填写名称"),
        ({"name": "甲", "username": "有空 格"}, "用户名用"),
        ({"name": "甲", "username": "agent"}, "已经有人用了"),
        ({"name": "甲\u202e乙", "username": "ok"}, "看不见的字符"),
        ({"name": "甲" * 41, "username": "ok"}, "最多 40 个字"),
    ],
)
def test_a_refused_person_is_told_why_and_nothing_typed_is_lost(
    world: World, typed: dict[str, str], words: str
) -> None:
    answer = world.signed_in("boss").post("/administration/staff/add", typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Staff.objects.filter(username="ok").exists()


PAGES = (
    "staff", "staff/add", "departments", "departments/add", "handbooks", "journal",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_only_administrators_come_in(world: World, page: str) -> None:
    assert world.signed_in("boss").get(f"/administration/{page}").status_code == 200
    assert world.signed_in("center").get(f"/administration/{page}").status_code == 403
    assert Client().get(f"/administration/{page}").status_code == 302


def test_extra_fields_of_a_form_are_passed_over(world: World) -> None:
    boss = world.signed_in("boss")
    boss.post("/administration/staff/add", {"name": "甲", "username": "plain", "is_admin": "true", "is_sample": "true"})
    assert (person("plain").is_admin, person("plain").is_sample) == (False, False)
