"""Who is chosen: the rotation traced call by call, every other strategy by an example with its answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zhike.handbook.clauses import Route
from zhike.handbook.common import Text
from zhike.handbook.routing import Candidate, Choice, Contact, choose, weight_of

NOW = dt.datetime(2025, 3, 3, 1, 0, tzinfo=dt.UTC)
BUSY = Text(zh="占线", en="busy")


def route(strategy: str | None, **more: Any) -> Route:
    return Route.model_validate(
        {
            "kind": "route",
            "id": "PICK-01",
            "title": "示例分配",
            "cites": "1",
            "quote": "示例",
            "on": "conversation.queued",
        }
        | {"yields": "agent", "strategy": strategy}
        | more
    )


def person(key: str, *, idle: int | None = None, **more: Any) -> Candidate:
    """`idle` in seconds."""
    since = NOW - dt.timedelta(seconds=idle) if idle is not None else None
    return Candidate(key=key, idle_since=since, **more)


def chosen(clause: Route, people: list[Candidate], passed: tuple[str, ...] = (), **facts: Any) -> str | None:
    found = choose(clause, people, Contact(NOW, facts, passed)).candidate
    return found.key if found else None


class Exchange:
    """Four telephones in their order, of which some are busy; calls come and are hung up."""

    def __init__(self, last: str = "") -> None:
        self.busy: set[str] = set()
        self.last = last

    def call(self) -> Choice:
        lines = [Candidate(key=line, hindrance=BUSY if line in self.busy else None) for line in "ABCD"]
        choice = choose(route("rotation", over="seats"), lines, Contact(NOW), self.last)
        if choice.candidate is not None:
            self.busy.add(choice.candidate.key)
        self.last = choice.pointer
        return choice

    def calls(self, count: int) -> str:
        found = (self.call().candidate for _ in range(count))
        return "".join(one.key if one else "-" for one in found)

    def hang_up(self, *lines: str) -> None:
        self.busy -= set(lines)


def test_r1_the_turn_goes_round_and_whoever_hangs_up_does_not_go_first() -> None:
    exchange = Exchange()
    assert exchange.calls(2) == "AB"
    exchange.hang_up("B")
    third = exchange.call()
    assert (third.candidate and third.candidate.key, third.skipped) == ("C", ())
    exchange.hang_up("A")
    assert exchange.calls(3) == "DAB"


def test_r2_a_busy_line_is_skipped_and_with_all_four_busy_the_call_waits() -> None:
    exchange = Exchange()
    exchange.calls(2)
    exchange.hang_up("B")
    exchange.call()
    assert exchange.calls(1) == "D"
    fifth = exchange.call()
    assert (fifth.candidate and fifth.candidate.key, fifth.skipped) == ("B", ("A",))
    sixth = exchange.call()
    assert (sixth.candidate, sixth.skipped, sixth.pointer) == (None, ("C", "D", "A", "B"), "B")


def test_r3_a_skipped_line_keeps_no_turn() -> None:
    exchange = Exchange(last="C")
    exchange.busy = {"D"}
    first = exchange.call()
    assert (first.candidate and first.candidate.key, first.skipped) == ("A", ("D",))
    exchange.hang_up("D")
    assert exchange.calls(1) == "B"


def test_r4_those_who_wait_get_the_first_line_that_is_free_and_the_turn_goes_on_from_there() -> None:
    exchange = Exchange()
    assert exchange.calls(5) == "ABCD-"
    exchange.hang_up("C")
    assert exchange.calls(1) == "C"
    exchange.hang_up("A", "D")
    assert exchange.calls(2) == "DA"


def test_r5_with_every_line_free_the_calls_go_round() -> None:
    exchange = Exchange()
    found = ""
    for _ in range(6):
        found += exchange.calls(1)
        exchange.hang_up(*"ABCD")
    assert found == "ABCDAB"


def test_whoever_did_not_answer_is_passed_and_the_next_line_rings() -> None:
    lines = [Candidate(key=line) for line in "ABCD"]
    clause = route("rotation", over="seats")
    assert choose(clause, lines, Contact(NOW, passed_over=("B",)), "B").candidate == lines[2]
    assert choose(clause, lines, Contact(NOW, passed_over=("B", "C", "D", "A")), "A").candidate == lines[1]


def test_the_longest_idle_goes_first_then_the_fewest_today_then_the_lowest_number() -> None:
    clause = route("longest_idle", then=["fewest_today", "lowest_number"])
    assert chosen(clause, [person("乙", idle=120), person("甲", idle=300)]) == "甲"
    tied = [person("甲", idle=60, today=5, number="9"), person("乙", idle=60, today=4, number="10")]
    assert chosen(clause, tied) == "乙"
    tied = [person("甲", idle=60, today=4, number="10"), person("乙", idle=60, today=4, number="9")]
    assert chosen(clause, tied) == "乙"


def test_the_least_loaded_is_counted_against_his_own_capacity() -> None:
    people = [person("甲", in_hand=2, capacity=5), person("乙", in_hand=1, capacity=2)]
    assert chosen(route("least_loaded"), people) == "甲"


def test_nobody_is_given_more_than_his_capacity() -> None:
    choice = choose(route("least_loaded"), [person("甲", in_hand=5, capacity=5)], Contact(NOW))
    assert (choice.candidate, choice.because[0].why.zh) == (None, "在手 5/5，已满")


def test_only_who_has_the_skill_is_chosen_and_full_he_leaves_it_waiting() -> None:
    clause = route("skills", then=["longest_idle"], options={"need": "service_type"})
    people = [
        person("甲", idle=900, facts={"skills": ["售前"]}),
        person("丙", idle=10, capacity=5, in_hand=4, facts={"skills": ["售后"]}),
    ]
    assert chosen(clause, people, service_type="售后") == "丙"
    people[1] = person("丙", capacity=5, in_hand=5, facts={"skills": ["售后"]})
    choice = choose(clause, people, Contact(NOW, {"service_type": "售后"}))
    assert (choice.candidate, [look.why.zh for look in choice.because]) == (
        None,
        ["没有所需技能：售后", "在手 5/5，已满"],
    )


def test_other_skills_stand_in_only_when_nobody_free_has_the_one_needed() -> None:
    clause = route("skills", options={"need": "service_type", "overflow": ["综合"]})
    stand_in, expert = person("甲", facts={"skills": ["综合"]}), person("乙", facts={"skills": ["售后"]})
    assert chosen(clause, [stand_in, expert], service_type="售后") == "乙"
    assert chosen(clause, [stand_in], service_type="售后") == "甲"


def test_a_condition_of_the_clause_keeps_out_who_does_not_meet_it() -> None:
    clause = route("longest_idle", qualified={"examined": True})
    people = [person("甲", idle=300), person("乙", idle=10, facts={"examined": True})]
    assert chosen(clause, people) == "乙"


@pytest.mark.parametrize(
    ("strategy", "fact", "value"),
    [
        ("last_agent", "last_agent", 7),
        ("owner", "customer.owner", "staff:7"),
        ("named", "named_person", "寅"),
    ],
)
def test_the_person_meant_goes_first_and_another_when_he_is_not_free(strategy: str, fact: str, value: object) -> None:
    clause = route(strategy, then=["longest_idle"])
    meant, other = person("staff:7", name="寅", idle=1), person("staff:8", idle=900)
    assert chosen(clause, [other, meant], **{fact: value}) == "staff:7"
    away = Candidate(key="staff:7", name="寅", hindrance=BUSY)
    assert chosen(clause, [other, away], **{fact: value}) == "staff:8"
    assert chosen(route(strategy, options={"only": True}), [other, away], **{fact: value}) is None


def test_the_nearest_is_who_shares_most_of_the_area() -> None:
    people = [person("广州", facts={"area": "440103"}), person("深圳", facts={"area": "440305"})]
    assert chosen(route("nearest"), people, area="440306") == "深圳"


def test_who_let_it_go_by_is_asked_again_only_when_nobody_else_is_left() -> None:
    people = [person("甲", idle=900), person("乙", idle=10)]
    assert chosen(route("longest_idle"), people, ("甲",)) == "乙"
    assert chosen(route("longest_idle"), people[:1], ("甲",)) == "甲"


def test_without_a_strategy_it_is_left_to_people() -> None:
    assert chosen(route(None), [person("甲")]) is None
    assert chosen(route("manual"), [person("甲")]) is None


def test_every_candidate_looked_at_is_explained_in_both_languages() -> None:
    people = [person("甲", idle=120), person("乙", idle=300), Candidate(key="丙", hindrance=BUSY)]
    because = choose(route("longest_idle"), people, Contact(NOW)).because
    assert [(look.key, look.free, look.rank, look.why.zh, look.why.en) for look in because] == [
        ("乙", True, 1, "空闲 300 秒", "idle for 300 s"),
        ("甲", True, 2, "空闲 120 秒", "idle for 120 s"),
        ("丙", False, None, "占线", "busy"),
    ]


def test_of_a_thousand_candidates_forty_reasons_are_kept() -> None:
    because = choose(route("longest_idle"), [person(str(n), idle=n) for n in range(1000)], Contact(NOW)).because
    assert (len(because), because[-1].why.zh) == (41, "另有 960 人，其中 960 人空闲")


def test_a_tier_weighs_more_and_a_waiting_minute_adds_to_it() -> None:
    options = {"by": "customer.tier", "table": {"vip": 10, "gold": 5}, "per_minute": 0.5}
    assert weight_of(route("priority", options={"priority": options}), {"customer.tier": "vip"}) == (10, 0.5)
    assert weight_of(route("longest_idle", options={"priority": options}), {"customer.tier": "plain"}) == (0, 0.5)
    assert weight_of(route("longest_idle"), {"customer.tier": "vip"}) == (0, 0.0)
