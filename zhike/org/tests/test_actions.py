"""People, roles and departments: each deed with its fact, or refused with the reason."""

from __future__ import annotations

import datetime as dt

import pytest

from zhike.journal.models import Fact
from zhike.org import access, actions
from zhike.org.actions import OrgRefused
from zhike.org.models import Department, Staff
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer

pytestmark = pytest.mark.django_db
NOW = dt.datetime.fromisoformat("2025-06-10T09:00:00+08:00")
BY = {"by": "staff:1", "now": NOW}


def add(username: str = "agent", **more: object) -> Staff:
    return actions.add_staff(username=username, name="示例", **BY, **more)  # type: ignore[arg-type]


def division() -> Department:
    return actions.add_department(code="division", name="示例事业部", kind="division", **BY)


def told() -> list[str]:
    return list(Fact.objects.order_by("id").values_list("type", flat=True))


def test_a_person_without_a_password_cannot_sign_in() -> None:
    assert not add().has_usable_password()
    assert told() == ["staff.added"]


def test_generated_passwords_differ_and_are_easy_to_read() -> None:
    made = {actions.generate_password() for _ in range(50)}
    assert len(made) == 50
    assert not any(set(each) & set("0o1il") for each in made)


def test_a_change_that_changes_nothing_leaves_no_fact() -> None:
    person = add()
    actions.edit_staff(person, {"name": "示例"}, **BY)
    assert told() == ["staff.added"]
    actions.edit_staff(person, {"name": "示例二"}, **BY)
    assert told() == ["staff.added", "staff.edited"]


def test_fields_nobody_may_change_are_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="username"):
        actions.edit_staff(add(), {"username": "other"}, **BY)


def test_a_role_given_twice_is_held_once() -> None:
    person = add()
    for _ in range(2):
        actions.assign_role(person, "retail-hotline", "division_gm", None, **BY)
    assert person.assignments.count() == 1
    assert told().count("role.assigned") == 1


def test_no_role_is_given_in_a_retired_department() -> None:
    place = actions.retire_department(division(), **BY)
    with pytest.raises(OrgRefused):
        actions.assign_role(add(), "retail-hotline", "division_gm", place, **BY)


def test_a_department_knows_its_way_to_the_root() -> None:
    above = division()
    store = actions.add_department(code="store-1", name="示例一店", kind="store", parent=above, **BY)
    assert store.path == [above.pk, store.pk]
    assert store.kinds == ["division", "store"]


def test_a_store_is_not_restored_under_a_retired_division() -> None:
    above = division()
    store = actions.add_department(code="store-1", name="示例一店", kind="store", parent=above, **BY)
    actions.retire_department(store, **BY)
    actions.retire_department(above, **BY)
    with pytest.raises(OrgRefused):
        actions.restore_department(store, **BY)
    actions.restore_department(above, **BY)
    assert actions.restore_department(store, **BY).is_active


def test_the_last_administrator_stays() -> None:
    first, second = add("first", is_admin=True), add("second", is_admin=True)
    actions.disable_staff(second, by=f"staff:{first.pk}", now=NOW)
    with pytest.raises(OrgRefused):
        actions.edit_staff(first, {"is_admin": False}, **BY)
    with pytest.raises(OrgRefused):
        actions.disable_staff(first, by="system", now=NOW)


def test_only_administrators_reach_people_and_departments() -> None:
    person, place = add(), division()
    boss = Viewer("staff:9", frozenset({"staff:9"}), is_admin=True)
    assert access.staff_for(boss, person.pk) == person
    assert access.department_for(boss, place.pk) == place
    for viewer in (ANONYMOUS_VIEWER, Viewer("staff:8", frozenset({"staff:8"}))):
        with pytest.raises(access.NotFound):
            access.staff_for(viewer, person.pk)
        with pytest.raises(access.NotFound):
            access.department_for(viewer, place.pk)


def test_a_sample_person_is_one_that_is_marked_and_active() -> None:
    person = add(is_sample=True)
    assert access.sample_staff(username="agent") == person
    actions.disable_staff(person, by="system", now=NOW)
    for wanted in ({"username": "agent"}, {"number": person.pk}, {"number": 0}):
        with pytest.raises(access.NotFound):
            access.sample_staff(**wanted)  # type: ignore[arg-type]
