"""Reports about mails of ours: the message says that it did not arrive, and whoever has the conversation is told."""

from __future__ import annotations

import datetime as dt

from zhike.channels.email import tokens
from zhike.channels.email.bounces import Report
from zhike.channels.email.models import Mail as Kept
from zhike.channels.email.models import Outgoing
from zhike.channels.email.outbox import tell_holder
from zhike.channels.email.parsing import Mail
from zhike.conversations.failures import reason
from zhike.conversations.models import Message
from zhike.conversations.outgoing import mark_delivery
from zhike.handbook.common import Text

FAILED = reason("mail.returned", zh="对方邮件系统退回：{why}", en="Returned by the other side: {why}")
NO_REASON = reason("mail.no_reason", zh="没有说明原因", en="without a reason")
TOLD = Text(
    zh="会话 {number}：发给客户的邮件被退回。请核对地址，或换一种方式联系。",
    en="Conversation {number}: the mail to the customer was returned. Check the address, or reach him another way.",
)


def attach(row: Kept, mail: Mail, *, now: dt.datetime) -> None:
    """To the mail of ours it is about, in the caller's transaction. A report that names none of ours changes nothing."""
    report = mail.report
    assert report is not None
    row.reasons = [
        {"delivered": "delivered", "relayed": "delivered", "delayed": "late"}.get(report.action, "not_delivered")
    ]
    outgoing = about(report)
    if outgoing is None:
        row.reasons.append("unknown_mail")
        return
    row.about, row.conversation, row.message = outgoing, outgoing.message.conversation, outgoing.message
    if report.action == "failed":
        _failed(outgoing, report, now)
    elif report.action == "delivered":
        mark_delivery(outgoing.message.pk, Message.State.DELIVERED, now=now, report=row.pk)


def about(report: Report) -> Outgoing | None:
    """The mail of ours that a report names; by our own signed names only. One that repeats no more than our subject, with the
    conversation's signed number, is about the last mail of it that went out."""
    named = [identifier for identifier in report.about if tokens.ours(identifier)]
    rows = Outgoing.objects.select_related("message__conversation__owner", "mailbox").order_by("-pk")
    if (found := rows.filter(identifier__in=named).first()) is not None:
        return found
    number = tokens.of_subject(report.subjects)
    if number is None:
        return None
    out = (Outgoing.State.SENT, Outgoing.State.UNKNOWN)
    return rows.filter(message__conversation__number=number, state__in=out).first()


def _failed(outgoing: Outgoing, report: Report, now: dt.datetime) -> None:
    said = " ".join(filter(None, (report.status, report.why)))[:300]
    why = FAILED.of(why=said or NO_REASON)
    Outgoing.objects.filter(pk=outgoing.pk).update(state=Outgoing.State.FAILED, fault=said)
    if mark_delivery(outgoing.message.pk, Message.State.FAILED, now=now, why=why) is not None:
        tell_holder(outgoing.message.conversation, TOLD, now)
