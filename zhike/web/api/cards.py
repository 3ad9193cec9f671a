"""What handbooks keep of a customer beside the archive's own fields: told with him, and kept with the checks of the page's form."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language
from ninja import Router
from ninja.params.functions import Path
from pydantic import ConfigDict, Field

from zhike.customers.access import NoSuchCustomer, customer_for
from zhike.customers.cards import Card, cards_of, keep_card
from zhike.customers.models import Customer
from zhike.customers.profile import StaleCustomer
from zhike.records.forms import FormRefused
from zhike.records.references import load_names
from zhike.web.api.cases import FactOut, facts_out
from zhike.web.api.deeds import expected
from zhike.web.api.guard import Call
from zhike.web.api.problems import invalid, not_found, of_text
from zhike.web.api.reading import unknown_fields
from zhike.web.api.shapes import WRITE_PROBLEMS, Asked, ProblemOut, Shape
from zhike.web.case_page.page import say

router = Router(tags=["customers"])
EXAMPLE: dict[str, Any] = {
    "handbook": "retail-hotline", "record": "customer_habits", "title": "联系习惯", "version": 2,
    "fields": [{"id": "best_time", "title": "方便接电话的时段", "value": "evening", "shown": "晚上"}],
}  # fmt: skip


class CardOut(Shape):
    """The fields of one handbook that have a value. `version` counts changes; 0: nothing was kept yet."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    handbook: str
    record: str
    title: str
    version: int
    fields: list[FactOut]


class CardKept(Asked):
    """`values`: what changes, by field; null empties one, what is not named stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"values": {"best_time": "evening", "hint": None}}]})

    values: dict[str, Any] = Field(max_length=200)


def cards_out(customer: Customer, now: dt.datetime) -> list[CardOut]:
    """One for each handbook in force that keeps fields of customers."""
    return [_out(card, now) for card in cards_of(customer, now)]


@router.post(
    "/customers/{int:number}/cards/{slug:handbook}",
    url_name="customer_card",
    response={200: CardOut, **WRITE_PROBLEMS, 412: ProblemOut},
    summary="Keep a handbook's own fields of a customer",
    openapi_extra={
        "parameters": [
            {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}, "example": '"2"',
             "description": "The card's `version` as it was read, in quotes; 412 when it changed since."}
        ]
    },
)  # fmt: skip
def keep_customer_card(
    request: Call, handbook: str, asked: CardKept, response: HttpResponse, number: int = Path(..., ge=0, lt=2**63)
) -> CardOut:
    """422: a value cannot be taken; every field with its reasons at once, and nothing is kept. 412: it changed since it was read."""
    customer, card = _card(request, number, handbook)
    if wrong := unknown_fields(card.record.fields, asked.values):
        raise invalid(wrong)
    read = expected(request)
    whole = {**card.values, **asked.values}
    try:
        version = card.version if read is None else read
        keep_card(customer, card, whole, by=request.viewer.principal, now=request.now, version=version)
    except FormRefused as refused:
        raise invalid({name or "values": [words.say(get_language() or "zh")] for name, words in refused.errors.items()})
    except StaleCustomer as stale:
        raise of_text(412, "stale", stale.words)
    _, kept = _card(request, number, handbook)
    response.headers["ETag"] = f'"{kept.version}"'
    return _out(kept, request.now)


def _card(request: Call, number: int, handbook: str) -> tuple[Customer, Card]:
    """Raises Problem 404: unknown, merged, not for this caller, or the handbook keeps nothing of customers."""
    try:
        customer = customer_for(request.viewer, number)
    except NoSuchCustomer:
        raise not_found()
    cards = {card.book.name: card for card in cards_of(customer, request.now)}
    if customer.merged_into_id is not None or handbook not in cards:
        raise not_found()
    return customer, cards[handbook]


def _out(card: Card, now: dt.datetime) -> CardOut:
    names = load_names(card.book, [(card.record.fields, card.values)])
    return CardOut(
        handbook=card.book.name, record=card.record.id, title=say(card.record.title), version=card.version,
        fields=facts_out(card.book, card.record.fields, card.values, names, now),
    )  # fmt: skip
