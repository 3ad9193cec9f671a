"""What sanctions laid on somebody for a time, in words: on the case, on the page of the person and on his own account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext

from zhike.cases.consequences import any_lasts, live_on, of_person, until_of
from zhike.cases.models import Case, Consequence
from zhike.handbook.book import Book
from zhike.org.handbooks import book_of
from zhike.web.base import times
from zhike.web.base.names import Names
from zhike.web.handbook_page import terms, titles


@dataclass(frozen=True, slots=True)
class Lasting:
    """One of them: what, for whom, since and until when, by which clause of which case."""

    what: str
    who: str
    since: dt.datetime | None
    until: str
    handbook: str
    clause: str
    case_id: int
    number: str


def lasting_on_case(case: Case, book: Book, now: dt.datetime, names: Names) -> list[Lasting]:
    """What this case laid on somebody and goes on. One query where the handbook has such a clause, none elsewhere."""
    rows = live_on(case) if any_lasts(book) else []
    names.ask({row.person for row in rows}, [book])
    return [_shown(row, case, now, names.people.get(row.person, "")) for row in rows]


def lasting_for(person: str, keys: Collection[str], now: dt.datetime) -> list[Lasting]:
    """What goes on for this person, by the cases these keys open. One query."""
    return [_shown(row, row.case, now, "") for row in of_person(person, keys)]


def _shown(row: Consequence, case: Case, now: dt.datetime, who: str) -> Lasting:
    book = book_of(case.handbook_version_id)
    return Lasting(
        what=titles.consequence(book, row.what), who=who, since=row.began_at, until=gettext("，").join(_until(row, case, book, now)),
        handbook=book.name, clause=row.clause, case_id=case.pk, number=case.number,
    )  # fmt: skip


def _until(row: Consequence, case: Case, book: Book, now: dt.datetime) -> Iterable[str]:
    if row.ends_at is not None and row.ends_at > now:
        yield gettext("到 %(moment)s") % {"moment": times.moment(row.ends_at, now)}
    elif row.ends_at is not None and row.terms["until"]:
        yield gettext("已经期满")
    if row.terms["until"]:
        yield gettext("直到%(when)s") % {"when": terms.conditions(book, until_of(row), case.process)}
