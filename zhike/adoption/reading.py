"""Who must read a change, who has, and who is reminded. A notice tells the changed sentences; confirming is a fact."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from zhike.adoption import words
from zhike.adoption.content import book_of_proposal
from zhike.adoption.events import HandbookRead, HandbookReminded
from zhike.adoption.models import Proposal, Receipt
from zhike.handbook.compare import Change, Comparison, compare
from zhike.journal.actions import NewFact, record
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of
from zhike.org.models import Assignment, HandbookVersion, Staff
from zhike.org.principals import staff_key

REMIND_AGAIN_AFTER = dt.timedelta(hours=1)
"""Nobody is reminded twice within this time: a button pressed again tells nobody anything new."""


def comparison_of(proposal: Proposal) -> Comparison | None:
    """What differs from the version it follows; None for a handbook that is new."""
    return compare(book_of(proposal.base_id), book_of_proposal(proposal)) if proposal.base_id else None


def changes_for(comparison: Comparison, roles: frozenset[str]) -> list[Change]:
    """The changes that touch one of these roles. A parameter is told with its clause, where that is among them."""
    found = [change for change in comparison.changes if roles & set(change.roles)]
    told = [change for change in found if change.part != "parameters"]
    return told or found


def holders(name: str, roles: frozenset[str]) -> dict[int, list[str]]:
    """Active staff who hold one of these roles of the handbook: id -> the roles. One query."""
    found: dict[int, list[str]] = {}
    rows = Assignment.objects.filter(handbook=name, role__in=roles, staff__is_active=True).order_by("staff_id", "role")
    for number, role in rows.values_list("staff_id", "role").distinct():
        found.setdefault(number, []).append(role)
    return found


def tell_to_read(proposal: Proposal, version: HandbookVersion, now: dt.datetime) -> int:
    """Everybody whose roles are touched gets a receipt to sign and a notice with the changed sentences; answers how many."""
    comparison = comparison_of(proposal)
    if comparison is None:
        return 0
    people = holders(proposal.name, comparison.roles)
    Receipt.objects.bulk_create(
        [Receipt(proposal=proposal, staff_id=number, roles=roles, told_at=now) for number, roles in people.items()],
        ignore_conflicts=True,
    )
    by_roles: dict[frozenset[str], list[str]] = {}
    for number, roles in people.items():
        by_roles.setdefault(frozenset(roles), []).append(staff_key(number))
    about = ("reading", proposal.pk)
    tell(
        [
            Tell(
                now, [one], "told", "", proposal.name, about, words.please_read(proposal, version.effective_from, found)
            )
            for roles, to in by_roles.items()
            if (found := changes_for(comparison, roles))
            for one in to
        ]
    )
    return len(people)


def confirm_read(proposal: Proposal, staff: Staff, now: dt.datetime) -> bool:
    """Note that this person has read it; False where he was not asked to or has confirmed before."""
    with transaction.atomic():
        changed = Receipt.objects.filter(proposal=proposal, staff=staff, read_at=None).update(read_at=now)
        if changed == 1:
            actor = staff_key(staff.pk)
            event = HandbookRead(proposal.name, proposal.version)
            record([NewFact(event, now, ("proposal", proposal.pk), actor, proposal.name, audience=[actor])])
    return changed == 1


def remind_unread(proposal: Proposal, *, by: Staff, now: dt.datetime) -> int:
    """Tell those who have not confirmed once more; answers how many. Who was reminded within the hour is left in peace."""
    if proposal.installed is None:
        return 0
    with transaction.atomic():
        waiting = Receipt.objects.select_for_update().filter(proposal=proposal, read_at=None, staff__is_active=True)
        due = [one for one in waiting if (one.reminded_at or one.told_at) <= now - REMIND_AGAIN_AFTER]
        for receipt in due:
            receipt.reminded, receipt.reminded_at = receipt.reminded + 1, now
        Receipt.objects.bulk_update(due, ["reminded", "reminded_at"])
        said = words.remind(proposal, proposal.installed.effective_from)
        about = ("reading", proposal.pk)
        tell([Tell(now, [staff_key(one.staff_id)], "told", "", proposal.name, about, said) for one in due])
        if due:
            event = HandbookReminded(proposal.name, proposal.version, len(due))
            record([NewFact(event, now, ("proposal", proposal.pk), staff_key(by.pk), proposal.name)])
    return len(due)
