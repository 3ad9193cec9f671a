"""Files in and out: nothing half, nothing twice, whatever the file; nothing out that a spreadsheet would run."""

import csv
import datetime as dt
import io
import random
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook

from zhike.customers import importing
from zhike.customers.exporting import export_customers
from zhike.customers.importing import BadMapping, copy_faults, file_of, pause_import, resume_import, start_import, work
from zhike.customers.lines import guess
from zhike.customers.models import ContactPoint, Customer, Identifier, ImportRow, ImportRun
from zhike.customers.profile import CustomerRefused, Draft, add_customer
from zhike.customers.queries import Asked
from zhike.journal.models import Fact
from zhike.lib.tables import TableRefused
from zhike.org.models import Staff
from zhike.org.principals import Viewer
from zhike.records.tests.world import NOW

pytestmark = pytest.mark.django_db
HEAD = "姓名,手机号,邮箱,身份证号,标签\n"
RESIDENT = "11010519491231002X"


def receive(content: str | bytes, name: str = "客户.csv") -> ImportRun:
    raw = content.encode() if isinstance(content, str) else content
    return importing.receive_import(io.BytesIO(raw), name, by="staff:1", now=NOW)


def take(content: str | bytes) -> ImportRun:
    run = receive(content)
    start_import(run, run.columns, now=NOW)
    return work(run.pk, now=lambda: NOW)


def counts(run: ImportRun) -> tuple[str, int, int, int, int]:
    return run.state, run.added, run.filled, run.unchanged, run.refused


def sheet(rows: list[list[object]], tmp_path: Path) -> bytes:
    with Workbook(str(tmp_path / "in.xlsx")) as book:
        page = book.add_worksheet()
        for line, cells in enumerate(rows):
            for column, value in enumerate(cells):
                page.write(line, column, value)
    return (tmp_path / "in.xlsx").read_bytes()


def archive() -> list[tuple]:
    points = sorted(ContactPoint.objects.values_list("value", "customer__name", "customer__name_key"))
    return points + sorted((c.name, *c.tags) for c in Customer.objects.all())


def test_lines_become_customers_once_however_often_the_file_comes():
    content = HEAD + f"示例王,13800138000,w@example.com,{RESIDENT},老客户\n示例李,13800138001,,,\n"
    assert counts(take(content)) == ("done", 2, 0, 0, 0)
    assert counts(take(content)) == ("done", 0, 0, 2, 0)
    assert (Customer.objects.count(), ContactPoint.objects.count(), Identifier.objects.count()) == (2, 3, 1)
    assert Fact.objects.filter(type="customer.imported").count() == 2
    assert not ImportRow.objects.exists()


def test_a_line_about_a_known_customer_fills_what_is_empty_and_changes_nothing_else():
    kept = add_customer(Draft(name="示例王", phones=("13800138000",)), by="staff:1", now=NOW)
    assert counts(take(HEAD + "别的名字,138 0013 8000,w@example.com,,企业\n")) == ("done", 0, 1, 0, 0)
    kept.refresh_from_db()
    assert (kept.name, kept.tags, kept.contact_points.count()) == ("示例王", ["企业"], 2)


def test_two_lines_about_one_customer_are_one_customer():
    content = HEAD + ",13800138000,,,甲\n示例王,13800138000,w@example.com,,乙\n,,w@example.com,,\n"
    assert counts(take(content)) == ("done", 1, 1, 1, 0)
    assert Customer.objects.get().tags == ["乙", "甲"]


def test_what_cannot_be_taken_is_listed_with_its_line_and_the_rest_is_taken():
    add_customer(Draft(name="甲", phones=("13800138000",)), by="staff:1", now=NOW)
    add_customer(Draft(name="乙", emails=("b@example.com",)), by="staff:1", now=NOW)
    content = HEAD + (
        "示例一,12,,,\n示例二,,,,\n示例三,13800138003,,110105194912310021,\n"
        "示例四,13800138000,b@example.com,,\n\n=cmd(),x,,,\n示例六,13800138006,,,\n"
    )
    run = take(content)
    assert counts(run) == ("done", 1, 0, 0, 5)
    target = io.StringIO()
    assert copy_faults(run, target) == 5
    rows = list(csv.reader(io.StringIO(target.getvalue())))
    assert [row[0] for row in rows] == ["行号", "2", "3", "4", "5", "7"]
    assert "110105194912310021" not in target.getvalue()
    assert rows[-1][2] == "'=cmd()"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_is_read_in_the_encoding_it_was_saved_in(encoding, delimiter):
    content = (HEAD + "示例王,13800138000,,,\n").replace(",", delimiter)
    assert counts(take(content.encode(encoding))) == ("done", 1, 0, 0, 0)
    assert Customer.objects.get().name == "示例王"


def test_an_excel_file_is_read_and_digits_excel_lost_are_named(tmp_path):
    rows = [
        ["姓名", "手机号", "身份证号"],
        ["示例王", 13800138000, RESIDENT],
        ["示例李", 13800138001, 110105194912310021],
    ]
    run = take(sheet(rows, tmp_path))
    assert counts(run) == ("done", 1, 0, 0, 1)
    assert "丢失" in run.faults.get().words_zh
    assert ContactPoint.objects.get().value == "+8613800138000"


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"PK\x03\x04nonsense", b"\xd0\xcf\x11\xe0nonsense", b"\xff\xff\x81", b"," * 99 + b"a"]
)
def test_what_is_no_table_is_refused_in_words(content):
    with pytest.raises(TableRefused):
        receive(content)
    assert not ImportRun.objects.exists()


def test_an_open_quotation_mark_fails_the_import_in_words():
    run = take((HEAD + "示例王,13800138000,,,\n" + '"' + "x" * 200_000).encode())
    assert (run.state, "第3行" in run.why) == ("failed", True)


def test_the_mapping_is_guessed_and_remembered():
    assert guess(["客户名称", "联系电话", "备注", "备注"]) == {"0": "name", "1": "phone", "2": "remark"}
    run = receive("甲列,乙列\n示例王,13800138000\n")
    assert run.columns == {}
    with pytest.raises(BadMapping):
        start_import(run, {"0": "name"}, now=NOW)
    start_import(run, {"0": "name", "1": "phone", "7": "email", "x": "tier"}, now=NOW)
    assert receive("甲列,乙列\n示例李,13800138001\n").columns == {"0": "name", "1": "phone"}


def test_a_paused_import_stands_until_it_is_resumed():
    run = receive(HEAD + "示例王,13800138000,,,\n")
    start_import(run, run.columns, now=NOW)
    assert pause_import(run)
    assert work(run.pk, now=lambda: NOW).state == "paused"
    assert not Customer.objects.exists()
    assert resume_import(run)
    assert work(run.pk, now=lambda: NOW).state == "done"
    assert not file_of(run).exists()


def lines(count: int) -> str:
    chance = random.Random(7)
    return HEAD + "".join(
        f"示例{n},1380013{chance.randrange(200):04},{'' if n % 3 else f'a{n % 50}@example.com'},,标{n % 4}\n"
        for n in range(count)
    )


class Killed(BaseException):
    pass


def test_an_import_killed_at_random_points_ends_as_one_that_was_not(monkeypatch, django_db_blocker):
    from django.db import transaction

    monkeypatch.setattr(importing, "STAGE_CHUNK", 50)
    monkeypatch.setattr(importing, "APPLY_CHUNK", 30)
    content, chance = lines(400), random.Random(11)
    with transaction.atomic():
        take(content)
        wanted = archive()
        transaction.set_rollback(True)
    run = receive(content)
    start_import(run, run.columns, now=NOW)
    kills = 0
    while ImportRun.objects.get(pk=run.pk).state != "done":
        steps = iter(range(chance.randrange(1, 40)))

        def killed_now(*_: object, steps=steps) -> dt.datetime:
            if next(steps, None) is None:
                raise Killed
            return NOW

        try:
            with monkeypatch.context() as patch:
                record = importing.ImportRow.objects
                chunk = importing.Chunk.apply
                patch.setattr(importing.Chunk, "apply", lambda self, rows, c=chunk: (c(self, rows), killed_now())[0])
                work(run.pk, now=killed_now, progress=killed_now)
                assert record is not None
        except Killed:
            kills += 1
    assert kills > 0
    assert archive() == wanted
    assert not ImportRow.objects.exists()


def viewer(*screens: str) -> Viewer:
    staff = Staff.objects.create(username="-".join(screens), name="示例员工")
    return Viewer(
        f"staff:{staff.pk}", frozenset({f"staff:{staff.pk}"}), "示例员工", staff=staff, screens=frozenset(screens)
    )


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_an_export_is_masked_marked_logged_and_runs_nothing(tmp_path, suffix):
    for number, name in enumerate(["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "示例王"]):
        add_customer(Draft(name=name, phones=(f"1380013800{number}",), remark="\t=1"), by="staff:1", now=NOW)
    add_customer(Draft(name="示例", identifiers={"resident_id": RESIDENT}), by="staff:1", now=NOW)
    target = tmp_path / f"out{suffix}"
    assert export_customers(viewer("customers"), Asked(), target, now=NOW) == 7
    if suffix == ".csv":
        rows = list(csv.reader(target.read_text("utf-8-sig").splitlines()))
    else:
        rows = CalamineWorkbook.from_path(str(target)).get_sheet_by_index(0).to_python()
    assert "示例员工" in rows[0][0]
    assert [row[1] for row in rows[2:]] == ["示例", "示例王", "'＝1+1", "'@SUM(A1)", "'-1", "'+1", "'=1+1"]
    assert not [cell for row in rows for cell in row if str(cell).startswith(tuple("=+-@\t＝"))]
    assert rows[3][3] == "138****8005"
    assert RESIDENT not in str(rows)
    told = Fact.objects.get(type="customers.exported").payload
    assert (told["count"], told["in_full"], told["mark"] in rows[0][0]) == (7, False, True)


def test_full_numbers_leave_only_with_a_reviewer_and_a_purpose(tmp_path):
    add_customer(Draft(name="示例王", phones=("13800138000",)), by="staff:1", now=NOW)
    chief, target = viewer("customers", "board"), tmp_path / "out.csv"
    for who, purpose in ((viewer("customers"), "核对"), (chief, " ")):
        with pytest.raises(CustomerRefused):
            export_customers(who, Asked(), target, now=NOW, in_full=True, purpose=purpose)
    export_customers(chief, Asked(), target, now=NOW, in_full=True, purpose="核对")
    assert "138 0013 8000" in target.read_text("utf-8-sig")
    assert export_customers(viewer("cases"), Asked(), target, now=NOW) == 0
    assert "示例王" not in target.read_text("utf-8-sig")


def test_a_chunk_that_met_somebody_adding_the_same_customer_is_done_again(monkeypatch):
    load, met = importing.Chunk._load, []

    def late(self, lines) -> None:
        load(self, lines)
        if not met:
            met.append(1)
            self.by_contact.clear()  # as if the other's row was committed just after this look

    add_customer(Draft(name="示例先来", phones=("13800138000",)), by="staff:1", now=NOW)
    monkeypatch.setattr(importing.Chunk, "_load", late)
    assert counts(take(HEAD + "示例王,13800138000,,,企业\n")) == ("done", 0, 1, 0, 0)
    assert Customer.objects.get().name == "示例先来"
