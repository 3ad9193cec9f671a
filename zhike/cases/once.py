"""Forms of cases that occur once: a second one is refused, and whoever may see the case that has it is told which."""

from __future__ import annotations

from zhike.cases.deed import Deed
from zhike.cases.models import Case
from zhike.cases.refusals import Reason, Unreadable
from zhike.handbook.common import Text
from zhike.records.models import Filling
from zhike.records.uniqueness import Taken, claim
from zhike.records.words import OCCURRENCE, occurs_already


def check_once(deed: Deed, filling: Filling) -> None:
    """Raises Unreadable with every combination of the form that another one has; the caller's transaction is rolled back then."""
    if not deed.book.record(filling.record).unique:
        return
    taken = claim(deed.book, filling, deed.case.customer_id)
    if taken:
        raise Unreadable([_reason(deed, each) for each in taken])


def _reason(deed: Deed, taken: Taken) -> Reason:
    record = deed.book.record(taken.by.record)
    titles = {field.id: field.title for field in record.fields}
    names: list[Text] = [titles.get(name) or OCCURRENCE[name] for name in taken.names]
    fields = tuple(name for name in taken.names if name in titles)
    return Reason(occurs_already(record.title, names, _where(deed, taken.by)), "", fields)


def _where(deed: Deed, other: Filling) -> str:
    case = Case.objects.filter(pk=other.subject_id).first() if other.subject_kind == "case" else None
    return case.number if case is not None and deed.viewer.holds(case.audience) else ""
