"""One press of a button is one deed, however often it arrives; a page that is older than the case is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.world import COMPLAINT, SIX, Cast, at, cast, facts, state_of
from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case, Submission
from zhike.cases.refusals import CaseError, NotYours, Refused, Stale
from zhike.clocks.models import Clock
from zhike.records.models import Filling

NINE = at("2025-06-10 09:00")


def test_the_same_press_twice_is_one_case(people: Cast) -> None:
    values = {**COMPLAINT, "store": people.place["store-1"].pk}
    first, second = (
        open_case(people.version, "service_ticket", "register", values, by=people.agent, now=NINE, key="press-1")
        for _ in range(2)
    )
    assert first.pk == second.pk
    assert Case.objects.count() == 1
    assert len(facts("case.opened")) == 1


def test_the_same_press_twice_is_one_step(people: Cast) -> None:
    warning = people.warning(NINE)
    for _ in range(2):
        take_action(warning.pk, "submit", SIX, by=people.agent, now=NINE, version=warning.version, key="press-2")
    warning.refresh_from_db()
    assert (warning.stage, warning.tally["submit"]) == ("under_review", 1)
    assert Filling.objects.filter(subject_id=warning.pk, record="complaint_warning").count() == 1
    assert Clock.objects.filter(subject_id=warning.pk, clause="WARN-06").count() == 1


def test_the_same_key_of_somebody_else_is_another_press(people: Cast) -> None:
    values = {**COMPLAINT, "store": people.place["store-1"].pk}
    numbers = {
        open_case(people.version, "service_ticket", "register", values, by=who, now=NINE, key="press-3").number
        for who in (people.agent, people.colleague)
    }
    assert len(numbers) == 2


def test_a_refused_press_may_be_repeated_when_it_is_mended(people: Cast) -> None:
    warning = people.warning(NINE)
    with pytest.raises(Refused):
        take_action(warning.pk, "submit", {**SIX, "difficulty": ""}, by=people.agent, now=NINE, key="press-4")
    assert not Submission.objects.exists()
    done = take_action(warning.pk, "submit", SIX, by=people.agent, now=NINE, key="press-4")
    assert done.stage == "under_review"


def test_a_stale_page_is_refused_and_changes_nothing(people: Cast) -> None:
    warning = people.warning(NINE)
    seen = warning.version
    people.do(warning, "submit", "agent", NINE)
    before = state_of(warning)
    with pytest.raises(Stale) as stale:
        take_action(warning.pk, "review", {"result": "pass"}, by=people.supervisor, now=NINE, version=seen)
    assert "您填写的内容已保留" in stale.value.reasons[0].words.zh
    assert state_of(warning) == before


def test_a_stale_page_leaves_what_was_typed_with_the_caller(people: Cast) -> None:
    ticket = people.ticket(NINE)
    seen, typed = ticket.version, {"handling": "示例：已致电。"}
    people.do(ticket, "note_handling", "subcenter", NINE, handling="示例：同事先记了一笔。")
    with pytest.raises(Stale):
        take_action(ticket.pk, "note_handling", typed, by=people.agent, now=NINE, version=seen)
    assert typed == {"handling": "示例：已致电。"}


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """Do these in threads of their own, all released at the same moment; what each answered or raised."""
    barrier, answers = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(place: int, deed: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(30)
            answers[place] = deed()
        except Exception as error:
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, deed)) for n, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_are_one_case() -> None:
    people = cast()
    values = {**COMPLAINT, "store": people.place["store-1"].pk}

    def press() -> Case:
        return open_case(people.version, "service_ticket", "register", values, by=people.agent, now=NINE, key="press-5")

    numbers = {case.number for case in at_once(press, press, press)}
    assert len(numbers) == 1
    assert Case.objects.count() == 1
    assert len(facts("case.opened")) == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_on_a_case_at_the_same_moment_are_one_step() -> None:
    people = cast()
    warning = people.warning(NINE)

    def press() -> Case:
        return take_action(warning.pk, "submit", SIX, by=people.agent, now=NINE, version=warning.version, key="press-6")

    assert [case.stage for case in at_once(press, press)] == ["under_review"] * 2
    assert Filling.objects.filter(subject_id=warning.pk, record="complaint_warning").count() == 1
    assert Clock.objects.filter(subject_id=warning.pk, clause="WARN-06").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_colleagues_at_the_same_moment_one_is_told_that_the_case_changed() -> None:
    people = cast()
    ticket = people.ticket(NINE)
    seen = ticket.version

    def note(who: str) -> Callable[[], Case]:
        values = {"handling": f"示例：{who}的记录。"}
        return lambda: take_action(
            ticket.pk, "note_handling", values, by=people.viewers[who], now=NINE, version=seen, key=who
        )

    answers = at_once(note("agent"), note("subcenter"))
    assert sorted(type(answer).__name__ for answer in answers) == ["Case", "Stale"]
    assert Filling.objects.filter(subject_id=ticket.pk, record="handling_note").count() == 1


@pytest.mark.django_db(transaction=True)
def test_manager_and_division_cannot_both_decide() -> None:
    people = cast()
    warning = people.at_store(NINE)

    def decide(action: str, values: dict[str, str]) -> Callable[[], Case]:
        return lambda: take_action(warning.pk, action, values, by=people.manager, now=NINE, key=action)

    answers = at_once(decide("give_opinion", {"opinion": "示例"}), decide("escalate", {"reason": "示例"}))
    assert sorted(isinstance(answer, CaseError) for answer in answers) == [False, True]
    assert next(type(answer) for answer in answers if isinstance(answer, CaseError)) is NotYours
    clocks = set(Clock.objects.filter(subject_id=warning.pk, state="running").values_list("clause", flat=True))
    assert clocks in ({"WARN-10", "WARN-12", "WARN-20"}, {"WARN-10", "WARN-15"})
