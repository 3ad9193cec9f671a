"""A duplicate goes under the case that leads, and comes back whole while nothing of it has left the house."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.world import COMPLAINT, Cast, at, facts, ledger, state_of
from zhike.cases.actions import add_note, hand_over_case, take_action
from zhike.cases.figures import rows_of
from zhike.cases.links import around
from zhike.cases.merging import Differs, merge_cases, undo_merge
from zhike.cases.models import Case, Merge
from zhike.cases.queries import offered, story
from zhike.cases.refusals import Impossible, NotFound, NotYours, Refused
from zhike.clocks.models import Clock
from zhike.duties.models import Obligation
from zhike.handbook.clauses import Gate
from zhike.handbook.common import Text
from zhike.org.handbooks import book_of

NINE = at("2025-06-10 09:00")
LATER = NINE + dt.timedelta(minutes=5)


def two_tickets(people: Cast) -> tuple[Case, Case]:
    """The same complaint, taken down twice: the second is the duplicate."""
    leading = people.ticket(NINE)
    return people.ticket(NINE), leading


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def words(error: pytest.ExceptionInfo[Any]) -> list[str]:
    return [reason.words.zh for reason in error.value.reasons]


def test_the_duplicate_ends_under_the_leading_case(people: Cast) -> None:
    dropped, leading = two_tickets(people)
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    dropped = again(dropped)
    assert (dropped.merged_into_id, dropped.status, dropped.closed_at) == (leading.pk, "closed", LATER)
    assert (dropped.holders, dropped.next_due_at) == ([], None)
    assert facts("case.merged", dropped)[0].payload == {"into": leading.pk, "number": leading.number}
    assert facts("case.absorbed", leading)[0].payload == {"dropped": dropped.pk, "number": dropped.number}
    tied = around(dropped, people.agent).leading
    assert tied is not None
    assert tied.number == leading.number
    assert [each.number for each in around(leading, people.agent).absorbed] == [dropped.number]


def test_its_clocks_end_without_a_verdict(people: Cast) -> None:
    """A warning's 30 minutes are counted for neither side of the ledger."""
    ticket = people.ticket(NINE)
    one = people.warning(NINE, ticket=ticket)
    two = people.warning(NINE)
    Case.objects.filter(pk__in=[one.pk, two.pk]).update(parent=None)
    merge_cases(one.pk, two.pk, by=people.agent, now=LATER)
    assert [(c.clause, c.state) for c in Clock.objects.filter(subject_id=one.pk, watches="")] == [
        ("WARN-05", "cancelled")
    ]
    assert [fact.payload["why"] for fact in facts("clock.cancelled", one)] == ["case.merged"]
    assert not [line for line in ledger(one) if line[1] in ("kept", "broken")]
    assert not Obligation.objects.filter(subject_id=one.pk, is_open=True).exists()
    assert [c.state for c in Clock.objects.filter(subject_id=two.pk, watches="")] == ["running"]


def test_nothing_is_done_any_more_on_a_merged_case(people: Cast) -> None:
    dropped, leading = two_tickets(people)
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    assert not any(offer.allowed for offer in offered(again(dropped), people.agent))
    with pytest.raises(NotYours, match="已并入"):
        take_action(dropped.pk, "note_handling", {"handling": "示例"}, by=people.agent, now=LATER)
    with pytest.raises(Impossible, match="已并入"):
        add_note(again(dropped), "示例：备注。", by=people.agent, now=LATER)
    with pytest.raises(NotYours):
        hand_over_case(dropped.pk, to=people.staff["colleague"], by=people.agent, now=LATER)


def test_its_story_is_told_under_the_leading_case(people: Cast) -> None:
    dropped, leading = two_tickets(people)
    add_note(dropped, "示例：顾客又来电。", by=people.agent, now=NINE)
    add_note(leading, "示例：第一次来电。", by=people.agent, now=NINE - dt.timedelta(minutes=1))
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    told = story(again(leading), people.agent)
    assert [note.words for note in told.notes] == ["示例：第一次来电。", "示例：顾客又来电。"]
    assert {fact.subject_id for fact in told.facts} == {dropped.pk, leading.pk}
    assert {filling.subject_id for filling in told.fillings} == {dropped.pk, leading.pk}


def test_the_story_of_a_merged_case_is_told_only_to_those_who_may_see_it(people: Cast) -> None:
    here, there = people.at_store(NINE, "store-1"), people.at_store(NINE, "store-3")
    Case.objects.filter(pk__in=[here.pk, there.pk]).update(parent=None)
    add_note(there, "示例：三店的事。", by=people.far_manager, now=NINE)
    Case.objects.filter(pk=there.pk).update(merged_into=here, status="closed")
    assert story(again(here), people.manager).notes == []
    assert {fact.subject_id for fact in story(again(here), people.manager).facts} == {here.pk}
    assert [note.words for note in story(again(here), people.supervisor).notes] == ["示例：三店的事。"]


def test_a_merged_case_is_no_row_of_a_figure(people: Cast) -> None:
    dropped, leading = two_tickets(people)
    assert len(list(rows_of(people.book, "cases", "service_ticket", None, None))) == 2
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    assert len(list(rows_of(people.book, "cases", "service_ticket", None, None))) == 1


@pytest.mark.parametrize("by", ["followup", "manager", "outsider", "customer"])
def test_merging_is_for_whoever_could_act_or_hand_it_over(people: Cast, by: str) -> None:
    dropped, leading = two_tickets(people)
    before = state_of(dropped)
    with pytest.raises(NotYours):
        merge_cases(dropped.pk, leading.pk, by=people.viewers[by], now=LATER)
    assert state_of(dropped) == before


def test_the_leading_case_must_be_one_he_may_see(people: Cast) -> None:
    here, there = people.at_store(NINE, "store-1"), people.at_store(NINE, "store-3")
    Case.objects.filter(pk__in=[here.pk, there.pk]).update(parent=None)
    with pytest.raises(NotYours, match="主单您看不到"):
        merge_cases(here.pk, there.pk, by=people.manager, now=LATER)


def test_what_cannot_be_merged_says_why(people: Cast) -> None:
    dropped, leading = two_tickets(people)
    with pytest.raises(Impossible, match="不能并入自己"):
        merge_cases(dropped.pk, dropped.pk, by=people.agent, now=LATER)
    ticket = people.ticket(NINE)
    warning = people.warning(NINE, ticket=ticket)
    with pytest.raises(Impossible, match="由另一张工单引出"):
        merge_cases(warning.pk, leading.pk, by=people.agent, now=LATER)
    with pytest.raises(Impossible, match="它引出的工单还没有办结"):
        merge_cases(ticket.pk, leading.pk, by=people.agent, now=LATER)
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    with pytest.raises(Impossible, match="已经并入别的工单"):
        merge_cases(people.ticket(NINE).pk, dropped.pk, by=people.agent, now=LATER)
    with pytest.raises(Impossible, match="请以它为主单"):
        merge_cases(leading.pk, people.ticket(NINE).pk, by=people.agent, now=LATER)
    closed = people.ticket(NINE)
    people.do(closed, "resolve", "agent", NINE, answer="示例：已答复。")
    with pytest.raises(Impossible, match="主单已经办结"):
        merge_cases(people.ticket(NINE).pk, closed.pk, by=people.agent, now=LATER)
    with pytest.raises(Impossible, match="办结的工单不再合并"):
        merge_cases(closed.pk, leading.pk, by=people.agent, now=LATER)


def test_cases_of_different_customers_are_merged_only_when_confirmed(people: Cast) -> None:
    leading, dropped = people.ticket(NINE), people.ticket(NINE, caller_phone="13800000002")
    with pytest.raises(Differs, match="不是同一位顾客"):
        merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    assert again(dropped).merged_into_id is None
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER, confirmed=True)
    assert again(dropped).merged_into_id == leading.pk


def test_cases_of_different_processes_are_merged_only_when_confirmed(people: Cast) -> None:
    warning = people.warning(NINE)
    Case.objects.filter(pk=warning.pk).update(parent=None)
    leading = people.ticket(NINE)
    with pytest.raises(Differs, match="不是同一种流程"):
        merge_cases(warning.pk, leading.pk, by=people.agent, now=LATER)


def test_a_gate_on_merging_refuses_with_its_clause(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A department that lets nobody merge complaints says so in its handbook; the refusal is in the ledger."""
    gate = Gate.model_validate(
        {
            "id": "TEST-01", "kind": "gate", "title": "投诉不合并", "cites": "2.1", "quote": "示例", "process": "service_ticket",
            "on": "case.merged", "when": {"service_class": "complaint"}, "requires": {"facts": {"case.status": "never"}},
            "refuse": {"zh": "投诉要一件一件办。", "en": "Complaints are handled one by one."},
        }
    )  # fmt: skip
    book = book_of(people.version.pk)
    speaking = book.speaking_of
    monkeypatch.setattr(
        type(book), "speaking_of",
        lambda _, kind, process, event: (gate,) if (kind, event) == ("gate", "case.merged") else speaking(kind, process, event),
    )  # fmt: skip
    dropped, leading = two_tickets(people)
    before = state_of(dropped)
    with pytest.raises(Refused) as refused:
        merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    assert [(r.clause, r.words) for r in refused.value.reasons] == [
        ("TEST-01", Text(zh="投诉要一件一件办。", en="Complaints are handled one by one."))
    ]
    assert state_of(dropped) == before
    assert ledger(dropped)[-1] == ("TEST-01", "refused")
    assert facts("case.refused", dropped)[-1].payload["action"] == "merge"


# Undoing it


def whole(case: Case) -> dict[str, Any]:
    subject = {"subject_kind": "case", "subject_id": case.pk}
    return {
        "case": {name: value for name, value in state_of(case).items() if name not in ("version", "updated_at")},
        "clocks": list(Clock.objects.filter(**subject).order_by("id").values()),
        "duties": list(Obligation.objects.filter(**subject).order_by("id").values()),
    }


def test_an_undone_merge_leaves_the_duplicate_as_it_was(people: Cast) -> None:
    one, two = people.warning(NINE), people.warning(NINE)
    Case.objects.filter(pk__in=[one.pk, two.pk]).update(parent=None)
    before = whole(one)
    merge_cases(one.pk, two.pk, by=people.agent, now=LATER)
    assert whole(one) != before
    undo_merge(one.pk, by=people.agent, now=LATER + dt.timedelta(minutes=5))
    assert whole(one) == before
    assert [len(facts("case.merge_undone", case)) for case in (one, two)] == [1, 1]
    assert around(two, people.agent).absorbed == []
    with pytest.raises(NotFound):
        undo_merge(one.pk, by=people.agent, now=LATER)


def test_after_it_was_undone_it_can_be_merged_again(people: Cast) -> None:
    dropped, leading = two_tickets(people)
    for _ in range(2):
        merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
        undo_merge(dropped.pk, by=people.agent, now=LATER)
    assert Merge.objects.exclude(undone_at=None).count() == 2


def test_it_is_not_undone_after_words_with_the_customer(people: Cast) -> None:
    dropped, leading = two_tickets(people)
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    add_note(again(leading), "示例：您的两次来电一并办理。", by=people.agent, now=LATER, internal=False)
    with pytest.raises(Impossible) as refused:
        undo_merge(dropped.pk, by=people.agent, now=LATER)
    assert words(refused) == ["合并以后已经和顾客通过话。"]


def test_it_is_not_undone_after_the_leading_case_went_on(people: Cast) -> None:
    dropped, leading = two_tickets(people)
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    people.do(leading, "resolve", "agent", LATER, answer="示例：已答复。")
    with pytest.raises(Impossible) as refused:
        undo_merge(dropped.pk, by=people.agent, now=LATER)
    assert words(refused) == ["合并以后已经通知了顾客。", "主单在合并以后已经往下办了。"]


def test_it_is_not_undone_when_a_limit_would_be_overdue_at_once(people: Cast) -> None:
    one, two = people.warning(NINE), people.warning(NINE)
    Case.objects.filter(pk__in=[one.pk, two.pk]).update(parent=None)
    merge_cases(one.pk, two.pk, by=people.agent, now=LATER)
    with pytest.raises(Impossible, match="立即超时"):
        undo_merge(one.pk, by=people.agent, now=NINE + dt.timedelta(minutes=31))


def test_it_is_undone_by_whoever_did_it_or_steers_the_leading_case(people: Cast) -> None:
    dropped, leading = two_tickets(people)
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    with pytest.raises(NotYours):
        undo_merge(dropped.pk, by=people.followup, now=LATER)
    undo_merge(dropped.pk, by=people.colleague, now=LATER)
    assert again(dropped).merged_into_id is None


def test_a_customers_own_two_filings_stay_his(people: Cast) -> None:
    """He sees what was said to him at either; the story he is told holds no internal word of either."""
    leading, dropped = people.portal_ticket(NINE), people.portal_ticket(NINE)
    for ticket in (leading, dropped):
        people.do(ticket, "classify", "agent", NINE, **{**COMPLAINT, "store": people.place["store-1"].pk})
    add_note(again(dropped), "示例：请稍候。", by=people.agent, now=NINE, internal=False)
    add_note(again(dropped), "示例：内部。", by=people.agent, now=NINE)
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=LATER)
    told = story(again(leading), people.customer, for_customer=True)
    assert [note.words for note in told.notes] == ["示例：请稍候。"]
    assert story(again(leading), people.stranger, for_customer=True).notes == []
