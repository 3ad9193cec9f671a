"""What a confirmed sanction lays on somebody for a time, such as a week of standing by (`Tier.lasts`, `Tier.until`).

It begins with the confirmation or with the event the clause names, ends by itself when its time is over and what the clause waits for is
the case, and at once when the sanction is taken back. Begin and end are facts that name the clause, and the person is told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from zhike.cases.consequences import any_lasts, until_of, until_words
from zhike.cases.deed import Deed
from zhike.cases.events import SanctionBegan, SanctionEnded
from zhike.cases.facts import Facts, facts_of, with_moment
from zhike.cases.models import Case, Consequence
from zhike.cases.sight import who_sees
from zhike.cases.standing import standing_of
from zhike.cases.written import fact_of
from zhike.clocks.moments import register_moments
from zhike.handbook.book import Book
from zhike.handbook.clauses import Sanction
from zhike.handbook.common import Duration, Text, parse_duration
from zhike.handbook.conditions import holds
from zhike.handbook.limits import end_of
from zhike.handbook.named import with_named
from zhike.handbook.sanctions import consequence_title
from zhike.journal.actions import record
from zhike.journal.models import Fact
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM, SYSTEM_VIEWER, resolve, staff_number

State, Why = Consequence.State, Consequence.Why
POSTPONED = dt.timedelta(minutes=1)
"""How long one that cannot be ended, because something failed, waits for the next try."""

log = structlog.get_logger(__name__)

BEGAN = Text(
    zh="{number}：对您的“{what}”从现在起生效，{until}。", en="{number}: “{what}” applies to you from now on, {until}."
)
ENDED = Text(zh="{number}：“{what}”已经结束。", en="{number}: “{what}” is over.")


def lay(deed: Deed, clause: Sanction, draft: Fact) -> None:
    """The sanction drafted by this fact was confirmed: what it lays on somebody for a time is noted, and begins where nothing else does."""
    for charge in draft.payload["charges"]:
        kept = charge.get("lasting")
        for what in kept["what"] if kept else ():
            row = Consequence(
                case=deed.case, clause=clause.id, draft=draft.pk, person=_principal(deed, charge["person"]), what=what,
                terms=kept, state=State.DUE,
            )  # fmt: skip
            row.save(force_insert=True)
            if not kept["starts"]:
                _begin(row, deed.case, deed.book, deed.now, deed.viewer.principal)


def _principal(deed: Deed, named: Any) -> str:
    if named is None or staff_number(str(named)) is not None:
        return str(named or "")
    return resolve(deed.book, str(named), deed.case.department)


def lift(deed: Deed, clause: str) -> None:
    """The sanction was taken back: whatever of it goes on, or was to begin, ends now."""
    rows = Consequence.objects.select_for_update().filter(case=deed.case, clause=clause).exclude(state=State.ENDED)
    for row in rows.order_by("id"):
        _end(row, deed.case, deed.book, Why.REVOKED, deed.now, deed.viewer.principal)


def follow(deed: Deed) -> None:
    """What the deed begins, and what it ends because the clause waited for it. One query where a clause of the handbook lasts."""
    if deed.opening or not any_lasts(deed.book):
        return
    closed = "case.closed" in deed.happened
    rows = Consequence.objects.select_for_update().filter(case=deed.case).exclude(state=State.ENDED).order_by("id")
    for row in rows:
        if row.state == State.DUE and not set(row.terms["starts"]).isdisjoint(deed.happened):
            _begin(row, deed.case, deed.book, deed.now, deed.viewer.principal)
        elif row.state == State.DUE and closed:
            _end(row, deed.case, deed.book, Why.CLOSED, deed.now, deed.viewer.principal)
        elif _waits(row, deed.now) and holds(until_of(row), deed.facts()):
            _end(row, deed.case, deed.book, Why.PASSED, deed.now, deed.viewer.principal)
        elif _waits(row, deed.now) and closed:
            _end(row, deed.case, deed.book, Why.CLOSED, deed.now, deed.viewer.principal)


def _waits(row: Consequence, now: dt.datetime) -> bool:
    """Whether its time is over and nothing but what the clause waits for is missing."""
    over = row.ends_at is None or row.ends_at <= now
    return row.state in Consequence.LIVE and over and bool(row.terms["until"])


def _begin(row: Consequence, case: Case, book: Book, at: dt.datetime, by: str) -> None:
    length = row.terms["length"]
    row.state, row.began_at = State.RUNNING, at
    if length is not None:
        row.ends_at = row.look_at = end_of(book, at, Duration.model_validate(parse_duration(length)))
    row.save(update_fields=["state", "began_at", "ends_at", "look_at"])
    ends = row.ends_at.isoformat() if row.ends_at else ""
    record([fact_of(case, SanctionBegan(row.what, row.person, ends), at=at, actor=by, clauses=(row.clause,))])
    _tell(row, case, book, BEGAN, at)


def _end(row: Consequence, case: Case, book: Book, why: Consequence.Why, at: dt.datetime, by: str) -> None:
    began = row.state != State.DUE
    row.state, row.ended_at, row.why, row.look_at = State.ENDED, at, why, None
    row.save(update_fields=["state", "ended_at", "why", "look_at"])
    if began:
        event = SanctionEnded(row.what, row.person, str(why))
        record([fact_of(case, event, at=at, actor=by, clauses=(row.clause,))])
        _tell(row, case, book, ENDED, at)


def _tell(row: Consequence, case: Case, book: Book, words: Text, at: dt.datetime) -> None:
    """The person concerned hears of it, where he may see the case."""
    number = staff_number(row.person)
    if number is None or not who_sees(case.audience, among=[number]):
        return
    what, until = consequence_title(book, row.what), until_words(row, book)
    said = Text(
        zh=words.zh.format(number=case.number, what=what.zh, until=until.zh),
        en=words.say("en").format(number=case.number, what=what.say("en"), until=until.say("en")),
    )
    tell([Tell(at, [row.person], "told", row.clause, book.name, ("case", case.pk), said)])


class Ends:
    """The moments at which time is over, met by whoever lets clocks fire."""

    def next(self, after: dt.datetime | None = None) -> dt.datetime | None:
        rows = Consequence.objects.filter(Q(look_at__isnull=False) if after is None else Q(look_at__gt=after))
        return rows.order_by("look_at").values_list("look_at", flat=True).first()

    def meet(self, now: dt.datetime, limit: int) -> int:
        due = Consequence.objects.filter(look_at__lte=now).order_by("look_at", "id")
        return sum(_attempt(number, now, time_is_over) for number in list(due.values_list("pk", flat=True)[:limit]))


def _attempt(number: int, now: dt.datetime, act: Callable[[int, dt.datetime], bool]) -> bool:
    try:
        with transaction.atomic():
            return act(number, now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("what a sanction laid on somebody could not end", consequence=number)
        Consequence.objects.filter(pk=number).update(look_at=now + POSTPONED)
        return False


def time_is_over(number: int, now: dt.datetime) -> bool:
    """Its moment came: it ends, or waits for what the clause names. False where somebody is at work on its case."""
    case_id = Consequence.objects.values_list("case_id", flat=True).get(pk=number)
    cases = Case.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    case = cases.select_related("department", "parent").filter(pk=case_id).first()
    if case is None:
        return False
    row = Consequence.objects.select_for_update().get(pk=number)
    if row.look_at is None or row.look_at > now or row.ends_at is None:
        return False
    book = book_of(case.handbook_version_id)
    if not row.terms["until"] or holds(until_of(row), _facts(case, book, now)):
        _end(row, case, book, Why.PASSED if row.terms["until"] else Why.TIME, row.ends_at, SYSTEM)
    elif case.status == Case.Status.CLOSED:
        _end(row, case, book, Why.CLOSED, row.ends_at, SYSTEM)
    else:
        row.state, row.look_at = State.AWAITED, None
        row.save(update_fields=["state", "look_at"])
    return True


def _facts(case: Case, book: Book, now: dt.datetime) -> Facts:
    facts = facts_of(case, book) | standing_of(book, [case.pk], now)[case.pk]
    return with_named(book, with_moment(facts, book, SYSTEM_VIEWER, now))


register_moments("consequence", Ends())
