"""What comes back: receipts, replies that become conversations, and replies that ask for no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction
from django.db.models import QuerySet

from zhike.channels.events import SmsResubscribed, SmsUnsubscribed
from zhike.channels.refusals import Refused
from zhike.channels.sms.gate import customer_of
from zhike.channels.sms.gateways import Receipt, Uplink
from zhike.channels.sms.models import DoNotContact, IncomingSms, OutgoingMessage, SmsGateway
from zhike.channels.sms.sending import settle_by_receipt
from zhike.channels.sms.words import asks_for_no_more
from zhike.conversations.actions import Incoming, receive
from zhike.customers.consents import withdraw_consent
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line

State = OutgoingMessage.State
MOST_EARLY = 5


def take_receipts(gateway: SmsGateway, receipts: Sequence[Receipt], now: dt.datetime) -> int:
    """Note what the provider reports; the number that changed something. One that is not about a message of this gateway to that very
    number is passed over: the address is all a stranger would have to know."""
    return sum(_take_receipt(gateway, receipt, now) for receipt in receipts)


def _take_receipt(gateway: SmsGateway, receipt: Receipt, now: dt.datetime) -> bool:
    with transaction.atomic():
        rows = OutgoingMessage.objects.select_for_update(of=("self",), no_key=True).filter(
            gateway=gateway, to=receipt.number, state__in=(State.SENDING, State.SENT, State.UNKNOWN)
        )
        by_us = receipt.reference.removeprefix("zk")
        row = None
        if receipt.provider_id:
            row = rows.filter(provider_id=receipt.provider_id).first()
        if (
            row is None
            and receipt.reference.startswith("zk")
            and by_us.isascii()
            and by_us.isdigit()
            and len(by_us) < 18
        ):
            row = rows.filter(pk=int(by_us)).first()
        if row is None:
            _keep_early(rows, receipt)
            return False
        settle_by_receipt(row, receipt, gateway, now)
    return True


def _keep_early(rows: QuerySet[OutgoingMessage], receipt: Receipt) -> None:
    """It may be about one whose sending was not answered yet: which one, its answer will tell (Tencent names no reference of ours)."""
    if not receipt.provider_id:
        return
    for row in rows.filter(state__in=(State.SENDING, State.UNKNOWN), provider_id="")[:MOST_EARLY]:
        row.early = [*row.early, asdict(receipt)][-MOST_EARLY:]
        row.save(update_fields=["early"])


def take_replies(gateway: SmsGateway, replies: Sequence[Uplink], now: dt.datetime) -> int:
    """Take what people wrote back, each once; the number that were new."""
    return sum(take_reply(gateway, reply, now) is not None for reply in replies)


def take_reply(gateway: SmsGateway, reply: Uplink, now: dt.datetime) -> IncomingSms | None:
    """Kept, and made a conversation, or an end to marketing; None when it was taken before."""
    with transaction.atomic():
        row, new = IncomingSms.objects.get_or_create(
            gateway=gateway, key=reply.key[:64], defaults={"number": reply.number, "words": reply.words, "at": now}
        )
        if not new:
            return None
        if asks_for_no_more(reply.words):
            unsubscribe(reply.number, "marketing", by=f"sms:{reply.number}", why=clean_line(reply.words)[:120], now=now)
            row.became = "unsubscribed"
        elif reply.words.strip():
            contact = {"phone": reply.number}
            incoming = Incoming(reply.number, f"sms:{reply.key}"[:80], reply.words, contact=contact)
            row.became = receive(gateway.inbox, incoming, now=now).conversation.number
        row.save(update_fields=["became"])
    return row


def unsubscribe(number: str, scope: str, *, by: str, why: str, now: dt.datetime) -> None:
    """No more marketing (or nothing at all) to this number, at once: the list, and the ledger of whoever it belongs to."""
    with transaction.atomic():
        customer = customer_of(number)
        # The moment is moved on: a consent given before this very word does not outlive it.
        row, new = DoNotContact.objects.get_or_create(
            number=number, scope=scope, ended_at=None, defaults={"at": now, "by": by, "why": why[:120]}
        )
        if not new:
            DoNotContact.objects.filter(pk=row.pk, at__lt=now).update(at=now, why=why[:120])
        if customer is not None:
            withdraw_consent(customer, "marketing", channel="sms", by=by, now=now)
        subject = ("customer", customer.pk) if customer else ("do_not_contact", row.pk)
        record(
            [
                NewFact(
                    SmsUnsubscribed(scope, "reply" if by.startswith("sms:") else "hand"),
                    at=now,
                    subject=subject,
                    actor=by,
                )
            ]
        )


def end_unsubscription(row: DoNotContact, why: str, *, by: str, now: dt.datetime) -> None:
    """The number may be written to again; a consent is still needed for marketing. Raises Refused without a reason."""
    if not clean_line(why):
        raise Refused(
            {
                "why": Text(
                    zh="请写明理由，例如客户本人来电要求恢复。",
                    en="Say why, such as: the customer asked for it by phone.",
                )
            }
        )
    with transaction.atomic():
        ended = DoNotContact.objects.filter(pk=row.pk, ended_at=None).update(
            ended_at=now, ended_by=by, why=clean_line(why)[:120]
        )
        if ended:
            record([NewFact(SmsResubscribed(row.scope), at=now, subject=("do_not_contact", row.pk), actor=by)])
