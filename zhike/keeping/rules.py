"""Which handbooks say of what how long it is kept. A case keeps the version it was opened under, and with it its rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from django.db import connection

from zhike.handbook.book import Book
from zhike.handbook.calendars import Calendar, due_at, due_before
from zhike.handbook.clauses import Visibility
from zhike.handbook.common import Duration
from zhike.org.handbooks import book_of

# Every version that says it anywhere, whether it is in force or not: cases opened under it are still there.
VERSIONS = """
SELECT id FROM org_handbookversion
WHERE jsonb_path_exists(source, '$.clauses[*].keep ? (@ != null)') OR jsonb_path_exists(source, '$.records[*].keep ? (@ != null)')
ORDER BY id
"""
SLACK = dt.timedelta(days=4)
"""Months are not of one length: counted back a limit may fall this much beside the same limit counted forward."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`of` is "process", "record" or "conversation"; `name` the process or form, "" for conversations."""

    versions: tuple[int, ...]
    """Every version of the handbook that says so in the same words of the same clause."""
    handbook: str
    of: str
    name: str
    clause: str
    """"" where the form itself says it."""
    keep: Duration
    zone: str
    calendar: Calendar | None = field(default=None, compare=False)

    def due(self, ended_at: dt.datetime) -> dt.datetime:
        """The first moment at which what ended then has been kept long enough."""
        return due_at(self.calendar, ended_at, self.keep, zone=self.zone)

    def ended_by(self, now: dt.datetime) -> dt.datetime:
        """Whatever is due by `now` ended before this moment; not everything that did is due."""
        return due_before(self.calendar, now, self.keep, zone=self.zone) + SLACK


def every_rule() -> list[Rule]:
    """What all versions say, each rule once. One query besides the books."""
    with connection.cursor() as cursor:
        cursor.execute(VERSIONS)
        versions = [number for (number,) in cursor.fetchall()]
    found: dict[Rule, list[int]] = {}
    for number in versions:
        for rule in rules_of(number, book_of(number)):
            found.setdefault(replace(rule, versions=()), []).append(number)
    return [replace(rule, versions=tuple(numbers)) for rule, numbers in found.items()]


def rules_of(version_id: int, book: Book) -> Iterator[Rule]:
    """What one version says. The page trail of a web chat has a job of its own (channels/webchat/trail.py)."""
    zone, calendar = book.handbook.zone, book.calendar(None)
    for clause in book.clauses("visibility"):
        of, _, name = clause.of.partition(".") if isinstance(clause, Visibility) else ("", "", "")
        if isinstance(clause, Visibility) and clause.keep and of in ("process", "record", "conversation"):
            yield Rule((version_id,), book.name, of, name, clause.id, clause.keep, zone, calendar)
    said = {clause.of for clause in book.clauses("visibility") if isinstance(clause, Visibility) and clause.keep}
    for record in book.handbook.records:
        if record.keep and record.kind == "form" and f"record.{record.id}" not in said:
            yield Rule((version_id,), book.name, "record", record.id, "", record.keep, zone, calendar)
