"""Whoever's work a change touches is told, reads the changed sentences and confirms; the others are left in peace."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.world import Cast, at, facts
from zhike.adoption.access import NotFound, proposal_for, receipt_for, version_for
from zhike.adoption.models import Proposal, Receipt
from zhike.adoption.queries import Readers, readers_of, to_read
from zhike.adoption.reading import confirm_read, remind_unread
from zhike.adoption.tests.proposing import administrators, adopted
from zhike.notices.models import Notice
from zhike.org.models import Staff

NOW = at("2025-06-10 09:00")
JULY = at("2025-07-01 00:00")


def adopted_proposal() -> Proposal:
    adopted(NOW, JULY)
    return Proposal.objects.select_related("installed").get()


def asked() -> list[str]:
    return sorted(Receipt.objects.values_list("staff__username", flat=True))


def test_only_those_whose_roles_are_touched_are_asked(people: Cast) -> None:
    adopted_proposal()
    assert asked() == ["agent", "colleague", "supervisor"]


def test_the_notice_tells_what_changed_in_both_languages(people: Cast) -> None:
    proposal = adopted_proposal()
    person = Staff.objects.get(username="agent")
    notice = Notice.objects.get(subject_kind="reading", to=[f"staff:{person.pk}"])
    assert notice.subject_id == proposal.pk
    assert "WARN-05" in notice.words["zh"]
    assert "期限 30 分钟 → 45 分钟" in notice.words["zh"]
    assert "limit 30 minutes → 45 minutes" in notice.words["en"]


def test_confirming_is_a_fact_and_counts_once(people: Cast) -> None:
    proposal = adopted_proposal()
    person = Staff.objects.get(username="agent")
    assert [one.proposal_id for one in to_read(person)] == [proposal.pk]
    assert confirm_read(proposal, person, NOW)
    assert not confirm_read(proposal, person, NOW + dt.timedelta(hours=1))
    assert [fact.actor for fact in facts("handbook.read")] == [f"staff:{person.pk}"]
    assert Receipt.objects.get(staff=person).read_at == NOW
    assert to_read(person) == []
    assert readers_of([proposal.pk]) == {proposal.pk: Readers(told=3, read=1)}


def test_somebody_who_was_not_asked_confirms_nothing(people: Cast) -> None:
    proposal = adopted_proposal()
    assert not confirm_read(proposal, Staff.objects.get(username="manager"), NOW)
    assert facts("handbook.read") == []


def test_reminders_go_to_those_who_have_not_read_and_not_twice_within_the_hour(people: Cast) -> None:
    proposal = adopted_proposal()
    first, _ = administrators()
    confirm_read(proposal, Staff.objects.get(username="agent"), NOW)
    assert remind_unread(proposal, by=first, now=NOW + dt.timedelta(minutes=59)) == 0
    assert remind_unread(proposal, by=first, now=NOW + dt.timedelta(minutes=60)) == 2
    assert remind_unread(proposal, by=first, now=NOW + dt.timedelta(minutes=61)) == 0
    told = Notice.objects.filter(subject_kind="reading", at=NOW + dt.timedelta(minutes=60))
    assert sorted(one.to[0] for one in told) == sorted(
        f"staff:{Staff.objects.get(username=name).pk}" for name in ("colleague", "supervisor")
    )
    assert Receipt.objects.get(staff__username="colleague").reminded == 1


def test_a_disabled_person_is_neither_asked_nor_reminded(people: Cast) -> None:
    proposal = adopted_proposal()
    assert "disabled" not in asked()
    Staff.objects.filter(username="colleague").update(is_active=False)
    assert remind_unread(proposal, by=administrators()[0], now=NOW + dt.timedelta(hours=2)) == 2


def test_a_receipt_opens_for_its_person_and_a_proposal_for_administrators(people: Cast) -> None:
    proposal = adopted_proposal()
    assert receipt_for(people.agent, proposal.pk).staff.username == "agent"
    assert proposal_for(people.admin, proposal.pk) == proposal
    for wrong in (people.manager, people.admin, people.anonymous, people.customer):
        with pytest.raises(NotFound):
            receipt_for(wrong, proposal.pk)
    for wrong in (people.agent, people.manager, people.anonymous, people.customer):
        with pytest.raises(NotFound):
            proposal_for(wrong, proposal.pk)
        with pytest.raises(NotFound):
            version_for(wrong, people.version.pk)
    assert version_for(people.admin, people.version.pk) == people.version
