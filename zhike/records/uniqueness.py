"""Forms that occur once (`unique`): one appraisal an employee and year, one confirmation a case, one survey a customer and quarter.

Each combination a filling takes is one row, so that two at the same moment cannot both have it. A combination belongs to the filling that
counts: a correction on the same case or conversation takes its own along, what was undone or corrected away is free again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from zhike.handbook.book import Book
from zhike.handbook.common import Names, is_present
from zhike.handbook.structure import Record
from zhike.records.completeness import lacking
from zhike.records.models import Filling, Occurrence
from zhike.records.queries import latest

CASE, CUSTOMER = "case", "customer"
PERIODS = {
    "calendar_day": "%Y-%m-%d", "calendar_month": "%Y-%m", "calendar_quarter": "", "calendar_year": "%Y",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """A combination that another filling has."""

    names: Names
    by: Filling


def claim(book: Book, filling: Filling, customer: int | None) -> list[Taken]:
    """Take the combinations of a filling that was just kept, in the caller's transaction, which is rolled back where any is taken.

    No query where the form occurs as often as one likes; else one a combination, and some more where it is not new.
    """
    record = book.record(filling.record)
    found = ((names, key) for names in record.unique if (key := _key(book, names, filling, customer)))
    return [Taken(names, other) for names, key in found if (other := _claimed(book, record, names, key, filling))]


def _key(book: Book, names: Names, filling: Filling, customer: int | None) -> str:
    """ "" where one of its parts has no value: then nothing says that it occurs twice."""
    parts = [_part(book, name, filling, customer) for name in names]
    if not all(is_present(part) for part in parts):
        return ""
    return hashlib.sha256(json.dumps([names, parts], ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _part(book: Book, name: str, filling: Filling, customer: int | None) -> object:
    if name in {field.id for field in book.record(filling.record).fields}:
        return filling.values.get(name)
    if name == CASE:
        return [filling.subject_kind, filling.subject_id]
    return customer if name == CUSTOMER else _period(name, filling.at.astimezone(ZoneInfo(book.handbook.zone)))


def _period(name: str, at: dt.datetime) -> str:
    return f"{at.year}-Q{(at.month + 2) // 3}" if name == "calendar_quarter" else at.strftime(PERIODS[name])


def _claimed(book: Book, record: Record, names: Names, key: str, filling: Filling) -> Filling | None:
    """The filling that has the combination already; None where it is this one's now."""
    row, created = Occurrence.objects.get_or_create(
        handbook=book.name, record=record.id, key=key, defaults={"filling": filling}
    )
    if created:
        return None
    row = Occurrence.objects.select_for_update(of=("self",)).select_related("filling__undone").get(pk=row.pk)
    if _holds_it(record, names, row.filling, filling):
        return row.filling
    row.filling = filling
    row.save(update_fields=["filling"])
    return None


def _holds_it(record: Record, names: Names, other: Filling, mine: Filling) -> bool:
    """Whether `other` still counts. On the same case it does where the form occurs once a case, is complete and has no versions."""
    if hasattr(other, "undone"):
        return False
    subject = (other.subject_kind, other.subject_id)
    if subject == (mine.subject_kind, mine.subject_id):
        return CASE in names and not record.versions and not lacking(record, other.values)
    counts = latest(subject, record.id)
    return counts is not None and counts.pk == other.pk


def forget(kind: str, number: int, record: str = "") -> None:
    """What was filled in there is deleted: its combinations are free."""
    rows = Occurrence.objects.filter(filling__subject_kind=kind, filling__subject_id=number)
    (rows.filter(record=record) if record else rows).delete()
