"""The tree of departments: what is shown, what moving and retiring bring about, and that it is told first."""

from __future__ import annotations

from typing import Any

import pytest

from zhike.cases.access import visible_cases
from zhike.cases.models import Case
from zhike.clocks.queries import open_clocks
from zhike.journal.models import Fact
from zhike.org.actions import OrgRefused, add_department, assign_role
from zhike.org.models import Department
from zhike.org.principals import role_key
from zhike.org.tree import appoint_head, move_department
from zhike.web.tests.world import COMPLETE, World

BY: dict[str, Any] = {"by": "staff:1"}


@pytest.fixture
def two(world: World) -> World:
    """A second division with a deputy of its own."""
    world.departments["other"] = add_department(
        code="other", name="示例other", kind="division", by="system", now=world.now
    )
    deputy = world.add("deputy2")
    assign_role(
        deputy, world.version.name, "division_deputy_gm", world.departments["other"], by="system", now=world.now
    )
    return world


def at_store(world: World) -> Case:
    """A warning that the store has to handle, watched by the division's deputy."""
    warning = world.warning()

    world.take(warning, "submit", COMPLETE, "agent")
    return world.take(warning, "review", {"result": "pass"}, "supervisor")


def numbers(world: World, who: str) -> set[str]:
    return set(visible_cases(world.viewer(who)).values_list("number", flat=True))


def move(world: World, name: str, to: str | None) -> Department:
    return move_department(world.departments[name], world.departments[to] if to else None, now=world.now, **BY)


def test_the_tree_shows_kinds_heads_people_and_open_cases(two: World) -> None:
    two.ticket()
    appoint_head(two.departments["division"], two.staff["deputy"], now=two.now, **BY)
    page = two.signed_in("boss").get("/administration/departments")
    roots = {branch.department.code: branch for branch in page.context["roots"]}
    division = roots["division"]
    assert [child.department.code for child in division.children] == ["store-1", "store-2"]
    assert (division.people, division.people_below) == (1, 4)
    assert (division.open_cases, division.open_below) == (0, 1)
    assert "负责人 示例deputy" in page.content.decode()
    assert roots["hotline"].kind


def test_the_filter_keeps_what_leads_to_a_hit(two: World) -> None:
    (branch,) = two.signed_in("boss").get("/administration/departments?q=STORE-2").context["roots"]
    assert branch.department.code == "division"
    assert [child.department.code for child in branch.children] == ["store-2"]
    assert two.signed_in("boss").get("/administration/departments?q=nowhere").context["roots"] == []


def test_the_tree_costs_the_same_for_six_departments_and_for_sixty(
    two: World, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        add_department(
            code=f"s{number}", name="示例", kind="store", parent=two.departments["division"], by="system", now=two.now
        )
    boss = two.signed_in("boss")
    boss.get("/administration/departments")
    with django_assert_max_num_queries(12):
        boss.get("/administration/departments")


def test_a_moved_store_takes_its_path_and_what_is_below_along(two: World) -> None:
    counter = add_department(
        code="counter", name="示例柜台", kind="counter", parent=two.departments["store-1"], by="system", now=two.now
    )
    moved = move(two, "store-1", "other")
    assert (moved.path, moved.kinds) == ([two.departments["other"].pk, moved.pk], ["division", "store"])
    counter.refresh_from_db()
    assert counter.path == [two.departments["other"].pk, moved.pk, counter.pk]
    assert counter.kinds == ["division", "store", "counter"]
    (fact,) = Fact.objects.filter(type="department.moved")
    assert fact.payload == {"before": [two.departments["division"].pk], "after": [two.departments["other"].pk]}
    move(two, "store-1", None)
    counter.refresh_from_db()
    assert counter.path == [moved.pk, counter.pk]


def test_open_cases_of_a_moved_store_are_answered_for_by_its_new_division(two: World) -> None:
    warning = at_store(two)
    handbook = two.version.name
    old, new = (role_key(handbook, "division_deputy_gm", two.departments[n].pk) for n in ("division", "other"))
    Case.objects.filter(pk=warning.pk).update(holders=[old])
    for clock in open_clocks(("case", warning.pk)):
        type(clock).objects.filter(pk=clock.pk).update(holders=[old])
    due = [clock.due_at for clock in open_clocks(("case", warning.pk))]
    assert warning.number in numbers(two, "deputy")
    assert warning.number not in numbers(two, "deputy2")
    move(two, "store-1", "other")
    warning.refresh_from_db()
    assert warning.holders == [new]
    clocks = open_clocks(("case", warning.pk))
    assert clocks
    assert all(clock.holders == [new] and new in clock.audience and old not in clock.audience for clock in clocks)
    assert [clock.due_at for clock in clocks] == due
    assert warning.number not in numbers(two, "deputy")
    assert warning.number in numbers(two, "deputy2")
    assert warning.number in numbers(two, "manager1")


def test_a_case_of_another_store_stays_as_it_is(two: World) -> None:
    other = two.ticket(store="store-2")
    before = Case.objects.filter(pk=other.pk).values().get()
    move(two, "store-1", "other")
    assert Case.objects.filter(pk=other.pk).values().get() == before


@pytest.mark.parametrize("target", ["division", "store-1"])
def test_nothing_hangs_below_itself(two: World, target: str) -> None:
    with pytest.raises(OrgRefused):
        move(two, "division", target)


def test_nothing_at_work_hangs_below_what_is_retired(two: World) -> None:
    Department.objects.filter(code="other").update(is_active=False)
    with pytest.raises(OrgRefused):
        move(two, "store-1", "other")


def test_moving_tells_first_what_follows_and_keeps_to_the_handbook(two: World) -> None:
    at_store(two)
    boss, store = two.signed_in("boss"), two.departments["store-1"]
    address = f"/administration/departments/{store.pk}/move"
    page = boss.get(address)
    assert [target.code for target in page.context["targets"]] == ["other"]
    assert page.context["may_be_top"] is False
    told = boss.get(address, {"to": two.departments["other"].pk}).content.decode()
    assert "张在办工单改由新上级的岗位承担" in told
    assert "示例division 的人按岗位不再看得到" in told
    store.refresh_from_db()
    assert store.parent_id == two.departments["division"].pk
    for wrong in ("", "top", str(two.departments["hotline"].pk), str(store.pk), "9" * 30):
        assert boss.post(address, {"to": wrong}).status_code == 422
    assert (
        "已把 示例store-1 移到 示例other 下面"
        in boss.post(address, {"to": two.departments["other"].pk}, follow=True).content.decode()
    )
    store.refresh_from_db()
    assert store.parent_id == two.departments["other"].pk


def test_retiring_tells_first_what_follows(two: World) -> None:
    two.ticket()
    boss, store = two.signed_in("boss"), two.departments["store-1"]
    address = f"/administration/departments/{store.pk}/retire"
    told = boss.get(address).content.decode()
    assert "1 张在办工单留在这里" in told
    assert "2 位员工在这里的岗位不变" in told
    assert (
        "请先停用或移走它下面的部门"
        in boss.get(f"/administration/departments/{two.departments['division'].pk}/retire").content.decode()
    )
    boss.post(address)
    store.refresh_from_db()
    assert not store.is_active
    assert "已停用" in boss.get("/administration/departments").content.decode()


def test_a_head_is_appointed_from_those_near_and_taken_back(two: World) -> None:
    boss, store = two.signed_in("boss"), two.departments["store-1"]
    address = f"/administration/departments/{store.pk}"
    offered = {person.username for person in boss.get(address).context["heads"]}
    assert offered == {"manager1", "service1", "deputy"}
    boss.post(address, {"name": "示例一店", "head": two.staff["manager1"].pk})
    store.refresh_from_db()
    assert (store.name, store.head) == ("示例一店", two.staff["manager1"])
    boss.post(address, {"name": "示例一店", "head": two.staff["agent"].pk})
    store.refresh_from_db()
    assert store.head is None
    assert Fact.objects.filter(type="department.head_appointed").count() == 2


def test_only_administrators_see_and_change_the_tree(two: World) -> None:
    number = two.departments["store-1"].pk
    for who in ("supervisor", "manager1", "outsider"):
        browser = two.signed_in(who)
        for path in ("", f"/{number}", f"/{number}/move", f"/{number}/retire"):
            assert browser.get(f"/administration/departments{path}").status_code == 403
            assert browser.post(f"/administration/departments{path}").status_code in (403, 405)


@pytest.mark.parametrize("deed", ["move", "retire"])
def test_a_department_that_is_not_there_is_neither_moved_nor_retired(world: World, deed: str) -> None:
    boss = world.signed_in("boss")
    nowhere = max(place.pk for place in world.departments.values()) + 1
    assert boss.get(f"/administration/departments/{nowhere}/{deed}").status_code == 404
    assert boss.post(f"/administration/departments/{nowhere}/{deed}", {"to": "top"}).status_code == 404
