"""What goes out, when, and what became of it.

    waiting -> taken -> handing -> sent
                     |          -> unknown      the server did not answer the mail's end: a person decides
                     -> waiting (again later)  -> failed

`handing` is committed before the mail's end is sent. Whoever finds a mail in `taken` after a crash sends it again; one in
`handing` is never sent again by itself, because the server may have it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, QuerySet

from zhike.channels.email import composing, raw, tokens
from zhike.channels.email.models import Mailbox, Outgoing
from zhike.channels.email.smtp import BeforeEnd, Outcome
from zhike.conversations.access import queue_of, roles_of
from zhike.conversations.failures import reason
from zhike.conversations.models import Conversation, Message
from zhike.conversations.outgoing import mark_delivery
from zhike.conversations.written import book_for
from zhike.handbook.common import Text
from zhike.journal.wake import wake
from zhike.notices.actions import Tell, tell
from zhike.org.principals import role_key, staff_key
from zhike.records.access import attachments_of, open_attachment
from zhike.records.models import Attachment

CHANNEL = "mail"
"""Notified when there is something to send, or a mailbox changed."""
WAITS = (30, 120, 600, 1800, 3600, 7200, 14400, 14400, 14400, 14400)
"""Seconds before the next attempt; after the last it has failed, about 19 hours after the first."""
ANSWERS = re.compile(r"(?i)(?:re|aw|回复|答复)\s*[:：]")
"""How the subject of an answer begins."""
REST = 4
"""Up to which of the waits a mailbox rests whose server cannot be used: half an hour."""
HANDFUL = 20
AT_ONCE = dt.datetime.fromtimestamp(0, dt.UTC)
ARRIVED = Text(zh="已收到您的来信", en="Your mail has arrived")
UNKNOWN = reason(
    "mail.unknown",
    zh="邮件服务器没有答复，可能已发出也可能没有。请核实后决定是否重发。",
    en="The mail server did not answer: it may have gone out or not. Find out, then decide.",
)
LATER = reason("mail.later", zh="暂时没有送出，会自动再试：{why}", en="Not sent yet, it is tried again: {why}")
NEVER = reason("mail.never", zh="没有送出：{why}", en="Not sent: {why}")
TOLD = {
    "unknown": Text(
        zh="会话 {number}：一封邮件不知是否发出，请核实后决定。",
        en="Conversation {number}: nobody knows whether a mail went out. Find out and decide.",
    ),
    "failed": Text(zh="会话 {number}：一封邮件没有送出。", en="Conversation {number}: a mail was not sent."),
}


def enqueue(
    message: Message, mailbox: Mailbox, *, now: dt.datetime, to: str = "", not_before: dt.datetime | None = None
) -> Outgoing:
    """Put a message of state `sending` on its way, in the caller's transaction; one that failed begins anew. `to`: where the conversation
    is not one of mails.
    """
    conversation = message.conversation
    assert conversation.address is not None
    domain = mailbox.address.rpartition("@")[2]
    found, made = Outgoing.objects.get_or_create(
        message=message,
        defaults={
            "mailbox": mailbox,
            "to": to or conversation.address.value,
            "identifier": tokens.message_id(conversation.pk, message.pk, domain),
            "is_auto": bool(message.extra.get("auto")),
            "made_at": now,
            "next_at": not_before or AT_ONCE,
        },
    )
    if not made and found.state in (Outgoing.State.FAILED, Outgoing.State.UNKNOWN):
        found.state, found.attempts, found.next_at, found.fault, found.settled_at = (
            Outgoing.State.WAITING,
            0,
            AT_ONCE,
            "",
            None,
        )
        found.save(update_fields=["state", "attempts", "next_at", "fault", "settled_at"])
    wake(CHANNEL)
    return found


def due(wall: dt.datetime) -> set[int]:
    """Mailboxes that have something to send now. One query."""
    rows = Outgoing.objects.filter(state=Outgoing.State.WAITING, next_at__lte=wall, mailbox__inbox__is_active=True)
    return set(rows.order_by().values_list("mailbox_id", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at one mail. Who holds an older attempt can neither send the end nor write down what became of it."""

    number: int
    attempt: int


def claim(mailbox: int, wall: dt.datetime) -> list[Claim]:
    """Take some that are due, the oldest first: what this answers is the caller's to send."""
    waiting = Outgoing.objects.filter(mailbox=mailbox, state=Outgoing.State.WAITING, next_at__lte=wall)
    with transaction.atomic():
        rows = list(waiting.select_for_update(skip_locked=True).order_by("pk").values_list("pk", "attempts")[:HANDFUL])
        taken = Outgoing.objects.filter(pk__in=[number for number, _ in rows])
        taken.update(state=Outgoing.State.TAKEN, attempts=F("attempts") + 1)
    return [Claim(number, attempts + 1) for number, attempts in rows]


def mail_of(number: int, now: dt.datetime) -> tuple[Outgoing, bytes]:
    """(the row, the mail as bytes), kept under its digest. `now` is its date."""
    row = Outgoing.objects.select_related("message__conversation__address", "mailbox__inbox").get(pk=number)
    mail = composing.composed(_letter(row, now))
    row.raw_digest = raw.keep(mail)
    row.save(update_fields=["raw_digest"])
    return row, mail


def _letter(row: Outgoing, now: dt.datetime) -> composing.Letter:
    message, conversation, mailbox = row.message, row.message.conversation, row.mailbox
    asked = _answered(message)
    theirs = str(asked.extra.get("message_id", "")) if asked else ""
    return composing.Letter(
        sender=mailbox.address,
        sender_name=mailbox.sender_name,
        to=row.to,
        subject=_subject(row, conversation),
        words=message.words,
        html=message.html,
        message_id=row.identifier,
        seal=tokens.seal_of(row.identifier),
        at=now,
        reply_to=tokens.plus_address(mailbox.address, conversation.pk) if mailbox.plus_addressing else "",
        signature="" if row.is_auto else mailbox.signature,
        answers=theirs,
        references=_references(message),
        quoted=None if row.is_auto or asked is None else _quoted(asked, conversation),
        files=_files(message),
        is_auto=row.is_auto,
        language=_language(row),
    )


def _subject(row: Outgoing, conversation: Conversation) -> str:
    """A machine's answer repeats nothing of what came; a person's keeps the subject."""
    mark = tokens.subject_mark(conversation.number)
    if row.is_auto:
        return f"{row.message.extra.get('subject') or ARRIVED.say(_language(row))} {mark}"
    subject = conversation.subject or row.mailbox.sender_name
    return f"{subject if ANSWERS.match(subject) else f'Re: {subject}'} {mark}"


def _language(row: Outgoing) -> str:
    """The customer's, where it is known; else the mailbox's."""
    address = row.message.conversation.address
    known = address.language[:2] if address is not None else ""
    return known if known in ("zh", "en") else row.mailbox.language


def _answered(message: Message) -> Message | None:
    """The customer's last message before it."""
    before = Message.objects.filter(
        conversation=message.conversation_id, seq__lt=message.seq, side=Message.Side.CUSTOMER
    )
    return before.order_by("-seq").first()


def _quoted(asked: Message, conversation: Conversation) -> composing.Quoted:
    who = conversation.address.name or conversation.address.value if conversation.address else ""
    return composing.Quoted(who, asked.at.astimezone(ZoneInfo(book_for(conversation).handbook.zone)), asked.words)


def _references(message: Message) -> list[str]:
    """The names of the mails before it in this conversation, the oldest first: his and ours."""
    rows = Message.objects.filter(conversation=message.conversation_id, seq__lt=message.seq, internal=False)
    found = []
    for extra, ours in rows.order_by("-seq").values_list("extra__message_id", "outgoing__identifier")[
        : composing.MOST_REFERENCES
    ]:
        found.append(str(extra or ours or ""))
    return [each for each in reversed(found) if each]


def _files(message: Message) -> list[tuple[str, str, bytes]]:
    found = []
    for attachment in attachments_of(("message", message.pk)) if message.files else []:
        opened = open_attachment(attachment.token, _any)
        with opened.stream as stream:
            found.append((attachment.name, attachment.media_type, stream.read()))
    return found


def _any(_attachment: Attachment) -> bool:
    """The message is ours to send, and so are its files."""
    return True


def before_end(claim: Claim) -> None:
    """The mail's end is about to be sent. Raises BeforeEnd when the mail is not the caller's any more."""
    if _held(claim, Outgoing.State.TAKEN).update(state=Outgoing.State.HANDING) != 1:
        raise BeforeEnd(claim.number)


def put_back(claim: Claim) -> None:
    """It was not tried after all."""
    _held(claim, Outgoing.State.TAKEN).update(state=Outgoing.State.WAITING, attempts=F("attempts") - 1)


def put_off(mailbox: int, claims: Sequence[Claim], wall: dt.datetime, attempt: int = 1) -> None:
    """The server cannot be used: these were not tried, and nothing else of the mailbox is for a while, longer each time the one that
    was tried fails.

    Otherwise every mail that waits would knock at a server that hangs, or be one more wrong password with one that counts them.
    """
    later = wall + dt.timedelta(seconds=WAITS[min(attempt, REST) - 1])
    for claim in claims:
        _held(claim, Outgoing.State.TAKEN).update(
            state=Outgoing.State.WAITING, attempts=F("attempts") - 1, next_at=later
        )
    Outgoing.objects.filter(mailbox=mailbox, state=Outgoing.State.WAITING, next_at__lte=wall).update(next_at=later)


def _held(claim: Claim, *states: str) -> QuerySet[Outgoing]:
    return Outgoing.objects.filter(pk=claim.number, attempts=claim.attempt, state__in=states)


def note_outcome(claim: Claim, outcome: Outcome, *, now: dt.datetime, wall: dt.datetime) -> None:
    """Write down what became of an attempt."""
    with transaction.atomic():
        rows = _held(claim, Outgoing.State.TAKEN, Outgoing.State.HANDING).select_for_update(of=("self",))
        row = rows.select_related("message__conversation", "mailbox").first()
        if row is None:
            return
        row.fault = "" if outcome.kind == "sent" else outcome.why[:300]
        if outcome.kind == "later" and row.attempts <= len(WAITS):
            row.state, row.next_at = Outgoing.State.WAITING, wall + dt.timedelta(seconds=WAITS[row.attempts - 1])
            mark_delivery(row.message.pk, Message.State.SENDING, now=now, why=LATER.of(why=outcome.why[:200]))
        else:
            _settle(row, outcome, now)
        row.save(update_fields=["fault", "state", "next_at", "settled_at"])
        fault = outcome.why[:300] if outcome.of_mailbox else ""
        changes = {"send_fault": fault} | ({"sent_at": now} if outcome.kind == "sent" else {})
        Mailbox.objects.filter(pk=row.mailbox_id).update(**changes)


def _settle(row: Outgoing, outcome: Outcome, now: dt.datetime) -> None:
    row.settled_at = now
    if outcome.kind == "sent":
        row.state = Outgoing.State.SENT
        mark_delivery(row.message.pk, Message.State.SENT, now=now, identifier=row.identifier)
    elif outcome.kind == "unknown":
        row.state = Outgoing.State.UNKNOWN
        mark_delivery(row.message.pk, Message.State.UNKNOWN, now=now, why=UNKNOWN)
        _tell(row.message.conversation, "unknown", now)
    else:
        row.state = Outgoing.State.FAILED
        mark_delivery(row.message.pk, Message.State.FAILED, now=now, why=NEVER.of(why=outcome.why[:200]))
        _tell(row.message.conversation, "failed", now)


def _tell(conversation: Conversation, what: str, now: dt.datetime) -> None:
    """Whoever has it, else those who answer its queue."""
    tell_holder(conversation, TOLD[what], now)


def tell_holder(conversation: Conversation, words: Text, now: dt.datetime) -> None:
    """One notice about a conversation to its owner; while nobody has it, to those who answer its queue. `{number}` is filled in."""
    book = book_for(conversation)
    roles = roles_of(queue_of(book, conversation.queue), book)
    to = (
        [staff_key(conversation.owner_id)]
        if conversation.owner_id
        else [role_key(book.name, role) for role in roles[:1]]
    )
    said = Text(zh=words.zh.format(number=conversation.number), en=words.say("en").format(number=conversation.number))
    tell(
        [
            Tell(
                at=now,
                to=to,
                kind="told",
                clause="",
                handbook=book.name,
                subject=("conversation", conversation.pk),
                words=said,
            )
        ]
    )


def recover(now: dt.datetime, wall: dt.datetime, but: Collection[int] = ()) -> int:
    """What a killed sender left behind: taken ones wait again, those whose end may have been sent become `unknown`. Their number.

    `but`: those that somebody alive still has in hand.
    """
    left = Outgoing.objects.exclude(pk__in=but)
    left.filter(state=Outgoing.State.TAKEN).update(state=Outgoing.State.WAITING, next_at=wall)
    rows = left.filter(state=Outgoing.State.HANDING).order_by("pk").values_list("pk", "attempts")
    lost = [Claim(number, attempts) for number, attempts in rows]
    for each in lost:
        note_outcome(each, Outcome("unknown", "the sender was ended while it handed the mail over"), now=now, wall=wall)
    return len(lost)


def settle(row: Outgoing, how: str, *, by: str, now: dt.datetime) -> None:
    """A person decides about an unknown one, in the caller's transaction: `sent`, or `again`."""
    if how == "sent":
        row.state, row.settled_at = Outgoing.State.SENT, now
        row.save(update_fields=["state", "settled_at"])
        mark_delivery(row.message.pk, Message.State.SENT, now=now, settled_by=by)
        return
    mark_delivery(row.message.pk, Message.State.SENDING, now=now, settled_by=by)
    enqueue(row.message, row.mailbox, now=now)
