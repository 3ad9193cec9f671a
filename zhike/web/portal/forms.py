"""The form of something a customer does, rendered from the handbook's record, whatever the handbook."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext

from zhike.cases.refusals import CaseError
from zhike.handbook.book import Book
from zhike.handbook.structure import Action, FieldDef
from zhike.records.models import Attachment
from zhike.records.values import Lock
from zhike.web.base.fields import FieldView, Told, field_views
from zhike.web.base.refusals import Refusal, field_errors, refusals_of
from zhike.web.case_page.forms import Choices, needed_fields
from zhike.web.portal.entries import is_for_customers
from zhike.web.portal.pictures import FIELD
from zhike.web.portal.progress import say

AUTOCOMPLETE = {"phone": "tel", "name": "name", "email": "email"}


@dataclass(frozen=True, slots=True)
class Form:
    """A form ready to be drawn. Pictures stand apart, because browsers cannot be given back what was chosen."""

    title: str
    fields: list[FieldView]
    pictures: str
    """The name of the file input, and the title above it."""
    pictures_title: str
    key: str
    draft: str
    tone: str
    refusals: list[Refusal] = field(default_factory=list)
    faults: Sequence[str] = ()
    kept: Sequence[Attachment] = ()
    filled: bool = False


def form_of(
    book: Book,
    process: str,
    action: Action,
    *,
    draft: str,
    values: Mapping[str, Any] | None = None,
    error: CaseError | None = None,
    faults: Sequence[str] = (),
    kept: Sequence[Attachment] = (),
    key: str = "",
    facts: Mapping[str, Any] | None = None,
    locks: Mapping[str, Lock] = MappingProxyType({}),
) -> Form:
    """The form of `action` as a customer sees it. `values` is what was typed at an attempt before, `facts` the case's; of `locks` he
    sees what he filled in himself and cannot change, and nothing of what others fill.
    """
    definition = files_field(book, action)
    return Form(
        title=say(action.title),
        fields=_fields(book, process, action, values or {}, error, {**(facts or {}), **(values or {})}, locks),
        pictures=definition.id if definition else FIELD,
        pictures_title=say(definition.title) if definition else gettext("照片"),
        key=key or secrets.token_urlsafe(16),
        draft=draft,
        tone=action.tone,
        refusals=[replace(told, handbook="", clause="") for told in refusals_of(error, book, action.record)]
        if error
        else [],
        faults=faults,
        kept=kept,
        filled=values is not None,
    )


def files_field(book: Book, action: Action) -> FieldDef | None:
    """The first field for files of the form, None where it has none: pictures may be sent all the same."""
    fields = book.record(action.record).fields if action.record else ()
    return next((each for each in fields if each.type == "files"), None)


def _fields(
    book: Book,
    process: str,
    action: Action,
    values: Mapping[str, Any],
    error: CaseError | None,
    facts: Mapping[str, Any],
    locks: Mapping[str, Lock],
) -> list[FieldView]:
    if action.record is None:
        return []
    told = {
        name: [replace(each, handbook="", clause="") for each in found] for name, found in _errors(error, book).items()
    }
    others = {name for name, lock in locks.items() if not lock.clause}
    views = field_views(
        book, action.record, values, errors=told, needed=needed_fields(book, process, action, facts), options=Choices(book),
        only=lambda each: is_for_customers(each) and each.type != "files" and each.id not in others, locks=locks,
    )  # fmt: skip
    hints = {name: AUTOCOMPLETE[kind] for kind, name in book.process(process).customer.items()}
    return [
        replace(view, autocomplete=hints.get(view.name, view.autocomplete), because=_without_clause(view.because))
        for view in views
    ]


def _without_clause(told: Told | None) -> Told | None:
    """Customers are told the reason; the handbook is the house's own."""
    return Told(told.words) if told else None


def _errors(error: CaseError | None, book: Book) -> dict[str, list[Any]]:
    return dict(field_errors(error, book)) if error else {}
