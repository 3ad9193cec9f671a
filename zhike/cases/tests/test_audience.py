"""One rule of sight: page, list, search and count show the same people the same cases, and a refused look is written down."""

from __future__ import annotations

import pytest

from tests.world import Cast, at, facts, ledger
from zhike.cases.access import case_by_token, case_for, visible_cases
from zhike.cases.actions import add_note
from zhike.cases.models import Case
from zhike.cases.public import public_view
from zhike.cases.queries import filtered, mine, page_of, story
from zhike.cases.refusals import Forbidden, NotFound

NOON = at("2025-06-10 12:00")

OF_STORE_ONE = {
    "agent", "colleague", "supervisor", "center_supervisor", "followup", "manager", "service", "deputy", "general",
}  # fmt: skip


def opens(people: Cast, who: str, case: Case) -> bool:
    try:
        return case_for(people.viewers[who], case.number, now=NOON).pk == case.pk
    except (Forbidden, NotFound):
        return False


def test_a_warning_is_seen_by_those_who_handle_it_and_their_superiors(people: Cast) -> None:
    warning = people.warning(NOON)
    assert {who for who in people.viewers if opens(people, who, warning)} == OF_STORE_ONE


def test_a_warning_of_the_other_division_is_seen_there(people: Cast) -> None:
    warning = people.warning(NOON, store="store-3")
    store_one = {"manager", "service", "deputy", "general"}
    far = {"far_manager", "far_service", "other_deputy", "other_general"}
    assert {who for who in people.viewers if opens(people, who, warning)} == OF_STORE_ONE - store_one | far


def test_a_ticket_is_the_hotlines_and_its_customers_own(people: Cast) -> None:
    ticket = people.portal_ticket(NOON)
    hotline = {"agent", "colleague", "supervisor", "center_supervisor", "followup", "subcenter", "customer"}
    assert {who for who in people.viewers if opens(people, who, ticket)} == hotline


def test_the_other_stores_manager_is_refused_by_the_clause_and_it_is_written_down(people: Cast) -> None:
    warning = people.at_store(NOON)
    with pytest.raises(Forbidden) as refused:
        case_for(people.other_manager, warning.number, now=NOON)
    assert refused.value.clauses == ["WARN-21"]
    assert "只有经手的岗位和他们的上级可以查看" in refused.value.reasons[0].words.zh
    denied = facts("case.access_denied", warning)
    assert [(fact.actor, fact.clauses, fact.at) for fact in denied] == [
        (people.other_manager.principal, ["WARN-21"], NOON)
    ]
    assert ledger(warning).count(("WARN-21", "refused")) == 1


def test_a_case_that_is_not_there_leaves_no_log(people: Cast) -> None:
    with pytest.raises(NotFound):
        case_for(people.agent, "YJ250610-999999", now=NOON)
    assert facts("case.access_denied") == []


def test_page_list_search_and_count_agree_for_everybody(people: Cast) -> None:
    for store in ("store-1", "store-2", "store-3"):
        people.at_store(NOON, store)
    people.portal_ticket(NOON)
    people.unsatisfied(NOON)
    everything = list(Case.objects.all())
    assert len(everything) == 9
    for who, viewer in people.viewers.items():
        seen = {case.number for case in everything if opens(people, who, case)}
        assert {case.number for case in visible_cases(viewer)} == seen, who
        assert filtered(viewer, {}).count() == len(seen), who
        assert {case.number for case in page_of(filtered(viewer, {})).rows} == seen, who
        assert {c.number for c in everything if filtered(viewer, {"text": c.number}).exists()} == seen, who
        assert {case.number for case in filtered(viewer, {"text": "态度"})} <= seen, who
        assert {case.number for case in mine(viewer)} <= seen, who


def test_pages_of_a_list_join_without_a_gap(people: Cast) -> None:
    for minute in range(7):
        people.ticket(NOON.replace(minute=minute // 2))
    rows, after, pages = [], None, 0
    while True:
        page = page_of(filtered(people.agent, {}), after, size=3)
        rows += [case.pk for case in page.rows]
        after, pages = page.next, pages + 1
        if after is None:
            break
    assert pages == 3
    assert rows == list(Case.objects.order_by("-opened_at", "-id").values_list("pk", flat=True))


def test_a_member_of_staff_without_a_role_sees_nothing(people: Cast) -> None:
    people.at_store(NOON)
    for who in ("outsider", "disabled", "admin", "anonymous", "stranger"):
        assert list(visible_cases(people.viewers[who])) == [], who


def test_a_handler_keeps_sight_when_the_stage_has_moved_on(people: Cast) -> None:
    warning = people.at_store(NOON)
    assert people.agent.principal in warning.audience
    assert people.supervisor.principal in warning.audience


def test_the_customer_reads_nothing_internal(people: Cast) -> None:
    ticket = people.portal_ticket(NOON)
    add_note(ticket, "示例：内部意见。", by=people.agent, now=NOON)
    add_note(ticket, "示例：请您稍候。", by=people.agent, now=NOON, internal=False)
    words = public_view(ticket, people.customer).words
    assert "示例：请您稍候。" in words
    assert "内部意见" not in words
    assert [note.words for note in story(ticket, people.customer, for_customer=True).notes] == ["示例：请您稍候。"]


def test_a_token_that_is_short_or_empty_opens_nothing(people: Cast) -> None:
    ticket = people.portal_ticket(NOON)
    people.warning(NOON, ticket=people.ticket(NOON))
    assert case_by_token(ticket.portal_token).pk == ticket.pk
    for token in ("", "x", ticket.portal_token[:20], ticket.portal_token.upper()):
        with pytest.raises(NotFound):
            case_by_token(token)
