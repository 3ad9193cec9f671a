"""Short messages in conversations: what an agent may answer with, and how his words get on their way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from zhike.channels.refusals import Refused
from zhike.channels.sms.accounts import gateway_of
from zhike.channels.sms.models import OutgoingMessage, Purpose, SmsGateway, SmsTemplate
from zhike.channels.sms.sending import NO_TEMPLATE, Order, check_order, queue
from zhike.channels.sms.templates import words_of
from zhike.conversations.events import MessageWritten
from zhike.conversations.failures import worded
from zhike.conversations.models import Conversation, Message
from zhike.conversations.outgoing import Draft, checks, mark_delivery
from zhike.conversations.refusals import ConversationRefused
from zhike.handbook.common import Text
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to

CARRIED = ("waiting", "sending", "sent", "delivered")
"""States of a row that carries a message: what failed or is unknown is carried by another when a person says so."""
NO_FILES = Text(
    zh="短信不能带附件，请改用链接或其他渠道。",
    en="A short message carries no files; send a link, or use another channel.",
)
NO_GATEWAY = Text(zh="短信网关已停用，请联系管理员。", en="The SMS gateway is switched off; ask an administrator.")


def order_for(conversation: Conversation, words: str, extra: dict[str, Any], by: str) -> Order:
    """What is sent for these words: the template chosen, else the gateway's reply template around them, else the words themselves.

    Raises ConversationRefused.
    """
    gateway = SmsGateway.objects.select_related("inbox", "reply_template").filter(inbox=conversation.inbox_id).first()
    if gateway is None or not gateway.is_active or conversation.address is None:
        raise ConversationRefused(NO_GATEWAY)
    template: SmsTemplate | None = gateway.reply_template
    values: dict[str, Any] = {template.variables[0]: words} if template is not None and template.variables else {}
    if chosen := extra.get("template"):
        found = SmsTemplate.objects.select_related("gateway").filter(code=str(chosen), gateway=gateway)
        template, values = found.first(), dict(extra.get("values") or {})
    if template is None and (chosen or gateway_of(gateway).needs_template):
        raise ConversationRefused(NO_TEMPLATE)
    return Order(conversation.address.value, words, Purpose.SERVICE, template, values, by=by, gateway=gateway)


@checks("sms")
def check_answer(conversation: Conversation, draft: Draft, now: dt.datetime) -> None:
    """Raises ConversationRefused, with the clause where the handbook forbids it. A clause that says `wait` lets it through, later."""
    if draft.files:
        raise ConversationRefused(NO_FILES, fields=("files",))
    order = order_for(conversation, draft.words, dict(draft.extra), "")
    try:
        if order.template is not None:
            words_of(order.template, order.values)
    except Refused as refused:
        raise ConversationRefused(refused.words, fields=tuple(refused.problems))
    verdict = check_order(order, now)
    if not verdict.allowed and verdict.until is None:
        if verdict.reasons:
            raise ConversationRefused.by_clauses(verdict.reasons)
        raise ConversationRefused(verdict.words or NO_GATEWAY)


@reacts_to(MessageWritten)
def send_answers(events: Sequence[Recorded[MessageWritten]]) -> None:
    """What a colleague or the house said in an SMS conversation goes out as a short message."""
    ids = [event.payload.message for event in events if event.payload.side != "customer" and not event.payload.internal]
    if not ids:
        return
    rows = Message.objects.select_related("conversation__address", "conversation__inbox").filter(
        pk__in=ids, conversation__medium="sms", state=Message.State.SENDING
    )
    at = {event.payload.message: event.at for event in events}
    for message in rows.order_by("pk"):
        carried = OutgoingMessage.objects.filter(message=message.pk)
        if carried.filter(state__in=CARRIED).exists():
            continue
        try:
            order = order_for(message.conversation, message.words, message.extra, message.author)
        except ConversationRefused as refused:
            # A person was told before anything was written; the house is told by its message.
            if message.side == Message.Side.STAFF:
                raise
            mark_delivery(message.pk, Message.State.FAILED, now=at[message.pk], why=worded(refused.words))
            continue
        queue(
            Order(
                order.to, order.words, order.purpose, order.template, order.values, f"message:{message.pk}:{carried.count()}",
                message.author, message.pk, order.gateway,
            ),
            at[message.pk],
        )  # fmt: skip
