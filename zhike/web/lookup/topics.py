"""What can be looked up: the topics visibility clauses name, then directories without topics."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language

from zhike.handbook.book import Book
from zhike.handbook.clauses import Visibility
from zhike.handbook.structure import Record


@dataclass(frozen=True, slots=True)
class Topic:
    """One button: a topic of a directory, or a directory as a whole (`id` is "")."""

    handbook: str
    record: str
    id: str
    title: str


def topics_of(book: Book) -> list[Topic]:
    """In the order of the clauses. A directory that is itself a topic of another stands there and not again."""
    found = [topic for clause in _clauses(book) for topic in _topics(book, clause)]
    named = {topic.id for topic in found}
    whole = [record for record in book.handbook.records if record.kind == "reference"]
    covered = {topic.record for topic in found} | named
    return found + [Topic(book.name, record.id, "", _say(record)) for record in whole if record.id not in covered]


def also_in(book: Book, topic: str) -> Record | None:
    """The directory a topic is about, where one has its name: the topic `outlet` is about the directory of outlets."""
    return next((r for r in book.handbook.records if r.kind == "reference" and r.id == topic), None)


def _clauses(book: Book) -> list[Visibility]:
    return [
        c for c in book.clauses("visibility") if isinstance(c, Visibility) and c.of.startswith("lookup.") and c.topics
    ]


def _topics(book: Book, clause: Visibility) -> list[Topic]:
    record = book.record(clause.of.removeprefix("lookup."))
    found = []
    for name, values in clause.topics.items():
        field = next((field for field in record.fields if field.id == name), None)
        titles = (
            {choice.id: choice.title.say(get_language() or "zh") for choice in book.choices(field)} if field else {}
        )
        found += [Topic(book.name, record.id, str(value), titles.get(str(value), str(value))) for value in values]
    return found


def _say(record: Record) -> str:
    return record.title.say(get_language() or "zh")
