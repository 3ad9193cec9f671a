"""Which conversation a mail goes on with. By names that only we can have given; without one, by the sender's own last mail.

A name alone does not let anybody in: who writes from another address than the conversation's begins one of his own, so that a
mail passed on, or somebody added in Cc, joins nothing and learns nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from zhike.channels.email import tokens
from zhike.channels.email.models import Mail as Kept
from zhike.channels.email.models import Mailbox
from zhike.channels.email.parsing import Mail
from zhike.conversations.models import Address, Conversation, Medium


@dataclass(frozen=True, slots=True)
class Thread:
    """The conversation a mail names. `may_join`: it comes from the same person."""

    conversation: Conversation
    may_join: bool
    answers: int | None = None
    """The message of ours it answers, by its id."""


def thread_of(mail: Mail, mailbox: Mailbox) -> Thread | None:
    """None for a mail that begins something new."""
    answers = None
    number: int | None = None
    for identifier in mail.references:
        if (found := tokens.ours(identifier)) is not None:
            number, answers = found
            break
    number = number or tokens.of_plus(mail.recipients)
    rows = Conversation.objects.filter(medium=Medium.EMAIL).select_related("address")
    if number is not None:
        conversation = rows.filter(pk=number).first()
    elif (spoken := tokens.of_subject(mail.subject)) is not None:
        conversation = rows.filter(number=spoken).first()
    else:
        return _own_last(mail, mailbox)
    return (
        Thread(conversation, is_same_person(conversation, mail.answers_to.address), answers) if conversation else None
    )


def _own_last(mail: Mail, mailbox: Mailbox) -> Thread | None:
    """He answers a mail of his own that we had, before anybody has answered it."""
    if not mail.references:
        return None
    before = (
        Kept.objects.filter(
            mailbox=mailbox, identifier__in=mail.references[:20], sender=mail.sender.address, conversation__isnull=False
        )
        .select_related("conversation__address")
        .order_by("-pk")
        .first()
    )
    if before is None or before.conversation is None:
        return None
    return Thread(before.conversation, is_same_person(before.conversation, mail.answers_to.address))


def is_same_person(conversation: Conversation, address: str) -> bool:
    """The conversation's address, or another one of the customer it was found to be from."""
    if conversation.address is not None and conversation.address.value == address[:190]:
        return True
    if conversation.customer_id is None:
        return False
    return Address.objects.filter(
        inbox_medium=Medium.EMAIL, value=address[:190], customer_id=conversation.customer_id
    ).exists()
