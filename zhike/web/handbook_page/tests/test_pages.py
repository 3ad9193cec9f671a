"""The handbook browser: text beside clauses, ledgers through the gate, the reasons of one case."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases.refusals import Refused
from zhike.clocks.actions import fire_due
from zhike.handbook.structure import Handbook
from zhike.org.models import HandbookVersion
from zhike.web.handbook_page import terms
from zhike.web.handbook_page.describing import lines_of
from zhike.web.tests.world import COMPLETE, World, retail

BOOK = "/handbook/retail-hotline"
HX = {"HX-Request": "true"}


@pytest.fixture
def late(world: World) -> World:
    """A warning filed six minutes late and reviewed in time."""
    warning = world.warning()
    world.later(30)
    fire_due(world.now + dt.timedelta(microseconds=1))
    world.later(6)
    world.take(warning, "submit", COMPLETE, "agent")
    world.later(10)
    world.take(warning, "review", {"result": "pass"}, "supervisor")
    return world


def ledger(world: World, who: str, clause: str) -> dict[str, int]:
    page = world.signed_in(who).get(BOOK)
    views = {view.id: view for section in page.context["sections"] for view in section.clauses}
    return {figure.word: figure.count for figure in views[clause].figures}


def test_every_clause_stands_beside_its_section_with_an_anchor(world: World) -> None:
    page = world.signed_in("supervisor").get(BOOK).content.decode()
    for clause in retail().handbook.clauses:
        assert f'id="{clause.id}"' in page
    assert '<mark data-clause="WARN-05">' in page


def test_a_clause_says_limit_holder_start_and_end_in_words() -> None:
    book = retail()
    lines = {line.label: line.words for line in lines_of(book, book.clause("WARN-05"))}
    assert lines["期限"] == "30 分钟（自然时间，连续计）"
    assert lines["在谁手里"] == "接线员"
    assert lines["停止"].startswith("办理“提交预警”时")
    assert lines["超时后"] == "标为超时；通知上一级"


def test_every_clause_of_the_handbook_can_be_described() -> None:
    book = retail()
    for clause in book.handbook.clauses:
        lines = lines_of(book, clause)
        assert lines, clause.id
        assert all(line.label and line.words for line in lines), clause.id


def test_a_condition_is_told_with_the_titles_of_fields_and_choices() -> None:
    book = retail()
    words = terms.conditions(book, book.clause("WARN-01").requires.facts, "service_ticket")  # type: ignore[union-attr]
    assert words == "投诉项目为服务质量"


def test_the_ledger_counts_kept_and_broken_with_the_right_minutes(late: World) -> None:
    assert ledger(late, "supervisor", "WARN-05") == {"已起算": 1, "按时": 0, "超时": 1}
    assert ledger(late, "supervisor", "WARN-06") == {"已起算": 1, "按时": 1, "超时": 0}
    page = late.signed_in("supervisor").get(f"{BOOK}/clause/WARN-05/uses?outcome=broken").content.decode()
    assert "36 分钟" in page
    assert "6 分钟" in page


def test_what_one_may_not_open_is_not_counted_either(late: World) -> None:
    assert ledger(late, "manager2", "WARN-05") == {"已起算": 0, "按时": 0, "超时": 0}
    assert ledger(late, "boss", "WARN-05") == {"已起算": 0, "按时": 0, "超时": 0}
    rows = late.signed_in("manager2").get(f"{BOOK}/clause/WARN-05/uses").context["rows"]
    assert rows == []


def test_the_figures_open_the_cases_behind_them(late: World) -> None:
    (row,) = late.signed_in("supervisor").get(f"{BOOK}/clause/WARN-05/uses?outcome=broken").context["rows"]
    assert row.case.process == "complaint_warning"
    assert row.holder == "示例agent"


def test_why_shows_facts_and_calculation_of_one_case(late: World) -> None:
    case = late.signed_in("supervisor").get(f"{BOOK}/clause/WARN-05/uses").context["rows"][0].case
    page = late.signed_in("supervisor").get(f"{BOOK}/clause/WARN-05?case={case.pk}", headers=HX).content.decode()
    for words in ("起算", "30 分钟（自然时间，连续计）", "等于最晚", "09:30", "超时 6 分钟", "<!doctype"):
        assert (words in page) is (words != "<!doctype")


def test_an_outsider_gets_the_clause_without_the_case(late: World) -> None:
    case = late.signed_in("supervisor").get(f"{BOOK}/clause/WARN-05/uses").context["rows"][0].case
    page = late.signed_in("manager2").get(f"{BOOK}/clause/WARN-05?case={case.pk}").content.decode()
    assert "三十分钟内" in page
    assert case.number not in page
    assert "09:30" not in page


def test_a_refusal_stands_in_the_ledger_of_its_clause(world: World) -> None:
    ticket = world.ticket(complaint_item="goods_quality")
    with pytest.raises(Refused):
        world.take(ticket, "raise_warning", {"reason": "hard"}, "agent")
    assert ledger(world, "supervisor", "WARN-01")["拒绝"] == 1


def test_only_staff_with_the_handbook_screen_come_in(world: World) -> None:
    assert world.signed_in("outsider").get(BOOK).status_code == 403
    assert world.signed_in("outsider").get(f"{BOOK}/clause/WARN-05").status_code == 200


@pytest.mark.parametrize(
    "address", [f"{BOOK}x", f"{BOOK}?version=999999", f"{BOOK}/clause/NO-01", f"{BOOK}/clause/NO-01/uses"]
)
def test_what_is_not_there_is_not_found(world: World, address: str) -> None:
    assert world.signed_in("supervisor").get(address).status_code == 404


def test_the_periods_of_the_ledger(late: World) -> None:
    client = late.signed_in("supervisor")
    assert client.get(f"{BOOK}?period=today").context["totals"].broken == 1
    assert client.get(f"{BOOK}?from=2025-06-01&to=2025-06-09").context["totals"].broken == 0
    assert client.get(f"{BOOK}?from=nonsense&to=2025-06-09").context["period"].name == "month"


def test_markup_in_a_handbook_is_shown_as_text(world: World) -> None:
    source = retail().handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    source["name"] = "hostile"
    source["clauses"][0]["title"] = {"zh": "<script>alert(1)</script>"}
    Handbook.model_validate(source)
    text = (
        retail()
        .text.replace("# 零售", "# <script>alert(2)</script> 零售")
        .replace("每一通", "<img src=x onerror=alert(3)>每一通")
    )
    HandbookVersion.objects.create(
        name="hostile", version="1", effective_from=world.now, source=source, text=text, digest="e" * 64
    )
    page = world.signed_in("supervisor").get("/handbook/hostile").content.decode()
    for attack in ("<script>alert(1)", "<script>alert(2)", "<img src=x"):
        assert attack not in page


def test_what_the_product_does_not_carry_out_is_said_beside_the_clause_and_on_top(world: World) -> None:
    source = retail().handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    source["name"] = "odd"
    odd = next(clause for clause in source["clauses"] if clause["kind"] == "deadline")
    odd["breach"] = [{"void": "booking"}]
    HandbookVersion.objects.create(
        name="odd", version="1", effective_from=world.now, source=source, text=retail().text, digest="f" * 64
    )
    page = world.signed_in("supervisor").get("/handbook/odd").content.decode()
    assert "有 1 条有一部分系统还不执行" in page
    assert "只记录、不自动执行：使预约或承诺失效。" in page
    assert f'<li><a href="#{odd["id"]}">' in page
    assert 'id="unrun"' not in world.signed_in("supervisor").get(BOOK).content.decode()


def test_the_page_costs_the_same_with_more_in_the_ledger(late: World) -> None:
    client = late.signed_in("supervisor")
    client.get(BOOK)
    with CaptureQueriesContext(connection) as few:
        client.get(BOOK)
    for _ in range(3):
        late.warning()
    with CaptureQueriesContext(connection) as more:
        client.get(BOOK)
    assert len(more) == len(few) <= 16


def test_averages_take_the_late_ones_as_they_ended(late: World) -> None:
    kept = late.warning()
    late.later(12)
    late.take(kept, "submit", COMPLETE, "agent")
    page = late.signed_in("supervisor").get(f"{BOOK}/clause/WARN-05")
    assert page.context["clause"].minutes == "平均用时 24 分钟，超时平均 6 分钟"
    assert page.context["clause"].share == "及时率 50%"
