"""Limits that hang on a booked date: typed late, moved, set later than allowed; and a breach that counts against somebody else."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest

from tests.world import at, facts
from zhike.cases.actions import open_case, take_action
from zhike.cases.asking import decide_asked, take_or_ask
from zhike.cases.models import AskedDeed, Case
from zhike.cases.refusals import NeedsConsent, Refused
from zhike.cases.undo import undo_deed
from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.clocks.queries import sums
from zhike.handbook.structure import Handbook
from zhike.journal.models import ClauseUse
from zhike.org.actions import add_staff, assign_role
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import Viewer

pytestmark = pytest.mark.django_db
NINE = at("2025-06-10 09:00")
SAID = {"cites": "1", "quote": "示例"}
NOTICE: dict[str, Any] = {
    "kind": "deadline", "id": "VIS-01", "title": "示例两天前告知", **SAID, "process": "visit", "before": "visit_on", "within": "2d",
    "at": "24:00", "until": "action.tell", "holder": "clerk",
}  # fmt: skip
PROMISE: dict[str, Any] = {
    "kind": "deadline", "id": "VIS-02", "title": "示例承诺的日期", **SAID, "process": "visit", "starts": "action.dispatch",
    "due": {"fact": "promise.promised_on", "cap": "5d", "over_cap": "lead"}, "until": "action.finish", "holder": "clerk",
}  # fmt: skip
PARTS: dict[str, Any] = {
    "name": "visits", "title": "示例上门", "version": "1", "effective": "2025-01-01",
    "roles": [{"id": name, "title": f"示例{name}"} for name in ("clerk", "lead")],
    "records": [
        {"id": "booking", "title": "示例预约", "fields": [{"id": "visit_on", "title": "示例上门日", "type": "date"}]},
        {"id": "promise", "title": "示例承诺", "fields": [{"id": "promised_on", "title": "示例承诺日", "type": "date"}]},
    ],
    "processes": [
        {
            "id": "visit", "title": "示例上门", "number": "V{yymmdd}-{seq}", "record": "booking",
            "stages": [{"id": "open", "title": "在办", "holder": "clerk"}, {"id": "out", "title": "已办", "final": True}],
            "actions": [
                {"id": "begin", "title": "登记", "by": ["clerk", "lead"], "record": "booking", "to": "open"},
                *(
                    {"id": name, "title": name, "by": ["clerk", "lead"], "from": "open"} | more
                    for name, more in (
                        ("move", {"record": "booking"}), ("tell", {}), ("dispatch", {}), ("promise", {"record": "promise"}),
                        ("finish", {"to": "out"}),
                    )
                ),
            ],
        }
    ],
}  # fmt: skip


class House:
    def __init__(self, *clauses: dict[str, Any]) -> None:
        parts = copy.deepcopy(PARTS) | {"clauses": list(clauses)}
        source = Handbook.model_validate(parts).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        self.version = HandbookVersion.objects.create(
            name="visits", version="1", effective_from=NINE - dt.timedelta(days=30), source=source, text="", digest="v"
        )
        book_of(self.version.pk)
        self.people: dict[str, Staff] = {}
        for role in ("clerk", "lead"):
            self.people[role] = add_staff(username=role, name=f"示例{role}", by="system", now=NINE)
            assign_role(self.people[role], "visits", role, None, by="system", now=NINE)

    def viewer(self, who: str) -> Viewer:
        return viewer(self.people[who])

    def open(self, visit_on: str | None = None) -> None:
        self.case = open_case(self.version, "visit", "begin", {"visit_on": visit_on}, by=self.viewer("clerk"), now=NINE)

    def do(self, action: str, when: str, by: str = "clerk", **form: Any) -> None:
        take_action(self.case.pk, action, form, by=self.viewer(by), now=at(f"2025-{when}"))

    def clocks(self) -> list[tuple[str, str]]:
        """(state, last day) of every clock, in the order in which they began."""
        zone = NINE.tzinfo
        rows = Clock.objects.filter(subject_id=self.case.pk).order_by("id")
        return [(row.state, f"{row.due_at.astimezone(zone):%m-%d %H:%M}") for row in rows]


def fire_all(now: str) -> None:
    while fire_due(at(f"2025-{now}")):
        pass


def test_a_limit_without_a_start_runs_from_when_its_date_is_known(db: None) -> None:
    house = House(NOTICE)
    house.open()
    assert house.clocks() == []
    house.do("move", "06-11 09:00", visit_on="2025-06-20")
    assert house.clocks() == [("running", "06-19 00:00")]


def test_a_limit_waits_for_a_date_that_is_typed_after_its_start(db: None) -> None:
    house = House(PROMISE)
    house.open()
    house.do("promise", "06-10 10:00", promised_on="2025-06-12")
    assert house.clocks() == []  # nothing was dispatched yet
    house.do("dispatch", "06-10 11:00")
    assert house.clocks() == [("running", "06-13 00:00")]


def test_a_date_typed_after_the_start_begins_the_limit(db: None) -> None:
    house = House(PROMISE)
    house.open()
    house.do("dispatch", "06-10 11:00")
    assert house.clocks() == []
    house.do("promise", "06-10 12:00", promised_on="2025-06-12")
    assert house.clocks() == [("running", "06-13 00:00")]


def test_the_limit_moves_with_its_date_and_what_was_done_stays_done(db: None) -> None:
    house = House(NOTICE)
    house.open("2025-06-20")
    house.do("move", "06-11 09:00", visit_on="2025-06-25")
    assert house.clocks() == [("running", "06-24 00:00")]
    house.case.refresh_from_db()
    assert house.case.next_due_at == at("2025-06-24 00:00")
    [moved] = facts("clock.redated", house.case)
    assert (moved.clauses, moved.actor) == (["VIS-01"], house.viewer("clerk").principal)
    house.do("tell", "06-12 09:00")
    house.do("move", "06-13 09:00", visit_on="2025-06-30")
    assert house.clocks() == [("kept", "06-24 00:00")]


def test_what_was_done_for_the_old_date_is_owed_again(db: None) -> None:
    house = House(NOTICE | {"on_move": "owe_again"})
    house.open("2025-06-20")
    house.do("tell", "06-12 09:00")
    house.do("move", "06-13 09:00", visit_on="2025-06-30")
    assert house.clocks() == [("kept", "06-19 00:00"), ("running", "06-29 00:00")]
    house.do("move", "06-13 10:00", visit_on="2025-06-30")
    assert len(house.clocks()) == 2  # the same date again moves nothing
    house.do("tell", "06-14 09:00")
    assert house.clocks()[1] == ("kept", "06-29 00:00")


def test_a_limit_that_keeps_stays_where_it_is(db: None) -> None:
    house = House(NOTICE | {"on_move": "keep"})
    house.open("2025-06-20")
    house.do("move", "06-11 09:00", visit_on="2025-06-25")
    assert house.clocks() == [("running", "06-19 00:00")]
    assert facts("clock.redated", house.case) == []


@pytest.mark.parametrize(
    ("born_late", "expected"), [("broken", ("overdue", "06-11 00:00")), ("excused", ("cancelled", "06-19 00:00"))]
)
def test_a_date_moved_nearer_than_the_limit_breaks_it_or_lets_it_go(
    db: None, born_late: str, expected: tuple[str, str]
) -> None:
    house = House(NOTICE | {"born_late": born_late})
    house.open("2025-06-20")
    house.do("move", "06-11 09:00", visit_on="2025-06-12")
    fire_all("06-11 09:01")
    assert house.clocks() == [expected]


def test_what_ran_out_stays_broken_and_is_owed_for_the_new_date(db: None) -> None:
    house = House(NOTICE)
    house.open("2025-06-13")
    fire_all("06-12 09:00")
    assert house.clocks() == [("overdue", "06-12 00:00")]
    house.do("move", "06-12 10:00", visit_on="2025-06-20")
    assert house.clocks() == [("cancelled", "06-12 00:00"), ("running", "06-19 00:00")]
    assert ClauseUse.objects.filter(clause="VIS-01", outcome="broken").count() == 1


def test_a_deed_that_runs_out_of_time_comes_before_the_move(db: None) -> None:
    """No worker looked: the old date had passed all the same."""
    house = House(NOTICE)
    house.open("2025-06-13")
    house.do("move", "06-12 10:00", visit_on="2025-06-20")
    assert house.clocks() == [("cancelled", "06-12 00:00"), ("running", "06-19 00:00")]


def test_a_move_that_is_undone_takes_the_limit_back(db: None) -> None:
    house = House(NOTICE)
    house.open("2025-06-20")
    house.do("move", "06-11 09:00", visit_on="2025-06-25")
    undo_deed(house.case.pk, by=house.viewer("clerk"), now=at("2025-06-11 09:02"))
    assert house.clocks() == [("running", "06-19 00:00")]
    house.do("promise", "06-11 10:00", promised_on="2025-06-12")
    assert house.clocks() == [("running", "06-19 00:00")]


def ask(house: House, by: str, when: str, day: str) -> Case | AskedDeed:
    form = {"promised_on": day}
    return take_or_ask(house.case.pk, "promise", form, by=house.viewer(by), now=at(f"2025-{when}"))


def test_a_date_within_the_cap_needs_nobody(db: None) -> None:
    house = House(PROMISE)
    house.open()
    house.do("dispatch", "06-10 09:00")
    house.do("promise", "06-10 09:00", promised_on="2025-06-14")
    assert house.clocks() == [("running", "06-15 00:00")]


def test_a_later_date_waits_for_consent_and_then_counts_in_full(db: None) -> None:
    house = House(PROMISE)
    house.open()
    house.do("dispatch", "06-10 09:00")
    with pytest.raises(NeedsConsent) as refused:
        house.do("promise", "06-10 09:00", promised_on="2025-06-20")
    [reason] = refused.value.reasons
    assert (reason.clause, reason.fields) == ("VIS-02", ("promise.promised_on",))
    assert reason.words.zh == "“示例承诺的日期”：06-21 00:00 晚于最迟的 06-15 09:00，须经示例lead同意。"
    row = ask(house, "clerk", "06-10 09:00", "2025-06-20")
    assert isinstance(row, AskedDeed)
    assert (row.state, house.clocks()) == ("waiting", [])
    decide_asked(row.pk, agree=True, by=house.viewer("lead"), now=at("2025-06-10 10:00"))
    assert house.clocks() == [("running", "06-21 00:00")]
    house.do("promise", "06-11 09:00", promised_on="2025-06-20")
    assert house.clocks() == [("running", "06-21 00:00")]  # agreed to already


def test_whoever_must_agree_sets_a_later_date_himself(db: None) -> None:
    house = House(PROMISE)
    house.open()
    house.do("dispatch", "06-10 09:00")
    house.do("promise", "06-10 09:00", by="lead", promised_on="2025-06-20")
    assert house.clocks() == [("running", "06-21 00:00")]


def test_a_declined_date_changes_nothing(db: None) -> None:
    house = House(PROMISE)
    house.open()
    house.do("dispatch", "06-10 09:00")
    row = ask(house, "clerk", "06-10 09:00", "2025-06-20")
    decide_asked(row.pk, agree=False, words="太晚", by=house.viewer("lead"), now=at("2025-06-10 10:00"))
    assert house.clocks() == []
    assert "promise" not in Case.objects.get(pk=house.case.pk).data


def test_the_deed_that_starts_a_limit_with_too_late_a_date_is_asked_about_too(db: None) -> None:
    house = House(PROMISE)
    house.open()
    house.do("promise", "06-10 09:00", promised_on="2025-06-20")
    with pytest.raises(Refused):
        house.do("dispatch", "06-10 10:00")


def test_a_breach_counts_against_whom_the_clause_charges(db: None) -> None:
    house = House(NOTICE | {"charged_to": "lead"})
    house.open("2025-06-13")
    fire_all("06-12 09:00")
    [line] = ClauseUse.objects.filter(clause="VIS-01", outcome="broken")
    assert (line.holder, line.detail["holders"]) == ("visits:lead", [house.viewer("clerk").principal])
    counted = sums("visits", "VIS-01", at("2025-06-01 00:00"), at("2025-07-01 00:00"))
    assert counted.by_holder == {"visits:lead": 1}
    [breached] = facts("clock.breached", house.case)
    assert breached.payload["charged"] == ["visits:lead"]


def test_without_a_charge_a_breach_is_its_holders(db: None) -> None:
    house = House(NOTICE)
    house.open("2025-06-13")
    fire_all("06-12 09:00")
    [line] = ClauseUse.objects.filter(clause="VIS-01", outcome="broken")
    assert (line.holder, "charged" in line.detail) == (house.viewer("clerk").principal, False)
