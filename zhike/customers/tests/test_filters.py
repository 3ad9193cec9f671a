"""The list's filters and searches: the same answer however many it has, each by an index."""

from __future__ import annotations

import pytest
from django.db import connection

from zhike.customers import labelled
from zhike.customers.models import ContactPoint, Customer
from zhike.customers.queries import Asked, filtered, search
from zhike.records.tests.world import NOW

pytestmark = pytest.mark.django_db

PEOPLE = [
    # name, kind, tier, tags, phone
    ("示例甲", "person", "金卡", ["会员", "老客户"], "+8613800138000"),
    ("示例乙", "company", "金卡", ["会员"], "+8613900138001"),
    ("示例丙", "person", "银卡", ["老客户"], "+8613700008000"),
    ("示例丁", "person", "金卡", ["老客户"], "+8657188888000"),
    ("示例戊", "person", "", ["=company"], "+442079468000"),
]


@pytest.fixture(autouse=True)
def archive() -> None:
    for name, kind, tier, tags, phone in PEOPLE:
        customer = Customer.objects.create(name=name, kind=kind, tier=tier, tags=tags, created_at=NOW)
        ContactPoint.objects.create(customer=customer, kind="phone", value=phone, created_at=NOW)


def names(asked: Asked, before: int | None = None) -> str:
    return "".join(row.name[-1] for row in filtered(Customer.objects.all(), asked, before=before))


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (Asked(kind="person", tier="金卡", tag="老客户"), "丁甲"),
        (Asked(kind="company", tier="金卡", tag="老客户"), ""),
        (Asked(tier="金卡"), "丁乙甲"),
        (Asked(tag="老客户"), "丁丙甲"),
        (Asked(kind="company", tag="会员"), "乙"),
        (Asked(kind="company", tier="", tag="=company"), ""),  # a tag that looks like a kind is not one
        (Asked(q="8000", kind="person", tier="金卡", tag="老客户"), "丁甲"),
        (Asked(), "戊丁丙乙甲"),
    ],
)
@pytest.mark.parametrize("rare", [0, 2, 2000])
def test_a_filter_finds_the_same_by_the_index_and_by_reading_on(asked, answer, rare, monkeypatch):
    limited = labelled.LABELLED.replace(f"LIMIT {labelled.RARE + 1}", f"LIMIT {rare + 1}")
    monkeypatch.setattr(labelled, "LABELLED", limited)
    monkeypatch.setattr(labelled, "RARE", rare)
    assert names(asked) == answer


def test_the_next_page_of_a_filter_begins_below_the_last_row():
    asked = Asked(kind="person", tier="金卡", tag="老客户")
    last = Customer.objects.get(name="示例丁").pk
    assert names(asked, before=last) == "甲"


@pytest.mark.parametrize(
    ("digits", "found"),
    [
        ("8000", "戊丁丙甲"),
        ("138001", "乙甲"),
        ("0571", "丁"),
        ("138", "甲"),
        ("13800138000", "甲"),
        ("4420", "戊"),
        ("44", "戊"),
        ("0138001", "乙甲"),
    ],
)
def test_a_number_is_found_by_its_beginning_and_from_four_digits_by_its_end(digits, found):
    assert "".join(row.name[-1] for row in search(digits)) == found


def test_each_part_of_a_search_for_digits_goes_its_own_way():
    """An OR over both would be answered by reading every number there is."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = filtered(Customer.objects.all(), Asked(q="8000")).explain()
    assert "Append" in plan
    assert " OR " not in plan
    assert "Seq Scan" not in plan
