"""Cases the product opens by itself, because a clause says that one follows (`opens`): from a limit that ran out, a missed duty."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from zhike.cases.actions import open_case
from zhike.cases.events import ChildCalledFor
from zhike.cases.facts import facts_of
from zhike.cases.models import Case
from zhike.cases.refusals import CaseError
from zhike.conversations.events import CaseCalledFor
from zhike.conversations.facts import facts_of as facts_of_conversation
from zhike.conversations.models import Conversation
from zhike.customers.models import Customer
from zhike.duties.events import CaseCalledFor as DutyCallsForCase
from zhike.handbook.book import Book
from zhike.handbook.structure import Action, FieldDef
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.lib.text import clean_text
from zhike.org.handbooks import book_of, current
from zhike.org.models import HandbookVersion
from zhike.org.principals import SYSTEM, SYSTEM_VIEWER, staff_key

STAFF = "staff:"


def open_by_product(
    version_id: int,
    process: str,
    facts: Mapping[str, Any],
    *,
    key: str,
    now: dt.datetime,
    parent: Case | None = None,
    customer: Customer | None = None,
) -> Case | None:
    """Open a case by the entry action the system takes; its form is filled by what its fields are `prefill`ed with.

    The same key opens one case. None where the handbook refuses it; the refusal is written down.
    """
    book = book_of(version_id)
    action = entry_of(book, process)
    if action is None:
        return None
    values = values_for(book.record(action.record).fields if action.record else (), facts)
    version = HandbookVersion.objects.get(pk=version_id)
    with suppress(CaseError):
        return open_case(
            version, process, action.id, values, by=SYSTEM_VIEWER, now=now, key=key, parent=parent, customer=customer,
            source=SYSTEM,
        )  # fmt: skip
    return None


def entry_of(book: Book, process: str) -> Action | None:
    """The entry action the system may take; the check asks for one wherever a clause `opens` a process."""
    return next((action for action in book.entry_actions(process) if SYSTEM in action.by), None)


def values_for(fields: Sequence[FieldDef], facts: Mapping[str, Any]) -> dict[str, Any]:
    """First values of a form from facts; a principal becomes the member of staff a form names."""
    found = {field.id: facts.get(field.prefill) for field in fields if field.prefill}
    return {name: _plain(value) for name, value in found.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(STAFF):
        return int(value.removeprefix(STAFF))
    return clean_text(value) if isinstance(value, str) else value


@reacts_to(ChildCalledFor)
def open_what_cases_call_for(events: Sequence[Recorded[ChildCalledFor]]) -> None:
    for event in events:
        person = event.payload.person or None
        if event.subject[0] == "version":
            facts = _why(event) | {"person_concerned": person}
            key = f"version:{event.subject[1]}/{event.id}"
            open_by_product(event.subject[1], event.payload.process, facts, key=key, now=event.at)
            continue
        case = Case.objects.select_related("department", "parent", "customer", "owner").get(pk=event.subject[1])
        book = book_of(case.handbook_version_id)
        facts = facts_of(case, book) | _why(event) | {"person_concerned": person or _principal(case)}
        open_by_product(
            case.handbook_version_id, event.payload.process, facts, key=f"case:{case.pk}/{event.id}", now=event.at,
            parent=case, customer=case.customer,
        )  # fmt: skip


def _why(event: Recorded[Any]) -> dict[str, Any]:
    """`clause` and `finding`: what the case is opened for; `found_at`: when it happened."""
    found = {"clause": next(iter(event.clauses), None), "finding": event.payload.finding or None}
    return {**found, "found_at": event.at.isoformat()}


def _principal(case: Case) -> str | None:
    return staff_key(case.owner_id) if case.owner_id else None


@reacts_to(DutyCallsForCase)
def open_what_duties_call_for(events: Sequence[Recorded[DutyCallsForCase]]) -> None:
    """A case about a member of a population: `person_concerned` where it is a colleague, `member.name`."""
    for event in events:
        version = current(event.handbook, event.at)
        facts = _why(event) | {"person_concerned": event.payload.person or None, "member.name": event.payload.name}
        kind, number = event.subject
        customer = Customer.objects.filter(pk=number).first() if kind == "customer" else None
        open_by_product(
            version.pk, event.payload.process, facts, key=f"duty:{number}/{event.id}", now=event.at, customer=customer
        )


@reacts_to(CaseCalledFor)
def open_what_conversations_call_for(events: Sequence[Recorded[CaseCalledFor]]) -> None:
    for event in events:
        conversation = Conversation.objects.select_related("customer", "address").get(pk=event.subject[1])
        book = book_of(conversation.version_id)
        facts = facts_of_conversation(conversation, book, event.at) | _why(event)
        facts["person_concerned"] = event.payload.person or facts.get("conversation.owner")
        open_by_product(
            conversation.version_id, event.payload.process, facts, key=f"conversation:{conversation.pk}/{event.id}",
            now=event.at, customer=conversation.customer,
        )  # fmt: skip
