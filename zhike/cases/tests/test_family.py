"""Parents and children move each other; a closed case comes back; a case changes hands."""

from __future__ import annotations

import pytest

from tests.world import Cast, at, facts, ledger, state_of
from zhike.cases.actions import hand_over_case
from zhike.cases.models import Case
from zhike.cases.queries import family
from zhike.cases.refusals import NotYours, Refused
from zhike.clocks.queries import open_clocks
from zhike.notices.models import Notice

NINE = at("2025-06-10 09:00")


def parent_of(case: Case) -> Case:
    return Case.objects.get(pk=case.parent_id)


def test_raising_a_warning_opens_the_child_and_moves_the_parent(people: Cast) -> None:
    ticket = people.ticket(at("2025-06-10 08:30"))
    warning = people.warning(NINE, ticket=ticket)
    ticket.refresh_from_db()
    assert (ticket.stage, warning.stage) == ("warning", "draft")
    assert warning.data["warning_basis"]["reported_issue"] == "示例：收银员态度不好。"
    assert (warning.customer_id, warning.department_id) == (ticket.customer_id, ticket.department_id)
    assert [case.pk for case in family(ticket)] == [warning.pk]
    assert [case.pk for case in family(warning)] == [ticket.pk]


def test_when_the_child_is_refused_the_parent_stays(people: Cast) -> None:
    ticket = people.ticket(NINE, complaint_item="goods_quality")
    with pytest.raises(Refused):
        people.do(ticket, "raise_warning", "agent", NINE, reason="hard")
    ticket.refresh_from_db()
    assert (ticket.stage, ticket.tally) == ("complaint_handling", {"register": 1})


def test_the_ticket_goes_back_to_the_hotline_when_the_opinion_is_fed_back(people: Cast) -> None:
    warning = people.fed_back(NINE)
    ticket = parent_of(warning)
    assert ticket.stage == "hotline_resume"
    assert ticket.holders == [f"retail-hotline:hotline_center@{people.place['hotline'].pk}"] or ticket.holders == [
        "retail-hotline:hotline_center"
    ]
    assert ("WARN-13", "applied") in ledger(warning)
    moved = facts("case.moved", ticket)[-1]
    assert (moved.payload["because_of"], moved.clauses) == (warning.number, ["WARN-13"])


def test_the_daily_loop_takes_the_ticket_along(people: Cast) -> None:
    warning = people.unsatisfied(NINE)
    assert parent_of(warning).stage == "hotline_resume"
    people.do(warning, "daily_report", "agent", at("2025-06-11 09:00"))
    warning.refresh_from_db()
    assert (parent_of(warning).stage, warning.round, warning.stage) == ("warning", 2, "under_review")


def test_closing_the_warning_closes_the_ticket_once(people: Cast) -> None:
    warning = people.fed_back(NINE)
    people.do(warning, "recontact", "center_supervisor", NINE, content="示例：接受。", satisfied=True)
    people.do(warning, "close", "manager", NINE, outcome="示例：已道歉。")
    ticket = parent_of(warning)
    assert (ticket.stage, ticket.status, ticket.closed_at) == ("closed", "closed", NINE)
    assert len(facts("case.closed", warning)) == 1


def test_a_page_of_the_parent_read_before_the_child_moved_it_is_stale(people: Cast) -> None:
    ticket = people.ticket(NINE)
    seen = ticket.version
    people.warning(NINE, ticket=ticket)
    ticket.refresh_from_db()
    assert ticket.version > seen


def test_a_disputed_outcome_opens_the_ticket_again(people: Cast) -> None:
    ticket = people.portal_ticket(NINE)
    classified = {
        "caller_name": "示例顾客", "caller_phone": "13800000001", "service_class": "complaint",
        "complaint_item": "environment_quality", "store": people.place["store-1"].pk, "content": "示例：排队太久。",
    }  # fmt: skip
    people.do(ticket, "classify", "agent", NINE, **classified)
    people.do(ticket, "resolve", "agent", NINE, answer="示例：已增开收银台。")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.closed_at) == ("closed", NINE)
    later = at("2025-06-11 10:00")
    people.do(ticket, "dispute", "customer", later, reason="示例：今天仍在排队。")
    ticket.refresh_from_db()
    assert (ticket.stage, ticket.status, ticket.closed_at) == ("complaint_handling", "open", None)
    assert [fact.at for fact in facts("case.reopened", ticket)] == [later]
    assert Notice.objects.filter(subject_id=ticket.pk, to__contains=[people.agent.principal]).exists()


def test_a_warning_closed_with_an_unsatisfied_customer_comes_back_the_next_day(people: Cast) -> None:
    warning = people.unsatisfied(NINE)
    people.do(warning, "close", "manager", NINE, outcome="示例：已道歉。", unsatisfied_reason="示例：顾客要求过高。")
    assert parent_of(warning).status == "closed"
    people.do(warning, "daily_report", "agent", at("2025-06-11 09:00"))
    warning.refresh_from_db()
    assert (warning.status, warning.closed_at, warning.round) == ("open", None, 2)
    assert parent_of(warning).status == "open"


def test_closing_with_an_unsatisfied_customer_needs_its_reason(people: Cast) -> None:
    warning = people.unsatisfied(NINE)
    before = state_of(warning)
    with pytest.raises(Exception, match="原因") as refused:
        people.do(warning, "close", "manager", NINE, outcome="示例：已道歉。")
    assert "unsatisfied_reason" in refused.value.fields  # type: ignore[attr-defined]
    assert state_of(warning) == before


def test_handing_over_moves_the_owner_and_his_clocks(people: Cast) -> None:
    warning = people.warning(NINE)
    assert [clock.holders for clock in open_clocks(("case", warning.pk)) if clock.clause == "WARN-05"] == [
        [people.agent.principal]
    ]
    hand_over_case(warning.pk, to=people.staff["colleague"], by=people.agent, now=at("2025-06-10 09:10"))
    warning.refresh_from_db()
    assert (warning.owner_id, warning.holders) == (people.staff["colleague"].pk, [people.colleague.principal])
    clock = next(clock for clock in open_clocks(("case", warning.pk)) if clock.clause == "WARN-05")
    assert (clock.holders, clock.due_at) == ([people.colleague.principal], at("2025-06-10 09:30"))
    assert facts("case.owner_changed", warning)[-1].payload == {
        "owner": people.staff["colleague"].pk, "before": people.staff["agent"].pk
    }  # fmt: skip
    people.do(warning, "submit", "colleague", at("2025-06-10 09:20"))
    assert ("WARN-05", "kept") in ledger(warning)


@pytest.mark.parametrize("to", ["manager", "outsider", "disabled"])
def test_a_case_goes_only_to_somebody_of_the_same_role(people: Cast, to: str) -> None:
    warning = people.warning(NINE)
    before = state_of(warning)
    with pytest.raises(NotYours):
        hand_over_case(warning.pk, to=people.staff[to], by=people.agent, now=NINE)
    assert state_of(warning) == before


@pytest.mark.parametrize("by", ["other_manager", "outsider", "disabled", "stranger"])
def test_who_cannot_see_a_case_cannot_hand_it_over(people: Cast, by: str) -> None:
    warning = people.warning(NINE)
    with pytest.raises(NotYours):
        hand_over_case(warning.pk, to=people.staff["colleague"], by=people.viewers[by], now=NINE)
