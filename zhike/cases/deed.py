"""One deed under way: everything a single action knows while it is carried out.

`cases.actions` drives it through fixed steps: may he, is the form sound, do the clauses allow it, where does it lead, which clocks and
duties stop and start, what is written down. Each step reads and extends the deed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zhike.cases.facts import Facts, facts_of, with_moment
from zhike.cases.models import Case, Freeze
from zhike.cases.standing import standing_of
from zhike.cases.standing_in import persons_behind
from zhike.handbook.book import Book
from zhike.handbook.decide import Decision
from zhike.handbook.named import asks_for, keeps_parties_out, with_named
from zhike.handbook.structure import Action, Process
from zhike.org.principals import Viewer
from zhike.records.completeness import complete_facts, happened
from zhike.records.facts import facts_of as typed_facts


@dataclass
class Deed:
    case: Case
    book: Book
    version_id: int
    process: Process
    action: Action
    viewer: Viewer
    now: dt.datetime
    values: dict[str, Any] = field(default_factory=dict)
    opening: bool = False
    stage_before: str = ""
    filling: int | None = None
    decisions: list[Decision] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    """Event names in the order in which they came about."""
    standing: dict[str, Any] | None = None
    """What runs and is owed, as facts; looked up when first asked for, and again after it changed."""

    frozen: dict[str, list[Freeze]] = field(default_factory=dict)
    """What is frozen of the things that gates of the action ask about, by the gate's `scope`."""
    approvals: list[dict[str, Any]] = field(default_factory=list)
    """Consents given to it, in their order: [{"handbook", "role", "by", "at", "decision", ...}]."""
    agreed: list[str] = field(default_factory=list)
    """Clauses for which a date beyond their cap was agreed to (dates.py)."""
    again: bool = False
    """Its form was filled in on this case before."""
    copied: frozenset[str] = frozenset()
    """Fields of its form that the handbook itself fills: copied from the parent."""
    in_place_of: str = ""
    """The absent owner in whose place a substitute acts; "" where somebody acts for himself."""

    @property
    def persons(self) -> frozenset[str]:
        """Who counts as the actor where nobody may decide what he asked for himself: he, and the one in whose place he acts."""
        return frozenset({self.viewer.principal, self.in_place_of} - {""})

    @property
    def event(self) -> str:
        return f"action.{self.action.id}"

    @property
    def subject(self) -> tuple[str, int]:
        return ("case", self.case.pk)

    def facts(self, form: Mapping[str, Any] | None = None) -> Facts:
        """The facts as they stand now, the form at hand on top."""
        values = self.values if form is None else form
        if self.action.record is not None:
            values = typed_facts(self.book.record(self.action.record), values)
        if self.standing is None:
            found = {} if self.opening and not self.happened else standing_of(self.book, [self.case.pk], self.now)
            self.standing = found.get(self.case.pk, {})
        facts = facts_of(self.case, self.book, values) | self.standing
        if asks_for(self.book, "record."):
            facts |= complete_facts(self.book, self.filled(form))
        if keeps_parties_out(self.book):
            behind = frozenset() if self.opening else persons_behind(self.case.pk, self.viewer.principal)
            facts["actor.persons"] = sorted(self.persons | behind)
        return with_named(self.book, with_moment(facts, self.book, self.viewer, self.now, self.action.by))

    def filled(self, form: Mapping[str, Any] | None = None) -> dict[str, Mapping[str, Any]]:
        """What was filled into each form of the case, the form at hand on top."""
        record, values = self.action.record, self.values if form is None else form
        held: dict[str, Mapping[str, Any]] = self.case.data
        if record is None or not values:
            return held
        before = held.get(record, {}) if record == self.process.record else {}
        return {**held, record: {**before, **values}}

    def of_the_form(self) -> list[str]:
        """The events of the form at hand: it is complete, it is a further version; none where the action fills none."""
        record = self.action.record
        if record is None:
            return []
        return happened(self.book, record, self.filled().get(record, {}), again=self.again)

    def because(self) -> list[dict[str, Any]]:
        return [{"clause": d.clause_id, "value": _plain(d.value)} for d in self.decisions if d.kind == "route"]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | set | frozenset) else value
