"""Forms whose corrections are versions: the older ones stay readable beside the one that counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language

from zhike.handbook.book import Book
from zhike.handbook.structure import Record
from zhike.records.models import Filling
from zhike.records.queries import standing_fillings
from zhike.web.base.names import Names
from zhike.web.case_page.timeline.filled import filled


@dataclass(frozen=True, slots=True)
class Version:
    """One that no longer counts: (title, value, whether the next version says something else) of every field."""

    number: int
    who: str
    at: dt.datetime
    rows: list[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class Corrected:
    """A form that was corrected: the number of the version that counts, and the older ones, the newest first."""

    title: str
    number: int
    older: list[Version]


def versions_of(
    book: Book, subject: tuple[str, int], held: Iterable[str], names: Names, now: dt.datetime
) -> list[Corrected]:
    """The corrected forms of a case or conversation, in the handbook's order. One query, none where no form of `held` has versions."""
    named = set(held)
    records = [record for record in book.handbook.records if record.versions and record.id in named]
    if not records:
        return []
    kind, number = subject
    found = standing_fillings().filter(subject_kind=kind, subject_id=number, record__in=[r.id for r in records])
    rows = [row for row in found.order_by("id") if row.values]
    names.ask({row.actor for row in rows}, [book], [(book.record(row.record).fields, row.values) for row in rows])
    each = [(record, [row for row in rows if row.record == record.id]) for record in records]
    return [_corrected(book, record, mine, names, now) for record, mine in each if len(mine) > 1]


def _corrected(book: Book, record: Record, rows: Sequence[Filling], names: Names, now: dt.datetime) -> Corrected:
    told = [dict(filled(book, record.fields, row.values, names.name_of, now)) for row in rows]
    older = [
        Version(
            at + 1, names.people.get(row.actor, row.actor), row.at,
            [(title, shown, told[at + 1].get(title) != shown) for title, shown in told[at].items()],
        )
        for at, row in enumerate(rows[:-1])
    ]  # fmt: skip
    return Corrected(record.title.say(get_language() or "zh"), len(rows), list(reversed(older)))


def numbers_of(book: Book, fillings: Iterable[Filling]) -> dict[int, int]:
    """{filling: which version it is} of the fillings that stand, for forms whose corrections are versions."""
    versioned = {record.id for record in book.handbook.records if record.versions}
    counts: dict[tuple[str, int, str], int] = {}
    found: dict[int, int] = {}
    for row in sorted((f for f in fillings if f.record in versioned), key=lambda f: f.pk):
        of = (row.subject_kind, row.subject_id, row.record)
        found[row.pk] = counts[of] = counts.get(of, 0) + 1
    return found
