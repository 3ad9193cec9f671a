"""One deed on many cases: all or none, and every reason at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from tests.world import Cast, at, facts, ledger, state_of
from zhike.cases import bulk
from zhike.cases.bulk import BulkRefused, Picked
from zhike.cases.models import Case, Follow, Note
from zhike.journal.models import Fact

NOW = at("2025-06-10 09:00")
LATER = at("2025-06-10 09:10")


def picked(*cases: Case) -> list[Picked]:
    return [Picked(case.number, case.version) for case in cases]


def under_review(people: Cast, store: str = "store-1") -> Case:
    return people.do(people.warning(NOW, store), "submit", "agent", at("2025-06-10 09:05"))


def refusal(deed: Callable[[], object]) -> BulkRefused:
    with pytest.raises(BulkRefused) as caught:
        deed()
    return caught.value


def test_one_action_on_many_cases_is_a_deed_on_each(people: Cast) -> None:
    cases = [under_review(people, store) for store in ("store-1", "store-2", "store-3")]
    done = bulk.take_on_all(picked(*cases), "review", {"result": "pass"}, by=people.supervisor, now=LATER, key="k")
    assert done == 3
    assert {case.stage for case in Case.objects.filter(process="complaint_warning")} == {"at_store"}
    for case in cases:
        assert ("WARN-09", "applied") in ledger(case) or ("WARN-08", "applied") in ledger(case)
    assert [fact.payload["action"] for case in cases for fact in facts("case.action_taken", case)].count("review") == 3


def test_one_refusal_undoes_the_whole_and_every_refusal_is_named_with_its_clause(people: Cast) -> None:
    good, bad, worse = (
        people.ticket(NOW, complaint_item=item) for item in ("service_quality", "goods_quality", "goods_quality")
    )
    before = [state_of(case) for case in (good, bad, worse)]
    count = Fact.objects.count()
    refused = refusal(
        lambda: bulk.take_on_all(
            picked(good, bad, worse), "raise_warning", {"reason": "hard"}, by=people.agent, now=LATER, key="k"
        )
    )
    assert [(f.number, [r.clause for r in f.reasons]) for f in refused.failures] == [
        (bad.number, ["WARN-01"]),
        (worse.number, ["WARN-01"]),
    ]
    assert [state_of(case) for case in (good, bad, worse)] == before
    assert Case.objects.count() == 3
    # What remains is the refusal of each, in journal and ledger.
    assert Fact.objects.count() == count + 2
    assert [len(facts("case.refused", case)) for case in (good, bad, worse)] == [0, 1, 1]
    assert [("WARN-01", "refused") in ledger(case) for case in (good, bad, worse)] == [False, True, True]


def test_a_case_at_another_stage_undoes_the_whole(people: Cast) -> None:
    ready, early = under_review(people), people.warning(NOW)
    refused = refusal(
        lambda: bulk.take_on_all(
            picked(ready, early), "review", {"result": "pass"}, by=people.supervisor, now=LATER, key="k"
        )
    )
    assert [failure.number for failure in refused.failures] == [early.number]
    assert Case.objects.get(pk=ready.pk).stage == "under_review"


def test_one_foreign_case_refuses_the_whole_and_is_written_down(people: Cast) -> None:
    mine, foreign = people.at_store(NOW, "store-1"), people.at_store(NOW, "store-3")
    refused = refusal(lambda: bulk.note_on_all(picked(mine, foreign), "示例", by=people.manager, now=LATER, key="k"))
    (failure,) = refused.failures
    assert (failure.number, failure.case) == (foreign.number, None)
    assert Note.objects.count() == 0
    assert len(facts("case.access_denied", foreign)) == 1
    unknown = refusal(
        lambda: bulk.note_on_all([*picked(mine), Picked("NIX-1")], "示例", by=people.manager, now=LATER, key="k")
    )
    assert [failure.number for failure in unknown.failures] == ["NIX-1"]


def test_a_case_that_changed_since_it_was_selected_undoes_the_whole(people: Cast) -> None:
    one, two = under_review(people), under_review(people)
    stale = [*picked(one), Picked(two.number, two.version - 1)]
    refused = refusal(
        lambda: bulk.take_on_all(stale, "review", {"result": "pass"}, by=people.supervisor, now=LATER, key="k")
    )
    assert [failure.number for failure in refused.failures] == [two.number]
    assert Case.objects.get(pk=one.pk).stage == "under_review"


def test_the_same_press_twice_is_done_once(people: Cast) -> None:
    cases = [under_review(people), under_review(people)]
    for _ in range(2):
        done = bulk.take_on_all(
            picked(*cases), "review", {"result": "pass"}, by=people.supervisor, now=LATER, key="press"
        )
        assert done == 2
    assert [len([f for f in facts("case.action_taken", c) if f.payload["action"] == "review"]) for c in cases] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_are_one(transactional_db: None) -> None:
    from tests.world import cast

    people = cast()
    cases = [under_review(people), under_review(people)]
    chosen, answers, together = picked(*cases), [], threading.Barrier(2)

    def press() -> None:
        together.wait()
        try:
            answers.append(
                bulk.take_on_all(chosen, "review", {"result": "pass"}, by=people.supervisor, now=LATER, key="press")
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [2, 2]
    assert [len([f for f in facts("case.action_taken", c) if f.payload["action"] == "review"]) for c in cases] == [1, 1]


def test_an_action_is_offered_when_every_case_allows_it(people: Cast) -> None:
    ready, early = under_review(people), people.warning(NOW)
    both = bulk.common_actions(bulk.cases_picked(picked(ready, early), people.supervisor, LATER), people.supervisor)
    review = next(one for one in both if one.action.id == "review")
    assert (review.allowed, [failure.number for failure in review.against]) == (False, [early.number])
    alone = bulk.common_actions(bulk.cases_picked(picked(ready), people.supervisor, LATER), people.supervisor)
    assert [one.action.id for one in alone if one.allowed] == ["review"]
    assert bulk.common_actions([people.ticket(NOW), ready], people.supervisor) == []


def test_the_main_form_is_never_filled_for_many(people: Cast) -> None:
    drafts = [people.warning(NOW), people.warning(NOW)]
    submit = next(c for c in bulk.common_actions(drafts, people.agent) if c.action.id == "submit")
    assert not submit.allowed
    refused = refusal(lambda: bulk.take_on_all(picked(*drafts), "submit", {}, by=people.agent, now=LATER, key="k"))
    assert len(refused.failures) == 2


def test_many_cases_are_handed_over_or_none(people: Cast) -> None:
    mine = [people.ticket(NOW), people.ticket(NOW)]
    found, against = bulk.common_colleagues(mine, people.agent)
    assert ([person.username for person in found], against) == (["colleague"], [])
    assert bulk.hand_over_all(picked(*mine), people.staff["colleague"], by=people.agent, now=LATER, key="k") == 2
    assert {case.owner_id for case in Case.objects.all()} == {people.staff["colleague"].pk}
    found, against = bulk.common_colleagues([Case.objects.get(pk=mine[0].pk)], people.manager)
    assert (found, [failure.number for failure in against]) == ([], [mine[0].number])
    mixed = [Case.objects.get(pk=mine[0].pk), under_review(people), people.portal_ticket(NOW)]
    _, against = bulk.common_colleagues(mixed, people.agent)
    assert [failure.number for failure in against] == [mixed[2].number]
    refusal(lambda: bulk.hand_over_all(picked(*mixed), people.staff["agent"], by=people.agent, now=LATER, key="k2"))
    assert Case.objects.get(pk=mine[0].pk).owner_id == people.staff["colleague"].pk


def test_notes_and_following_for_many(people: Cast) -> None:
    cases = [people.ticket(NOW), people.warning(NOW)]
    assert bulk.note_on_all(picked(*cases), "示例：今天集中回访。", by=people.supervisor, now=LATER, key="n") == 2
    assert bulk.follow_all(picked(*cases), by=people.supervisor, now=LATER, key="f") == 2
    assert sorted(Note.objects.values_list("case_id", flat=True)) == sorted(case.pk for case in cases)
    assert Follow.objects.filter(staff=people.staff["supervisor"]).count() == 2
    refusal(lambda: bulk.note_on_all(picked(*cases), "  ", by=people.supervisor, now=LATER, key="n2"))
    assert Note.objects.count() == 2


def test_a_batch_has_an_end(people: Cast) -> None:
    many = [Picked(f"FW250610-{n:06}") for n in range(bulk.MOST + 1)]
    assert refusal(lambda: bulk.cases_picked(many, people.agent, NOW)).words == bulk.TOO_MANY
    assert refusal(lambda: bulk.cases_picked([], people.agent, NOW)).words == bulk.NONE_PICKED


def test_what_is_offered_costs_the_same_for_two_cases_and_for_ten(people: Cast, django_assert_max_num_queries) -> None:
    cases = [under_review(people) for _ in range(10)]
    for some in (cases[:2], cases):
        with django_assert_max_num_queries(6):
            chosen = bulk.cases_picked(picked(*some), people.supervisor, LATER)
            bulk.common_actions(chosen, people.supervisor)
            bulk.common_colleagues(chosen, people.supervisor)
