"""The archive of customers: found by name or number, contact data masked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext
from ninja import Router
from ninja.params.functions import Path, Query
from pydantic import ConfigDict, Field

from zhike.cases.access import visible_cases
from zhike.customers.access import customer_for, find_customers, may_see_customers
from zhike.customers.models import Customer
from zhike.customers.queries import contacts_of
from zhike.web.api.cards import EXAMPLE, CardOut, cards_out
from zhike.web.api.guard import Call
from zhike.web.api.problems import Problem
from zhike.web.api.shapes import PROBLEMS, Shape

router = Router(tags=["customers"])
CASES = 20


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
                    ]
                }
            ]
        }
    )  # fmt: skip

    items: list[CustomerRow]


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
    q: str = Query(..., min_length=1, max_length=100),
    size: int = Query(20, ge=1, le=20),
) -> CustomerList:
    """By the beginning of a name, number or address, or by the last four or more digits of a number; newest first."""
    if not may_see_customers(request.viewer):
        raise Problem(403, "forbidden", gettext("令牌所属员工的岗位不能打开这里。"))
    return CustomerList(items=[CustomerRow(**_row(found)) for found in find_customers(request.viewer, q, limit=size)])


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
