"""The page of figures: numbers written out, what is behind them, who sees them, what leaves as a file."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases import report
from zhike.cases.models import Case
from zhike.clocks.actions import fire_due
from zhike.journal.models import Fact
from zhike.web.figures.asking import starts_of
from zhike.web.figures.rows import Number, Shown
from zhike.web.handbook_page.period import period_of
from zhike.web.tests.world import COMPLETE, World

PAGE = "/figures?handbook=retail-hotline"
JUNE = dt.datetime.fromisoformat("2025-06-10T12:00:00+08:00")


@pytest.fixture
def late(world: World) -> World:
    """A warning filed six minutes late, reviewed in time and passed."""
    warning = world.warning()
    world.later(30)
    fire_due(world.now + dt.timedelta(microseconds=1))
    world.later(6)
    world.take(warning, "submit", COMPLETE, "agent")
    world.later(10)
    world.take(warning, "review", {"result": "pass"}, "supervisor")
    return world


def figures(world: World, who: str, query: str = "") -> dict[str, Shown]:
    page = world.signed_in(who).get(PAGE + query)
    return {one.id: one for one in page.context["figures"]}


def told(number: Number) -> tuple[str, str, str, str]:
    return number.label, number.value, number.above, number.below


def test_a_figure_has_its_parts_its_clauses_and_a_line_for_each_person(late: World) -> None:
    shown = figures(late, "supervisor", "&by=person")
    filed, passed = shown["on_time_filing"], shown["review_pass_rate"]
    assert filed.clauses == ["WARN-05"]
    assert told(filed.whole) == ("合计", "0.0%", "0", "1")
    assert [told(line) for line in filed.groups] == [("示例agent", "0.0%", "0", "1")]
    assert told(passed.whole) == ("合计", "100.0%", "1", "1")
    assert [told(line) for line in passed.groups] == [("示例supervisor", "100.0%", "1", "1")]


def test_another_span_keeps_the_handbook_and_what_it_is_split_by(late: World) -> None:
    page = late.signed_in("supervisor").get(PAGE + "&by=person").content.decode()
    spans = [form for form in page.split("<form ")[1:] if form.startswith('class="hb-period')]
    assert len(spans) == 2
    assert all('name="by" value="person"' in form and 'name="handbook"' in form for form in spans)


def test_a_figure_is_split_by_department_and_by_time(late: World) -> None:
    assert [told(line) for line in figures(late, "supervisor", "&by=department")["on_time_filing"].groups] == [
        ("示例store-1", "0.0%", "0", "1")
    ]
    assert [told(line) for line in figures(late, "supervisor", "&period=today")["on_time_filing"].groups] == [
        ("2025-06-10", "0.0%", "0", "1")
    ]


@pytest.mark.parametrize(
    ("asked", "starts"),
    [
        ({"period": "week"}, ["06-04", "06-05", "06-06", "06-07", "06-08", "06-09", "06-10"]),
        ({"period": "month"}, ["05-12", "05-19", "05-26", "06-02", "06-09"]),
        ({"from": "2025-01-15", "to": "2025-04-10"}, ["01-15", "02-01", "03-01", "04-01"]),
    ],
)
def test_a_span_is_split_into_days_weeks_from_monday_or_months(asked: dict[str, str], starts: list[str]) -> None:
    assert [f"{start:%m-%d}" for start in starts_of(period_of(asked, JUNE))] == starts


def test_a_number_opens_the_cases_behind_it(late: World) -> None:
    filed = figures(late, "supervisor", "&by=person")["on_time_filing"]
    client = late.signed_in("supervisor")
    below, above = client.get(filed.groups[0].below_url), client.get(filed.groups[0].above_url)
    assert [(row["clause"], row["person"], row["case"].process) for row in below.context["rows"]] == [
        ("WARN-05", "示例agent", "complaint_warning")
    ]
    assert above.context["rows"] == []


def test_only_what_the_reader_may_open_is_counted(late: World) -> None:
    assert figures(late, "center")["on_time_filing"].whole.below == "1"
    Case.objects.all().update(audience=[])
    assert figures(late, "center")["on_time_filing"].whole.below in ("", "0")


@pytest.mark.parametrize(("who", "status"), [("supervisor", 200), ("agent", 403), ("outsider", 403)])
def test_figures_are_for_those_whose_role_has_reports(late: World, who: str, status: int) -> None:
    client = late.signed_in(who)
    assert client.get(PAGE).status_code == status
    assert client.get("/figures/retail-hotline/on_time_filing").status_code == status
    assert client.post("/figures/export", {"handbook": "retail-hotline"}).status_code == status


def test_what_has_nothing_to_measure_says_so(world: World) -> None:
    page = world.signed_in("supervisor").get(PAGE)
    assert all(one.whole.state == "none" for one in page.context["figures"] if one.is_share)
    assert "数据不足" in page.content.decode()


def test_of_too_many_records_nothing_is_computed(late: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_ROWS", 1)
    page = late.signed_in("supervisor").get(PAGE).content.decode()
    assert "请选短一些的期间" in page
    assert "100.0%" not in page


def test_the_page_asks_at_most_twelve_questions(late: World) -> None:
    client = late.signed_in("supervisor")
    client.get(PAGE)
    for by in ("period", "person", "department"):
        with CaptureQueriesContext(connection) as asked:
            client.get(f"{PAGE}&by={by}")
        assert len(asked) <= 12, [query["sql"][:200] for query in asked]


def test_the_file_says_who_took_it_and_so_does_the_journal(late: World) -> None:
    asked = {"handbook": "retail-hotline", "by": "person", "from": "2025-06-01", "to": "2025-06-10"}
    answer = late.signed_in("supervisor").post("/figures/export", asked)
    lines = answer.content.decode("utf-8-sig").splitlines()
    fact = Fact.objects.get(type="figures.exported")
    assert fact.payload["mark"] in lines[0]
    assert lines[1] == "指标,条款,分组,数值,分子,分母,目标"
    assert "C1 填报及时率,WARN-05,示例agent,0.0%,0,1," in lines


def test_an_unknown_figure_is_not_there(late: World) -> None:
    client = late.signed_in("supervisor")
    assert client.get("/figures/retail-hotline/nothing").status_code == 404
    assert client.get("/figures/nothing/on_time_filing").status_code == 404
