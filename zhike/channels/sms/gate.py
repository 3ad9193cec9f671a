"""The one gate before a short message: may this go to this number now?

Three things are asked, in this order: whether the number wants nothing; whether marketing has the person's consent (PIPL, articles 13
and 16; withdrawing works at once); and every gate clause of the handbook that speaks of `sms.sending`: quiet hours, how many a day. A
clause with `otherwise: wait` puts the message off to the first full hour it allows, any other refuses it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
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
from zhike.org.handbooks import book_of, current

EVENT = "sms.sending"
LOOKED_AHEAD = 48
"""Hours in which a clause that says `wait` must let it through; otherwise it is refused."""
WANTS_NOTHING = Text(zh="对方不愿再收到我们的消息。", en="They want no more messages from us.")
NO_CONSENT = Text(
    zh="对方没有同意接收营销信息，或已退订。", en="They have not agreed to marketing messages, or unsubscribed."
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


def ask_gate(asking: Asking, now: dt.datetime) -> Verdict:
    """At most five queries."""
    customer = customer_of(asking.number)
    unwanted = {row.scope: row for row in DoNotContact.objects.filter(number=asking.number, ended_at=None)}
    if DoNotContact.Scope.ALL in unwanted and asking.purpose != Purpose.VERIFICATION:
        return Verdict(False, WANTS_NOTHING)
    consented = _consented(customer, unwanted.get(DoNotContact.Scope.MARKETING), now)
    if asking.purpose == Purpose.MARKETING and not consented:
        return Verdict(False, NO_CONSENT)
    if not asking.handbook:
        return Verdict()
    book = book_of(current(asking.handbook, now).pk)
    if not book.speaking_of("gate", None, EVENT):
        return Verdict()
    return _by_clauses(book, _facts(asking, customer, consented, book, now), now)


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
    first = judgement.refusals[0]
    clauses = [book.clause(refusal.decision.clause_id) for refusal in judgement.refusals]
    waits = all(isinstance(clause, Gate) and clause.otherwise == "wait" for clause in clauses)
    until = _later(book, facts, now) if waits else None
    return Verdict(False, first.words, first.decision.clause_id, until)


def _later(book: Book, facts: dict[str, Any], now: dt.datetime) -> dt.datetime | None:
    """The first full hour from which the clauses allow it."""
    local = now.astimezone(ZoneInfo(book.handbook.zone)).replace(minute=0, second=0, microsecond=0)
    for hours in range(1, LOOKED_AHEAD + 1):
        moment = local + dt.timedelta(hours=hours)
        if judge(book, facts | _time(moment), on=EVENT).allowed:
            return moment
    return None
