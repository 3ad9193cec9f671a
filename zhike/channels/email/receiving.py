"""A mail that came in: kept as it came, judged, and taken up into the conversation it belongs to. Fed twice, it is there once."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, DataError, IntegrityError, transaction

from zhike.channels.email import answering, judging, raw, reports
from zhike.channels.email.carrying import carry
from zhike.channels.email.cleaning import with_files
from zhike.channels.email.events import MailHeld
from zhike.channels.email.models import Mail as Kept
from zhike.channels.email.models import Mailbox
from zhike.channels.email.parsing import Mail, parse
from zhike.channels.email.threads import Thread, thread_of
from zhike.channels.email.tokens import without_mark
from zhike.channels.email.tongue import language_of
from zhike.conversations.actions import Incoming, Received, receive
from zhike.conversations.events import MessageWritten
from zhike.conversations.messages import add_message
from zhike.conversations.models import Conversation, Inbox, Medium, Message
from zhike.conversations.written import locked, write
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.org.principals import SYSTEM

log = structlog.get_logger("zhike.mail")

NO_WORDS = Text(zh="（这封邮件没有正文）", en="(This mail has no words.)")
MOST_QUOTED = 20_000
MOST_NOTED = 4_000
HOUR = dt.timedelta(hours=1)
FROM_ANOTHER = Text(
    zh="这封邮件引用了会话 {number}，但发件人不是那个会话的客户，因此单独成为一个会话。",
    en="This mail names conversation {number}, but was not sent by its customer; so it is a conversation of its own.",
)
WRITTEN_BY_A_MACHINE = Text(zh="自动邮件（{why}）：{words}", en="A machine's mail ({why}): {words}")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a mail."""

    row: Kept
    again: bool = False
    """It had been taken before; nothing was stored."""


def take(mailbox: Mailbox, data: bytes, *, now: dt.datetime) -> Taken:
    """Take a mail up; a fault of ours keeps it aside as BROKEN, so that no mail holds up those behind it.

    Raises django.db.OperationalError while the database is away: the mail is then fetched again.
    """
    raw_digest = raw.keep(data)
    try:
        with transaction.atomic():
            return _take(mailbox, data, raw_digest, now)
    except (DataError, IntegrityError) as error:
        return _broken(mailbox, data, raw_digest, error, now)
    except DatabaseError:
        raise
    except Exception as error:  # whatever it is, the mail is kept and a person is shown it
        return _broken(mailbox, data, raw_digest, error, now)


def _take(mailbox: Mailbox, data: bytes, raw_digest: str, now: dt.datetime) -> Taken:
    mail = parse(data, mailbox.language)
    row, made = Kept.objects.get_or_create(
        mailbox=mailbox,
        digest=mail.digest,
        defaults={
            "raw_digest": raw_digest,
            "size": len(data),
            "identifier": mail.message_id,
            "sender": mail.sender.address[:190],
            "sender_name": mail.sender.name[:80],
            "subject": mail.subject[:200],
            "sent_at": mail.sent_at[:40],
            "received_at": now,
            "state": Kept.State.ACCEPTED,
        },
    )
    if not made:
        return Taken(row, again=True)
    ours = our_addresses()
    if mail.answers_to.address in ours:
        mail.answers_to = mail.sender
    lately = Kept.objects.filter(sender=row.sender, received_at__gt=now - HOUR).exclude(pk=row.pk).count()
    found = judging.judge(mail, ours=ours, blocked=mailbox.blocked, allowed=mailbox.allowed, lately=lately)
    row.state, row.reasons = found.state, list(found.reasons)
    _place(row, mail, mailbox, now)
    row.save(update_fields=["state", "reasons", "conversation", "message", "about"])
    return Taken(row)


def our_addresses() -> frozenset[str]:
    """The addresses of all mailboxes, also of those that are switched off."""
    return frozenset(Inbox.objects.filter(medium=Medium.EMAIL).values_list("key", flat=True))


def _place(row: Kept, mail: Mail, mailbox: Mailbox, now: dt.datetime) -> None:
    """Where it goes by what it is."""
    if row.state == Kept.State.REPORT:
        reports.attach(row, mail, now=now)
        return
    thread = thread_of(mail, mailbox)
    if row.state == Kept.State.ACCEPTED:
        _open(row, mail, mailbox, thread, now, answered_by_machine=True)
    elif row.state == Kept.State.AUTO and thread is not None and thread.may_join:
        why = judging.words_of(row.reasons, mailbox.language)
        words = WRITTEN_BY_A_MACHINE.say(mailbox.language).format(why=why, words=mail.words[:MOST_NOTED])
        row.conversation, row.message = (
            thread.conversation,
            note(thread.conversation.pk, words, f"mail-note:{row.digest}", now),
        )
    else:
        _tell_held(row, mailbox, now)


def release(row: Kept, mailbox: Mailbox, *, now: dt.datetime) -> Conversation:
    """Take up a mail that was kept aside, in the caller's transaction: a person says that it is wanted. No machine answers it."""
    mail = parse(raw.kept(row.raw_digest), mailbox.language)
    if mail.answers_to.address in our_addresses():
        mail.answers_to = mail.sender
    received = _open(row, mail, mailbox, thread_of(mail, mailbox), now, answered_by_machine=False)
    row.state = Kept.State.ACCEPTED
    return received.conversation


def _open(
    row: Kept, mail: Mail, mailbox: Mailbox, thread: Thread | None, now: dt.datetime, *, answered_by_machine: bool
) -> Received:
    """Into the conversation it goes on with, or one of its own."""
    carried = carry(mail.files, now=now)
    joins = thread is not None and thread.may_join
    received = receive(
        mailbox.inbox,
        Incoming(
            address=mail.answers_to.address,
            key=f"mail:{row.digest}",
            words=mail.words or ("" if mail.html or carried.tokens else NO_WORDS.say(mailbox.language)),
            html=with_files(mail.html, carried.pictures),
            language=language_of(f"{mail.subject}\n{mail.words}"),
            name=mail.answers_to.name or mail.sender.name,
            subject=without_mark(mail.subject),
            files=carried.tokens,
            conversation=thread.conversation.pk if thread is not None and joins else None,
            contact={"email": mail.answers_to.address},
            facts={"source": "email", "mailbox": mailbox.address},
            extra=_kept_beside(row, mail),
        ),
        now=now,
    )
    row.conversation, row.message = received.conversation, received.message
    notes = [text.say(mailbox.language) for text in (*mail.notes, *carried.notes)]
    if thread is not None and not joins:
        notes.append(FROM_ANOTHER.say(mailbox.language).format(number=thread.conversation.number))
    if notes:
        note(received.conversation.pk, "\n".join(notes), f"mail-note:{row.digest}", now)
    if received.opened and answered_by_machine:
        answering.answer_by_machine(received.conversation, mailbox, row.pk, now=now)
    return received


def _kept_beside(row: Kept, mail: Mail) -> dict[str, object]:
    """What the message keeps of its mail: `mail` (the row), `subject`, `quoted`, who else it went to, `blocked` pictures elsewhere."""
    return {
        "mail": row.pk, "message_id": mail.message_id, "subject": mail.subject, "quoted": mail.quoted[:MOST_QUOTED],
        "from": mail.sender.address, "to": [person.address for person in mail.to][:20], "cc": [person.address for person in mail.cc][:20],
        **({"blocked": mail.blocked} if mail.blocked else {}),
    }  # fmt: skip


def note(conversation: int, words: str, key: str, now: dt.datetime) -> Message:
    """An internal message by the product: it asks nothing and stops nothing."""
    held = locked(conversation)
    message = add_message(
        held, side=Message.Side.SYSTEM, author=SYSTEM, words=words, key=key[:80], internal=True, now=now
    )  # fmt: skip
    fact = MessageWritten(held.number, message.pk, message.seq, message.side, internal=True)
    write(held, [fact], now=now, by=SYSTEM)
    return message


def _broken(mailbox: Mailbox, data: bytes, raw_digest: str, error: Exception, now: dt.datetime) -> Taken:
    log.error("a mail could not be taken up", mailbox=mailbox.address, digest=raw_digest, error=repr(error)[:300])
    with transaction.atomic():
        row, made = Kept.objects.get_or_create(
            mailbox=mailbox,
            digest=hashlib.sha256(b"broken" + raw_digest.encode()).hexdigest(),
            defaults={
                "raw_digest": raw_digest, "size": len(data), "sender": "", "received_at": now, "state": Kept.State.BROKEN,
                "reasons": ["fault"],
            },
        )  # fmt: skip
        if made:
            _tell_held(row, mailbox, now)
    return Taken(row, again=not made)


def _tell_held(row: Kept, mailbox: Mailbox, now: dt.datetime) -> None:
    fact = MailHeld(str(row.state), tuple(row.reasons))
    record([NewFact(fact, at=now, subject=("mail", row.pk), actor=SYSTEM, handbook=mailbox.inbox.handbook)])
