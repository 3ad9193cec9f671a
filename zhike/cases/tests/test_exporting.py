"""Cases taken out: within the viewer's sight, masked, marked, agreed to where a clause asks, for one person and one day."""

from __future__ import annotations

import csv
import datetime as dt
import io
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from procrastinate.contrib.django.models import ProcrastinateJob
from python_calamine import CalamineWorkbook

from tests.world import RETAIL, Cast, at, facts, ledger
from zhike.cases import exporting, takeout
from zhike.cases.actions import open_case
from zhike.cases.exporting import ExportRefused, ask_export, awaiting, decide_export, fetch, file_of
from zhike.cases.listing import Asked
from zhike.cases.models import Case, CaseExport
from zhike.handbook.tests.folder import MANIFEST, TEXT, found, sound, with_clause, write
from zhike.lib.tables import safe_cell
from zhike.notices.models import Notice
from zhike.org.actions import add_staff, assign_role, disable_staff, withdraw_role
from zhike.org.handbooks import book_of, install, version_of
from zhike.org.handbooks import viewer as viewer_of
from zhike.org.models import Assignment, HandbookVersion, Staff
from zhike.org.principals import Viewer

NOW = at("2025-06-10 09:00")
WARNINGS = Asked(process=f"{RETAIL}.complaint_warning")
GATE: dict[str, Any] = {
    "id": "S-09", "kind": "gate", "title": {"zh": "导出要班长同意", "en": "Taking out needs consent"}, "cites": "4",
    "quote": "一次导出多于两件的，须写明用途，并经班长、主任依次同意。", "on": "export.cases", "when": {"export.rows": {"gt": 2}},
    "requires": {"fields": ["purpose"], "approvals": ["boss", "director"]},
    "refuse": {"zh": "多于两件的导出要写明用途，经班长和主任同意。", "en": "More than two cases need a purpose and two consents."},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _home(tmp_path: Path):
    with override_settings(ZHIKE_HOME=tmp_path):
        yield


def rows_of(export: CaseExport) -> list[list[str]]:
    path = file_of(export)
    if export.format == "xlsx":
        return [
            [str(cell) for cell in row]
            for row in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
        ]
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def taken_out(who: Viewer, asked: Asked = WARNINGS, now: dt.datetime = NOW, **more: Any) -> CaseExport:
    export = ask_export(asked, by=who, now=now, **{"format_": "csv", **more})
    takeout.write(export.pk, lambda: now)
    export.refresh_from_db()
    return export


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_a_file_holds_what_the_list_shows_and_nothing_else(people: Cast, format_: str) -> None:
    mine, other = people.at_store(NOW, "store-1"), people.at_store(NOW, "store-3")
    export = taken_out(people.manager, format_=format_)
    assert (export.state, export.written, export.total) == ("ready", 1, 1)
    mark, heads, *rows = rows_of(export)
    assert [cell for cell in heads if cell] == ["单号", "标题", "环节", "时限", "责任部门", "建单"]
    assert [row[0] for row in rows] == [mine.number]
    assert other.number not in str(rows)
    assert f"示例manager（{people.manager.principal}） 时间 2025-06-10 09:00" in mark[0]
    assert f"process={RETAIL}.complaint_warning 编号 {export.mark}" in mark[0]


def test_a_file_in_english_is_english(people: Cast) -> None:
    people.at_store(NOW)
    _, heads, row = rows_of(
        taken_out(people.manager, Asked(process=WARNINGS.process, columns=("title", "status")), language="en")
    )
    assert (heads, row[1].split(" · ")[0], row[2]) == (["Number", "Title", "Status"], "Sample East", "Open")


def test_no_cell_is_a_formula_and_numbers_stay_masked(people: Cast) -> None:
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠1", " =1"]
    for words in evil:
        people.ticket(NOW, content=f"{words}示例", caller_name=words)
    asked = Asked(
        process=f"{RETAIL}.service_ticket",
        columns=("form.content", "form.caller_name", "form.caller_phone", "customer"),
    )
    for format_ in ("csv", "xlsx"):
        _, _, *rows = rows_of(taken_out(people.agent, asked, format_=format_))
        cells = [cell for row in rows for cell in row]
        assert len(rows) == len(evil)
        assert [cell for cell in cells if safe_cell(cell) != cell] == []
        assert "13800000001" not in str(cells)
        assert {row[3] for row in rows} == {"138****0001"}


def test_a_partner_and_whoever_has_no_list_take_nothing_out(people: Cast) -> None:
    people.ticket(NOW)
    for who in (people.outsider, people.admin, people.customer, people.anonymous):
        with pytest.raises(ExportRefused):
            ask_export(Asked(), by=who, now=NOW, format_="csv")
    assert CaseExport.objects.count() == 0


def test_the_file_is_for_whoever_asked_and_for_a_day(people: Cast) -> None:
    people.at_store(NOW)
    export = taken_out(people.manager)
    assert fetch(export.pk, by=people.manager, now=NOW) == export
    assert len(facts("export.fetched")) == 1
    for who in (people.agent, people.admin, people.other_manager):
        with pytest.raises(ExportRefused):
            fetch(export.pk, by=who, now=NOW)
    with pytest.raises(ExportRefused):
        fetch(export.pk, by=people.manager, now=NOW + exporting.KEPT)
    assert not file_of(export).exists()
    assert CaseExport.objects.get().state == "gone"


def test_who_loses_a_role_loses_the_file(people: Cast) -> None:
    people.at_store(NOW)
    export = taken_out(people.manager)
    assign_role(people.staff["manager"], RETAIL, "hotline_agent", people.place["hotline"], by="system", now=NOW)
    withdraw_role(Assignment.objects.get(staff=people.staff["manager"], role="store_manager"), by="system", now=NOW)
    with pytest.raises(ExportRefused):
        fetch(export.pk, by=viewer_of(people.staff["manager"]), now=NOW)
    assert not file_of(export).exists()


def test_who_loses_the_list_loses_the_file(people: Cast) -> None:
    people.at_store(NOW)
    export = taken_out(people.manager)
    with pytest.raises(ExportRefused):
        fetch(export.pk, by=replace(people.manager, screens=frozenset({"desk"})), now=NOW)
    assert fetch(export.pk, by=people.manager, now=NOW) == export


def test_rights_are_looked_at_again_when_the_file_is_written(people: Cast) -> None:
    people.at_store(NOW)
    export = ask_export(WARNINGS, by=people.manager, now=NOW, format_="csv")
    disable_staff(people.staff["manager"], by="system", now=NOW)
    takeout.write(export.pk, lambda: NOW)
    assert CaseExport.objects.get().state == "failed"
    assert not file_of(export).exists()


def test_what_the_handbook_no_longer_knows_is_not_taken_out_as_everything(people: Cast) -> None:
    people.at_store(NOW)
    export = ask_export(WARNINGS, by=people.manager, now=NOW, format_="csv")
    CaseExport.objects.update(asked={"process": f"{RETAIL}.gone"})
    takeout.write(export.pk, lambda: NOW)
    assert CaseExport.objects.get(pk=export.pk).state == "failed"


def test_a_killed_writer_begins_anew_and_the_file_is_whole(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        people.ticket(NOW)
    monkeypatch.setattr(takeout, "PAGE", 2)
    export = ask_export(Asked(), by=people.agent, now=NOW, format_="csv")
    real = takeout.cell

    def killed(case: Case, *rest: Any) -> str:
        if case.number.endswith("2") or CaseExport.objects.get().written >= 2:
            raise KeyboardInterrupt
        return real(case, *rest)

    monkeypatch.setattr(takeout, "cell", killed)
    with pytest.raises(KeyboardInterrupt):
        takeout.write(export.pk, lambda: NOW)
    assert not file_of(export).exists()
    monkeypatch.setattr(takeout, "cell", real)
    takeout.write(export.pk, lambda: NOW)
    _, _, *rows = rows_of(export)
    assert len({row[0] for row in rows}) == len(rows) == 5
    assert len(facts("export.written")) == 1
    takeout.write(export.pk, lambda: NOW)
    assert len(facts("export.written")) == 1


@pytest.mark.slow
def test_libreoffice_opens_the_file_and_calculates_nothing(people: Cast, soffice: str, tmp_path: Path) -> None:
    for words in ("=1+1", "＝1+1", "@SUM(1)", "示例：普通的话，带“引号”和,逗号"):
        people.ticket(NOW, content=words)
    asked = Asked(process=f"{RETAIL}.service_ticket", columns=("title", "form.content", "opened"))
    export = taken_out(people.agent, asked, format_="xlsx")
    (tmp_path / "office").mkdir()
    subprocess.run(
        [soffice, "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to",
         "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false", "--outdir", str(tmp_path), str(file_of(export))],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    opened = list(csv.reader(io.StringIO((tmp_path / f"{export.mark}.csv").read_text(encoding="utf-8-sig"))))
    written = rows_of(export)
    assert [[cell for cell in row if cell] for row in opened] == [[cell for cell in row if cell] for row in written]
    assert len(opened) == 6
    assert sorted(row[2] for row in opened[2:])[:2] == ["'=1+1", "'@SUM(1)"]


# A small house whose handbook asks for consent.


class House:
    def __init__(self, folder: Path, *clauses: dict[str, Any]) -> None:
        roles = [
            {**role, "screens": ["desk", "cases"]}
            for role in [*MANIFEST["roles"], {"id": "director", "title": {"zh": "主任", "en": "Director"}}]
        ]
        text = f"{TEXT}\n## 4 导出\n\n一次导出多于两件的，须写明用途，并经班长、主任依次同意。\n"
        path = write(folder, clauses=with_clause(*(clauses or (GATE,))), text=text, roles=roles)
        self.version: HandbookVersion = install(path, NOW, effective_from=NOW - dt.timedelta(days=1))
        self.staff: dict[str, Staff] = {}
        for name, role in (("agent", "agent"), ("boss", "boss"), ("second", "boss"), ("director", "director")):
            self.staff[name] = add_staff(username=f"house{name}", name=f"示例{name}", by="system", now=NOW)
            assign_role(self.staff[name], "sample", role, None, by="system", now=NOW)

    def viewer(self, name: str) -> Viewer:
        return viewer_of(self.staff[name])

    def tickets(self, count: int) -> None:
        for _ in range(count):
            values = {"phone": "13800000001", "kind": "plain"}
            open_case(self.version, "ticket", "register", values, by=self.viewer("agent"), now=NOW)

    def ask(self, who: str = "agent", purpose: str = "示例：核对台账") -> CaseExport:
        return ask_export(Asked(), by=self.viewer(who), now=NOW, format_="csv", purpose=purpose)

    def decide(self, export: CaseExport, who: str, *, agree: bool = True, now: dt.datetime = NOW) -> CaseExport:
        return decide_export(export.pk, agree=agree, by=self.viewer(who), now=now)


@pytest.fixture
def house(db: None, tmp_path: Path) -> House:
    return House(tmp_path)


def test_few_rows_need_nobodys_consent(house: House) -> None:
    house.tickets(2)
    assert house.ask(purpose="").state == "queued"
    assert ("S-09", "applied") not in ledger()


def test_a_handbook_of_which_he_sees_nothing_has_no_say(house: House, people: Cast) -> None:
    house.tickets(1)
    for _ in range(3):
        people.ticket(NOW)
    asked = ask_export(Asked(), by=people.agent, now=NOW, format_="csv")
    assert (asked.state, asked.total) == ("queued", 3)
    seen = replace(people.agent, keys=people.agent.keys | {"sample:agent"})
    with pytest.raises(ExportRefused) as refused:
        ask_export(Asked(), by=seen, now=NOW, format_="csv")
    assert refused.value.clauses == ["S-09"]


def test_what_a_clause_wants_said_is_refused_without_it(house: House) -> None:
    house.tickets(3)
    with pytest.raises(ExportRefused) as refused:
        house.ask(purpose=" ")
    assert refused.value.clauses == ["S-09"]
    assert [(c, o) for c, o in ledger() if c == "S-09"] == [("S-09", "refused")]
    assert CaseExport.objects.count() == 0


def test_consent_is_given_in_order_by_different_people_and_never_by_oneself(house: House) -> None:
    house.tickets(3)
    export = house.ask()
    assert export.state == "waiting"
    assert ProcrastinateJob.objects.filter(task_name="cases.export").count() == 0
    assert [notice.to for notice in Notice.objects.filter(subject_kind="export")] == [["sample:boss"]]
    for who in ("director", "agent"):
        with pytest.raises(ExportRefused):
            house.decide(export, who)
    assert [awaiting(house.viewer(who), NOW) == [export] for who in ("boss", "second", "director", "agent")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert house.decide(export, "boss").state == "waiting"
    with pytest.raises(ExportRefused):
        house.decide(export, "second")
    assert house.decide(export, "director").state == "queued"
    takeout.write(export.pk, lambda: NOW)
    export.refresh_from_db()
    assert (export.state, export.written) == ("ready", 3)
    assert [(fact.payload["role"], fact.payload["decision"]) for fact in facts("export.decided")] == [
        ("boss", "approved"),
        ("director", "approved"),
    ]


def test_nobody_agrees_to_his_own_request(house: House) -> None:
    house.tickets(3)
    export = house.ask("boss")
    with pytest.raises(ExportRefused):
        house.decide(export, "boss")
    assert house.decide(export, "second").state == "waiting"


def test_one_no_ends_it(house: House) -> None:
    house.tickets(3)
    export = house.ask()
    assert house.decide(export, "boss", agree=False).state == "rejected"
    for who in ("second", "director"):
        with pytest.raises(ExportRefused):
            house.decide(export, who)
    takeout.write(export.pk, lambda: NOW)
    assert CaseExport.objects.get().state == "rejected"
    assert "没有获得同意" in Notice.objects.filter(to=[f"staff:{house.staff['agent'].pk}"]).get().words["zh"]


def test_consent_comes_too_late_after_a_week(house: House) -> None:
    house.tickets(3)
    export = house.ask()
    later = NOW + exporting.WAITS + dt.timedelta(seconds=1)
    with pytest.raises(ExportRefused):
        house.decide(export, "boss", now=later)
    exporting.forget_expired(later)
    assert CaseExport.objects.get().state == "rejected"


def test_how_long_it_waits_is_the_handbooks_word_as_it_was_when_it_was_asked(house: House) -> None:
    house.tickets(3)
    HandbookVersion.objects.update(parameters={"export_wait": "2h"})
    book_of.cache_clear()
    version_of.cache_clear()
    export = house.ask()
    assert export.waits_until == NOW + dt.timedelta(hours=2)
    HandbookVersion.objects.update(parameters={"export_wait": "9d"})
    book_of.cache_clear()
    version_of.cache_clear()
    late = NOW + dt.timedelta(hours=2, seconds=1)
    assert (exporting.awaiting(house.viewer("boss"), NOW), exporting.awaiting(house.viewer("boss"), late)) == (
        [export],
        [],
    )
    with pytest.raises(ExportRefused):
        house.decide(export, "boss", now=late)
    exporting.forget_expired(NOW + dt.timedelta(hours=1))
    assert CaseExport.objects.get().state == "waiting"
    exporting.forget_expired(late)
    assert CaseExport.objects.get().state == "rejected"


def test_cases_that_came_meanwhile_do_not_slip_past_the_clause(house: House) -> None:
    house.tickets(2)
    export = house.ask(purpose="")
    house.tickets(1)
    takeout.write(export.pk, lambda: NOW)
    assert CaseExport.objects.get().state == "failed"


def test_a_visibility_clause_may_forbid_it(db: None, tmp_path: Path) -> None:
    closed = {
        "id": "S-10", "kind": "visibility", "title": {"zh": "不外传", "en": "Stays here"}, "cites": "4", "quote": "须写明用途",
        "of": "process.ticket", "to": [{"role": "agent"}, {"role": "boss"}], "export": {"forbidden": True},
        "refuse": {"zh": "工单不得导出。", "en": "Cases are not taken out."},
    }  # fmt: skip
    house = House(tmp_path, closed)
    house.tickets(1)
    with pytest.raises(ExportRefused) as refused:
        house.ask()
    assert refused.value.clauses == ["S-10"]


def test_a_gate_on_taking_out_names_fields_and_facts_that_exist(tmp_path: Path) -> None:
    gate = {
        **GATE,
        "cites": "3",
        "quote": "坐席在一小时内办结。",
        "requires": {"fields": ["purpose"], "approvals": ["boss"]},
    }
    assert sound(tmp_path, clauses=with_clause(gate)).clause("S-09").kind == "gate"
    wrong = {**gate, "requires": {"fields": ["reason"]}}
    assert found(tmp_path, "field-unknown", clauses=with_clause(wrong)).clause == "S-09"
    odd = {**gate, "when": {"export.sheets": {"gt": 2}}}
    assert found(tmp_path, "fact-unknown", clauses=with_clause(odd)).clause == "S-09"
