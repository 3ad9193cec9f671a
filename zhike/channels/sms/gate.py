"""The one gate before a short message: may this go to this number now?

Three things are asked, in this order: whether the number wants nothing; every gate clause of the handbook that speaks of `sms.sending`:
consent, quiet hours, how many a day; and, where no clause has spoken, whether marketing has the person's consent (PIPL, articles 13
and 16; withdrawing works at once). A clause with `otherwise: wait` puts the message off to the first full hour it allows, any other
refuses it. What a clause refused or put off is a line of its ledger (`uses_of`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from zhike.channels.sms.models import DoNotContact, OutgoingMessage, Purpose
from zhike.customers.consents import in_force
from zhike.customers.models import ContactPoint, Customer
from zhike.handbook.book import Book
from zhike.handbook.clauses import Gate
from zhike.handbook.common import Text
from zhike.handbook.decide import judge
from zhike.handbook.decision import Refusal
from zhike.journal.ledger import Use
from zhike.org.handbooks import book_of, current

EVENT = "sms.sending"
LOOKED_AHEAD = 48
"""Hours in which a clause that says `wait` must let it through; otherwise it is refused."""
WANTS_NOTHING = Text(
    zh="对方不愿再收到我们的消息，请改用其他方式联系。",
    en="They want no more messages from us. Reach them in another way.",
)
NO_CONSENT = Text(
    zh="对方没有同意接收营销信息，或已退订。请先取得同意，记在客户页上，再发。",
    en="They have not agreed to marketing messages, or unsubscribed. Ask first and note the consent on the customer's page.",
)
COUNTED = tuple(set(OutgoingMessage.State.values) - {"refused", "failed"})


@dataclass(frozen=True, slots=True)
class Asking:
    """Who would be sent what."""

    number: str
    purpose: str
    handbook: str
    template: str = ""
    besides: int | None = None
    """The message asked about where it is a row already: it does not count itself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`until`: not now, but from then on. `words` and `clause` say why."""

    allowed: bool = True
    words: Text | None = None
    clause: str = ""
    until: dt.datetime | None = None
    version: int | None = None
    """The version of the handbook the clause stands in."""
    reasons: tuple[Refusal, ...] = ()
    """Every clause that refuses, or puts it off."""


def uses_of(verdict: Verdict, handbook: str, subject: tuple[str, int], now: dt.datetime) -> list[Use]:
    """The ledger's lines of a verdict by clauses: refused, or applied where they only put the message off."""
    if verdict.version is None:
        return []
    outcome, detail = ("refused", {}) if verdict.until is None else ("applied", {"until": verdict.until.isoformat()})
    clauses = [reason.decision.clause_id for reason in verdict.reasons]
    return [Use(now, handbook, verdict.version, clause, outcome, subject, detail=detail) for clause in clauses]


def ask_gate(asking: Asking, now: dt.datetime) -> Verdict:
    """At most five queries."""
    customer = customer_of(asking.number)
    unwanted = {row.scope: row for row in DoNotContact.objects.filter(number=asking.number, ended_at=None)}
    if DoNotContact.Scope.ALL in unwanted and asking.purpose != Purpose.VERIFICATION:
        return Verdict(False, WANTS_NOTHING)
    consented = _consented(customer, unwanted.get(DoNotContact.Scope.MARKETING), now)
    said = _asked_of_handbook(asking, customer, consented, now)
    unasked = asking.purpose == Purpose.MARKETING and not consented
    return Verdict(False, NO_CONSENT) if unasked and (said.allowed or said.until is not None) else said


def _asked_of_handbook(asking: Asking, customer: Customer | None, consented: bool, now: dt.datetime) -> Verdict:
    if not asking.handbook:
        return Verdict()
    version = current(asking.handbook, now).pk
    book = book_of(version)
    if not book.speaking_of("gate", None, EVENT):
        return Verdict()
    return replace(_by_clauses(book, _facts(asking, customer, consented, book, now), now), version=version)


def customer_of(number: str) -> Customer | None:
    """Whose number it is."""
    point = ContactPoint.objects.select_related("customer").filter(kind="phone", value=number).first()
    return point.customer if point else None


def _consented(customer: Customer | None, unwanted: DoNotContact | None, now: dt.datetime) -> bool:
    """A consent given after the last time he said no."""
    if customer is None:
        return False
    given = in_force(customer, now).filter(purpose="marketing")
    return (given.filter(given_at__gt=unwanted.at) if unwanted else given).exists()


def _facts(asking: Asking, customer: Customer | None, consented: bool, book: Book, now: dt.datetime) -> dict[str, Any]:
    """`sms.purpose`, `sms.template`, `sms.consented`, `sms.sent_today`, `sms.sent_in_7_days` (of this purpose, to this number),
    `customer_known`, `customer.tier`, time and parameters."""
    local = now.astimezone(ZoneInfo(book.handbook.zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    week = midnight - dt.timedelta(days=6)
    before = OutgoingMessage.objects.filter(to=asking.number, purpose=asking.purpose, at__gte=week, state__in=COUNTED)
    count = before.exclude(pk=asking.besides or 0).aggregate(
        week=Count("pk"), today=Count("pk", filter=Q(at__gte=midnight))
    )
    return {
        "channel": "sms",
        "sms.purpose": asking.purpose,
        "sms.template": asking.template or None,
        "sms.consented": consented,
        "sms.sent_today": count["today"],
        "sms.sent_in_7_days": count["week"],
        "customer_known": customer is not None,
        "customer.tier": (customer.tier or None) if customer else None,
        **_time(local),
        **{f"param.{name}": value for name, value in book.parameters.items()},
    }


def _time(local: dt.datetime) -> dict[str, Any]:
    return {
        "weekday": local.isoweekday(),
        "hour": local.hour,
        "today": local.date().isoformat(),
        "now": local.isoformat(),
    }


def _by_clauses(book: Book, facts: dict[str, Any], now: dt.datetime) -> Verdict:
    judgement = judge(book, facts, on=EVENT)
    if judgement.allowed:
        return Verdict()
    final = [refusal for refusal in judgement.refusals if not _only_waits(book, refusal.decision.clause_id)]
    reasons = tuple(final or judgement.refusals)
    first, until = reasons[0], None if final else _later(book, facts, now)
    return Verdict(False, first.words, first.decision.clause_id, until, reasons=reasons)


def _only_waits(book: Book, name: str) -> bool:
    clause = book.clause(name)
    return isinstance(clause, Gate) and clause.otherwise == "wait"


def _later(book: Book, facts: dict[str, Any], now: dt.datetime) -> dt.datetime | None:
    """The first full hour from which the clauses allow it."""
    local = now.astimezone(ZoneInfo(book.handbook.zone)).replace(minute=0, second=0, microsecond=0)
    for hours in range(1, LOOKED_AHEAD + 1):
        moment = local + dt.timedelta(hours=hours)
        if judge(book, facts | _time(moment), on=EVENT).allowed:
            return moment
    return None
