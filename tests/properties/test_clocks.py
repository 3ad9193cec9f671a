"""Clocks against a counter that looks at every minute: pauses, calendars, extensions, warnings, workers that sleep."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from zhike.clocks import queries
from zhike.clocks.actions import extend_clock, fire_due, pause_clock, resume_clock, start_clocks, stop_clocks
from zhike.clocks.models import Clock
from zhike.clocks.tests.ground import at, deadline, start_of, version_of
from zhike.handbook.common import Duration, Unit
from zhike.journal import reactions
from zhike.journal.models import ClauseUse, Fact
from zhike.org.models import HandbookVersion

MINUTE = dt.timedelta(minutes=1)
NUMBERS = count(1)
CALENDARS: dict[str, dict[str, list[str]]] = {
    "office": {"mon-fri": ["09:00-12:00", "13:00-18:00"]},
    "nights": {"mon-sun": ["22:00-06:00"]},
    "weekend": {"sat-sun": ["08:30-20:45"]},
    "scattered": {"mon": ["00:00-24:00"], "tue-thu": ["07:10-07:40", "11:05-11:06"], "fri": ["23:00-02:00"]},
}
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def handbook() -> HandbookVersion:
    """Limits of every length the machine draws, on the wall and in each calendar."""
    calendars = [{"id": name, "title": "示例", "weekly": weekly} for name, weekly in CALENDARS.items()]
    clauses = [deadline(f"W-{minutes}", within=f"{minutes}m", each=True) for minutes in range(5, 905, 5)] + [
        deadline(f"C-{minutes}", within=f"{minutes}m", each=True, time="working", calendar="office")
        for minutes in range(5, 905, 5)
    ]
    return version_of(*clauses, calendars=calendars)


def is_open(name: str | None, minute: dt.datetime) -> bool:
    """Whether the minute that begins here is working time: looked up by hand, window by window."""
    if name is None:
        return True
    return any(
        _in_window(window, day, minute)
        for days, windows in CALENDARS[name].items()
        for day in _days(days)
        for window in windows
    )


def _days(text: str) -> list[str]:
    first, _, last = text.partition("-")
    return DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]


def _in_window(window: str, day: str, minute: dt.datetime) -> bool:
    begin, end = ([int(part) for part in text.split(":")] for text in window.split("-"))
    first, last = begin[0] * 60 + begin[1], end[0] * 60 + end[1]
    since_monday = minute.weekday() * 1440 + minute.hour * 60 + minute.minute
    length = (last - first) % 1440 or 1440
    return (since_monday - (DAYS.index(day) * 1440 + first)) % 10080 < length


class Counter:
    """The clock as somebody would keep it with a pencil: one stroke for each minute that counts."""

    def __init__(self, now: dt.datetime, limit: int, calendar: str | None) -> None:
        self.now, self.limit, self.calendar = now, limit, calendar
        self.used = 0
        self.due: dt.datetime | None = None
        self.state = "running"
        self.warning, self.warned = True, 0
        self.late = 0

    @property
    def over(self) -> bool:
        return self.due is not None and self.now > self.due

    def tick(self, worker: bool) -> None:
        counts = is_open(self.calendar, self.now)
        self.now += MINUTE
        if counts and self.state == "running" and self.due is None:
            self.used += 1
            if self.used == self.limit:
                self.due = self.now
        if counts and self.due is not None and self.now > self.due:
            self.late += 1
        if worker:
            self.fire()

    def fire(self) -> None:
        if self.state != "running":
            return
        if self.over:
            self.state, self.warning = "overdue", False
        elif self.warning and self.used * 100 >= self.limit * 80:
            self.warning, self.warned = False, self.warned + 1

    def extend(self, more: int) -> None:
        self.limit += more
        self.due = None
        if self.state == "running":
            self.warning = self.used * 100 < self.limit * 80


class ClockMachine(RuleBasedStateMachine):
    """Whatever people and workers do to a clock, in any order, it says what the counter says."""

    version: HandbookVersion

    @initialize(
        limit=st.integers(1, 180).map(lambda n: n * 5),
        calendar=st.sampled_from([None, *CALENDARS]),
        minute=st.integers(0, 10079),
    )
    def start(self, limit: int, calendar: str | None, minute: int) -> None:
        self.number = next(NUMBERS)
        begin = at("06-09 00:00") + minute * MINUTE
        self.counter = Counter(begin, limit, calendar)
        given: dict[str, Any] = {"subject": ("example", self.number), "key": f"example:{self.number}", "at": begin}
        clause = f"W-{limit}" if calendar is None else f"C-{limit}"
        (clock,) = start_clocks([start_of(self.version, clause, calendar=calendar, **given)])
        self.clock_id = clock.pk

    @property
    def is_open(self) -> bool:
        return self.counter.state in ("running", "paused", "overdue")

    @property
    def subject(self) -> tuple[str, int]:
        return ("example", self.number)

    @rule(minutes=st.one_of(st.integers(1, 90), st.integers(1, 2000)), worker=st.booleans())
    def time_passes(self, minutes: int, worker: bool) -> None:
        end = self.counter.now + minutes * MINUTE
        if worker:
            self.work()
        for _ in range(minutes):
            self.counter.tick(worker)
        if worker:
            self.work_until(end)

    def work(self) -> None:
        self.counter.fire()
        fire_due(self.counter.now)

    def work_until(self, end: dt.datetime) -> None:
        while (moment := queries.next_moment()) is not None and moment <= end:
            fire_due(moment)

    @precondition(lambda self: self.counter.state in ("running", "overdue"))
    @rule()
    def somebody_pauses(self) -> None:
        pause_clock(self.clock_id, at=self.counter.now, by="staff:5")
        if self.counter.state == "running":
            self.counter.state = "overdue" if self.counter.over else "paused"
            self.counter.warning = self.counter.warning and self.counter.state == "paused"

    @precondition(lambda self: self.counter.state in ("paused", "running"))
    @rule()
    def somebody_resumes(self) -> None:
        resume_clock(self.clock_id, at=self.counter.now, by="staff:5")
        self.counter.state = "running"

    @precondition(
        lambda self: self.counter.state == "paused" or (self.counter.state == "running" and not self.counter.over)
    )
    @rule(more=st.integers(1, 20).map(lambda n: n * 5))
    def somebody_grants_more_time(self, more: int) -> None:
        duration = Duration(amount=more, unit=Unit.minute)
        extend_clock(
            self.clock_id, duration, asked_by="staff:5", approved_by="staff:6", why="示例", at=self.counter.now
        )
        self.counter.extend(more)

    @precondition(lambda self: self.is_open)
    @rule()
    def somebody_is_done(self) -> None:
        clause = Clock.objects.get(pk=self.clock_id).clause
        stop_clocks(self.subject, [clause], at=self.counter.now, by="staff:5")
        over = self.counter.state == "overdue" or (self.counter.state == "running" and self.counter.over)
        self.counter.state = "late" if over else "kept"
        (minutes,) = queries.minutes_of([self.clock_id]).values()
        assert minutes.late == (self.counter.late if over else 0)
        if not over:
            clock = Clock.objects.get(pk=self.clock_id)
            assert minutes.used == self.counter.used
            assert clock.stopped_at == self.counter.now
            assert clock.due_at >= self.counter.now

    @invariant()
    def it_says_what_the_counter_says(self) -> None:
        if not hasattr(self, "counter"):
            return
        clock = Clock.objects.get(pk=self.clock_id)
        expected = self.counter.state
        assert clock.state == expected
        if self.counter.due is not None and expected not in ("paused", "kept"):
            assert clock.due_at == self.counter.due
        written = dict.fromkeys(("clock.warned", "clock.breached", "clock.stopped"), 0)
        for kind in Fact.objects.filter(subject_kind="example", subject_id=self.number).values_list("type", flat=True):
            written[kind] = written.get(kind, 0) + 1
        broken = expected in ("overdue", "late")
        assert written["clock.warned"] == self.counter.warned
        assert written["clock.breached"] == broken
        outcomes = ClauseUse.objects.filter(subject_kind="example", subject_id=self.number)
        assert list(outcomes.order_by("id").values_list("outcome", flat=True)) == ["applied"] + (
            ["broken"] if broken else ["kept"] if expected == "kept" else []
        )


@pytest.mark.django_db
def test_whatever_is_done_to_a_clock_it_says_what_a_counter_of_minutes_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactions, "_reactions", {})
    ClockMachine.version = handbook()
    checks = settings(
        max_examples=60,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(ClockMachine, settings=checks)
