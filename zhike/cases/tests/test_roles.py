"""Nobody acts out of his role, outside the stage, or for another store."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.world import SIX, Cast, at, state_of
from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.cases.queries import offered
from zhike.cases.refusals import CaseError, NotYours
from zhike.org.handbooks import viewer as viewer_of

NOON = at("2025-06-10 12:00")

HOTLINE, STORE, DIVISION = {"agent", "colleague"}, {"manager", "service"}, {"deputy", "general"}
STAGES: dict[str, tuple[Callable[[Cast], Case], dict[str, set[str]]]] = {
    "draft": (lambda people: people.warning(NOON), {"submit": HOTLINE}),
    "at_store": (
        lambda people: people.at_store(NOON),
        {"store_handle": {"service"}, "give_opinion": {"manager"}, "escalate": {"manager"}},
    ),
    "at_division": (
        lambda people: people.do(people.at_store(NOON), "escalate", "manager", NOON, reason="示例"),
        {"division_opinion": DIVISION, "store_handle": {"service"}},
    ),
    "recontact": (
        lambda people: people.fed_back(NOON),
        {"recontact": {"center_supervisor"}, "store_handle": {"service"}},
    ),
    "daily_loop": (
        lambda people: people.unsatisfied(NOON),
        {
            "daily_report": HOTLINE,
            "manager_daily_handling": {"manager"},
            "store_handle": {"service"},
            "close": {"manager"},
        },
    ),
}
"""Stage -> how a warning gets there, and who takes which action there: everybody else takes none."""


@pytest.mark.parametrize("stage", STAGES)
def test_exactly_those_of_the_role_are_offered_an_action(people: Cast, stage: str) -> None:
    reach, expected = STAGES[stage]
    warning = reach(people)
    assert warning.stage == stage
    found: dict[str, set[str]] = {}
    for who, viewer in people.viewers.items():
        for offer in offered(warning, viewer):
            if offer.allowed:
                found.setdefault(offer.action.id, set()).add(who)
    assert found == expected


@pytest.mark.parametrize("stage", STAGES)
def test_whoever_is_not_offered_an_action_cannot_take_it(people: Cast, stage: str) -> None:
    warning = STAGES[stage][0](people)
    before, everything = state_of(warning), [action.id for action in people.book.process("complaint_warning").actions]
    for who, viewer in people.viewers.items():
        for action in everything if who in ("agent", "manager") else STAGES[stage][1]:
            if who not in STAGES[stage][1].get(action, ()):
                with pytest.raises(NotYours):
                    take_action(warning.pk, action, dict(SIX), by=viewer, now=NOON)
    assert state_of(warning) == before


@pytest.mark.parametrize("who", ["outsider", "disabled", "admin", "anonymous", "manager", "supervisor", "stranger"])
def test_only_the_hotline_registers_a_call(people: Cast, who: str) -> None:
    with pytest.raises(CaseError) as refused:
        people.ticket(NOON, by=who)
    assert isinstance(refused.value, NotYours)
    assert Case.objects.count() == 0


def test_staff_do_not_file_as_customers(people: Cast) -> None:
    with pytest.raises(NotYours):
        open_case(people.version, "service_ticket", "file", {}, by=people.manager, now=NOON)


def test_a_later_action_does_not_open_a_case(people: Cast) -> None:
    with pytest.raises(NotYours):
        open_case(people.version, "complaint_warning", "submit", SIX, by=people.agent, now=NOON)


def test_who_was_disabled_a_moment_ago_acts_no_more(people: Cast) -> None:
    warning = people.warning(NOON)
    people.staff["colleague"].is_active = False
    with pytest.raises(NotYours):
        take_action(warning.pk, "submit", SIX, by=viewer_of(people.staff["colleague"]), now=NOON)


def test_a_customer_acts_on_his_own_ticket_only(people: Cast) -> None:
    ticket = people.portal_ticket(NOON)
    with pytest.raises(NotYours):
        people.do(ticket, "add_message", "stranger", NOON, words="示例：冒充。")
    with pytest.raises(NotYours):
        people.do(ticket, "add_message", "anonymous", NOON, words="示例：没有登录。")
    assert people.do(ticket, "add_message", "customer", NOON, words="示例：又排了半小时。").tally["add_message"] == 1


def test_the_general_managers_word_prevails_only_after_a_division_opinion(people: Cast) -> None:
    by_store = people.fed_back(NOON)
    with pytest.raises(NotYours):
        people.do(by_store, "overrule", "general", NOON, opinion="示例：以此为准。")
    escalated = people.do(people.at_store(NOON), "escalate", "manager", NOON, reason="示例")
    people.do(escalated, "division_opinion", "deputy", NOON, opinion="示例：副总意见。")
    settled = people.do(escalated, "overrule", "general", NOON, opinion="示例：总经理意见。")
    assert settled.data["handling_opinion"]["opinion"] == "示例：总经理意见。"
