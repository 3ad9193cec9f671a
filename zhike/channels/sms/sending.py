"""A short message on its way: queued once, let through by the gate, claimed by one worker, sent, and what became of it.

    waiting -> sending -> sent -> delivered | failed
                       -> unknown -> (receipt or query) -> sent | delivered | failed
    waiting -> refused                      the gate, asked again at the last moment
    held                                    no gateway is connected

A call without an answer is never repeated by itself: the provider may have sent it. It is asked, up to four times; then a person decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import QuerySet

from zhike.channels.events import SmsRefused, SmsSettled
from zhike.channels.refusals import Refused
from zhike.channels.sms.accounts import gateway_of
from zhike.channels.sms.gate import Asking, Verdict, ask_gate, customer_of, uses_of
from zhike.channels.sms.gateways import Outcome, Parcel, Receipt
from zhike.channels.sms.models import OutgoingMessage, Purpose, SmsGateway, SmsTemplate
from zhike.channels.sms.templates import words_of
from zhike.channels.sms.words import LONGEST, segments_of, signed
from zhike.conversations.failures import NONE, PROVIDER, Why, reason, worded
from zhike.conversations.outgoing import mark_delivery
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.ledger import write_uses
from zhike.journal.outbox import defer
from zhike.lib import clock
from zhike.lib.phone import mask as masked
from zhike.notices.actions import Tell, tell
from zhike.org.principals import SYSTEM, staff_number

State = OutgoingMessage.State
MOST = 5
"""Attempts while the provider surely did not take it; the waits grow as 30 s, 2 min, 8 min, 32 min."""
FIRST_WAIT = dt.timedelta(seconds=30)
ASK_AFTER = (60, 300, 1800, 7200)
"""Seconds after which the provider is asked about one whose fate is unknown."""
LOST_AFTER = dt.timedelta(minutes=5)
"""A worker that claimed one and says nothing for so long is gone."""
SAID = {
    State.SENT: "sent",
    State.DELIVERED: "delivered",
    State.FAILED: "failed",
    State.REFUSED: "failed",
    State.UNKNOWN: "unknown",
}
"""What the conversation says of it."""
NO_ANSWER = reason(
    "sms.no_answer",
    zh="服务商没有回应，可能已发出；系统不会自动重发",
    en="The provider did not answer; it may have gone out, and is not sent again by itself.",
)
UNTEMPLATED = "no template"
NO_TEMPLATE = Text(
    zh="这个网关只发已批准的模板：请选择模板，或请管理员为网关指定回复模板。",
    en="This gateway sends approved templates only: choose one, or ask an administrator to name a reply template.",
)


@dataclass(frozen=True, slots=True)
class Order:
    """Something to be sent."""

    to: str
    """E.164."""
    words: str = ""
    """Ignored where a template says them."""
    purpose: str = Purpose.SERVICE
    template: SmsTemplate | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    key: str | None = None
    by: str = SYSTEM
    message: int | None = None
    gateway: SmsGateway | None = None


def send_sms(
    to: str, words: str, now: dt.datetime, *, code: str = "", values: Mapping[str, object] | None = None
) -> OutgoingMessage:
    """Put a verification message to a phone number (E.164) on its way, in the caller's transaction if there is one.

    `code` names the template that says the same words for gateways that send templates only. Raises ValueError for what is no number.
    """
    if not to.startswith("+") or not (to[1:].isascii() and to[1:].isdigit()):
        raise ValueError(f"not a phone number in E.164: {to!r}")
    if len(words) > LONGEST:
        raise ValueError(f"a short message has at most {LONGEST} characters, not {len(words)}")
    template = SmsTemplate.objects.select_related("gateway").filter(
        code=code, state=SmsTemplate.State.APPROVED, purpose=Purpose.VERIFICATION, gateway__is_active=True
    ).first() if code else None  # fmt: skip
    return queue(Order(to, words, Purpose.VERIFICATION, template, values or {}), now)


def check_order(order: Order, now: dt.datetime) -> Verdict:
    """What the gate says of it, before it is written."""
    if order.template is not None and not _fits(order.template, order.purpose):
        return Verdict(
            False,
            Text(zh="这个模板没有批准，或用途不符。", en="This template is not approved, or is for something else."),
        )
    handbook = order.template.handbook if order.template else order.gateway.inbox.handbook if order.gateway else ""
    return ask_gate(Asking(order.to, order.purpose, handbook, order.template.code if order.template else ""), now)


def queue(order: Order, now: dt.datetime) -> OutgoingMessage:
    """Write it down and have it sent; the same key again is the same message. What the gate does not let through is kept as refused.

    Raises Refused for variables that are missing.
    """
    with transaction.atomic():
        if order.key is not None:
            known = OutgoingMessage.objects.filter(key=order.key[:80]).first()
            if known is not None:
                return known
        gateway = order.template.gateway if order.template else (order.gateway or default_gateway())
        words, values = words_of(order.template, order.values) if order.template else (order.words, {})
        full = signed(order.template.signature, words) if order.template else words
        verdict = Verdict() if gateway is None else check_order(_with(order, gateway), now)
        row = OutgoingMessage.objects.create(
            to=order.to, words=full, at=now, gateway=gateway, template=order.template, values=values,
            purpose=order.purpose, handbook=gateway.inbox.handbook if gateway else "", customer=customer_of(order.to),
            message=order.message, key=order.key[:80] if order.key else None, by=order.by, segments=segments_of(full),
            state=State.HELD if gateway is None else State.WAITING, not_before=verdict.until,
            clause=verdict.clause if verdict.until else "",
        )  # fmt: skip
        write_uses(uses_of(verdict, row.handbook, ("sms", row.pk), now))
        if gateway is not None and (verdict.allowed or verdict.until is not None):
            _have_sent(row, verdict.until, now)
        elif gateway is not None:
            _refuse(row, verdict, now)
    return row


def _with(order: Order, gateway: SmsGateway) -> Order:
    return Order(
        order.to, order.words, order.purpose, order.template, order.values, order.key, order.by, order.message, gateway
    )


def _fits(template: SmsTemplate, purpose: str) -> bool:
    return template.state == SmsTemplate.State.APPROVED and template.purpose == purpose


def default_gateway() -> SmsGateway | None:
    """The first that is switched on."""
    return SmsGateway.objects.select_related("inbox").filter(is_active=True).order_by("pk").first()


def _have_sent(row: OutgoingMessage, until: dt.datetime | None, now: dt.datetime) -> None:
    from zhike.channels.sms.tasks import send_waiting

    wait = max(until - now, dt.timedelta()) if until else None
    defer(send_waiting, not_before=clock.wall() + wait if wait else None, number=row.pk)


def _refuse(row: OutgoingMessage, verdict: Verdict, now: dt.datetime) -> None:
    row.clause = verdict.clause
    _settle(row, State.REFUSED, now, why=worded(verdict.words) if verdict.words else NONE)
    code = row.template.code if row.template else ""
    fact = NewFact(
        SmsRefused(row.purpose, code), at=now, subject=("sms", row.pk), actor=row.by or SYSTEM, handbook=row.handbook,
        clauses=[verdict.clause] if verdict.clause else [],
    )  # fmt: skip
    record([fact])


def _tell_sender(row: OutgoingMessage, verdict: Verdict, now: dt.datetime) -> None:
    """Whoever sent it hears that it was held back after all, and why; of a conversation's message the conversation says it."""
    if row.message is not None or staff_number(row.by) is None or verdict.words is None:
        return
    words = Text(
        zh=f"发给 {masked(row.to)} 的短信没有发出：{verdict.words.zh}",
        en=f"Your short message to {masked(row.to)} was not sent: {verdict.words.say('en')}",
    )
    tell([Tell(now, [row.by], "told", verdict.clause, row.handbook, ("sms", row.pk), words)])


def deliver(number: int, now: dt.datetime) -> OutgoingMessage | None:
    """Send one that waits; None when there is nothing to do. The call itself happens outside any transaction."""
    row = _claim(number, now)
    if row is None or row.gateway is None:
        return None
    gateway = gateway_of(row.gateway)
    parcel = parcel_of(row)
    if gateway.needs_template and not parcel.template:
        outcome = Outcome("failed", code=UNTEMPLATED)
    else:
        outcome = gateway.send(parcel, clock.wall())
    return note_outcome(row.pk, outcome, now)


def _claim(number: int, now: dt.datetime) -> OutgoingMessage | None:
    """The gate is asked once more: whoever said no a second ago gets nothing."""
    with transaction.atomic():
        rows = OutgoingMessage.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        row = rows.select_related("gateway__inbox", "template").filter(pk=number, state=State.WAITING).first()
        if row is None or row.gateway is None or (row.not_before is not None and row.not_before > now):
            if row is not None and row.not_before is not None:
                _have_sent(row, row.not_before, now)
            return None
        code = row.template.code if row.template else ""
        verdict = ask_gate(Asking(row.to, row.purpose, row.handbook, code, besides=row.pk), now)
        if not row.gateway.is_active:
            verdict = Verdict(False, Text(zh="网关已停用。", en="The gateway is switched off."))
        elif row.template is not None and row.template.state != SmsTemplate.State.APPROVED:
            verdict = Verdict(False, Text(zh="模板已不再批准使用。", en="The template is no longer approved."))
        if verdict.until is not None:
            row.not_before, row.clause = verdict.until, verdict.clause
            row.save(update_fields=["not_before", "clause"])
            write_uses(uses_of(verdict, row.handbook, ("sms", row.pk), now))
            _have_sent(row, verdict.until, now)
            return None
        if not verdict.allowed:
            write_uses(uses_of(verdict, row.handbook, ("sms", row.pk), now))
            _refuse(row, verdict, now)
            _tell_sender(row, verdict, now)
            return None
        row.state, row.claimed_at, row.attempts = State.SENDING, now, row.attempts + 1
        row.save(update_fields=["state", "claimed_at", "attempts"])
    return row


def parcel_of(row: OutgoingMessage) -> Parcel:
    """As the provider's adapter takes it."""
    template = row.template
    signature = template.signature if template else ""
    names = template.variables if template else []
    return Parcel(
        reference=f"zk{row.pk}", to=row.to, words=row.words.removeprefix(f"【{signature}】"), signature=signature,
        template=template.provider_code if template else "", values=tuple((name, str(row.values.get(name, ""))) for name in names),
        at=row.claimed_at or row.at, provider_id=row.provider_id,
    )  # fmt: skip


def note_outcome(number: int, outcome: Outcome, now: dt.datetime) -> OutgoingMessage | None:
    """Write down what the provider said of one that is being sent, or whose fate is unknown."""
    with transaction.atomic():
        rows = OutgoingMessage.objects.select_for_update(of=("self",), no_key=True).select_related("gateway")
        row = rows.filter(pk=number).first()
        if row is None or row.state not in (State.SENDING, State.UNKNOWN):
            return row
        row.code, row.provider_id = outcome.code[:64], outcome.provider_id[:64] or row.provider_id
        match outcome.state:
            case "taken":
                _settle(row, State.SENT, now)
                if (early := _early(row)) is not None and row.gateway is not None:
                    settle_by_receipt(row, early, row.gateway, now)
            case "delivered":
                _settle(row, State.DELIVERED, now)
            case "failed":
                _settle(row, State.FAILED, now, why=why_of(outcome.code, outcome.words))
            case "again" if row.state == State.SENDING:
                _try_later(row, outcome, now)
            case "unknown" if row.state == State.SENDING:
                _settle(row, State.UNKNOWN, now, why=NO_ANSWER)
                _have_asked(row.pk, 0)
    return row


def _early(row: OutgoingMessage) -> Receipt | None:
    """The receipt about it that came before the answer that names it."""
    found = (Receipt(**each) for each in row.early if each["provider_id"][:64] == row.provider_id)
    return next(found, None)


def settle_by_receipt(row: OutgoingMessage, receipt: Receipt, gateway: SmsGateway, now: dt.datetime) -> None:
    """It arrived, or did not; in the caller's transaction, on a row it holds."""
    row.state = State.DELIVERED if receipt.delivered else State.FAILED
    why = NONE if receipt.delivered else why_of(receipt.code, receipt.words)
    row.why, row.why_values = why.code, dict(why.values)
    row.code, row.settled_at = receipt.code[:64], now
    row.provider_id = row.provider_id or receipt.provider_id[:64]
    row.segments = receipt.segments or row.segments
    row.price = row.segments * gateway.price
    row.save(update_fields=["state", "why", "why_values", "code", "settled_at", "provider_id", "segments", "price"])
    tell_conversation(row, now)


def why_of(code: str, words: str) -> Why:
    """What the provider said, in its own words where it has any."""
    return worded(NO_TEMPLATE) if code == UNTEMPLATED else PROVIDER.of(words=(words or code)[:200])


def _try_later(row: OutgoingMessage, outcome: Outcome, now: dt.datetime) -> None:
    if row.attempts >= MOST:
        _settle(row, State.FAILED, now, why=why_of(outcome.code, outcome.words))
        return
    row.state, row.not_before = State.WAITING, now + FIRST_WAIT * 4 ** (row.attempts - 1)
    why = why_of(outcome.code, outcome.words)
    row.why, row.why_values = why.code, dict(why.values)
    row.save(update_fields=["state", "not_before", "why", "why_values", "code", "provider_id"])
    _have_sent(row, row.not_before, now)


def _settle(row: OutgoingMessage, state: State, now: dt.datetime, why: Why = NONE) -> None:
    """Keep the new state; tell the journal, and the conversation it belongs to."""
    row.state, row.why, row.why_values = state, why.code, dict(why.values)
    if state == State.SENT:
        row.sent_at = now
    else:
        row.settled_at = now
    if state in (State.SENT, State.DELIVERED) and row.gateway is not None:
        row.price = row.segments * row.gateway.price
    row.save(
        update_fields=[
            "state",
            "why",
            "why_values",
            "clause",
            "sent_at",
            "settled_at",
            "price",
            "segments",
            "code",
            "provider_id",
        ]
    )
    if state != State.REFUSED:
        record(
            [NewFact(SmsSettled(state, row.code), at=now, subject=("sms", row.pk), actor=SYSTEM, handbook=row.handbook)]
        )
    tell_conversation(row, now)


def tell_conversation(row: OutgoingMessage, now: dt.datetime) -> None:
    """What became of the message it carries: as the last row that carries it has it, or that one of them arrived."""
    if row.message is None:
        return
    later = OutgoingMessage.objects.filter(message=row.message, pk__gt=row.pk)
    if row.state == State.DELIVERED or not later.exists():
        mark_delivery(row.message, SAID[State(row.state)], now=now, why=Why(row.why, row.why_values))


def _have_asked(number: int, turn: int) -> None:
    from zhike.channels.sms.tasks import ask_about

    if turn < len(ASK_AFTER):
        defer(ask_about, not_before=clock.wall() + dt.timedelta(seconds=ASK_AFTER[turn]), number=number, turn=turn)


def ask_again(number: int, turn: int, now: dt.datetime) -> None:
    """Ask the provider about one whose fate is unknown, and again later when it does not know."""
    row = OutgoingMessage.objects.select_related("gateway", "template").filter(pk=number, state=State.UNKNOWN).first()
    if row is None or row.gateway is None:
        return
    outcome = gateway_of(row.gateway).ask(parcel_of(row), clock.wall())
    note_outcome(number, outcome, now)
    if outcome.state in ("unknown", "not_found"):
        with transaction.atomic():
            _have_asked(number, turn + 1)


def find_lost(now: dt.datetime) -> int:
    """Messages whose worker died at work: their fate is unknown, the provider is asked. The number of them."""
    with transaction.atomic():
        rows = OutgoingMessage.objects.select_for_update(of=("self",), skip_locked=True).select_related("gateway")
        lost = list(rows.filter(state=State.SENDING, claimed_at__lt=now - LOST_AFTER)[:200])
        for row in lost:
            _settle(row, State.UNKNOWN, now, why=NO_ANSWER)
            _have_asked(row.pk, 0)
    return len(lost)


def send_again(row: OutgoingMessage, *, by: str, now: dt.datetime) -> OutgoingMessage:
    """A person decides that one that failed, or whose fate is unknown, is sent once more, as a message of its own. Raises Refused."""
    if row.state not in (State.FAILED, State.UNKNOWN):
        raise Refused(
            {
                "state": Text(
                    zh="只有发送失败或结果不明的短信可以再发。",
                    en="Only a message that failed, or whose fate is unknown, is sent again.",
                )
            }
        )
    words = row.words.removeprefix(f"【{row.template.signature}】") if row.template else row.words
    order = Order(row.to, words, row.purpose, row.template, row.values, f"again:{row.pk}", by, None, row.gateway)
    return queue(order, now)


def outbox() -> QuerySet[OutgoingMessage]:
    """Every message, the newest first."""
    return OutgoingMessage.objects.order_by("-at", "-id")
