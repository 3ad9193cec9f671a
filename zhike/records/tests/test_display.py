"""How kept values read."""

import pytest

from zhike.org.models import Department, Staff
from zhike.records.display import display
from zhike.records.facts import facts_of
from zhike.records.references import load_names
from zhike.records.tests.world import BOOK, at

FIELDS = {field.id: field for field in BOOK.record("ticket").fields}
SHOWN = [
    ("caller", "王 <b>小明</b>", "王 <b>小明</b>", "王 <b>小明</b>"),
    ("loss", "1280.00", "¥1,280.00", "¥1,280.00"),
    ("share", "12.50", "12.5", "12.5"),
    ("satisfied", False, "否", "No"),
    ("sort", "complaint", "投诉", "Complaint"),
    ("sort", "gone", "gone", "gone"),
    ("topics", ["price", "job"], "价格、招聘", "价格, 招聘"),
    ("day", "2025-06-10", "6月10日 周二", "Tue 10 June"),
    ("called_at", "2025-06-10T06:30:00+00:00", "6月10日 周二 14:30", "Tue 10 June 14:30"),
    ("mobile", "+8613800138000", "138****8000", "138****8000"),
    ("card", "11010519491231002X", "110***********002X", "110***********002X"),
    ("pin", "1234", "****", "****"),
    ("pictures", ["a"], "1 个文件", "1 file"),
    ("goods", [{"name": "箱", "count": 2}], "name栏: 箱，count栏: 2", "Name: 箱, Count: 2"),
    ("period", {"from": "2025-06-01", "to": "2025-06-10"}, "6月1日 周日 – 6月10日 周二", "Sun 1 June – Tue 10 June"),
    ("ballot", [{"by": "甲", "vote": "no"}], "甲: 反对", "甲: no"),
    ("caller", None, "—", "—"),
    ("goods", [], "—", "—"),
    ("times", 0, "0", "0"),
]


@pytest.mark.parametrize(("name", "value", "chinese", "english"), SHOWN)
def test_a_value_reads_naturally_in_both_languages(name, value, chinese, english):
    assert display(BOOK, FIELDS[name], value, "zh-hans") == chinese
    assert display(BOOK, FIELDS[name], value, "en") == english


def test_whoever_has_the_right_sees_the_whole_number():
    assert display(BOOK, FIELDS["mobile"], "+8613800138000", "zh", unmasked=True) == "138 0013 8000"
    assert display(BOOK, FIELDS["card"], "11010519491231002X", "zh", unmasked=True) == "11010519491231002X"


def test_a_date_of_another_year_shows_its_year():
    assert display(BOOK, FIELDS["day"], "2024-06-10", "zh", now=at("2025-06-10 09:00")) == "2024年6月10日 周一"
    assert display(BOOK, FIELDS["day"], "2025-06-10", "zh", now=at("2025-06-10 09:00")) == "6月10日 周二"


@pytest.mark.django_db
def test_people_and_departments_are_called_by_name_with_one_query(django_assert_num_queries):
    store = Department.objects.create(code="east", name="东店", kind="store")
    wang = Staff.objects.create(username="wang", name="示例王")
    signature = {"by": f"staff:{wang.pk}", "at": "2025-06-10T09:30:00+08:00", "roles": [], "in_person": True}
    filling = {
        "store": store.pk,
        "colleague": f"staff:{wang.pk}",
        "agreed_by": signature,
        "party": f"department:{store.pk}",
    }
    with django_assert_num_queries(1):
        name_of = load_names(BOOK, [(BOOK.record("ticket").fields, filling)])
    shown = {name: display(BOOK, FIELDS[name], value, "zh", name_of=name_of) for name, value in filling.items()}
    assert shown == {"store": "东店", "colleague": "示例王", "agreed_by": "示例王 6月10日 周二 09:30", "party": "东店"}


def test_amounts_are_numbers_for_conditions_and_chosen_staff_are_principals():
    facts = facts_of(BOOK.record("ticket"), {"loss": "1280.00", "colleague": 5, "caller": "王"})
    assert facts["loss"] > 1000.5
    assert facts == {"loss": facts["loss"], "colleague": "staff:5", "caller": "王"}
