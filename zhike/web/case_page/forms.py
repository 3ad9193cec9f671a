"""The form of an action: what is asked, what is already known, what the form of a pressed button said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext

from zhike.cases.facts import facts_of
from zhike.cases.locks import locks_of
from zhike.cases.models import Case
from zhike.cases.proposing import Proposal
from zhike.cases.queries import clauses_of
from zhike.cases.refusals import CaseError
from zhike.handbook.book import Book
from zhike.handbook.clauses import Gate, Wording
from zhike.handbook.conditions import holds
from zhike.handbook.structure import Action, FieldDef
from zhike.org.access import colleagues_for, departments_for
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer
from zhike.records.models import Attachment, ReferenceRow
from zhike.web.base.fields import FieldView, Option, Told, field_views
from zhike.web.base.refusals import Refusal, field_errors, refusals_of
from zhike.web.case_page.known import hidden_names, kept_values, shown
from zhike.web.case_page.page import new_key, say

MOST_OPTIONS = 500


@dataclass(frozen=True, slots=True)
class ActionForm:
    """An action's form, ready to be drawn."""

    url: str
    action: Action
    title: str
    fields: list[FieldView]
    clauses: tuple[str, ...]
    handbook: str
    key: str
    draft: str
    version: int = 0
    seen: int = 0
    """The newest fact the reader has seen; what came after it is told when the page is stale."""
    refusals: list[Refusal] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    """What others did since the page was read."""
    files: list[Attachment] = field(default_factory=list)
    """Uploaded with an attempt that was refused; they need not be chosen again."""
    kept: list[tuple[str, str]] = field(default_factory=list)
    """(field, token) of those files."""
    filled: bool = False
    back: str = ""
    cancel: str = ""
    """Where giving up leads, where `back` does not say it."""


def action_form(
    book: Book,
    process: str,
    action: Action,
    *,
    url: str,
    viewer: Viewer,
    case: Case | None = None,
    values: Mapping[str, Any] | None = None,
    error: CaseError | None = None,
    key: str = "",
    seen: int = 0,
    changes: Sequence[str] = (),
    files: Sequence[tuple[str, Attachment]] = (),
    back: str = "",
    proposal: Proposal | None = None,
) -> ActionForm:
    """The form of `action`. `values` is what was typed; without it what the case already knows is filled in, and who is proposed."""
    known = dict(values) if values is not None else first_values(book, process, action, case)
    if proposal is not None:
        known = {proposal.field: proposal.staff, **known}
    errors: dict[str, list[Told]] = field_errors(error, book) if error else {}
    facts = facts_of(case, book) if case else {}
    needed = needed_fields(book, process, action, {**facts, **known})
    views: list[FieldView] = []
    if action.record:
        views = field_views(
            book, action.record, known, errors=errors, needed=needed, facts=facts, options=Choices(book, viewer),
            locks=locks_of(book, process, action, viewer, case),
        )  # fmt: skip
    hidden = hidden_names(case, book, action) if case else frozenset()
    explained = [_explained(view) if view.name in hidden and "***" in str(view.value) else view for view in views]
    return ActionForm(
        url=url,
        action=action,
        title=say(action.title),
        fields=_proposed(explained, book, proposal),
        clauses=clauses_of(book, process, action.id),
        handbook=book.name,
        key=key or new_key(),
        draft=f"{viewer.principal}/{case.number if case else process}/{action.id}",
        version=case.version if case else 0,
        seen=seen,
        refusals=refusals_of(error, book, action.record) if error else [],
        changes=list(changes),
        files=[row for _, row in files],
        kept=[(name, row.token) for name, row in files],
        filled=values is not None,
        back=back,
    )


def first_values(book: Book, process: str, action: Action, case: Case | None) -> dict[str, Any]:
    """What an untouched form comes with: what the case holds, hidden as its page hides it."""
    return shown(case, book, action, kept_values(book, process, action, case)) if case else {}


def needed_fields(book: Book, process: str, action: Action, facts: Mapping[str, Any]) -> frozenset[str]:
    """Fields a clause insists on, given these facts: they are marked as the form's own required ones are."""
    event = f"action.{action.id}"
    gates = [c for c in book.speaking_of("gate", process, event) if isinstance(c, Gate) and holds(c.when, facts)]
    wordings = [
        c for c in book.speaking_of("wording", process, event) if isinstance(c, Wording) and holds(c.when, facts)
    ]
    captures = [c.capture for c in book.speaking_of("measure", process, event) if getattr(c, "capture", None)]  # type: ignore[union-attr]
    named = {name for gate in gates for name in gate.requires.fields} | {n for w in wordings for n in w.must_state}
    return frozenset(named | {capture.field for capture in captures if capture})


def _explained(view: FieldView) -> FieldView:
    """A field that shows a mask says what becomes of it."""
    return replace(view, help=view.help or gettext("只显示一部分。不改就保持原样，要改请写完整。"))


def _proposed(views: list[FieldView], book: Book, proposal: Proposal | None) -> list[FieldView]:
    """The reason stands at the field, whoever is chosen there in the end."""
    if proposal is None:
        return views
    return [_with_reason(view, book, proposal) if view.name == proposal.field else view for view in views]


def _with_reason(view: FieldView, book: Book, proposal: Proposal) -> FieldView:
    name = dict(view.options).get(str(proposal.staff))
    if name is None:
        return view
    told = gettext("按条款先选 %(name)s：%(why)s。可以改选。") % {"name": name, "why": say(proposal.because)}
    return replace(view, because=Told(told, book.name, proposal.clause))


class Choices:
    """Choices that live in tables; one query a kind, however many fields ask. A partner is offered his own departments and people."""

    def __init__(self, book: Book, viewer: Viewer = ANONYMOUS_VIEWER) -> None:
        self.book = book
        self.viewer = viewer
        self.known: dict[tuple[str, str], list[Option]] = {}

    def __call__(self, definition: FieldDef) -> Sequence[Option]:
        if definition.type not in ("department", "staff", "record"):
            return ()
        asked = (definition.type, definition.kind or "")
        if asked not in self.known:
            self.known[asked] = [(str(pk), name) for pk, name in self._rows(definition)[:MOST_OPTIONS]]
        return self.known[asked]

    def _rows(self, definition: FieldDef) -> Any:
        if definition.type == "department":
            rows = departments_for(self.viewer).order_by("name")
            return (rows.filter(kind=definition.kind) if definition.kind else rows).values_list("pk", "name")
        if definition.type == "staff":
            return colleagues_for(self.viewer).order_by("name").values_list("pk", "name")
        if self.viewer.is_external:
            return ()
        rows_of = ReferenceRow.objects.filter(handbook=self.book.name, record=definition.kind or "", is_active=True)
        return rows_of.order_by("label").values_list("pk", "label")
