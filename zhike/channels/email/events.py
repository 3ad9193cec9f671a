"""What happens to mailboxes and to mails kept aside. No fact holds a password or the words of a mail."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("mailbox.added")
@dataclass(frozen=True)
class MailboxAdded(Event):
    address: str


@event("mailbox.edited")
@dataclass(frozen=True)
class MailboxEdited(Event):
    address: str
    changed: tuple[str, ...] = ()
    """Names of fields; `password` where one was changed."""


@event("mailbox.switched")
@dataclass(frozen=True)
class MailboxSwitched(Event):
    address: str
    on: bool


@event("mailbox.given_up")
@dataclass(frozen=True)
class MailboxGivenUp(Event):
    """It could not be read for as long as its patience lasts."""

    address: str


@event("mailbox.tried_again")
@dataclass(frozen=True)
class MailboxTriedAgain(Event):
    """Somebody has looked at it: it is tried as if it had never failed."""

    address: str


@event("mail.held", stays="state reasons")
@dataclass(frozen=True)
class MailHeld(Event):
    """Kept aside instead of becoming a conversation."""

    state: str
    reasons: tuple[str, ...] = ()


@event("mail.released", stays="number")
@dataclass(frozen=True)
class MailReleased(Event):
    number: str
    """Of the conversation it became a part of."""


@event("mail.settled", stays="how")
@dataclass(frozen=True)
class MailSettled(Event):
    """A person decided about a mail of which nobody knows whether it went out."""

    how: str
    """sent or again."""
