"""A case for paper. What the page masks is masked here; that it was drawn up for printing is written down.

The page holds words alone: pictures are named, not shown, so printing fetches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http.response import HttpResponseBase
from django.shortcuts import render

from zhike.cases.events import CasePrinted
from zhike.cases.models import Case
from zhike.cases.queries import Story
from zhike.cases.written import fact_of
from zhike.journal.actions import record
from zhike.org.handbooks import book_of
from zhike.records.models import Filling
from zhike.web.case_page.customer import customer_card
from zhike.web.case_page.page import say
from zhike.web.case_page.sheet import sheet_of
from zhike.web.case_page.timeline.teller import Teller
from zhike.web.case_page.views import Kept, find
from zhike.web.context import Request


@dataclass(frozen=True, slots=True)
class Form:
    """One filling as on paper; `signatures` are the fields people sign, with what stands in them."""

    title: str
    version: str
    """Which version of the form it is, from the second on."""
    number: str
    """Of the merged case it is from; "" for the case's own."""
    rows: list[tuple[str, str]]
    signatures: list[tuple[str, str]]
    lacks: str
    """What it lacks to be complete."""
    who: str
    filling: Filling


def show(request: Request, number: str) -> HttpResponseBase:
    """The sheet, ready for the browser to print or to keep as PDF."""
    try:
        case = find(request, number)
    except Kept as kept:
        return kept.response
    known = _sheet(request, case)
    if request.method == "GET":
        with transaction.atomic():
            record([fact_of(case, CasePrinted(case.number), at=request.now, actor=request.viewer.principal)])
    return render(request, "case_print/sheet.html", known)


def _sheet(request: Request, case: Case) -> dict[str, Any]:
    sheet = sheet_of(case, request.viewer, request.now)
    view, teller = sheet.view, sheet.teller
    return {
        "case": case, "view": view, "forms": _forms(teller, sheet.story), "entries": list(reversed(teller.entries())),
        "clocks": [*view.open_clocks, *view.ended_clocks], "customer": customer_card(case, sheet.found), "tied": sheet.found,
    }  # fmt: skip


def _forms(teller: Teller, told: Story) -> list[Form]:
    """Every filling that counts, the oldest first."""
    undone = {f.payload.get("filling") for f in told.facts if f.type == "case.deed_undone"}
    return [_form(teller, filling) for filling in told.fillings if filling.pk not in undone]


def _form(teller: Teller, filling: Filling) -> Form:
    signed = [f for f in teller.fields(filling) if f.type == "signature"]
    shown = dict(teller.filled(filling))
    titles = {say(f.title) for f in signed}
    return Form(
        title=_title(filling), version=teller.version(filling), number=teller.home(filling.subject_id).number,
        rows=[(title, value) for title, value in shown.items() if title not in titles],
        signatures=[(say(f.title), shown.get(say(f.title), "")) for f in signed],
        lacks=teller.lacks(filling), who=teller.names.get(filling.actor, filling.actor), filling=filling,
    )  # fmt: skip


def _title(filling: Filling) -> str:
    try:
        return say(book_of(filling.version_id).record(filling.record).title)
    except LookupError:
        return filling.record
