"""The journal's page: what is asked is found, what is not for a viewer is not told, what leaves is written down."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from zhike.customers.events import CustomerEdited
from zhike.customers.profile import Draft, add_customer
from zhike.journal.actions import NewFact, record
from zhike.journal.events import event_types
from zhike.journal.models import Fact, Stream
from zhike.journal.searching import Sought, facts, first_from
from zhike.journal.stream import sequence_all
from zhike.org.actions import assign_role
from zhike.web.audit.words import _TITLES, HIDDEN, title_of
from zhike.web.tests.world import World

PAGE = "/administration/journal"


def shown(world: World, **asked: Any) -> list[Any]:
    answer = world.signed_in("boss").get(f"{PAGE}?{urlencode(asked)}")
    assert answer.status_code == 200, answer.status_code
    return list(answer.context["rows"])


def give_role(world: World, who: str, role: str) -> None:
    assign_role(world.staff[who], "retail-hotline", role, world.departments["hotline"], by="system", now=world.now)


def types(rows: list[Any]) -> set[str]:
    return {row.type for row in rows}


def test_the_journal_is_the_administrators(world: World) -> None:
    for who in ("agent", "supervisor", "manager1"):
        for path in ("", "/chain"):
            assert world.signed_in(who).get(PAGE + path).status_code == 403
        assert world.signed_in(who).post(f"{PAGE}/export").status_code == 403
        assert world.signed_in(who).post(f"{PAGE}/chain").status_code == 403
    assert not Fact.objects.filter(type__startswith="journal.").exists()


def test_what_a_person_did_is_found_by_his_name_and_his_user_name(world: World) -> None:
    world.ticket()
    agent = world.viewer("agent")
    for who in (agent.principal, world.staff["agent"].username, world.staff["agent"].name):
        found = shown(world, who=who)
        assert {row.actor for row in found} == {agent.principal}
        assert "case.opened" in types(found)
    boss = world.signed_in("boss")
    answer = boss.get(f"{PAGE}?who=nobody-at-all")
    assert (answer.status_code, answer.context["rows"]) == (422, [])
    assert "nobody-at-all" in answer.content.decode()


def test_what_happened_to_a_case_is_found_by_its_number(world: World) -> None:
    one, other = world.ticket(), world.ticket()
    found = shown(world, about=one.number)
    assert found
    assert {row.about for row in found} == {f"工单 {one.pk}"}
    assert other.pk not in {row.id for row in found}
    staff = shown(world, about=f"员工 {world.staff['agent'].pk}")
    assert "staff.added" in types(staff)
    assert world.signed_in("boss").get(f"{PAGE}?about=SV999999-999999").status_code == 422


def test_a_type_and_a_clause_narrow_the_list(world: World) -> None:
    world.warning()
    assert types(shown(world, type="clock.started")) == {"clock.started"}
    by_clause = shown(world, clause="warn-01")
    assert by_clause
    assert all("WARN-01" in row.clauses for row in by_clause)
    assert shown(world, clause="WARN-99") == []


def test_a_period_is_of_whole_days_of_the_product(world: World) -> None:
    world.ticket()
    today = world.now.astimezone(dt.timezone(dt.timedelta(hours=8))).date()
    one = dt.timedelta(days=1)
    assert "case.opened" in types(shown(world, since=today, until=today))
    assert shown(world, since=today + one) == []
    assert shown(world, until=today - one, type="case.opened") == []
    assert world.signed_in("boss").get(f"{PAGE}?since=yesterday").status_code == 422


def at(minutes: int) -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)


def happened(minutes: list[int]) -> list[int]:
    with transaction.atomic():
        made = record([NewFact(CustomerEdited([]), at(m), ("customer", 1), "system") for m in minutes])
    return [fact.id for fact in made]


@pytest.mark.django_db
@pytest.mark.parametrize("count", [0, 1, 2, 7, 64])
def test_the_first_fact_of_a_moment_is_found_by_halving(count: int) -> None:
    ids = happened(list(range(0, 10 * count, 10)))
    for minute in range(-5, 10 * count + 5, 5):
        later = [number for n, number in enumerate(ids) if 10 * n >= minute]
        assert first_from(at(minute)) == (later[0] if later else (ids[-1] + 1 if ids else 0))


@pytest.mark.django_db
def test_facts_a_little_out_of_order_are_not_missed() -> None:
    ids = happened([0, 50, 10, 40, 20, 30, 200])
    found = facts(Sought(since=at(10), until=at(41)))
    assert [fact.pk for fact in found] == [ids[5], ids[4], ids[3], ids[2]]


@pytest.mark.django_db
def test_a_page_goes_on_below_the_last_row_of_the_one_before() -> None:
    ids = happened([0, 1, 2, 3])
    assert [fact.pk for fact in facts(Sought(), before=ids[2])] == [ids[1], ids[0]]


def test_the_page_costs_a_dozen_queries_however_many_facts(world: World) -> None:
    for _ in range(3):
        world.warning()
    boss = world.signed_in("boss")
    boss.get(PAGE)  # what the first page of a process reads once
    with CaptureQueriesContext(connection) as made:
        boss.get(PAGE)
    few = len(made)
    for _ in range(6):
        world.warning()
    with CaptureQueriesContext(connection) as made:
        assert len(boss.get(PAGE).context["rows"]) == 50
    assert len(made) == few <= 12


def test_details_of_a_case_are_for_those_who_may_open_it(world: World) -> None:
    case = world.ticket()
    administrator = shown(world, about=case.number)
    assert {row.details for row in administrator} == {None}
    assert {row.url for row in administrator} == {""}
    page = world.signed_in("boss").get(f"{PAGE}?about={case.number}").content.decode()
    assert case.title not in page
    give_role(world, "boss", "hotline_supervisor")
    opener = shown(world, about=case.number)
    assert any(row.details for row in opener)
    assert {row.url for row in opener} == {f"/cases/{case.number}"}


def test_details_of_a_customer_are_for_those_with_the_archive(world: World) -> None:
    customer = add_customer(Draft(name="示例王", phones=("13800138000",)), by="staff:1", now=world.now)
    (row, *_) = shown(world, about=f"客户 {customer.pk}")
    assert (row.details, row.url) == (None, "")
    give_role(world, "boss", "hotline_agent")
    (row, *_) = shown(world, about=f"customer:{customer.pk}")
    assert row.details is not None
    assert row.url == f"/customers/{customer.pk}"


def test_the_facts_under_a_seal_are_found_by_their_positions(world: World) -> None:
    world.ticket()
    sequence_all()
    first = Stream.objects.earliest("position").position
    assert len(shown(world, positions=f"{first + 1}-{first + 3}")) == 3


def test_an_export_runs_nothing_says_who_took_it_and_is_written_down(world: World) -> None:
    world.ticket()
    staff = world.staff["agent"]
    staff.name = "=cmd|' /C calc'!A1"
    staff.save(update_fields=["name"])
    answer = world.signed_in("boss").post(f"{PAGE}/export?type=case.opened")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    fact = Fact.objects.get(type="journal.exported")
    assert fact.payload["mark"] in rows[0][0]
    assert (fact.payload["count"], fact.payload["asked"]) == (1, {"type": "case.opened"})
    assert len(rows) == 3
    assert rows[2][2] == "'=cmd|' /C calc'!A1"
    assert not any(cell.startswith(("=", "+", "@", "-")) for row in rows for cell in row)
    assert rows[2][9] == "无权查看"


def test_facts_have_titles_and_what_has_none_shows_its_own_name() -> None:
    known = {name for name in event_types() if not name.startswith(HIDDEN)}
    assert len(known - set(_TITLES)) < len(known) / 10, "add them to zhike/web/audit/words.py"
    assert title_of("garden.watered") == "garden.watered"
