"""Departments, directories, installed versions, the outbox, the journal."""

from __future__ import annotations

import pytest
from django.test import Client

from zhike.journal.models import Fact
from zhike.org.models import Department
from zhike.records.models import ReferenceRow
from zhike.web.tests.world import World

OUTLETS = "/administration/directories/retail-hotline/outlet"
OUTLET = {
    "name": "示例一店", "address": "示例大街 1 号", "contact_name": "示例联系人", "contact_phone": "13900000011",
    "opening_hours": "9:00 至 21:00", "district": "sample_east", "brand_news": "",
}  # fmt: skip


def test_a_store_is_added_under_its_division(world: World) -> None:
    boss = world.signed_in("boss")
    typed = {"code": "store-9", "name": "示例九店", "kind": "store"}
    assert "请选择上级部门" in boss.post("/administration/departments/add", typed).content.decode()
    boss.post(
        "/administration/departments/add",
        {**typed, "parent": world.departments["division"].pk, "calendar": "store_day"},
    )
    made = Department.objects.get(code="store-9")
    assert made.path == [world.departments["division"].pk, made.pk]
    assert made.kinds == ["division", "store"]
    assert made.calendar == "store_day"


def test_a_department_is_renamed_and_keeps_its_code(world: World) -> None:
    store = world.departments["store-1"]
    world.signed_in("boss").post(
        f"/administration/departments/{store.pk}", {"name": "<b>新名</b>", "code": "other", "calendar": "no"}
    )
    store.refresh_from_db()
    assert (store.name, store.code, store.calendar) == ("<b>新名</b>", "store-1", "")
    assert "<b>新名</b>" not in world.signed_in("boss").get("/administration/departments").content.decode()


def test_a_department_with_others_below_is_not_retired(world: World) -> None:
    boss = world.signed_in("boss")
    division, store = world.departments["division"], world.departments["store-1"]
    page = boss.post(f"/administration/departments/{division.pk}/switch", follow=True).content.decode()
    assert "请先停用它的下级部门" in page
    boss.post(f"/administration/departments/{store.pk}/switch")
    store.refresh_from_db()
    assert not store.is_active
    boss.post(f"/administration/departments/{store.pk}/switch", {"active": "true"})
    store.refresh_from_db()
    assert store.is_active
    told = set(Fact.objects.filter(subject_kind="department").values_list("type", flat=True))
    assert {"department.retired", "department.restored"} <= told


def test_those_the_handbook_names_keep_a_directory(world: World) -> None:
    keeper = world.signed_in("supervisor")
    keeper.post(f"{OUTLETS}/add", OUTLET)
    row = ReferenceRow.objects.get()
    assert row.label == "示例一店"
    assert "示例一店" in keeper.get(OUTLETS).content.decode()
    for stranger in (world.signed_in("agent"), world.signed_in("manager1")):
        assert stranger.get(OUTLETS).status_code == 404
        assert stranger.post(f"{OUTLETS}/{row.pk}/switch").status_code == 404
    assert Client().get(OUTLETS).status_code == 302


def test_an_entry_is_retired_and_taken_back_at_once(world: World) -> None:
    keeper = world.signed_in("supervisor")
    keeper.post(f"{OUTLETS}/add", OUTLET)
    row = ReferenceRow.objects.get()
    page = keeper.post(f"{OUTLETS}/{row.pk}/switch", follow=True).content.decode()
    assert "已停用“示例一店”" in page
    assert "撤销" in page
    row.refresh_from_db()
    assert not row.is_active
    keeper.post(f"{OUTLETS}/{row.pk}/switch", {"active": "true"})
    row.refresh_from_db()
    assert row.is_active


def test_a_wrong_entry_is_told_at_its_field_and_a_stale_one_keeps_what_was_typed(world: World) -> None:
    keeper = world.signed_in("supervisor")
    answer = keeper.post(f"{OUTLETS}/add", {**OUTLET, "contact_phone": "12"})
    assert answer.status_code == 422
    assert "电话号码不对" in answer.content.decode()
    keeper.post(f"{OUTLETS}/add", OUTLET)
    row = ReferenceRow.objects.get()
    seen = row.updated_at.isoformat()
    world.later(1)
    keeper.post(f"{OUTLETS}/{row.pk}", {**OUTLET, "address": "新址", "seen": seen})
    stale = keeper.post(f"{OUTLETS}/{row.pk}", {**OUTLET, "address": "另一新址", "seen": seen})
    assert stale.status_code == 409
    assert "另一新址" in stale.content.decode()
    row.refresh_from_db()
    assert row.values["address"] == "新址"


@pytest.mark.parametrize("attack", ["<script>alert(1)</script>", "=1+1", '" onmouseover="alert(1)'])
def test_markup_and_formulas_in_a_directory_show_as_text(world: World, attack: str) -> None:
    keeper = world.signed_in("supervisor")
    keeper.post(f"{OUTLETS}/add", {**OUTLET, "name": attack, "address": attack})
    row = ReferenceRow.objects.get()
    for address in (OUTLETS, f"{OUTLETS}/{row.pk}", "/lookup/retail-hotline/outlet"):
        page = keeper.get(address).content.decode()
        assert "<script>alert" not in page
        assert '" onmouseover="alert' not in page
