"""Looking things up. `records.directory.lookup` decides what is shown and notes which clause allowed or refused it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext

from zhike.conversations.access import conversation_for
from zhike.conversations.consulting import note_searched
from zhike.conversations.models import Conversation
from zhike.conversations.refusals import NotFound
from zhike.conversations.rights import rights_in
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.structure import FieldDef, Record
from zhike.lib.text import clean_line
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import NoHandbook, book_of, current, in_force
from zhike.org.models import HandbookVersion
from zhike.org.principals import role_key
from zhike.records.directory import Answer, NotForYou, lookup, may_keep
from zhike.records.display import display
from zhike.records.references import load_names
from zhike.web.context import Request
from zhike.web.lookup.topics import also_in, topics_of

QUERY_LENGTH = 60
LONGEST_NUMBER = 32


@dataclass(frozen=True, slots=True)
class Line:
    """One field of an entry; a table (`rows`) comes as lines of its own cells."""

    title: str
    words: str
    type: str
    table: list[list[str]]


@dataclass(frozen=True, slots=True)
class Card:
    """One entry in words."""

    label: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Found:
    """What one directory answered."""

    record: Record
    cards: list[Card]
    clauses: tuple[str, ...]
    refused: str = ""


def show(request: Request) -> HttpResponse:
    """The topics; nothing is looked up before one is chosen."""
    return render(request, "lookup/show.html", _frame(request))


def answer(request: Request, handbook: str, record: str) -> HttpResponse:
    """The entries of a topic, and of the directory the topic is about."""
    version, book = _book(request, handbook)
    definition = _record(book, record)
    topic, query = request.GET.get("topic", "")[:40], clean_line(request.GET.get("q", ""))[:QUERY_LENGTH]
    conversation = _conversation(request, definition)
    asked = [(definition, topic)]
    if topic and (other := also_in(book, topic)) is not None:
        asked.insert(0, (other, ""))
    subject = ("conversation", conversation.pk) if conversation else None
    found = [_look(request, version, book, each, about, query, subject) for each, about in asked]
    kept = [each for each, _ in asked if may_keep(book, each.id, request.viewer)]
    shown = {
        **_frame(request),
        "book": book,
        "record": definition,
        "topic": topic,
        "title": _title(book, definition, topic),
        "q": query,
        "found": found,
        "none": not any(each.cards for each in found) and not all(each.refused for each in found),
        "kept": kept,
        "conversation": conversation,
        "entry": _entry(request),
    }
    return render(request, "lookup/_found.html" if request.htmx else "lookup/show.html", shown)


def missing(request: Request, handbook: str, record: str) -> HttpResponseBase:
    """Tell those who keep the directory what a caller asked for and nobody could answer."""
    version, book = _book(request, handbook)
    definition = _record(book, record)
    topic, query = request.POST.get("topic", "")[:40], clean_line(request.POST.get("q", ""))[:QUERY_LENGTH]
    title = _title(book, definition, topic)
    about = f"{title}: {query}" if query else title
    words = Text(
        zh=f"有顾客问到资料里没有的内容：{about}。请补充。",
        en=f"A caller asked for something the directory lacks: {about}.",
    )
    to = [role_key(book.name, role) for role in definition.kept_by]
    with transaction.atomic():
        tell([Tell(request.now, to, "told", _clause(book, definition), book.name, ("version", version.pk), words)])
    messages.success(
        request, gettext("已经告诉维护资料的人。") if to else gettext("制度没有写明由谁维护这个目录，请告诉管理员。")
    )
    return HttpResponseRedirect(f"{reverse('lookup:answer', args=[book.name, record])}?{urlencode({'topic': topic})}")


def _entry(request: Request) -> int | None:
    """`?entry=`: one entry alone, as the screen of conversations links to it."""
    given = request.GET.get("entry", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 18 else None


def _conversation(request: Request, record: Record) -> Conversation | None:
    """`?conversation=`: what it is looked up for, where that is in the viewer's hands; it is written down there."""
    number = request.GET.get("conversation", "")[:LONGEST_NUMBER]
    if not number:
        return None
    try:
        found = conversation_for(request.viewer, number)
    except NotFound:
        return None
    if not rights_in(found, request.viewer, book_of(found.version_id)).write:
        return None
    note_searched(found, record.id, request.viewer, now=request.now)
    return found


def _look(
    request: Request,
    version: HandbookVersion,
    book: Book,
    record: Record,
    topic: str,
    query: str,
    subject: tuple[str, int] | None,
) -> Found:
    try:
        given = lookup(
            book, record.id, topic, request.viewer, request.now, query=query, version_id=version.pk, subject=subject,
            entry=_entry(request),
        )  # fmt: skip
    except NotForYou as refused:
        return Found(record, [], (refused.clause,) if refused.clause else (), refused.words.say(get_language() or "zh"))
    return Found(record, _cards(request, book, record, given), given.clauses)


def _cards(request: Request, book: Book, record: Record, given: Answer) -> list[Card]:
    language = get_language() or "zh"
    name_of = load_names(book, [(given.fields, entry.values) for entry in given.entries])
    hidden = {record.label, *([] if len(given.fields) < 2 else _topic_fields(book, record))}

    def line(field: FieldDef, value: Any) -> Line:
        table = _table(book, field, value, language) if field.type == "rows" and isinstance(value, list) else []
        words = "" if table else display(book, field, value, language, name_of=name_of, now=request.now)
        return Line(field.title.say(language), words, field.type, table)

    return [
        Card(
            entry.label,
            [line(f, entry.values.get(f.id)) for f in given.fields if f.id in entry.values and f.id not in hidden],
        )
        for entry in given.entries
    ]


def _topic_fields(book: Book, record: Record) -> set[str]:
    spoken = book.speaking_of("visibility", None, f"lookup.{record.id}")
    return {name for clause in spoken for name in getattr(clause, "topics", {})}


def _table(book: Book, field: FieldDef, rows: Sequence[Any], language: str) -> list[list[str]]:
    return [
        [display(book, column, row.get(column.id), language) for column in field.columns]
        for row in rows
        if isinstance(row, dict)
    ]


def _frame(request: Request) -> dict[str, Any]:
    books = [book_of(version.pk) for version in in_force(request.now)]
    return {"topics": [topic for book in books for topic in topics_of(book)], "title": ""}


def _title(book: Book, record: Record, topic: str) -> str:
    found = [each for each in topics_of(book) if (each.record, each.id) == (record.id, topic)]
    return found[0].title if found else record.title.say(get_language() or "zh")


def _clause(book: Book, record: Record) -> str:
    return next((clause.id for clause in book.speaking_of("visibility", None, f"lookup.{record.id}")), "")


def _book(request: Request, handbook: str) -> tuple[HandbookVersion, Book]:
    try:
        version = current(handbook, request.now)
    except NoHandbook as error:
        raise Http404 from error
    return version, book_of(version.pk)


def _record(book: Book, name: str) -> Record:
    try:
        record = book.record(name)
    except KeyError as error:
        raise Http404 from error
    if record.kind != "reference":
        raise Http404
    return record
