"""What the people's room does when it hears of its own events: whoever may not go on does not go on."""

from __future__ import annotations

from collections.abc import Sequence

from zhike.journal.events import Event, Recorded
from zhike.journal.reactions import reacts_to
from zhike.org.events import RoleAssigned, SignInRulesChanged, StaffDisabled, StaffEdited, StaffLeft
from zhike.org.models import PasswordLink, Staff
from zhike.org.sessions import end_sessions, end_sessions_without_second_factor


@reacts_to(RoleAssigned, StaffEdited)
def end_sessions_of_whoever_needs_more(events: Sequence[Recorded[Event]]) -> None:
    """A role, or the right to administer, may ask for a second factor."""
    people = sorted({each.subject[1] for each in events})
    end_sessions_without_second_factor(by=events[-1].actor, now=events[-1].at, staff_ids=people)


@reacts_to(SignInRulesChanged)
def end_sessions_below_the_rules(events: Sequence[Recorded[SignInRulesChanged]]) -> None:
    end_sessions_without_second_factor(by=events[-1].actor, now=events[-1].at)


@reacts_to(StaffDisabled, StaffLeft)
def end_every_way_in(events: Sequence[Recorded[Event]]) -> None:
    """Sessions and open links of somebody who is disabled or leaves do not come back to life when he does."""
    for each in events:
        person = Staff.objects.get(pk=each.subject[1])
        end_sessions(person, by=each.actor, now=each.at)
        PasswordLink.objects.filter(staff=person, used_at=None, revoked_at=None).update(revoked_at=each.at)
