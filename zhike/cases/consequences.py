"""What sanctions laid on somebody for a time, read: on a case, on a person's page, in words. Written in lasting.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from pydantic import TypeAdapter

from zhike.cases.models import Case, Consequence
from zhike.handbook.book import Book
from zhike.handbook.clauses import Sanction
from zhike.handbook.common import Text, When
from zhike.handbook.sanctions import lasts_at_all
from zhike.lib.spoken import moment

_when: TypeAdapter[When] = TypeAdapter(When)


def until_of(row: Consequence) -> When:
    return _when.validate_python(row.terms["until"])


def until_words(row: Consequence, book: Book) -> Text:
    """Until when: its moment, what is waited for, or both."""
    if row.ends_at is None:
        return Text(zh="直到满足条款写的条件", en="until what the clause names is the case")
    until = moment(row.ends_at, book.handbook.zone)
    if row.terms["until"]:
        return Text(
            zh=f"到 {until}，并且满足条款写的条件为止", en=f"until {until} and until what the clause names is the case"
        )
    return Text(zh=f"到 {until} 为止", en=f"until {until}")


def lasting_on(ids: Collection[int], now: dt.datetime | None = None) -> Iterable[tuple[int, str]]:
    """(case, clause) of what goes on, on these cases. `now`: what was over before it no longer does, whoever has noticed. One query."""
    rows = Consequence.objects.filter(case__in=ids, state__in=Consequence.LIVE)
    for row in rows.order_by("id"):
        if now is None or row.ends_at is None or row.ends_at > now or row.terms["until"]:
            yield row.case_id, row.clause


def any_lasts(book: Book) -> bool:
    """Whether any sanction of the handbook lays something on somebody for a time."""
    return any(lasts_at_all(clause) for clause in book.clauses("sanction") if isinstance(clause, Sanction))


def live_on(case: Case) -> list[Consequence]:
    """What a case laid on somebody that goes on, what ends first at the top. One query."""
    return list(Consequence.objects.filter(case=case, state__in=Consequence.LIVE).order_by("ends_at", "id"))


def of_case(case: Case) -> list[Consequence]:
    """What a case laid on somebody that goes on, and what ended, in the order of its beginning. One query."""
    return list(Consequence.objects.filter(case=case, began_at__isnull=False).order_by("began_at", "id"))


def of_person(person: str, keys: Collection[str]) -> list[Consequence]:
    """What goes on for this person by cases that these keys open, what ends first at the top. One query."""
    rows = Consequence.objects.filter(person=person, state__in=Consequence.LIVE, case__audience__overlap=sorted(keys))
    return list(rows.select_related("case").order_by("ends_at", "id"))
