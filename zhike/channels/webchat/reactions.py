"""What follows in the web chat: the question after the end, and the consent that goes into the ledger once it is known whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zhike.channels.webchat.settings import settings_of
from zhike.channels.webchat.surveys import ask, open_survey, remind
from zhike.clocks.events import ClockBreached
from zhike.conversations.events import ConversationClosed, ConversationOpened, CustomerIdentified
from zhike.conversations.facts import facts_of
from zhike.conversations.models import Conversation, Medium
from zhike.customers.consents import give_consent, in_force
from zhike.handbook.clauses import Deadline
from zhike.handbook.conditions import holds
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.org.handbooks import book_of

PURPOSE = CHANNEL = "webchat"


@reacts_to(ConversationClosed)
def ask_how_it_was(events: Sequence[Recorded[ConversationClosed]]) -> None:
    for conversation, event in _ours(events):
        ask(conversation, settings_of(conversation.inbox), event.at)


@reacts_to(ClockBreached)
def remind_of_the_survey(events: Sequence[Recorded[ClockBreached]]) -> None:
    """A clause has waited for his answer long enough."""
    for conversation, event in _ours(events):
        survey = open_survey(conversation, event.at) if says_remind(conversation, event) else None
        if survey is not None:
            remind(survey, settings_of(conversation.inbox), event.at)


def says_remind(conversation: Conversation, event: Recorded[ClockBreached]) -> bool:
    """Whether the clause whose time is up wants him asked once more."""
    book = book_of(conversation.version_id)
    clause = book.clause(event.clauses[0])
    return isinstance(clause, Deadline) and any(
        effect.remind and holds(effect.when, facts_of(conversation, book, event.at)) for effect in clause.breach or ()
    )


@reacts_to(ConversationOpened, CustomerIdentified)
def note_consent(events: Sequence[Recorded[Any]]) -> None:
    """The notice he agreed to before anybody knew him is his from now on; of one version there is one entry."""
    for conversation, event in _ours(events):
        version = str(conversation.facts.get("consent", ""))
        customer = conversation.customer
        if customer is None or not version:
            continue
        if not in_force(customer, event.at).filter(purpose=PURPOSE, version=version).exists():
            by = f"address:{conversation.address_id}"
            give_consent(customer, PURPOSE, version=version, channel=CHANNEL, by=by, now=event.at)


def _ours(events: Sequence[Recorded[Any]]) -> list[tuple[Conversation, Recorded[Any]]]:
    numbers = [event.subject[1] for event in events if event.subject[0] == "conversation"]
    rows = Conversation.objects.select_related("inbox", "customer").filter(medium=Medium.WEBCHAT).in_bulk(numbers)
    return [(rows[event.subject[1]], event) for event in events if event.subject[1] in rows]
