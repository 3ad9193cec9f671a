"""Every write of a conversation's own: received, written, read, identified, closed. Who has it is in `handing.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from zhike.conversations import refusals
from zhike.conversations.events import (
    ConversationClosed,
    ConversationOpened,
    ConversationQueued,
    CustomerIdentified,
    MessageChanged,
    QuestionsSettled,
)
from zhike.conversations.facts import facts_of, of_actor
from zhike.conversations.judging import judged
from zhike.conversations.messages import (
    LONGEST,
    QUESTION,
    Asked,
    Said,
    add_message,
    close_questions,
    first_state,
    keep,
    question,
    write_together,
    written,
)
from zhike.conversations.models import Address, Conversation, Inbox, Message
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.written import book_for, deed, locked, refusal_uses, write
from zhike.customers.models import ContactPoint, Customer
from zhike.handbook.decide import Decision, NoAnswer, decide
from zhike.journal.ledger import write_uses
from zhike.lib.text import clean_line, clean_text
from zhike.org.handbooks import current
from zhike.org.principals import SYSTEM, Viewer

MOST_SHARING = 20
"""Customers who wrote from one address, as they are looked up."""
SHORT_MEDIA = ("webchat", "sms", "wechat", "wangwang")
"""Media in which an address has one live conversation at a time; a mail thread or a visit is one by itself."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something that came in, as an adapter hands it over."""

    address: str
    """Normalised, as the medium names the sender."""
    key: str
    """Unique in the sender's conversation: received twice it is stored once."""
    words: str = ""
    html: str = ""
    name: str = ""
    subject: str = ""
    files: Sequence[str] = ()
    """Tokens of attachments stored by the adapter as `by`."""
    conversation: int | None = None
    """The one it belongs to, where the medium knows: a thread of mails, a reply to a ticket."""
    contact: Mapping[str, str] = field(default_factory=dict)
    """{"phone": E.164, "email": lower case}: what is known of the sender, for finding him in the archive."""
    verified_customer: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    conversation: Conversation
    message: Message | None
    opened: bool
    again: bool
    """It had been received before; nothing was stored."""


def receive(inbox: Inbox, incoming: Incoming, *, now: dt.datetime) -> Received:
    """Store what came in: find who it is from, continue his live conversation or open one, queue it.

    However often and however concurrently the same thing is received, it is stored once.
    """
    with transaction.atomic():
        address = address_of(inbox, incoming, now)
        _one_at_a_time(address)
        conversation = _live(inbox, address, incoming)
        opened = conversation is None
        decisions: list[Decision] = []
        if conversation is None:
            conversation, decisions = _open(inbox, address, incoming, now)
        elif (known := Message.objects.filter(conversation=conversation, key=incoming.key[:80]).first()) is not None:
            return Received(conversation, known, opened=False, again=True)
        asked = Asked(
            conversation=conversation.pk, address=address.pk, words=incoming.words, key=incoming.key, html=incoming.html,
            files=incoming.files, extra=incoming.extra,
        )  # fmt: skip
        entry = question(conversation, asked, now)
        if opened:
            entry.happened = ["conversation.opened", "conversation.queued", *entry.happened]
            entry.before = [
                ConversationOpened(conversation.number, conversation.medium),
                ConversationQueued(conversation.number, conversation.queue),
            ]
            entry.decisions = decisions
        keep([entry], now)
    return Received(conversation, entry.message, opened=opened, again=False)


def record_by_hand(inbox: Inbox, incoming: Incoming, viewer: Viewer, *, now: dt.datetime) -> Conversation:
    """A colleague writes down a contact that no adapter brought: a visit, a letter, a talk in another shop's chat. It is his.

    Gates on `conversation.recording` (`channel`, `actor.*`) may refuse it; raises ConversationRefused.
    """
    draft = Conversation(inbox=inbox, medium=inbox.medium, handbook=inbox.handbook, opened_at=now, last_message_at=now)
    draft.version_id = current(inbox.handbook, now).pk
    draft.facts = dict(incoming.facts)
    book = book_for(draft)
    try:
        with transaction.atomic():
            decisions = judged(draft, "conversation.recording", now, of_actor(viewer, book))
            held = locked(receive(inbox, incoming, now=now).conversation.pk)
            if held.owner_id is None:
                held.state, held.owner, held.waiting_since = Conversation.State.OPEN, viewer.staff, None
                held.accepted_at = now
            write(held, [], happened=["conversation.accepted"], now=now, by=viewer.principal, decisions=decisions)
    except ConversationRefused as refused:
        with transaction.atomic():
            write_uses(refusal_uses(draft, "conversation.recording", refused, viewer.principal, now))
        raise
    return held


def address_of(inbox: Inbox, incoming: Incoming, now: dt.datetime) -> Address:
    """The sender, known or new; what he says of himself fills what was empty."""
    values = {"name": clean_line(incoming.name)[:80], "language": incoming.language[:8]}
    found, created = Address.objects.get_or_create(
        inbox_medium=inbox.medium,
        value=incoming.address[:190],
        defaults={**values, "first_seen_at": now, "last_seen_at": now},
    )
    if incoming.verified_customer is not None:
        found.customer_id, found.is_verified = incoming.verified_customer, True
    if not created:
        found.name = values["name"] or found.name
        found.language = values["language"] or found.language
        found.last_seen_at = now
    found.save(update_fields=["name", "language", "last_seen_at", "customer", "is_verified"])
    return found


def _one_at_a_time(address: Address) -> None:
    """What one sender sends is received one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM conversations_address WHERE id = %s FOR NO KEY UPDATE", [address.pk])


def _live(inbox: Inbox, address: Address, incoming: Incoming) -> Conversation | None:
    number = incoming.conversation
    if number is None and inbox.medium in SHORT_MEDIA:
        wanted = Conversation.objects.filter(state__in=Conversation.LIVE, inbox=inbox, address=address)
        number = wanted.values_list("pk", flat=True).first()
    if number is None:
        return None
    with suppress(Conversation.DoesNotExist):
        held = locked(number)
        # Asked once it is held: while we waited for our turn it may have been closed.
        return held if held.state in Conversation.LIVE else None
    return None


def _open(inbox: Inbox, address: Address, incoming: Incoming, now: dt.datetime) -> tuple[Conversation, list[Decision]]:
    """The new conversation in its queue, and the clause that put it there."""
    version = current(inbox.handbook, now)
    customer, candidates = identify(address, incoming.contact)
    conversation = Conversation(
        number=_number(now),
        inbox=inbox,
        medium=inbox.medium,
        handbook=inbox.handbook,
        version_id=version.pk,
        address=address,
        customer=customer,
        candidates=candidates,
        subject=clean_line(incoming.subject)[:200],
        facts=dict(incoming.facts),
        opened_at=now,
        waiting_since=now,
        last_message_at=now,
        follows_id=incoming.conversation,
    )
    conversation.queue, decisions = queue_for(conversation, now)
    conversation.save(force_insert=True)
    return conversation, decisions


def queue_for(conversation: Conversation, now: dt.datetime) -> tuple[str, list[Decision]]:
    """The queue a route clause on `conversation.opened` names, with its decision; the handbook's first for the medium where no
    clause speaks of these facts: what came in is never turned away for want of a rule.
    """
    book = book_for(conversation)
    with suppress(NoAnswer):
        decision = decide(book, "route", facts_of(conversation, book, now), on="conversation.opened", yields="queue")
        if decision is not None:
            return str(decision.value), [decision]
    return next((queue.id for queue in book.handbook.queues if conversation.medium in queue.media), ""), []


def identify(address: Address, contact: Mapping[str, str]) -> tuple[Customer | None, list[int]]:
    """Who it is: whom the address proved to be; else the only one with these contact points or whom somebody named before.

    Where the archive and what was said before name several, they share it: they are candidates every time, because that it was one of
    them last week says nothing of today.
    """
    if address.customer is not None and address.is_verified:
        return address.customer, []
    values = [value for value in contact.values() if value]
    found = list(ContactPoint.objects.filter(value__in=values).values_list("customer_id", flat=True)) if values else []
    before = Conversation.objects.filter(address=address, customer__isnull=False).order_by().values_list("customer_id")
    known = {*found, address.customer_id, *(pk for (pk,) in before.distinct()[:MOST_SHARING])}
    people = sorted(pk for pk in known if pk is not None)
    if len(people) == 1:
        return Customer.objects.get(pk=people[0]), []
    return None, people


def say(
    conversation: Conversation,
    viewer: Viewer,
    *,
    words: str,
    key: str,
    now: dt.datetime,
    internal: bool = False,
    files: Sequence[str] = (),
    html: str = "",
    answers: int | None = None,
    corrects: int | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Message:
    """A colleague writes: to the customer, or an internal note. The same key again gives the same message.

    `answers` names the one question it answers; without it every open question is answered. `corrects` names the earlier answer it
    puts right. Gates on `conversation.answering` may refuse it; then ConversationRefused names the clause. So may the medium
    (`outgoing.py`), to whose adapter `extra` speaks.
    """
    said = Said(
        conversation=conversation.pk, viewer=viewer, words=words, key=key, internal=internal, html=html, files=files, answers=answers,
        corrects=corrects, extra=extra or {},
    )  # fmt: skip
    with deed(conversation, said.what, by=viewer.principal, now=now, key=key):
        (outcome,) = write_together([said], now)
        if outcome.error is not None:
            raise outcome.error
    assert outcome.message is not None
    return outcome.message


def settle_questions(conversation: Conversation, questions: Sequence[int], viewer: Viewer, *, now: dt.datetime) -> None:
    """These messages of the customer want no answer: what is owed for them is done."""
    with transaction.atomic():
        held = locked(conversation.pk)
        settled = [seq for seq in held.open_questions if seq in questions]
        if not settled:
            return
        close_questions(held, settled)
        write(
            held, [QuestionsSettled(held.number, settled)], happened=["conversation.answered"], now=now, by=viewer.principal,
            concerns=lambda clock: clock.facts.get(QUESTION) in (None, *settled),
        )  # fmt: skip


def announce(conversation: Conversation, words: str, *, key: str, now: dt.datetime) -> Message:
    """The house itself says something to the customer; it answers no question. The same key again gives the same message."""
    with transaction.atomic():
        held = locked(conversation.pk)
        if (known := Message.objects.filter(conversation=held, key=key[:80]).first()) is not None:
            return known
        message = add_message(
            held, side=Message.Side.SYSTEM, author=SYSTEM, words=words, key=key, now=now, state=first_state(held)
        )
        write(held, [written(held, message)], now=now, by=SYSTEM)
    return message


def mark_read(conversation: Conversation, principal: str, seq: int, now: dt.datetime) -> None:
    """Keep how far somebody has read; it only ever moves on."""
    seq = max(0, min(seq, conversation.last_seq))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_mark (conversation_id, principal, seq, at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (conversation_id, principal) DO UPDATE SET seq = excluded.seq, at = excluded.at"
            " WHERE conversations_mark.seq < excluded.seq",
            [conversation.pk, principal, seq, now],
        )


def edit_message(message: Message, viewer: Viewer, words: str, *, now: dt.datetime, within: dt.timedelta) -> Message:
    """Correct one's own words while they are fresh. What stood there before is in the journal's fact only as its length."""
    return _change(message, viewer, now, within, "edited", words=words)


def recall_message(message: Message, viewer: Viewer, *, now: dt.datetime, within: dt.timedelta) -> Message:
    """Take one's own words back while they are fresh; that there was something stays visible."""
    return _change(message, viewer, now, within, "recalled", words=None)


def _change(
    message: Message, viewer: Viewer, now: dt.datetime, within: dt.timedelta, how: str, words: str | None
) -> Message:
    with transaction.atomic():
        conversation = locked(message.conversation_id)
        message.refresh_from_db()
        if message.author != viewer.principal:
            raise ConversationRefused(refusals.NOT_YOURS)
        if now - message.at > within or message.recalled_at is not None:
            raise ConversationRefused(refusals.TOO_LATE)
        if message.state != Message.State.STORED:
            raise ConversationRefused(refusals.SENT_OUT)
        if words is None:
            message.words, message.html, message.recalled_at = "", "", now
        else:
            cleaned = clean_text(words)[:LONGEST]
            if not cleaned.strip():
                raise ConversationRefused(refusals.EMPTY, fields=("words",))
            message.words, message.html, message.edited_at = cleaned, "", now
        message.save(update_fields=["words", "html", "edited_at", "recalled_at"])
        fact = MessageChanged(conversation.number, message.seq, how, message.internal)
        write(conversation, [fact], now=now, by=viewer.principal)
    return message


def set_customer(
    conversation: Conversation, customer: Customer | None, *, by: Viewer, now: dt.datetime, how: str
) -> None:
    """A person says who it is (or that it is not him); the address is remembered with him."""
    with transaction.atomic():
        if conversation.address is not None:
            _one_at_a_time(conversation.address)  # before the conversation, as whatever he sends
        held = locked(conversation.pk)
        held.customer, held.candidates = customer, []
        if held.address is not None and not held.address.is_verified:
            Address.objects.filter(pk=held.address.pk).update(customer=customer)
        fact = CustomerIdentified(held.number, customer.pk if customer else None, how)
        write(held, [fact], now=now, by=by.principal)


def close(
    conversation: Conversation, *, by: str, now: dt.datetime, outcome: str = "", topic: str = "", case_number: str = ""
) -> Conversation:
    """End it. Gates on `conversation.closed` (outcome and topic required, ...) refuse with their clause; closed again, nothing happens."""
    with deed(conversation, "conversation.closed", by=by, now=now):
        held = locked(conversation.pk)
        if held.state == Conversation.State.CLOSED:
            return held
        held.outcome, held.topic = outcome[:40], topic[:40] or held.topic
        held.case_number = case_number or held.case_number
        ends_by_hand = by.startswith("staff:")
        actor = {"actor.principal": by}
        decisions = judged(held, "conversation.closed", now, actor) if ends_by_hand else ()
        held.state, held.closed_at, held.closed_by = Conversation.State.CLOSED, now, by
        held.offered_to, held.offered_at, held.offer_ends_at, held.waiting_since, held.asked_at = (
            None,
            None,
            None,
            None,
            None,
        )
        fact = ConversationClosed(held.number, held.outcome, held.topic)
        write(held, [fact], happened=["conversation.closed"], now=now, by=by, decisions=decisions)
    return held


def _number(now: dt.datetime) -> str:
    """C-250610-000042: the day in China and a number that never comes twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('conversations_number')")
        number: int = cursor.fetchone()[0]
    return f"C-{now.astimezone(ZoneInfo('Asia/Shanghai')):%y%m%d}-{number:06d}"
