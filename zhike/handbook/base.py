"""What every clause says, whatever its kind."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

from pydantic import Field

from zhike.handbook.common import ClauseId, Identifier, Model, Names, Text, When, Words
from zhike.handbook.terms import Citation


class ClauseBase(Model):
    """What every clause says, whatever its kind."""

    id: ClauseId
    title: Words
    cites: str
    """The number of the section in handbook.md."""
    quote: str
    """A sentence or part of one that stands word for word in that section."""
    also: tuple[Citation, ...] = ()
    """Other places of the text that say the same."""
    since: dt.date | None = None
    """From which day; the version's own effective date where absent."""
    process: Identifier | None = None
    """The process whose actions and stages the clause speaks of; may be left out where the handbook has only one."""
    when: When = Field(default_factory=dict)
    derived: bool = False
    """True for a default we chose where the handbook is silent."""
    open: Names = ()
    """Keys of this clause whose value the text leaves open and we chose: `[within, starts]`."""
    note: Words | None = None
    applies: When = Field(default_factory=dict)
    """Parameters under which the clause is in force at all: `{company_type: [retail, both]}`. Judged once, when the
    book is compiled.
    """
    permits: bool = False
    """True: the text permits, it does not oblige; never counted as broken."""
    part_of: ClauseId | None = None
    """The clause of the text this one is a part of, where one sentence says two things: `EX-CONSULT-05B` is part of
    `EX-CONSULT-05`.
    """
    overrides: tuple[ClauseId, ...] = ()
    """Clauses that give way to this one where both match, also clauses of a handbook this one builds on."""
    yields_to: tuple[str, ...] = ()
    """Clauses that go before this one where both match."""
    judged_by: str | None = None
    """The role that records a finding against this clause, where no software can judge it."""

    @property
    def sentence(self) -> str:
        """The id under which what the text says is counted: the clause this one is a part of, or its own."""
        return self.part_of or self.id

    @cached_property
    def because(self) -> Text:
        """ "WARN-05 title (section): sentence", in both languages; the sentence stays in the language of the text."""
        return Text(
            zh=f"{self.id} {self.title.zh}（第 {self.cites} 节）：“{self.quote}”",
            en=f"{self.id} {self.title.say('en')} (section {self.cites}): “{self.quote}”",
        )
