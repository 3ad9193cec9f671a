"""A duty over customers on a day of their own: a birthday."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from zhike.customers.actions import find_or_add_customer
from zhike.customers.models import CustomerCard
from zhike.duties.models import Obligation
from zhike.duties.populations import hear, look_at_populations
from zhike.handbook.structure import Handbook
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion

pytestmark = pytest.mark.django_db
PARTS: dict[str, Any] = {
    "name": "each", "title": "示例制度", "version": "1", "effective": "2025-01-01",
    "roles": [{"id": "writer", "title": "示例专员"}],
    "records": [
        {"id": "card", "title": "示例档案", "kind": "customer", "fields": [{"id": "birthday", "title": "示例生日", "type": "date"}]}
    ],
    "clauses": [
        {
            "kind": "duty", "id": "EACH-03", "title": "生日祝贺", "cites": "1", "quote": "示例", "for": "customer", "every": "occasion",
            "occasion": "customer.birthday", "window": ["00:00", "24:00"], "owes": ["action.greet"], "holder": ["writer"],
        }
    ],
}  # fmt: skip


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2025-{text.replace(' ', 'T')}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def test_a_birthday_returns_each_year_and_the_29th_of_february_is_kept_on_the_28th() -> None:
    source = Handbook.model_validate(PARTS).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    version = HandbookVersion.objects.create(
        name="each", version="1", effective_from=at("01-01 00:00"), source=source, text="", digest="each"
    )
    book = book_of(version.pk)
    leap, other = (
        find_or_add_customer(phone=f"+8613800000{n}", name="示例", now=at("01-01 09:00")) for n in (301, 302)
    )
    CustomerCard.objects.create(
        customer=leap,
        handbook="each",
        values={"birthday": "1988-02-29"},
        updated_at=at("01-01 09:00"),
        updated_by="system",
    )
    assert look_at_populations(at("02-26 09:00")) == 1
    hear(book, None, [("customer", leap.pk)], ["action.greet"], now=at("02-27 23:59"), by="staff:1", facts=dict)
    assert Obligation.objects.get().state == "owed"
    hear(book, None, [("customer", leap.pk)], ["action.greet"], now=at("02-28 09:00"), by="staff:1", facts=dict)
    assert Obligation.objects.get().state == "met"
    look_at_populations(at("02-28 09:10"))
    assert [(row.period, row.state) for row in Obligation.objects.order_by("id")] == [
        ("2025-02-28", "met"),
        ("2026-02-28", "owed"),
    ]
    assert not Obligation.objects.filter(subject_id=other.pk).exists()
