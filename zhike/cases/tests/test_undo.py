"""The action just taken is taken back whole by whoever took it, or not at all; nothing is removed from the journal."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.world import COMPLAINT, SIX, Cast, at, facts, ledger, state_of
from zhike.cases.actions import add_note, hand_over_case, take_action
from zhike.cases.followers import follow_case
from zhike.cases.models import Case
from zhike.cases.refusals import CaseError, Impossible, NotFound, NotYours
from zhike.cases.undo import last_deed, undo_deed
from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.duties.models import Obligation
from zhike.journal.queries import tallies
from zhike.records.models import Filling
from zhike.records.queries import latest

NINE = at("2025-06-10 09:00")
SOON = dt.timedelta(minutes=2)
NOT_RESTORED = {"version", "updated_at"}


def whole(case: Case) -> dict[str, Any]:
    """The case with its clocks and duties, every column but those that an undo moves on."""
    subject = {"subject_kind": "case", "subject_id": case.pk}
    return {
        "case": {name: value for name, value in state_of(case).items() if name not in NOT_RESTORED},
        "clocks": list(Clock.objects.filter(**subject).order_by("id").values()),
        "duties": list(Obligation.objects.filter(**subject).order_by("id").values()),
    }


def reasons(people: Cast, case: Case, now: dt.datetime, by: str = "agent") -> list[str]:
    with pytest.raises(CaseError) as refused:
        undo_deed(case.pk, by=people.viewers[by], now=now)
    return [reason.words.zh for reason in refused.value.reasons]


def drawn_up(people: Cast) -> Case:
    """A store's opinion just given: one clock stopped, two started, nobody told."""
    warning = people.at_store(NINE)
    people.do(warning, "store_handle", "service", NINE + dt.timedelta(minutes=30), action="示例：已约顾客。")
    return Case.objects.get(pk=warning.pk)


def test_an_undone_action_leaves_case_clocks_and_duties_as_they_were(people: Cast) -> None:
    warning = drawn_up(people)
    before, now = whole(warning), NINE + dt.timedelta(hours=1)
    people.do(warning, "give_opinion", "manager", now, opinion="示例：当面道歉。")
    assert whole(warning) != before
    undone = undo_deed(warning.pk, by=people.manager, now=now + SOON)
    assert whole(warning) == before
    assert (undone.stage, undone.version) == (warning.stage, warning.version + 2)


def test_the_journal_keeps_both_facts_and_the_ledger_counts_neither(people: Cast) -> None:
    warning = drawn_up(people)
    span = (at("2025-06-01 00:00"), at("2025-07-01 00:00"))
    counted = tallies("retail-hotline", *span)
    now = NINE + dt.timedelta(hours=1)
    people.do(warning, "give_opinion", "manager", now, opinion="示例：当面道歉。")
    assert ("WARN-11", "kept") in ledger(warning)
    undo_deed(warning.pk, by=people.manager, now=now + SOON)
    taken, undone = facts("case.action_taken", warning)[-1], facts("case.deed_undone", warning)[-1]
    assert undone.payload == {"deed": taken.pk, "action": "give_opinion", "filling": taken.payload["filling"]}
    assert ("WARN-11", "kept") in ledger(warning)
    assert tallies("retail-hotline", *span) == counted


def test_the_filling_stays_and_counts_no_more(people: Cast) -> None:
    warning = drawn_up(people)
    now = NINE + dt.timedelta(hours=1)
    people.do(warning, "give_opinion", "manager", now, opinion="示例：当面道歉。")
    undo_deed(warning.pk, by=people.manager, now=now + SOON)
    assert Filling.objects.filter(subject_id=warning.pk, record="handling_opinion").count() == 1
    assert latest(("case", warning.pk), "handling_opinion") is None


def test_what_was_undone_can_be_done_again(people: Cast) -> None:
    warning = drawn_up(people)
    now = NINE + dt.timedelta(hours=1)
    people.do(warning, "give_opinion", "manager", now, opinion="示例：当面道歉。")
    undo_deed(warning.pk, by=people.manager, now=now + SOON)
    again = people.do(warning, "give_opinion", "manager", now + 2 * SOON, opinion="示例：登门道歉。")
    running = Clock.objects.filter(subject_id=warning.pk, state="running").values_list("clause", flat=True)
    assert (again.data["handling_opinion"]["opinion"], sorted(running)) == ("示例：登门道歉。", ["WARN-12", "WARN-20"])
    assert reasons(people, warning, now + 2 * SOON + dt.timedelta(minutes=11), "manager") == [
        "办理已经超过 10 分钟，不能再撤销。"
    ]


def test_it_is_undone_once(people: Cast) -> None:
    warning = drawn_up(people)
    now = NINE + dt.timedelta(hours=1)
    people.do(warning, "give_opinion", "manager", now, opinion="示例：当面道歉。")
    undo_deed(warning.pk, by=people.manager, now=now + SOON)
    with pytest.raises(NotFound):
        undo_deed(warning.pk, by=people.manager, now=now + SOON)
    assert last_deed(Case.objects.get(pk=warning.pk), people.manager, now + SOON) is None


@pytest.mark.parametrize("by", ["service", "supervisor", "deputy"])
def test_only_whoever_did_it_undoes_it(people: Cast, by: str) -> None:
    warning = drawn_up(people)
    now = NINE + dt.timedelta(hours=1)
    people.do(warning, "give_opinion", "manager", now, opinion="示例：当面道歉。")
    before = whole(warning)
    with pytest.raises(NotYours):
        undo_deed(warning.pk, by=people.viewers[by], now=now + SOON)
    assert whole(warning) == before


def test_it_is_offered_to_nobody_else_and_not_for_long(people: Cast) -> None:
    warning = drawn_up(people)
    now = NINE + dt.timedelta(hours=1)
    done = people.do(warning, "give_opinion", "manager", now, opinion="示例：当面道歉。")
    offered = last_deed(done, people.manager, now + dt.timedelta(minutes=10))
    assert offered is not None
    assert (offered.action, offered.reasons) == ("give_opinion", ())
    assert last_deed(done, people.manager, now + dt.timedelta(minutes=10, seconds=1)) is None
    assert last_deed(done, people.service, now) is None


def test_what_told_somebody_is_not_undone(people: Cast) -> None:
    ticket = people.ticket(NINE)
    people.do(ticket, "tell_supervisor", "agent", NINE, words="示例：请关注。")
    before = whole(ticket)
    assert reasons(people, ticket, NINE + SOON) == ["已经通知了别人，收不回来。"]
    assert whole(ticket) == before


def test_what_a_follower_heard_of_is_not_undone(people: Cast) -> None:
    warning = drawn_up(people)
    follow_case(warning, by=people.deputy, now=NINE)
    now = NINE + dt.timedelta(hours=1)
    people.do(warning, "give_opinion", "manager", now, opinion="示例：当面道歉。")
    assert reasons(people, warning, now + SOON, "manager") == ["已经通知了别人，收不回来。"]


def test_what_opened_a_child_is_not_undone(people: Cast) -> None:
    ticket = people.ticket(NINE)
    people.do(ticket, "raise_warning", "agent", NINE, reason="hard")
    assert "它引出了另一张工单，不能单独撤销。" in reasons(people, ticket, NINE + SOON)


def test_what_moved_the_parent_is_not_undone(people: Cast) -> None:
    warning = people.fed_back(NINE)
    assert "它带动了另一张工单，不能单独撤销。" in reasons(people, warning, NINE + SOON, "manager")


def test_what_a_colleague_went_on_from_is_not_undone(people: Cast) -> None:
    warning = drawn_up(people)
    now = NINE + dt.timedelta(hours=1)
    people.do(warning, "give_opinion", "manager", now, opinion="示例：当面道歉。")
    add_note(Case.objects.get(pk=warning.pk), "示例：收到。", by=people.service, now=now)
    assert reasons(people, warning, now + SOON, "manager") == ["同事已经接着办了。"]


def test_a_note_of_ones_own_stays_beside_the_undone_action(people: Cast) -> None:
    warning = drawn_up(people)
    now = NINE + dt.timedelta(hours=1)
    done = people.do(warning, "give_opinion", "manager", now, opinion="示例：当面道歉。")
    add_note(done, "示例：我先记一笔。", by=people.manager, now=now)
    undo_deed(warning.pk, by=people.manager, now=now + SOON)
    assert [note.words for note in warning.notes.all()] == ["示例：我先记一笔。"]


def test_a_case_that_changed_hands_since_is_not_undone(people: Cast) -> None:
    ticket = people.ticket(NINE)
    people.do(ticket, "note_handling", "agent", NINE, handling="示例：已致电。")
    hand_over_case(ticket.pk, to=people.staff["colleague"], by=people.agent, now=NINE)
    assert "在这之后工单又有了变化。" in reasons(people, ticket, NINE + SOON)


def test_it_is_not_undone_after_a_limit_ran_out(people: Cast) -> None:
    warning = people.warning(NINE)
    people.do(warning, "submit", "agent", NINE + dt.timedelta(minutes=1), **SIX)
    fire_due(at("2025-06-10 09:49"))
    found = reasons(people, warning, at("2025-06-10 09:50"))
    assert {"办理已经超过 10 分钟，不能再撤销。", "在这之后有时限到期或提醒。"} <= set(found)


def test_a_limit_that_would_be_overdue_at_once_stands_against_it(people: Cast) -> None:
    warning = drawn_up(people)
    people.do(warning, "give_opinion", "manager", at("2025-06-10 11:59"), opinion="示例：当面道歉。")
    late = at("2025-06-10 12:01")
    with pytest.raises(Impossible) as refused:
        undo_deed(warning.pk, by=people.manager, now=late)
    assert [(reason.clause, "立即超时" in reason.words.zh) for reason in refused.value.reasons] == [("WARN-11", True)]


def test_nobody_undoes_what_he_may_not_see(people: Cast) -> None:
    warning = drawn_up(people)
    people.do(warning, "give_opinion", "manager", NINE + dt.timedelta(hours=1), opinion="示例：当面道歉。")
    with pytest.raises(NotFound):
        undo_deed(warning.pk, by=people.far_manager, now=NINE + dt.timedelta(hours=1))


def test_opening_a_case_is_not_undone(people: Cast) -> None:
    ticket = people.ticket(NINE)
    with pytest.raises(NotFound):
        undo_deed(ticket.pk, by=people.agent, now=NINE)


def test_what_the_customer_answered_is_not_undone(people: Cast) -> None:
    ticket = people.portal_ticket(NINE)
    people.do(ticket, "classify", "agent", NINE, **{**COMPLAINT, "store": people.place["store-1"].pk})
    people.do(ticket, "note_handling", "agent", NINE, handling="示例：已致电。")
    take_action(ticket.pk, "add_message", {"words": "示例：补充一点。"}, by=people.customer, now=NINE + SOON)
    assert "同事已经接着办了。" in reasons(people, ticket, NINE + SOON)
