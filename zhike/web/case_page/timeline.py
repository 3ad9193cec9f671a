"""One timeline: deeds with what was filled in, the clocks they moved, warnings, notes and files, newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language, gettext

from zhike.cases.models import Case, Note
from zhike.cases.queries import Story
from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef
from zhike.journal.models import Fact
from zhike.records.display import display
from zhike.records.models import Attachment, Filling
from zhike.records.references import NameOf, load_names
from zhike.web.base import times
from zhike.web.base.names import names_of

HIDDEN = {"case.opened", "case.note_added", "case.access_denied", "clock.reassigned"}
"""Facts that another entry already tells, or that are no part of the case's story."""


@dataclass(frozen=True, slots=True)
class Clause:
    handbook: str
    id: str


@dataclass(slots=True)
class Entry:
    """One line of the timeline. `kind`: deed, note, file, warned, overdue, refused, moved, clock."""

    at: dt.datetime
    kind: str
    who: str
    what: str
    words: str = ""
    minor: bool = False
    internal: bool = False
    clauses: list[Clause] = field(default_factory=list)
    filled: list[tuple[str, str]] = field(default_factory=list)
    """(title, shown value) of the form filled with a deed."""
    moved: list[tuple[str, str, str]] = field(default_factory=list)
    """(state, words, clause) of each clock the deed stopped or started."""
    files: list[Attachment] = field(default_factory=list)


class Teller:
    """Tells the story of one case; keeps the names and titles all entries share."""

    def __init__(self, case: Case, book: Book, story: Story, now: dt.datetime) -> None:
        self.case, self.book, self.story, self.now = case, book, story, now
        self.language = get_language() or "zh"
        self.fillings = {f.pk: f for f in story.fillings}
        self.names = names_of(self._principals(), [book])
        self.name_of = load_names(book, [(self._fields(f), f.values) for f in story.fillings])

    def _principals(self) -> set[str]:
        holders = {p for fact in self.story.facts for p in fact.payload.get("holders", ())}
        return (
            holders
            | {fact.actor for fact in self.story.facts}
            | {n.author for n in self.story.notes}
            | {a.uploaded_by for a in self.story.attachments}
        )

    def entries(self) -> list[Entry]:
        """Newest first. Files uploaded with a deed or a note stand with it."""
        found = self._told(self.story.facts) + [self._note(n) for n in self.story.notes]
        self._place_files(found)
        return sorted(found, key=lambda e: e.at, reverse=True)

    def _told(self, facts: Iterable[Fact]) -> list[Entry]:
        """Entries, later ones first. A deed's clocks are written just before the deed: they are told as part of it."""
        found: list[Entry] = []
        waiting: list[Entry] = []
        for fact in facts:
            entry = self._entry(fact)
            if entry is None:
                continue
            if entry.kind == "clock":
                waiting.append(entry)
                continue
            if entry.kind == "deed":
                entry.moved = [line for w in waiting if w.at == entry.at for line in w.moved]
                found += [w for w in waiting if w.at != entry.at]
                waiting = []
            found.append(entry)
        return list(reversed(found + waiting))

    def _entry(self, fact: Fact) -> Entry | None:
        if fact.type in HIDDEN:
            return None
        tell = getattr(self, "_" + fact.type.replace(".", "_"), None)
        return tell(fact) if tell else None

    def _base(self, fact: Fact, kind: str, what: str, **more: Any) -> Entry:
        return Entry(fact.at, kind, self.names.get(fact.actor, fact.actor), what, **more)

    def _case_action_taken(self, fact: Fact) -> Entry:
        payload = fact.payload
        filling = self.fillings.get(payload.get("filling") or 0)
        named = [b["clause"] for b in payload.get("because", ())] + list(fact.clauses)
        return self._base(
            fact, "deed", self._action(payload["action"]),
            words=self._stage_words(payload), clauses=[Clause(fact.handbook, c) for c in dict.fromkeys(named)],
            filled=self._filled(filling) if filling else [],
        )  # fmt: skip

    def _action(self, action: str) -> str:
        try:
            return self.book.action(self.case.process, action).title.say(self.language)
        except LookupError:
            return action

    def _stage(self, stage: str) -> str:
        try:
            return self.book.stage(self.case.process, stage).title.say(self.language)
        except LookupError:
            return stage

    def _stage_words(self, payload: Mapping[str, Any]) -> str:
        before, after = payload.get("stage_before", ""), payload.get("stage", "")
        if not after or before == after:
            return ""
        return gettext("转到“%(stage)s”") % {"stage": self._stage(after)}

    def _case_moved(self, fact: Fact) -> Entry:
        clauses = [Clause(fact.handbook, c) for c in fact.clauses]
        return self._base(
            fact, "moved", self._stage_words(fact.payload), words=fact.payload.get("because_of", ""), clauses=clauses
        )

    def _case_closed(self, fact: Fact) -> Entry:
        return self._base(fact, "moved", gettext("工单办结"), minor=True)

    def _case_reopened(self, fact: Fact) -> Entry:
        return self._base(fact, "moved", gettext("工单重新打开"), minor=True)

    def _case_refused(self, fact: Fact) -> Entry:
        words = [
            w.get("en") if self.language.startswith("en") and w.get("en") else w["zh"]
            for w in fact.payload.get("words", ())
        ]
        what = gettext("想办“%(action)s”，未被受理") % {"action": self._action(fact.payload["action"])}
        clauses = [Clause(fact.handbook, c) for c in dict.fromkeys(fact.clauses)]
        return self._base(fact, "refused", what, words=" ".join(words), minor=True, clauses=clauses)

    def _clock_warned(self, fact: Fact) -> Entry:
        holders = gettext("、").join(self.names.get(p, p) for p in fact.payload.get("holders", ()))
        what = gettext("即将到期：%(title)s") % {"title": self._clause_title(fact)}
        words = gettext("已提醒 %(holders)s") % {"holders": holders} if holders else ""
        return self._base(fact, "warned", what, words=words, minor=True, clauses=self._clauses(fact))

    def _clock_breached(self, fact: Fact) -> Entry:
        holders = gettext("、").join(self.names.get(p, p) for p in fact.payload.get("holders", ()))
        what = gettext("超时：%(title)s") % {"title": self._clause_title(fact)}
        return self._base(
            fact,
            "overdue",
            what,
            words=gettext("在 %(holders)s 手里") % {"holders": holders},
            clauses=self._clauses(fact),
        )

    def _clock_started(self, fact: Fact) -> Entry:
        return self._base(fact, "clock", "", minor=True, moved=[self._clock_line(fact)])

    def _clock_stopped(self, fact: Fact) -> Entry:
        return self._base(fact, "clock", "", minor=True, moved=[self._clock_line(fact)])

    def _clock_line(self, fact: Fact) -> tuple[str, str, str]:
        title, clause = self._clause_title(fact), (fact.clauses or [""])[0]
        payload = fact.payload
        if fact.type == "clock.started":
            holders = gettext("、").join(self.names.get(p, p) for p in payload.get("holders", ()))
            due = times.short_moment(dt.datetime.fromisoformat(str(payload["due_at"])), fact.at)
            return (
                "running",
                gettext("起钟：%(title)s，%(holders)s，%(due)s 前") % {"title": title, "holders": holders, "due": due},
                clause,
            )
        late = float(payload.get("late_minutes") or 0)
        if late > 0:
            span = times.span(dt.timedelta(minutes=late))
            return "overdue", gettext("停钟：%(title)s，超时 %(span)s") % {"title": title, "span": span}, clause
        return "stopped", gettext("停钟：%(title)s，按时") % {"title": title}, clause

    def _clock_extended(self, fact: Fact) -> Entry:
        due = times.short_moment(dt.datetime.fromisoformat(str(fact.payload["due_at"])), fact.at)
        what = gettext("延长时限：%(title)s，到 %(due)s") % {"title": self._clause_title(fact), "due": due}
        return self._base(fact, "moved", what, words=fact.payload.get("why", ""), clauses=self._clauses(fact))

    def _clock_paused(self, fact: Fact) -> Entry:
        what = gettext("暂停计时：%(title)s") % {"title": self._clause_title(fact)}
        return self._base(
            fact, "moved", what, words=fact.payload.get("why", ""), minor=True, clauses=self._clauses(fact)
        )

    def _clock_resumed(self, fact: Fact) -> Entry:
        what = gettext("恢复计时：%(title)s") % {"title": self._clause_title(fact)}
        return self._base(fact, "moved", what, minor=True, clauses=self._clauses(fact))

    def _duty_missed(self, fact: Fact) -> Entry:
        what = gettext("当日未办：%(title)s") % {"title": self._clause_title(fact)}
        return self._base(fact, "overdue", what, clauses=self._clauses(fact))

    def _clause_title(self, fact: Fact) -> str:
        clause = (fact.clauses or [""])[0]
        try:
            return self.book.clause(clause).title.say(self.language)
        except LookupError:
            return clause

    def _clauses(self, fact: Fact) -> list[Clause]:
        return [Clause(fact.handbook, c) for c in fact.clauses]

    def _note(self, note: Note) -> Entry:
        what = gettext("内部备注") if note.internal else gettext("给顾客的留言")
        if note.author.startswith("customer"):
            what = gettext("顾客留言")
        return Entry(
            note.at, "note", self.names.get(note.author, note.author), what, words=note.words, internal=note.internal
        )

    def _fields(self, filling: Filling) -> tuple[FieldDef, ...]:
        try:
            return self.book.record(filling.record).fields
        except LookupError:
            return ()

    def _filled(self, filling: Filling) -> list[tuple[str, str]]:
        return filled(self.book, self._fields(filling), filling.values, self.name_of, self.now)

    def _place_files(self, found: list[Entry]) -> None:
        """Each file stands with the deed or note of its uploader and moment, else on its own."""
        for file in self.story.attachments:
            who = self.names.get(file.uploaded_by, file.uploaded_by)
            near = [
                e
                for e in found
                if e.kind in ("deed", "note") and abs(e.at - file.uploaded_at) < dt.timedelta(minutes=30)
            ]
            home = next((e for e in near if e.who == who and e.at >= file.uploaded_at), None)
            if home is None:
                home = Entry(file.uploaded_at, "file", who, gettext("上传文件"))
                found.append(home)
            home.files.append(file)


def filled(
    book: Book, fields: Iterable[FieldDef], values: Mapping[str, Any], name_of: NameOf | None, now: dt.datetime
) -> list[tuple[str, str]]:
    """(title, shown value) of every field that has a value, in the form's order, without what the product filled in."""
    language = get_language() or "zh"
    return [
        (
            definition.title.say(language),
            display(book, definition, values[definition.id], language, name_of=name_of, now=now),
        )
        for definition in fields
        if values.get(definition.id) not in (None, "", [], {})
        and definition.automatic is None
        and definition.type != "files"
    ]


def main_form(case: Case, book: Book, now: dt.datetime) -> list[tuple[str, str]]:
    """The case's main form as it stands, or the form it was opened with where the main one is not filled yet."""
    process = book.process(case.process)
    record = process.record if case.data.get(process.record) else next(iter(case.data), process.record)
    fields, values = book.record(record).fields, case.data.get(record, {})
    return filled(book, fields, values, load_names(book, [(fields, values)]), now)
