"""A case as its customer sees it: four steps, the next date, what was said. Nothing internal passes through here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Max
from django.utils.translation import get_language, gettext

from zhike.cases.allowed import over
from zhike.cases.models import Case
from zhike.cases.public import public_of
from zhike.cases.queries import Offer, Story, offered, story
from zhike.cases.undo import undone_deeds
from zhike.handbook.book import Book
from zhike.handbook.structure import Action, FieldDef
from zhike.journal.models import Fact
from zhike.org.principals import Viewer
from zhike.records.display import display
from zhike.records.models import Attachment, Filling
from zhike.records.references import NameOf, load_names


@dataclass(frozen=True, slots=True)
class Step:
    """One of the four steps; `state` is done, now or ahead."""

    number: int
    word: str
    state: str


@dataclass(slots=True)
class Entry:
    """One thing that happened, in the customer's words."""

    at: dt.datetime
    title: str
    mine: bool
    """True: the customer did it."""
    words: str = ""
    filled: list[tuple[str, str]] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Progress:
    """Everything the follower's page shows."""

    number: str
    title: str
    steps: list[Step]
    words: str
    is_final: bool
    next_at: dt.datetime | None
    is_late: bool
    entries: list[Entry]
    buttons: list[Offer]
    may_write: bool
    may_dispute: bool
    """It is closed, and something the customer may do opens it again."""
    emptied_at: dt.datetime | None = None
    """When its contents were deleted, because they had been kept as long as the handbook says."""


def progress(case: Case, book: Book, viewer: Viewer, now: dt.datetime) -> Progress:
    """The case as `viewer`, its customer, sees it. About eight queries, whatever the length."""
    public = public_of(book, case)
    told = _Told(case, book, story(case, viewer, for_customer=True))
    mine = [offer for offer in offered(case, viewer) if offer.allowed and "customer" in offer.action.by]
    next_at = None if case.status == Case.Status.CLOSED else _next(case)
    return Progress(
        number=case.number,
        title=say(book.process(case.process).title),
        steps=_steps(public.step),
        words=say(public.words),
        is_final=book.stage(case.process, case.stage).final and case.merged_into_id is None,
        next_at=next_at,
        is_late=next_at is not None and next_at < now,
        entries=told.entries(),
        buttons=mine,
        may_dispute=book.stage(case.process, case.stage).final
        and any(_leads_out(book, case, offer.action) for offer in mine),
        may_write=over(case) is None
        and not any(is_message(offer.action) for offer in mine)
        and not book.stage(case.process, case.stage).final,
        emptied_at=case.emptied_at,
    )


def mark_of(case: Case, now: dt.datetime) -> str:
    """Where the follower's page stands: another mark and there is something new on it. Two queries."""
    last = Fact.objects.filter(subject_kind="case", subject_id=case.pk).aggregate(last=Max("id"))["last"]
    due = _next(case)
    return f"{case.version}.{last or 0}.{int(due.timestamp()) if due else 0}.{int(due is not None and due < now)}"


def say(text: object) -> str:
    return text.say(get_language() or "zh") if hasattr(text, "say") else ""


def _leads_out(book: Book, case: Case, action: Action) -> bool:
    targets = [action.to, *(branch.to for branch in action.branches)]
    return any(target is not None and not book.stage(case.process, target).final for target in targets)


def is_message(action: Action) -> bool:
    """An action that only adds something: the handbook's own way of writing a message."""
    return action.record is not None and action.to is None and action.from_ == ("*",)


def _steps(now: int) -> list[Step]:
    words = (gettext("已收到"), gettext("办理中"), gettext("有了答复"), gettext("已办结"))
    states = {number: "done" if number < now else "now" if number == now else "ahead" for number in range(1, 5)}
    return [Step(number, words[number - 1], state) for number, state in states.items()]


def _next(case: Case) -> dt.datetime | None:
    """The soonest date by which something must happen, here or in what was opened under it: the date and no more."""
    moments = [case.next_due_at, *case.children.filter(status="open").values_list("next_due_at", flat=True)]
    return min((at for at in moments if at is not None), default=None)


class _Told:
    """The case's story for its customer: only what the handbook marks `customer_sees`."""

    def __init__(self, case: Case, book: Book, told: Story) -> None:
        self.case, self.book, self.story = case, book, told
        self.language = get_language() or "zh"
        self.undone = undone_deeds(told.facts)
        self.fillings: Mapping[int, Filling] = {filling.pk: filling for filling in told.fillings}
        self.name_of: NameOf = load_names(book, [(self._fields(f), f.values) for f in told.fillings])

    def entries(self) -> list[Entry]:
        """The newest first; pictures stand with what they came with."""
        found = [entry for fact in self.story.facts if (entry := self._entry(fact))]
        found += [self._note(note.at, note.author, note.words) for note in self.story.notes if not note.internal]
        found.sort(key=lambda entry: entry.at)
        self._place_files(found)
        return list(reversed(found))

    def _entry(self, fact: Fact) -> Entry | None:
        if fact.type != "case.action_taken" or fact.id in self.undone:
            return None
        try:
            action = self.book.action(self.case.process, str(fact.payload.get("action")))
        except KeyError:
            return None
        if not action.customer_sees:
            return None
        filling = self.fillings.get(fact.payload.get("filling") or 0)
        is_mine = "customer" in action.by
        return Entry(fact.at, say(action.title), is_mine, filled=list(self._filled(filling)) if filling else [])

    def _note(self, at: dt.datetime, author: str, words: str) -> Entry:
        is_mine = author.startswith(("customer", "anonymous"))
        return Entry(at, gettext("您的留言") if is_mine else gettext("客服回复"), is_mine, words)

    def _fields(self, filling: Filling) -> list[FieldDef]:
        try:
            fields = self.book.record(filling.record).fields
        except KeyError:
            return []
        return [field for field in fields if field.customer_sees and field.type != "files"]

    def _filled(self, filling: Filling) -> Iterator[tuple[str, str]]:
        for each in self._fields(filling):
            value = filling.values.get(each.id)
            if value not in (None, "", [], {}):
                yield say(each.title), display(self.book, each, value, self.language, name_of=self.name_of)

    def _place_files(self, entries: list[Entry]) -> None:
        """A file belongs to the first entry at or after its upload."""
        for attachment in self.story.attachments:
            after = [entry for entry in entries if entry.at >= attachment.uploaded_at]
            home = after[0] if after else entries[-1] if entries else None
            if home is not None:
                home.files.append(attachment)
