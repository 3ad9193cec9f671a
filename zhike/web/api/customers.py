"""The archive of customers: found by name or number, contact data masked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext
from ninja import Router
from ninja.params.functions import Path, Query
from pydantic import ConfigDict, Field

from zhike.cases.access import visible_cases
from zhike.customers.access import customer_for, may_see_customers, visible_customers
from zhike.customers.models import ContactPoint, Customer
from zhike.customers.own_filter import MOST, asked_fields, read_own
from zhike.customers.queries import Asked, contacts_of, filtered
from zhike.lib.text import clean_line
from zhike.web.api.cards import EXAMPLE, CardOut, cards_out
from zhike.web.api.guard import Call
from zhike.web.api.problems import Problem, invalid
from zhike.web.api.shapes import PROBLEMS, Shape

router = Router(tags=["customers"])
CASES = 20
WISHES: Any = Query(
    [], max_length=MOST, description="`handbook.field:value` of a handbook's own fields of customers; all of them hold.",
)  # fmt: skip


class ContactPointOut(Shape):
    kind: str = Field(examples=["phone"])
    masked: str = Field(examples=["138****8000"])
    city: str


class CustomerRow(Shape):
    id: int
    name: str
    contacts: list[ContactPointOut]


class CustomerList(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {"id": 9, "name": "示例顾客", "contacts": [{"kind": "phone", "masked": "138****0101", "city": "北京"}]}
                    ],
                    "next": None,
                }
            ]
        }
    )  # fmt: skip

    items: list[CustomerRow]
    next: str | None = Field(description="The `after` of the page that follows, null on the last one.")


class CustomerOut(CustomerRow):
    """`cases`: numbers of the newest ones the caller may see; `cards`: fields of the handbooks' own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 9, "name": "示例顾客", "contacts": [], "created_at": "2025-06-10T09:00:00+08:00",
                    "merged_into": None, "cards": [EXAMPLE],
                    "cases": ["FW250610000007"],
                }
            ]
        }
    )  # fmt: skip

    created_at: dt.datetime
    merged_into: int | None = Field(description="The customer this one turned out to be; ask for that one.")
    cases: list[str]
    cards: list[CardOut] = Field(description="What each handbook keeps of him beside the archive's own fields.")


@router.get("/customers", url_name="customers", response={200: CustomerList, **PROBLEMS}, summary="Find customers")
def search_customers(
    request: Call,
    q: str = Query("", max_length=100, description="The beginning of a name, number or address, or last digits."),
    field: list[str] = WISHES,
    after: str = Query("", max_length=19),
    size: int = Query(20, ge=1, le=20),
) -> CustomerList:  # fmt: skip
    """By the beginning of a name, number or address, by the last four or more digits of a number, or by fields of handbooks' own; newest
    first.
    """
    if not may_see_customers(request.viewer):
        raise Problem(403, "forbidden", gettext("令牌所属员工的岗位不能打开这里。"))
    asked = Asked(q=clean_line(q), own=_own(field, request.now))
    if not asked.q and not asked.own:
        raise invalid({"q": [gettext("请写明找谁：q，或者 field。")]})
    points = Prefetch("contact_points", ContactPoint.objects.order_by("pk"))
    found = filtered(visible_customers(request.viewer), asked, before=_before(after)).prefetch_related(points)
    rows = list(found[: size + 1])
    following = str(rows[size - 1].pk) if len(rows) > size else None
    return CustomerList(items=[CustomerRow(**_row(customer)) for customer in rows[:size]], next=following)


def _own(wishes: list[str], now: dt.datetime) -> tuple[tuple[str, str], ...]:
    """Raises Problem 422 with every wish that says nothing of a field handbooks keep, or a value nobody could have."""
    given = dict(wish.partition(":")[::2] for wish in wishes)
    asked, wrong = read_own(given, asked_fields(now)) if given else ((), [])
    if wrong:
        words = gettext("没有可以这样查找的资料项：%(name)s。写法是 handbook.field:value。")
        raise invalid({"field": [words % {"name": name[:80]} for name in wrong]})
    return asked


def _before(after: str) -> int | None:
    if not after:
        return None
    if not (after.isascii() and after.isdecimal()):
        raise invalid({"after": [gettext("请原样使用上一页给出的 next。")]})
    return int(after)


@router.get(
    "/customers/{int:number}", url_name="customer", response={200: CustomerOut, **PROBLEMS}, summary="One customer"
)
def read_customer(request: Call, number: int = Path(..., ge=0, lt=2**63)) -> CustomerOut:
    """Contact data masked; his newest cases, of those the caller may see."""
    customer = customer_for(request.viewer, number)
    cases = visible_cases(request.viewer).filter(customer=customer).order_by("-opened_at", "-id")
    numbers = list(cases.values_list("number", flat=True)[:CASES])
    return CustomerOut(
        **_row(customer), created_at=customer.created_at, merged_into=customer.merged_into_id, cases=numbers,
        cards=cards_out(customer, request.now),
    )  # fmt: skip


def _row(customer: Customer) -> dict[str, Any]:
    contacts = [ContactPointOut(kind=c.kind, masked=c.masked, city=c.city) for c in contacts_of(customer)]
    return {"id": customer.pk, "name": customer.name, "contacts": contacts}
