"""Directories a department keeps (reference records), and looking things up in them under the handbook's visibility
clauses.

Keeping a directory is for the roles its record names (`kept_by`) and for administrators. Looking up is for whom a
visibility clause of `lookup.<record>` names; it shows the fields the clause names and leaves a line in the clause's
ledger. A directory no clause speaks of is open to whoever has the look-up screen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from zhike.handbook.book import Book
from zhike.handbook.clauses import Access, Visibility
from zhike.handbook.common import Text
from zhike.handbook.conditions import holds
from zhike.handbook.structure import FieldDef, Record
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.journal.ledger import Use, write_uses
from zhike.lib.text import narrow, shorten
from zhike.org.handbooks import current
from zhike.org.principals import Viewer, role_key
from zhike.records.display import display
from zhike.records.events import LookupMissing, LookupRefused, RowAdded, RowEdited, RowRestored, RowRetired
from zhike.records.forms import FormRefused, check_form
from zhike.records.likeness import keep_likeness
from zhike.records.locks import as_viewer, for_others, locks_something, written_once
from zhike.records.models import ReferenceRow
from zhike.records.values import Lock
from zhike.records.words import occurs_already

PAGE = 50
_SEARCHED = {"string", "text", "phone", "email"}
_NOT_KEPT_BY_YOU = Text(
    zh="这个目录由指定岗位维护，您可以查看，不能修改。",
    en="Other roles keep this directory; you may read it, not change it.",
)
_NO_LOOKUP = Text(zh="您的岗位不使用这个目录。", en="Your roles do not use this directory.")
_STALE = Text(
    zh="这一条在您打开之后已被同事修改；您填写的内容已保留，请核对最新内容后再保存。",
    en="A colleague changed this entry after you opened it. What you typed is kept; compare it and save again.",
)


class NotForYou(Exception):
    """The viewer may not look this up or change it; `clause` names the clause that says so, "" where none does."""

    def __init__(self, words: Text, clause: str = "") -> None:
        super().__init__(f"{clause}: {words.zh}" if clause else words.zh)
        self.words = words
        self.clause = clause


class StaleRow(Exception):
    """Somebody else changed the entry since it was read."""

    words = _STALE


class NoSuchRow(LookupError):
    """No such entry in this directory."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as this viewer sees it: only the fields opened to him."""

    id: int
    label: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a look-up gave. `missing`: a topic that must be answerable has no entry. `clauses` allowed it."""

    entries: tuple[Entry, ...]
    fields: tuple[FieldDef, ...]
    clauses: tuple[str, ...]
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """The fields a viewer may read, in which departments' entries (None: all), by which clauses."""

    fields: tuple[FieldDef, ...]
    departments: tuple[int, ...] | None = None
    clauses: tuple[str, ...] = ()


def may_keep(book: Book, record_id: str, viewer: Viewer) -> bool:
    """Whether the viewer may change this directory; a partner keeps none, because he would see all of it."""
    if viewer.is_external:
        return False
    kept_by = book.record(record_id).kept_by
    return viewer.is_admin or any(viewer.in_role(book.name, book.role(role).id) for role in kept_by)


def rows(
    book: Book,
    record_id: str,
    query: str,
    viewer: Viewer,
    *,
    retired: bool = False,
    after: tuple[str, int] | None = None,
    limit: int = PAGE,
) -> list[ReferenceRow]:
    """A page of a directory for those who keep it, by label; `after` is (label, id) of the row before. One query.

    Raises NotForYou.
    """
    if not may_keep(book, record_id, viewer):
        raise NotForYou(_NOT_KEPT_BY_YOU)
    definition = book.record(record_id)
    found = _search(_rows_of(book, record_id, active=not retired), book, definition.fields, query)
    if after is not None:
        label, number = after
        found = found.filter(Q(label__gt=label) | Q(label=label, pk__gt=number))
    return list(found.order_by("label", "pk")[:limit])


def row_for(book: Book, record_id: str, row_id: int, viewer: Viewer) -> ReferenceRow:
    """One entry for those who keep the directory. Raises NotForYou, NoSuchRow."""
    if not may_keep(book, record_id, viewer):
        raise NotForYou(_NOT_KEPT_BY_YOU)
    found = ReferenceRow.objects.filter(handbook=book.name, record=record_id, pk=row_id).first()
    if found is None:
        raise NoSuchRow(row_id)
    return found


def locks_on(book: Book, record_id: str, kept: Mapping[str, Any], by: Viewer) -> dict[str, Lock]:
    """The fields of an entry that stay as they stand when this viewer saves it."""
    return for_others(book, record_id, kept, as_viewer(book, by)) | written_once(book, record_id, kept, {})


def _check_once(book: Book, definition: Record, kept: Mapping[str, Any], row_id: int | None) -> None:
    """Raises FormRefused where another entry in use has one of the combinations that occur once."""
    errors: dict[str, Text] = {}
    for names in definition.unique:
        said = {name: kept[name] for name in names if name in kept}
        others = ReferenceRow.objects.filter(handbook=book.name, record=definition.id, is_active=True)
        others = others.filter(values__contains=said)
        others = others if row_id is None else others.exclude(pk=row_id)
        if len(said) < len(names) or not others.exists():
            continue
        titles = {field.id: field.title for field in definition.fields}
        label = others.order_by("pk").values_list("label", flat=True)[0]
        errors |= {names[0]: occurs_already(definition.title, [titles[name] for name in names], f"“{label}”")}
    if errors:
        raise FormRefused(errors, kept)


def save_row(
    book: Book,
    record_id: str,
    values: Mapping[str, Any],
    *,
    by: Viewer,
    now: dt.datetime,
    row_id: int | None = None,
    expected: dt.datetime | None = None,
    is_sample: bool = False,
) -> ReferenceRow:
    """Add an entry, or replace the values of `row_id`. `expected`: its `updated_at` when the page was read; None
    skips the check.

    Raises NotForYou, NoSuchRow, StaleRow, forms.FormRefused.
    """
    if not may_keep(book, record_id, by):
        raise NotForYou(_NOT_KEPT_BY_YOU)
    definition = book.record(record_id)
    asks = row_id is not None and locks_something(book, record_id)
    standing = row_for(book, record_id, row_id, by).values if row_id is not None and asks else {}
    locks = locks_on(book, record_id, standing, by)
    kept = check_form(book, record_id, values, facts={}, now=now, actor=by.principal, locks=locks)
    _check_once(book, definition, kept, row_id)
    fresh = {
        "label": _label(book, definition, kept), "values": kept, "department_id": _department(definition, kept),
        "updated_at": now, "updated_by": by.principal,
    }  # fmt: skip
    with transaction.atomic():
        if row_id is None:
            row = ReferenceRow.objects.create(handbook=book.name, record=record_id, is_sample=is_sample, **fresh)
            keep_likeness(row)
            _tell(book, definition, row, RowAdded(record_id, row.label), by, now)
            return row
        row = _locked(book, record_id, row_id)
        if expected is not None and row.updated_at != expected:
            raise StaleRow
        event = _edited(definition, row, kept, str(fresh["label"]))
        for name, value in fresh.items():
            setattr(row, name, value)
        row.save(update_fields=list(fresh))
        keep_likeness(row)
        _tell(book, definition, row, event, by, now)
    return row


def retire_row(book: Book, record_id: str, row_id: int, *, by: Viewer, now: dt.datetime) -> ReferenceRow:
    """Take an entry out of use. What refers to it keeps it; nobody finds it any more. Done twice it is done once."""
    return _switch(book, record_id, row_id, active=False, by=by, now=now)


def restore_row(book: Book, record_id: str, row_id: int, *, by: Viewer, now: dt.datetime) -> ReferenceRow:
    """Take a retired entry into use again."""
    return _switch(book, record_id, row_id, active=True, by=by, now=now)


def opened(book: Book, record_id: str, viewer: Viewer, now: dt.datetime, version_id: int) -> Opened | None:
    """What of a directory stands open to the viewer, as `lookup` gives it; None where it is not for him. Nothing is written down:
    nobody has looked anything up yet. No query.
    """
    speaking = [clause for clause in _clauses_of(book, record_id) if holds(clause.when, {})]
    asked = _Asked(book, book.record(record_id), "", viewer, now, version_id, None, {})
    if not speaking:
        return Opened(asked.definition.fields) if _has_screen(book, record_id, viewer) else None
    allowing = [clause for clause in speaking if asked.allowed_by(clause)]
    if not allowing:
        return None
    return Opened(asked.fields(allowing), asked.departments(allowing), tuple(clause.id for clause in allowing))


def lookup(
    book: Book,
    record_id: str,
    topic: str,
    viewer: Viewer,
    now: dt.datetime,
    *,
    query: str = "",
    version_id: int | None = None,
    subject: tuple[str, int] | None = None,
    facts: Mapping[str, Any] | None = None,
    entry: int | None = None,
    limit: int = PAGE,
) -> Answer:
    """Look something up: the entries of `topic` ("" for all) that match `query`, with the fields opened to the viewer; of
    `entry` that one alone.

    Writes to the ledger which clause allowed or refused it, and LookupMissing when a topic of a clause has no entry
    at all. `subject` is the case it is looked up for, `version_id` the installed version of `book` (the one in force
    where None). Raises NotForYou after the refusal is written; call it outside a transaction that would take the
    refusal back.
    """
    known = facts or {}
    speaking = [clause for clause in _clauses_of(book, record_id) if holds(clause.when, known)]
    asked = _Asked(book, book.record(record_id), topic, viewer, now, version_id, subject, known)
    if not speaking:
        if not _has_screen(book, record_id, viewer):
            raise NotForYou(_NO_LOOKUP)
        return asked.answer((), _one_of(_rows_of(book, record_id), entry), query, limit)
    allowing = [clause for clause in speaking if asked.allowed_by(clause)]
    if not allowing:
        refusing = next((clause for clause in speaking if not asked.is_for(clause)), speaking[0])
        asked.write_refusal(refusing)
        raise NotForYou(refusing.refuse, refusing.id)
    return asked.answer(allowing, _one_of(asked.open_rows(allowing), entry), query, limit)


def _has_screen(book: Book, record_id: str, viewer: Viewer) -> bool:
    """Of a directory no clause speaks of."""
    return "lookup" in viewer.screens or may_keep(book, record_id, viewer)


def _one_of(found: QuerySet[ReferenceRow], entry: int | None) -> QuerySet[ReferenceRow]:
    return found if entry is None else found.filter(pk=entry)


def _clauses_of(book: Book, record_id: str) -> list[Visibility]:
    """The visibility clauses about looking something up in a directory."""
    found = book.speaking_of("visibility", None, f"lookup.{record_id}")
    return [clause for clause in found if isinstance(clause, Visibility) and "see" in clause.may]


class _Asked:
    """One look-up: who asks what, under which handbook."""

    def __init__(
        self,
        book: Book,
        definition: Record,
        topic: str,
        viewer: Viewer,
        now: dt.datetime,
        version_id: int | None,
        subject: tuple[str, int] | None,
        facts: Mapping[str, Any],
    ) -> None:
        self.book = book
        self.definition = definition
        self.topic = shorten(narrow(topic[:200]), 100)
        self.viewer = viewer
        self.now = now
        self.facts = facts
        self.version_id = version_id if version_id is not None else current(book.name, now).pk
        self.subject = subject or ("version", self.version_id)

    def is_for(self, clause: Visibility) -> bool:
        """Whether the clause opens it to one of the viewer's roles, or, where it says so, to those they report to."""
        return not clause.to or any(self._has(clause, access) for access in clause.to)

    def _has(self, clause: Visibility, access: Access) -> bool:
        if not holds(access.when, self.facts):
            return False
        role = self.book.role(access.role)
        above = [self.book.role(role.reports_to).id] if clause.superiors and role.reports_to else []
        return any(self.viewer.in_role(self.book.name, name) for name in (role.id, *above))

    def allowed_by(self, clause: Visibility) -> bool:
        topics = {str(one) for values in clause.topics.values() for one in values}
        return self.is_for(clause) and (not topics or not self.topic or self.topic in topics)

    def open_rows(self, allowing: Sequence[Visibility]) -> QuerySet[ReferenceRow]:
        """The rows the clauses open: all of them, or those of the viewer's own departments."""
        found = _rows_of(self.book, self.definition.id)
        own = self.departments(allowing)
        return found if own is None else found.filter(department_id__in=own)

    def departments(self, allowing: Sequence[Visibility]) -> tuple[int, ...] | None:
        """The viewer's own departments, where the clauses open no more than theirs; None for every entry."""
        if any(not clause.to or self._anywhere(clause) for clause in allowing):
            return None
        named = {access.role for clause in allowing for access in clause.to}
        held = [(place, role) for handbook, role, place in self.viewer.roles if handbook == self.book.name]
        return tuple(place for place, role in held if role in named and place)

    def _anywhere(self, clause: Visibility) -> bool:
        return any(access.at == "anywhere" and self._has(clause, access) for access in clause.to)

    def answer(self, allowing: Sequence[Visibility], found: QuerySet[ReferenceRow], query: str, limit: int) -> Answer:
        fields = self.fields(allowing)
        about = self._of_topic(found, allowing)
        page = list(_search(about, self.book, fields, query).order_by("label", "pk")[:limit])
        lacking = [c for c in allowing if c.topics and self.topic] if not page and not about.exists() else []
        self._write_uses(allowing, lacking)
        names = [field.id for field in fields]
        entries = tuple(Entry(r.pk, r.label, {n: r.values[n] for n in names if n in r.values}) for r in page)
        return Answer(entries, fields, tuple(clause.id for clause in allowing), bool(lacking))

    def fields(self, allowing: Sequence[Visibility]) -> tuple[FieldDef, ...]:
        """What the clauses name together; everything where one of them names no field."""
        if not allowing or any(not clause.fields for clause in allowing):
            return self.definition.fields
        named = {name for clause in allowing for name in clause.fields}
        return tuple(field for field in self.definition.fields if field.id in named)

    def _of_topic(self, found: QuerySet[ReferenceRow], allowing: Sequence[Visibility]) -> QuerySet[ReferenceRow]:
        """The rows of the topic, where the directory has the field the clause's topics are of."""
        own = {field.id for field in self.definition.fields}
        names = [name for clause in allowing for name in clause.topics if name in own]
        if not self.topic or not names:
            return found
        return found.alias(topic=KeyTextTransform(names[0], "values")).filter(topic=self.topic)

    def _write_uses(self, allowing: Sequence[Visibility], lacking: Sequence[Visibility]) -> None:
        uses = [self._use(clause, "applied", missing=clause in lacking) for clause in allowing if clause.log]
        gaps = [self._missing(clause) for clause in lacking]
        if uses or gaps:
            with transaction.atomic():
                write_uses(uses)
                record(gaps)

    def write_refusal(self, clause: Visibility) -> None:
        with transaction.atomic():
            write_uses([self._use(clause, "refused")])
            record([self._fact(LookupRefused(self.definition.id, self.topic, bool(clause.effects)), clause)])

    def _use(self, clause: Visibility, outcome: str, missing: bool = False) -> Use:
        detail = {"record": self.definition.id, "topic": self.topic} | ({"missing": True} if missing else {})
        return Use(
            at=self.now, handbook=self.book.name, version_id=self.version_id, clause=clause.id, outcome=outcome,
            subject=self.subject, holder=self.viewer.principal, detail=detail,
        )  # fmt: skip

    def _missing(self, clause: Visibility) -> NewFact:
        effects = [effect for effect in clause.missing if holds(effect.when, {"topic": self.topic})]
        told = [role for effect in effects for role in _names(effect.notify)]
        event = LookupMissing(
            record=self.definition.id, topic=self.topic, clause=clause.id, notify=told,
            findings=[effect.finding for effect in effects if effect.finding],
        )  # fmt: skip
        return self._fact(event, clause, [*self.definition.kept_by, *told])

    def _fact(self, event: Event, clause: Visibility, roles: Iterable[str] = ()) -> NewFact:
        return NewFact(
            event, at=self.now, subject=self.subject, actor=self.viewer.principal, handbook=self.book.name,
            clauses=(clause.id,), audience=[role_key(self.book.name, role) for role in dict.fromkeys(roles)],
        )  # fmt: skip


def _names(notify: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (notify,) if isinstance(notify, str) else notify or ()


def _rows_of(book: Book, record_id: str, *, active: bool = True) -> QuerySet[ReferenceRow]:
    return ReferenceRow.objects.filter(handbook=book.name, record=record_id, is_active=active)


def _search(
    found: QuerySet[ReferenceRow], book: Book, fields: Iterable[FieldDef], query: str
) -> QuerySet[ReferenceRow]:
    """Rows in which every word of `query` stands in one of `fields`; a choice is found by its title."""
    fields = tuple(fields)
    found = found.alias(**{f"in_{field.id}": KeyTextTransform(field.id, "values") for field in fields})
    for word in narrow(query[:200]).split()[:5]:
        matches = Q(pk__in=[])
        for field in fields:
            matches |= _matches(book, field, word)
        found = found.filter(matches)
    return found


def _matches(book: Book, field: FieldDef, word: str) -> Q:
    if field.type in _SEARCHED:
        # Stored numbers begin with +86 where people write a 0.
        wanted = (
            word.replace("-", "").lstrip("0") if field.type == "phone" and word.replace("-", "").isdigit() else word
        )
        return Q(**{f"in_{field.id}__icontains": wanted}) if wanted else Q(pk__in=[])
    if field.type == "enum":
        ids = [c.id for c in book.choices(field) if word.lower() in f"{c.title.zh} {c.title.en}".lower()]
        return Q(**{f"in_{field.id}__in": ids}) if ids else Q(pk__in=[])
    return Q(pk__in=[])


def _label(book: Book, definition: Record, kept: Mapping[str, Any]) -> str:
    """What the entry is called: its label field, else its first field."""
    name = definition.label or definition.fields[0].id
    field = next(one for one in definition.fields if one.id == name)
    return shorten(display(book, field, kept.get(name), "zh", unmasked=True), 200)


def _department(definition: Record, kept: Mapping[str, Any]) -> int | None:
    """The department an entry belongs to, where the record has a field for it."""
    name = next((field.id for field in definition.fields if field.type == "department"), None)
    return cast("int | None", kept.get(name)) if name else None


def _edited(definition: Record, row: ReferenceRow, kept: Mapping[str, Any], label: str) -> RowEdited:
    changed = [f for f in definition.fields if not f.automatic and row.values.get(f.id) != kept.get(f.id)]
    before = {f.id: shorten(str(row.values.get(f.id, "")), 500) for f in changed if not f.sensitive}
    return RowEdited(definition.id, label, [field.id for field in changed], before)


def _locked(book: Book, record_id: str, row_id: int) -> ReferenceRow:
    found = ReferenceRow.objects.select_for_update().filter(handbook=book.name, record=record_id, pk=row_id).first()
    if found is None:
        raise NoSuchRow(row_id)
    return found


def _switch(book: Book, record_id: str, row_id: int, *, active: bool, by: Viewer, now: dt.datetime) -> ReferenceRow:
    if not may_keep(book, record_id, by):
        raise NotForYou(_NOT_KEPT_BY_YOU)
    with transaction.atomic():
        row = _locked(book, record_id, row_id)
        if row.is_active == active:
            return row
        row.is_active, row.updated_at, row.updated_by = active, now, by.principal
        row.save(update_fields=["is_active", "updated_at", "updated_by"])
        keep_likeness(row)
        event: Event = RowRestored(record_id, row.label) if active else RowRetired(record_id, row.label)
        _tell(book, book.record(record_id), row, event, by, now)
    return row


def _tell(book: Book, definition: Record, row: ReferenceRow, event: Event, by: Viewer, now: dt.datetime) -> None:
    audience = [role_key(book.name, role) for role in definition.kept_by]
    record([NewFact(event, at=now, subject=("row", row.pk), actor=by.principal, handbook=book.name, audience=audience)])
