"""Whose words the timeline's entries are in: the case, the books, names and titles that all of them share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from django.utils.translation import get_language, gettext

from zhike.cases.links import Tied
from zhike.cases.models import Case
from zhike.cases.queries import Story
from zhike.cases.undo import undone_deeds
from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef
from zhike.journal.models import Fact
from zhike.org.handbooks import book_of
from zhike.org.principals import ANONYMOUS
from zhike.records.models import Filling
from zhike.records.references import NameOf
from zhike.web.base.names import Names
from zhike.web.case_page.timeline.entry import Clause, Entry, Home
from zhike.web.case_page.timeline.filled import filled, lacks
from zhike.web.case_page.versions import numbers_of

ABOUT_PEOPLE = {"sanction.began", "sanction.ended", "case.finding_made"}


class Voice:
    """The names and titles all entries of one case share.

    `called` is asked for them at once and looks them up when the first entry is told.
    """

    def __init__(
        self,
        case: Case,
        book: Book,
        story: Story,
        now: dt.datetime,
        absorbed: Sequence[Tied] = (),
        called: Names | None = None,
    ) -> None:
        self.case, self.book, self.story, self.now = case, book, story, now
        self.own = Home(book, case.process, "")
        self.homes = {each.id: Home(book_of(each.version_id), each.process, each.number) for each in absorbed}
        self.undone = undone_deeds(story.facts)
        self.language = get_language() or "zh"
        self.fillings = {f.pk: f for f in story.fillings}
        self.called = called or Names(now)
        self.called.ask(
            self._principals(),
            [book, *(home.book for home in self.homes.values())],
            [(self.fields(f), f.values) for f in story.fillings],
        )
        self.name_of: NameOf = self.called.name_of

    @cached_property
    def versions(self) -> dict[int, int]:
        """{filling: which version of its form it is}, without those that were undone."""
        undone = {f.payload.get("filling") for f in self.story.facts if f.type == "case.deed_undone"}
        return numbers_of(self.book, (f for f in self.story.fillings if f.pk not in undone))

    def version(self, filling: Filling) -> str:
        """ "第 2 版"; "" for the first one, and where corrections are no versions."""
        number = self.versions.get(filling.pk, 1)
        return gettext("第 %(n)s 版") % {"n": number} if number > 1 else ""

    @cached_property
    def names(self) -> dict[str, str]:
        names = self.called.people
        if self.case.customer_id is not None and ANONYMOUS in names:
            # Whoever filed it without an account is the customer the case is about.
            names[ANONYMOUS] = gettext("顾客")
        return names

    def home(self, case_id: int) -> Home:
        return self.homes.get(case_id, self.own)

    def _principals(self) -> set[str]:
        facts = self.story.facts
        holders = {p for fact in facts for key in ("holders", "charged") for p in fact.payload.get(key, ())}
        return (
            holders
            | {fact.actor for fact in self.story.facts}
            | {
                str(fact.payload["person"])
                for fact in facts
                if fact.payload.get("person") and fact.type in ABOUT_PEOPLE
            }
            | {fact.payload.get("in_place_of") or fact.actor for fact in self.story.facts}
            | {n.author for n in self.story.notes}
            | {a.uploaded_by for a in self.story.attachments}
        )

    def base(self, fact: Fact, kind: str, what: str, **more: Any) -> Entry:
        of = self.home(fact.subject_id).number
        who = self.names.get(fact.actor, fact.actor)
        if absent := fact.payload.get("in_place_of"):
            who = gettext("%(who)s 代 %(absent)s") % {"who": who, "absent": self.names.get(absent, absent)}
        return Entry(fact.at, kind, who, what, of=of, **more)

    def action(self, fact: Fact) -> str:
        action, home = str(fact.payload["action"]), self.home(fact.subject_id)
        try:
            return home.book.action(home.process, action).title.say(self.language)
        except LookupError:
            return {"merge": gettext("合并"), "split": gettext("拆分")}.get(action, action)

    def stage(self, fact: Fact, stage: str) -> str:
        home = self.home(fact.subject_id)
        try:
            return home.book.stage(home.process, stage).title.say(self.language)
        except LookupError:
            return stage

    def stage_words(self, fact: Fact) -> str:
        before, after = fact.payload.get("stage_before", ""), fact.payload.get("stage", "")
        if not after or before == after:
            return ""
        return gettext("转到“%(stage)s”") % {"stage": self.stage(fact, after)}

    def clause_title(self, fact: Fact) -> str:
        clause = self.clause(fact)
        try:
            return self.home(fact.subject_id).book.clause(clause).title.say(self.language)
        except LookupError:
            return clause

    def clauses(self, fact: Fact) -> list[Clause]:
        return [Clause(fact.handbook, clause) for clause in dict.fromkeys(fact.clauses)]

    def clause(self, fact: Fact) -> str:
        """The first clause a fact names; "" where it names none."""
        return (fact.clauses or [""])[0]

    def people(self, fact: Fact, key: str) -> str:
        """The names of those a fact lists under `key`."""
        return gettext("、").join(self.names.get(one, one) for one in fact.payload.get(key, ()))

    def fields(self, filling: Filling) -> tuple[FieldDef, ...]:
        try:
            return self.home(filling.subject_id).book.record(filling.record).fields
        except LookupError:
            return ()

    def lacks(self, filling: Filling) -> str:
        return lacks(self.home(filling.subject_id).book, filling.record, filling.values)

    def filled(self, filling: Filling) -> list[tuple[str, str]]:
        return filled(self.home(filling.subject_id).book, self.fields(filling), filling.values, self.name_of, self.now)


Sentence = Callable[[Voice, Fact], Entry | None]
"""Tells one fact; None where another entry tells it, or nothing need be told."""
