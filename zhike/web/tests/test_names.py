"""Names of a page: collected first, read with one query."""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.handbook.structure import FieldDef
from zhike.org.principals import role_key, staff_key
from zhike.org.substitution import arrange_substitution
from zhike.web.base.names import Names, names_of
from zhike.web.tests.world import World, retail


def field(kind: str) -> FieldDef:
    return FieldDef.model_validate({"id": "f", "title": {"zh": "字段", "en": "Field"}, "type": kind})


def test_people_roles_and_what_a_form_points_to_are_one_query(world: World) -> None:
    agent, store = world.staff["agent"], world.departments["store-1"]
    customer = world.ticket().customer
    names = Names(world.now)
    with CaptureQueriesContext(connection) as asked:
        names.ask([staff_key(agent.pk), role_key(retail().name, "store_manager", store.pk), "system"], [retail()])
        names.ask(fillings=[([field("department")], {"f": store.pk}), ([field("customer")], {"f": customer.pk})])
        names.ask_holders([staff_key(agent.pk)])
        assert set(names.people.values()) == {"示例agent", "示例store-1 店长", "系统"}
        assert names.name_of(field("department"), store.pk) == "示例store-1"
        assert names.name_of(field("customer"), customer.pk) == "示例顾客"
        assert names.holders[staff_key(agent.pk)] == "示例agent"
    assert len(asked) == 1


def test_what_is_asked_for_later_is_read_then_and_nothing_twice(world: World) -> None:
    agent, manager = world.staff["agent"], world.staff["manager1"]
    names = Names()
    names.ask([staff_key(agent.pk)])
    assert names.people == {staff_key(agent.pk): "示例agent"}
    with CaptureQueriesContext(connection) as asked:
        names.ask([staff_key(agent.pk), staff_key(manager.pk)])
        assert names.people == {staff_key(agent.pk): "示例agent", staff_key(manager.pk): "示例manager1"}
        names.ask([staff_key(agent.pk)])
        assert len(names.people) == 2
    assert len(asked) == 1


def test_who_stands_in_is_named_with_holders_alone(world: World) -> None:
    agent, manager = world.staff["agent"], world.staff["manager1"]
    hour = dt.timedelta(hours=1)
    arrange_substitution(
        agent, manager, since=world.now, until=world.now + hour, by=world.viewer("agent"), now=world.now
    )
    names = Names(world.now)
    names.ask_holders([staff_key(agent.pk)])
    assert names.people[staff_key(agent.pk)] == "示例agent"
    assert names.holders[staff_key(agent.pk)] == "示例agent（示例manager1 代）"
    later = Names(world.now + hour)
    later.ask_holders([staff_key(agent.pk)])
    assert later.holders[staff_key(agent.pk)] == "示例agent"


def test_nothing_is_asked_where_no_name_is_kept(world: World) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert names_of(["system", "anonymous", "customer:1"]) == {
            "system": "系统", "anonymous": "访客", "customer:1": "顾客",
        }  # fmt: skip
    assert len(asked) == 0


def test_somebody_who_is_gone_is_called_by_his_principal(world: World) -> None:
    assert names_of(["staff:999999"]) == {"staff:999999": "staff:999999"}
