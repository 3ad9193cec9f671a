"""What a clause forbids is not done, is said with the clause, and is written down."""

from __future__ import annotations

import pytest

from tests.world import SIX, Cast, at, facts, ledger, state_of
from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.cases.queries import offered
from zhike.cases.refusals import Refused, Unreadable
from zhike.clocks.queries import open_clocks
from zhike.records.models import Filling

NINE = at("2025-06-10 09:00")


def test_a_call_without_its_class_opens_no_case(people: Cast) -> None:
    with pytest.raises(Refused) as refused:
        people.ticket(NINE, service_class="")
    assert refused.value.clauses == ["SVC-01"]
    assert list(refused.value.fields) == ["service_class"]
    assert Case.objects.count() == 0
    assert ledger() == [("SVC-01", "refused")]


def test_a_complaint_without_its_item_opens_no_case(people: Cast) -> None:
    with pytest.raises(Refused) as refused:
        people.ticket(NINE, complaint_item="")
    assert [(r.clause, r.fields) for r in refused.value.reasons] == [("SVC-05", ("complaint_item",))]
    assert refused.value.reasons[0].words.zh == "请选择投诉项目：商品质量、服务质量或环境质量。"
    assert Case.objects.count() == 0


def test_a_warning_without_all_six_items_stays_as_it_was(people: Cast) -> None:
    warning = people.warning(NINE)
    before, clocks = state_of(warning), [c.pk for c in open_clocks(("case", warning.pk))]
    with pytest.raises(Refused) as refused:
        people.do(warning, "submit", "agent", at("2025-06-10 09:20"), difficulty="  ", district="")
    assert refused.value.clauses == ["WARN-04"]
    assert set(refused.value.fields) == {"difficulty", "district"}
    assert state_of(warning) == before
    assert [c.pk for c in open_clocks(("case", warning.pk))] == clocks
    assert not Filling.objects.filter(subject_id=warning.pk, record="complaint_warning").exists()


def test_a_refusal_leaves_a_fact_and_a_line_in_the_ledger(people: Cast) -> None:
    warning = people.warning(NINE)
    with pytest.raises(Refused):
        people.do(warning, "submit", "agent", at("2025-06-10 09:20"), difficulty="")
    fact = facts("case.refused", warning)[-1]
    assert fact.actor == people.agent.principal
    assert fact.clauses == ["WARN-04"]
    assert fact.payload["fields"] == ["difficulty"]
    assert fact.at == at("2025-06-10 09:20")
    assert ("WARN-04", "refused") in ledger(warning)


@pytest.mark.parametrize("words", ["", "   ", "\u200b\n\t"])
def test_a_return_without_an_opinion_is_refused(people: Cast, words: str) -> None:
    warning = people.warning(NINE)
    people.do(warning, "submit", "agent", NINE)
    people.do(warning, "review", "supervisor", NINE, result="reject")
    with pytest.raises(Refused) as refused:
        people.do(warning, "return_warning", "supervisor", NINE, reject_opinion=words)
    assert refused.value.clauses == ["WARN-07"]
    warning.refresh_from_db()
    assert warning.stage == "rejected"


@pytest.mark.parametrize("item", ["goods_quality", "environment_quality"])
def test_only_a_complaint_about_service_becomes_a_warning(people: Cast, item: str) -> None:
    ticket = people.ticket(NINE, complaint_item=item)
    before = state_of(ticket)
    with pytest.raises(Refused) as refused:
        people.do(ticket, "raise_warning", "agent", NINE, reason="hard")
    assert refused.value.clauses == ["WARN-01"]
    assert state_of(ticket) == before
    assert Case.objects.count() == 1


def test_every_reason_comes_at_once(people: Cast) -> None:
    warning = people.fed_back(NINE)
    with pytest.raises(Refused) as refused:
        people.do(warning, "recontact", "center_supervisor", NINE, content="")
    assert set(refused.value.fields) == {"content", "satisfied"}
    assert refused.value.clauses == ["WARN-17"]


def test_the_words_are_there_in_both_languages(people: Cast) -> None:
    warning = people.warning(NINE)
    with pytest.raises(Refused) as refused:
        people.do(warning, "submit", "agent", NINE, difficulty="")
    words = refused.value.reasons[0].words
    assert words.zh.startswith("预警的六项内容没有写全")
    assert words.say("en").startswith("The six items of the warning are not complete")


def test_values_nobody_can_read_are_refused_by_the_form_and_by_no_clause(people: Cast) -> None:
    values = {"caller_phone": "示例", "store": "nowhere", "service_class": "nonsense", "complaint_item": ["x"]}
    with pytest.raises(Unreadable) as refused:
        open_case(people.version, "service_ticket", "register", values, by=people.agent, now=NINE)
    assert {"caller_phone", "store", "service_class"} <= set(refused.value.fields)
    assert refused.value.clauses == []
    assert Case.objects.count() == 0
    assert ledger() == []


def test_fields_the_form_does_not_have_change_nothing(people: Cast) -> None:
    values = {
        "owner": people.staff["colleague"].pk,
        "stage": "closed",
        "status": "closed",
        "is_sample": True,
        "audience": ["x"],
    }
    ticket = people.ticket(NINE, **values)
    assert (ticket.owner_id, ticket.stage, ticket.status, ticket.is_sample) == (
        people.staff["agent"].pk, "complaint_handling", "open", False,
    )  # fmt: skip
    assert not set(values) & set(ticket.data["service_ticket"])


def test_what_the_product_fills_is_never_taken_from_outside(people: Cast) -> None:
    warning = people.warning(NINE)
    done = take_action(
        warning.pk, "submit", {**SIX, "submitted_at": "2020-01-01T00:00", "round_no": 99, "ticket_no": 1},
        by=people.agent, now=at("2025-06-10 09:20"),
    )  # fmt: skip
    kept = done.data["complaint_warning"]
    assert (kept["round_no"], kept["ticket_no"]) == (1, Case.objects.get(pk=warning.parent_id).number)
    assert kept["submitted_at"].startswith("2025-06-10")


def test_a_refused_opening_leaves_its_line_without_a_case(people: Cast) -> None:
    with pytest.raises(Refused):
        open_case(people.version, "service_ticket", "register", {}, by=people.agent, now=NINE)
    fact = facts("case.refused")[-1]
    assert (fact.subject_kind, fact.subject_id) == ("version", people.version.pk)
    assert ledger() == [("SVC-01", "refused")]


def test_what_a_fact_forbids_is_not_offered_as_a_button(people: Cast) -> None:
    ticket = people.ticket(NINE, complaint_item="goods_quality")
    offer = next(o for o in offered(ticket, people.agent) if o.action.id == "raise_warning")
    assert not offer.allowed
    assert "WARN-01" in offer.clauses
    assert offer.why is not None
    assert "服务质量" in offer.why.zh
