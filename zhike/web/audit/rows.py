"""Facts as rows of a page or of a file: who, what, about what, by which clauses, and how much of the rest this viewer is told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.access import visible_cases
from zhike.customers.access import may_see_customers
from zhike.journal.models import Fact
from zhike.org.principals import Viewer
from zhike.web.audit.access import told_in_full
from zhike.web.audit.words import subject_of, title_of
from zhike.web.base.names import names_of

LONGEST_VALUE = 300


@dataclass(frozen=True, slots=True)
class Row:
    """One fact."""

    id: int
    at: dt.datetime
    who: str
    actor: str
    type: str
    title: str
    about: str
    url: str
    """Where the subject is shown, "" where this viewer may not open it."""
    handbook: str
    clauses: Sequence[str]
    details: list[tuple[str, str]] | None
    """(name, value); None: not for this viewer."""


def rows_of(viewer: Viewer, found: Sequence[Fact]) -> list[Row]:
    """Five queries at most, however many facts."""
    names = names_of({fact.actor for fact in found})
    told = told_in_full(viewer, found)
    numbers = _numbers(viewer, found)
    archive = may_see_customers(viewer)
    return [
        Row(
            fact.pk, fact.at, names.get(fact.actor) or fact.actor, fact.actor, fact.type, title_of(fact.type),
            _about(fact, numbers), _url(viewer, fact, numbers, archive), fact.handbook, fact.clauses,
            list(_details(fact.payload)) if fact.pk in told else None,
        )
        for fact in found
    ]  # fmt: skip


def _numbers(viewer: Viewer, found: Iterable[Fact]) -> dict[int, str]:
    """Numbers of the cases among the subjects that this viewer may open."""
    ids = {fact.subject_id for fact in found if fact.subject_kind == "case"}
    return dict(visible_cases(viewer).filter(pk__in=ids).values_list("pk", "number")) if ids else {}


def _about(fact: Fact, numbers: dict[int, str]) -> str:
    if fact.subject_kind == "case" and fact.subject_id in numbers:
        return numbers[fact.subject_id]
    number = f" {fact.subject_id}" if fact.subject_id else ""
    return f"{subject_of(fact.subject_kind)}{number}"


def _url(viewer: Viewer, fact: Fact, numbers: dict[int, str], archive: bool) -> str:
    if fact.subject_kind == "case" and fact.subject_id in numbers:
        return reverse("case_page:show", args=[numbers[fact.subject_id]])
    if fact.subject_kind == "customer" and archive:
        return reverse("customers:page", args=[fact.subject_id])
    if fact.subject_kind == "staff" and viewer.is_admin and fact.subject_id:
        return reverse("administration:edit_staff", args=[fact.subject_id])
    return ""


def _details(payload: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in payload.items():
        if value in (None, "", [], {}):
            continue
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield name, shown if len(shown) <= LONGEST_VALUE else shown[: LONGEST_VALUE - 1] + "…"


def cells_of(row: Row) -> list[str]:
    """A line of the exported file."""
    details = (
        gettext("无权查看") if row.details is None else "; ".join(f"{name}={value}" for name, value in row.details)
    )
    return [
        str(row.id), f"{row.at:%Y-%m-%d %H:%M:%S}Z", row.who, row.actor, row.title, row.type, row.about, row.handbook,
        " ".join(row.clauses), details,
    ]  # fmt: skip
