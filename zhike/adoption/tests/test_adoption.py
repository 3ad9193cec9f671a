"""From a proposal to a version in force: one chain, no gap, no overlap, and nobody approves his own."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from tests.world import RETAIL, Cast, at, facts
from zhike.adoption.actions import (
    ProposalRefused,
    approve,
    cancel,
    decline,
    draft_content,
    newest,
    propose_parameter,
    restore,
    submit,
    withdraw,
)
from zhike.adoption.models import Proposal
from zhike.adoption.tests.proposing import administrators, adopted, changed, proposed, slower
from zhike.cases.models import Case
from zhike.clocks.models import Clock
from zhike.notices.models import Notice
from zhike.org.handbooks import book_of, current, viewer
from zhike.org.models import HandbookVersion

NOW = at("2025-06-10 09:00")
JULY = at("2025-07-01 00:00")


def within(version: HandbookVersion) -> str:
    return str(getattr(book_of(version.pk).clause("WARN-05"), "within", ""))


def test_a_version_takes_effect_at_the_moment_chosen_and_open_cases_keep_theirs(people: Cast) -> None:
    before = people.warning(NOW)
    adopted(NOW, JULY)
    assert within(current(RETAIL, JULY - dt.timedelta(seconds=1))) == "30 minutes"
    assert within(current(RETAIL, JULY)) == "45 minutes"
    assert Case.objects.get(pk=before.pk).handbook_version == people.version
    assert Clock.objects.get(subject_id=before.pk, clause="WARN-05").due_at == NOW + dt.timedelta(minutes=30)
    people.version = current(RETAIL, JULY)
    later = people.warning(JULY + dt.timedelta(hours=9))
    assert Clock.objects.get(subject_id=later.pk, clause="WARN-05").due_at == JULY + dt.timedelta(hours=9, minutes=45)


def test_without_a_date_it_takes_effect_with_the_approval(people: Cast) -> None:
    assert adopted(NOW).effective_from == NOW
    assert within(current(RETAIL, NOW)) == "45 minutes"


def test_every_step_is_a_fact(people: Cast) -> None:
    version = adopted(NOW, JULY)
    kinds = ("handbook.drafted", "handbook.submitted", "handbook.approved")
    told = [facts(kind)[0] for kind in kinds]
    first, second = administrators()
    assert [fact.actor for fact in told] == [f"staff:{first.pk}", f"staff:{first.pk}", f"staff:{second.pk}"]
    assert told[2].payload["version_id"] == version.pk
    assert dt.datetime.fromisoformat(told[2].payload["effective_from"]) == JULY


def test_nobody_approves_or_declines_his_own(people: Cast) -> None:
    first, _ = administrators()
    proposal = proposed(NOW, JULY)
    for deed in (
        lambda: approve(proposal.pk, by=first, now=NOW),
        lambda: decline(proposal.pk, remark="x", by=first, now=NOW),
    ):
        with pytest.raises(ProposalRefused, match="Nobody decides his own"):
            deed()
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(state="approved", decided_by=first)
    assert HandbookVersion.objects.count() == 1


def test_others_who_administer_are_asked_to_decide(people: Cast) -> None:
    _, second = administrators()
    proposal = proposed(NOW, JULY)
    notice = Notice.objects.get(subject_kind="proposal", subject_id=proposal.pk)
    assert notice.to == [f"staff:{second.pk}"]
    assert "示例admin提出修改《零售 400 客服热线》" in notice.words["zh"]


@pytest.mark.parametrize("begins", [NOW, NOW - dt.timedelta(days=1)])
def test_a_moment_that_has_passed_is_refused(people: Cast, begins: dt.datetime) -> None:
    with pytest.raises(ProposalRefused, match="has passed"):
        proposed(NOW, begins)


def test_an_approval_that_comes_after_the_chosen_moment_is_refused(people: Cast) -> None:
    proposal = proposed(NOW, JULY)
    with pytest.raises(ProposalRefused, match="has passed"):
        approve(proposal.pk, by=administrators()[1], now=JULY)


def test_two_versions_never_begin_at_once_and_the_later_follows_the_earlier(people: Cast) -> None:
    adopted(NOW, JULY)
    other = changed(("warning.yaml", "within: 30m", "within: 1h"), version="3.0.0")
    for begins in (None, JULY - dt.timedelta(days=1), JULY):
        with pytest.raises(ProposalRefused, match="takes effect 2025-07-01 00:00"):
            proposed(NOW, begins, other)
    after = adopted(NOW, JULY + dt.timedelta(days=1), other)
    assert newest(RETAIL) == after


def test_of_two_proposals_on_the_same_version_only_one_comes_through(people: Cast) -> None:
    first, second = administrators()
    one = proposed(NOW, JULY)
    other = draft_content(changed(("warning.yaml", "within: 30m", "within: 1h"), version="3.0.0"), by=first, now=NOW)
    approve(one.pk, by=second, now=NOW)
    with pytest.raises(ProposalRefused, match="out of date"):
        submit(other.pk, why="示例", wanted_from=JULY + dt.timedelta(days=9), by=first, now=NOW)


def test_what_was_approved_is_cancelled_before_it_begins_and_not_after(people: Cast) -> None:
    _, second = administrators()
    proposal = proposed(NOW, JULY)
    approve(proposal.pk, by=second, now=NOW)
    with pytest.raises(ProposalRefused, match="in force"):
        cancel(proposal.pk, remark="示例", by=second, now=JULY)
    cancel(proposal.pk, remark="示例：推迟", by=second, now=JULY - dt.timedelta(seconds=1))
    assert current(RETAIL, JULY) == people.version
    assert facts("handbook.cancelled")[0].payload["remark"] == "示例：推迟"
    assert Proposal.objects.get().state == "cancelled"


def test_taking_back_is_a_version_of_its_own_with_the_old_content(people: Cast) -> None:
    first, second = administrators()
    adopted(NOW)
    later = NOW + dt.timedelta(days=1)
    back = restore(people.version, by=first, now=later)
    submit(back.pk, why="示例：照旧", wanted_from=None, by=first, now=later)
    version = approve(back.pk, by=second, now=later)
    assert version.pk != people.version.pk
    assert within(current(RETAIL, later)) == "30 minutes"
    with pytest.raises(ProposalRefused, match="same"):
        restore(people.version, by=first, now=later)


def test_the_same_content_is_not_proposed_again(people: Cast) -> None:
    first, _ = administrators()
    adopted(NOW)
    with pytest.raises(ProposalRefused, match="same"):
        draft_content(slower(), by=first, now=NOW)


def test_a_decided_proposal_stays_decided(people: Cast) -> None:
    first, second = administrators()
    proposal = proposed(NOW, JULY)
    decline(proposal.pk, remark="示例：太长", by=second, now=NOW)
    for deed in (
        lambda: approve(proposal.pk, by=second, now=NOW),
        lambda: withdraw(proposal.pk, by=first, now=NOW),
        lambda: submit(proposal.pk, why="示例", wanted_from=None, by=first, now=NOW),
    ):
        with pytest.raises(ProposalRefused, match="meanwhile"):
            deed()
    told = Notice.objects.filter(subject_kind="proposal", to=[f"staff:{first.pk}"]).get()
    assert "示例：太长" in told.words["zh"]


def test_only_whoever_proposed_it_withdraws_it(people: Cast) -> None:
    first, second = administrators()
    proposal = proposed(NOW, JULY)
    with pytest.raises(ProposalRefused, match="Only"):
        withdraw(proposal.pk, by=second, now=NOW)
    withdraw(proposal.pk, by=first, now=NOW)
    assert Proposal.objects.get().state == "withdrawn"


def test_screens_follow_the_version_in_force_not_the_one_to_come(people: Cast) -> None:
    screens = "screens: [desk, board, cases, customers, lookup, handbook, reports]"
    adopted(NOW, JULY, changed(("handbook.yaml", screens, "screens: [desk, handbook]"), version="4.0.0"))
    supervisor = people.staff["supervisor"]
    assert "board" in viewer(supervisor, JULY - dt.timedelta(seconds=1)).screens
    assert "board" not in viewer(supervisor, JULY).screens


def test_another_value_of_a_parameter_is_checked_approved_and_taken_back(people: Cast) -> None:
    first, second = administrators()
    asked = propose_parameter(RETAIL, "return_reminder", "5", why="示例：常有退回", wanted_from=JULY, by=first, now=NOW)
    told = facts("parameter.proposed")[0]
    assert (told.payload["before"], told.payload["after"], told.clauses) == (3, 5, ["WARN-08"])
    approve(asked.pk, by=second, now=NOW)
    assert book_of(current(RETAIL, NOW).pk).parameter("return_reminder") == 3
    assert book_of(current(RETAIL, JULY).pk).parameter("return_reminder") == 5
    later = JULY + dt.timedelta(days=1)
    back = propose_parameter(RETAIL, "return_reminder", "3", why="示例：照旧", wanted_from=None, by=first, now=later)
    approve(back.pk, by=second, now=later)
    assert current(RETAIL, later).parameters == {}


@pytest.mark.parametrize(("typed", "words"), [("viele", "whole number"), ("3", "already"), ("0", "Out of bounds")])
def test_a_value_of_another_type_out_of_bounds_or_unchanged_is_refused(people: Cast, typed: str, words: str) -> None:
    first, _ = administrators()
    with pytest.raises(ProposalRefused, match=words):
        propose_parameter(RETAIL, "return_reminder", typed, why="示例", wanted_from=JULY, by=first, now=NOW)
    assert Proposal.objects.count() == 0


def test_a_managers_value_goes_over_to_the_next_text(people: Cast) -> None:
    first, second = administrators()
    asked = propose_parameter(RETAIL, "return_reminder", "5", why="示例", wanted_from=None, by=first, now=NOW)
    approve(asked.pk, by=second, now=NOW)
    version = adopted(NOW + dt.timedelta(hours=1), JULY)
    assert book_of(version.pk).parameter("return_reminder") == 5
