"""Fields of a handbook's own in files: columns of an import with everything that is wrong with a line, columns of an export."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from zhike.customers import importing
from zhike.customers.exporting import export_customers
from zhike.customers.importing import copy_faults, start_import, work
from zhike.customers.models import Customer, CustomerCard, ImportRun
from zhike.customers.profile import Draft, add_customer
from zhike.customers.queries import Asked
from zhike.handbook.structure import Handbook
from zhike.org.actions import add_staff, assign_role
from zhike.org.models import Department, HandbookVersion, Staff
from zhike.org.principals import Viewer
from zhike.records.tests.world import NOW, field

pytestmark = pytest.mark.django_db
CHOICES = [{"id": "gold", "title": {"zh": "金卡", "en": "Gold"}}, {"id": "blue", "title": {"zh": "蓝卡", "en": "Blue"}}]
FIELDS = [
    field("club", "enum", choices=CHOICES), field("since", "date"), field("likes", "multi", choices=CHOICES),
    field("spent", "money", least=0), field("shop", "department", kind="store"), field("hint", "string", longest=10),
    field("home", "phone"), field("extras", "map"),
]  # fmt: skip
HEAD = "姓名,手机号,club栏,since栏,likes栏,spent栏,shop栏,hint栏,home栏\n"


@pytest.fixture(autouse=True)
def club() -> HandbookVersion:
    """A handbook in force that keeps a card of every customer, and a store."""
    Department.objects.create(code="s1", name="示例一店", kind="store")
    return installed(FIELDS)


def installed(
    fields: list[dict[str, Any]], name: str = "club", roles: Sequence[dict[str, Any]] = ()
) -> HandbookVersion:
    record = {"id": "about", "title": {"zh": "会员资料", "en": "Club"}, "kind": "customer", "fields": fields}
    handbook = Handbook.model_validate(
        {
            "name": name,
            "title": "示例制度",
            "version": "1",
            "effective": "2025-01-01",
            "records": [record],
            "roles": roles,
        }
    )
    source = handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    digest = f"{HandbookVersion.objects.count():064}"
    return HandbookVersion.objects.create(
        name=name, version="1", effective_from=NOW - dt.timedelta(days=30), source=source, text="", digest=digest
    )


def take(content: str, by: str = "staff:1") -> ImportRun:
    run = receive(content, by)
    start_import(run, run.columns, now=NOW)
    return work(run.pk, now=lambda: NOW)


def receive(content: str, by: str = "staff:1") -> ImportRun:
    return importing.receive_import(io.BytesIO(content.encode()), "客户.csv", by=by, now=NOW)


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    return run.added, run.filled, run.unchanged, run.refused


def kept(name: str) -> dict[str, Any]:
    return CustomerCard.objects.get(customer__name=name, handbook="club").values


LINE = '示例王,13800138000,金卡,2024-01-05 00:00:00,金卡；蓝卡,"1,280",示例一店,请慢说,13800138009\n'


def test_columns_named_like_the_fields_are_taken_as_the_form_would() -> None:
    run = receive(HEAD + LINE)
    assert run.columns["2"] == "club.club"
    assert counts(take(HEAD + LINE)) == (1, 0, 0, 0)
    shop = Department.objects.get(name="示例一店").pk
    assert kept("示例王") == {
        "club": "gold", "since": "2024-01-05", "likes": ["gold", "blue"], "spent": "1280.00", "shop": shop,
        "hint": "请慢说", "home": "+8613800138009",
    }  # fmt: skip


def test_the_same_file_again_changes_nothing_and_a_later_one_only_fills_what_is_empty() -> None:
    head = "姓名,手机号,club栏,hint栏\n"
    take(head + "示例王,13800138000,金卡,\n")
    assert counts(take(head + "示例王,13800138000,金卡,\n")) == (0, 0, 1, 0)
    assert counts(take(head + "示例王,13800138000,蓝卡,新的\n")) == (0, 1, 0, 0)
    card = CustomerCard.objects.get()
    assert (card.values, card.version) == ({"club": "gold", "hint": "新的"}, 2)


def test_two_lines_about_one_customer_make_one_card() -> None:
    assert counts(take("姓名,手机号,club栏,hint栏\n示例王,13800138000,金卡,\n,13800138000,,慢\n")) == (1, 1, 0, 0)
    assert (kept("示例王"), CustomerCard.objects.get().version) == ({"club": "gold", "hint": "慢"}, 1)


def test_what_cannot_be_taken_is_refused_line_by_line_and_shown_before() -> None:
    content = HEAD + (
        "示例一,13800138001,铜卡,,,,,,\n示例二,13800138002,,昨天,,,,,\n示例三,13800138003,,,,-5,,,\n"
        "示例四,13800138004,,,,,示例九店,,\n示例五,13800138005,,,,,,一二三四五六七八九十一,\n示例六,13800138006,金卡,,,,,,\n"
    )
    run = receive(content)
    looks = importing.preview(run, now=NOW)
    wrong = ["club.club", "club.since", "club.spent", "club.shop", "club.hint"]
    assert [list(line.checked.problems) for line in looks] == [*([name] for name in wrong), []]
    assert (Customer.objects.count(), ImportRun.objects.get().state) == (0, "waiting")
    run = take(content)
    assert counts(run) == (1, 0, 0, 5)
    assert list(run.faults.order_by("line").values_list("field", flat=True)) == wrong
    target = io.StringIO()
    assert copy_faults(run, target) == 5
    assert kept("示例六") == {"club": "gold"}


def test_a_column_that_others_fill_is_refused_line_by_line_until_somebody_in_their_role_brings_the_file() -> None:
    role = {"id": "boss", "title": {"zh": "示例店长", "en": "Sample head"}}
    installed([field("level", "string", fills=["boss"]), field("note", "string")], name="levels", roles=[role])
    head = "姓名,手机号,level栏,note栏\n"
    lines = "示例甲,13800000001,,好\n示例乙,13800000002,A,好\n"
    looks = importing.preview(receive(head + lines), now=NOW)
    assert [{k: text.zh for k, text in line.checked.problems.items()} for line in looks] == [
        {}, {"levels.level": "“level栏”由示例店长填写，您不能改动。"},
    ]  # fmt: skip
    run = take(head + lines)
    assert counts(run) == (1, 0, 0, 1)
    [fault] = run.faults.all()
    assert (fault.line, fault.field, fault.words_zh) == (3, "levels.level", "“level栏”由示例店长填写，您不能改动。")
    boss = add_staff(username="boss", name="示例店长", by="system", now=NOW)
    assign_role(boss, "levels", "boss", None, by="system", now=NOW)
    assert counts(take(head + lines, by=f"staff:{boss.pk}")) == (1, 0, 1, 0)
    assert CustomerCard.objects.get(customer__name="示例乙").values == {"level": "A", "note": "好"}


def test_a_required_field_may_stand_in_the_archive_or_in_the_line() -> None:
    installed([field("code", "string", required=True), field("word", "string")], "other")
    known = add_customer(Draft(name="示例王", phones=("13800138000",)), by="staff:1", now=NOW)
    CustomerCard.objects.create(customer=known, handbook="other", values={"code": "A"}, updated_at=NOW, updated_by="x")
    content = "姓名,手机号,word栏\n示例王,13800138000,甲\n示例李,13800138001,乙\n示例赵,13800138002,\n"
    assert [list(line.checked.problems) for line in importing.preview(receive(content), now=NOW)] == [
        [],
        ["other.code"],
        [],
    ]
    assert counts(take(content)) == (1, 1, 0, 1)
    assert list(CustomerCard.objects.values_list("values", flat=True)) == [{"code": "A", "word": "甲"}]


@pytest.fixture
def chief() -> Viewer:
    staff = Staff.objects.create(username="chief", name="示例主管")
    return Viewer(f"staff:{staff.pk}", "示例主管", staff=staff, screens=frozenset({"customers", "board"}))


def exported(viewer: Viewer, target: Path, **more: Any) -> list[list[str]]:
    export_customers(viewer, Asked(), target, now=NOW, **more)
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]


def test_an_export_has_a_column_a_field_in_words_masked_and_without_formulas(chief: Viewer, tmp_path: Path) -> None:
    take(HEAD + LINE + "示例李,13800138001,,,,,,=1+1,\n示例赵,13800138002,,,,,,,\n")
    head, *rows = exported(chief, tmp_path / "out.csv")
    assert head[10:] == [
        f"{name}栏（会员资料）" for name in ("club", "since", "likes", "spent", "shop", "hint", "home")
    ]
    assert {row[1]: row[10:] for row in rows} == {
        "示例王": ["金卡", "2024-01-05", "金卡、蓝卡", "¥1,280.00", "示例一店", "请慢说", "138****8009"],
        "示例李": ["", "", "", "", "", "'=1+1", ""],
        "示例赵": [""] * 7,
    }
    _, *rows = exported(chief, tmp_path / "full.csv", in_full=True, purpose="示例核对")
    assert {row[1]: row[-1] for row in rows}["示例王"] == "138 0013 8009"


def test_what_was_exported_can_be_imported_again(chief: Viewer, tmp_path: Path) -> None:
    take(HEAD + LINE)
    before = kept("示例王")
    head, row = exported(chief, tmp_path / "out.csv", in_full=True, purpose="示例核对")
    Customer.objects.all().delete()
    text = io.StringIO()
    csv.writer(text).writerows([head, row])
    assert counts(take(text.getvalue())) == (1, 0, 0, 0)
    assert kept("示例王") == before
