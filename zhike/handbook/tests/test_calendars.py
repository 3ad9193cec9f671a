"""Working time against written-out answers, and against somebody who counts every single minute."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhike.handbook import structure
from zhike.handbook.calendars import Calendar, NeverOpen, Pause, due_at, due_before, elapsed, parse_days, parse_window
from zhike.handbook.common import Duration, parse_duration
from zhike.handbook.holidays import HolidayTable, known_tables, read_year

MINUTE = dt.timedelta(minutes=1)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text + "+08:00")


def lasting(text: str) -> Duration:
    return Duration.model_validate(parse_duration(text))


def calendar(weekly: dict[str, list[str]], *, holidays: str | None = "cn", zone: str = "Asia/Shanghai") -> Calendar:
    given_ = {"id": "c", "title": "c", "weekly": weekly, "holidays": holidays, "zone": zone}
    return Calendar.of(structure.Calendar.model_validate(given_))


OFFICE = calendar({"mon-fri": ["09:00-12:00", "13:30-17:30"]})
NIGHT = calendar({"mon-fri": ["22:00-06:00"]}, holidays=None)
ALWAYS = calendar({"daily": ["00:00-24:00"]}, holidays=None)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2025-06-10 09:00", "1h", "2025-06-10 10:00"),
        ("2025-06-10 11:30", "1h", "2025-06-10 14:00"),
        ("2025-06-10 11:00", "1h", "2025-06-10 12:00"),
        ("2025-06-06 17:00", "1h", "2025-06-09 09:30"),
        ("2025-06-06 20:00", "30m", "2025-06-09 09:30"),
        ("2025-05-30 17:30", "1m", "2025-06-03 09:01"),
        ("2025-09-26 17:00", "1h", "2025-09-28 09:30"),
        ("2025-06-10 09:00", "10 working hours", "2025-06-11 12:00"),
        ("2025-06-06 16:00", "1 working day", "2025-06-09 16:00"),
        ("2025-06-07 10:00", "1 working day", "2025-06-09 10:00"),
        ("2025-05-30 16:00", "1 working day", "2025-06-03 16:00"),
        ("2025-06-06 16:00", "3d", "2025-06-09 16:00"),
        ("2025-01-31 16:00", "1 month", "2025-02-28 16:00"),
        ("2024-02-29 16:00", "1 year", "2025-02-28 16:00"),
        ("2025-06-06 16:00", "2 weeks", "2025-06-20 16:00"),
    ],
)
def test_due_in_office_hours(start: str, limit: str, due: str) -> None:
    assert due_at(OFFICE, at(start), lasting(limit)) == at(due)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        ("2025-06-10 23:30", "1h", "2025-06-11 00:30"),
        ("2025-06-10 09:30", "30m", "2025-06-10 10:00"),
        ("2025-06-10 22:00", "2d", "2025-06-12 22:00"),
    ],
)
def test_due_on_the_wall(start: str, limit: str, due: str) -> None:
    assert due_at(None, at(start), lasting(limit)) == at(due)


def test_a_night_shift_is_worked_past_midnight() -> None:
    assert due_at(NIGHT, at("2025-06-13 23:00"), lasting("7h")) == at("2025-06-14 06:00")
    assert due_at(NIGHT, at("2025-06-13 23:00"), lasting("8h")) == at("2025-06-16 23:00")


def test_the_limit_can_be_moved_to_a_time_of_its_day() -> None:
    assert due_at(OFFICE, at("2025-06-06 10:00"), lasting("1 working day"), at="close") == at("2025-06-09 17:30")
    assert due_at(OFFICE, at("2025-06-06 10:00"), lasting("1 working day"), at="24:00") == at("2025-06-10 00:00")
    assert due_at(OFFICE, at("2025-06-06 10:00"), lasting("1 working day"), at="open") == at("2025-06-09 09:00")


def test_ten_working_days_before_a_repayment_date() -> None:
    assert due_before(OFFICE, dt.date(2025, 6, 25), lasting("10 working days"), at="17:00") == at("2025-06-11 17:00")
    assert due_before(OFFICE, dt.date(2025, 6, 25), lasting("1 working day"), at="17:00") == at("2025-06-24 17:00")


def test_a_make_up_sunday_counts_when_working_days_are_counted_back() -> None:
    assert due_before(OFFICE, dt.date(2025, 10, 10), lasting("10 working days"), at="17:00") == at("2025-09-19 17:00")


def test_days_before_a_date_compare_dates_and_hours_compare_instants() -> None:
    assert due_before(None, dt.date(2025, 3, 20), lasting("2d")) == at("2025-03-19 00:00")
    assert due_before(None, at("2025-03-20 10:00"), lasting("48h")) == at("2025-03-18 10:00")
    assert due_before(OFFICE, at("2025-06-10 10:00"), lasting("2h")) == at("2025-06-09 16:30")


def test_waiting_moves_the_deadline_by_the_time_that_counts() -> None:
    pause = Pause(at("2025-06-10 11:30"), at("2025-06-10 14:00"))
    assert due_at(OFFICE, at("2025-06-10 11:00"), lasting("1h"), pauses=[pause]) == at("2025-06-10 14:30")
    assert due_at(None, at("2025-06-10 11:00"), lasting("1h"), pauses=[pause]) == at("2025-06-10 14:30")
    assert due_at(None, at("2025-06-10 11:00"), lasting("2d"), pauses=[pause]) == at("2025-06-12 13:30")


def test_overlapping_pauses_count_once_and_an_open_one_not_yet() -> None:
    pauses = [
        Pause(at("2025-06-10 09:10"), at("2025-06-10 09:30")),
        Pause(at("2025-06-10 09:20"), at("2025-06-10 09:40")),
        Pause(at("2025-06-10 09:50")),
    ]
    assert due_at(OFFICE, at("2025-06-10 09:00"), lasting("1h"), pauses=pauses) == at("2025-06-10 10:30")


def test_a_pause_that_begins_at_the_very_limit_does_not_move_it() -> None:
    pause = Pause(at("2025-06-10 10:00"), at("2025-06-10 11:00"))
    assert due_at(OFFICE, at("2025-06-10 09:00"), lasting("1h"), pauses=[pause]) == at("2025-06-10 10:00")


def test_elapsed_counts_open_time_only() -> None:
    assert elapsed(OFFICE, at("2025-06-06 17:00"), at("2025-06-09 09:30")) == dt.timedelta(hours=1)
    assert elapsed(None, at("2025-06-06 17:00"), at("2025-06-06 18:30")) == dt.timedelta(minutes=90)
    assert elapsed(OFFICE, at("2025-06-09 10:00"), at("2025-06-09 09:00")) == dt.timedelta(0)


def test_working_time_without_a_calendar_is_an_error() -> None:
    with pytest.raises(ValueError, match="need a calendar"):
        due_at(None, at("2025-06-10 09:00"), lasting("2 working days"))
    with pytest.raises(ValueError, match="need a calendar"):
        due_at(None, at("2025-06-10 09:00"), lasting("2 working hours"))


def test_a_calendar_that_never_opens_says_so() -> None:
    with pytest.raises(NeverOpen, match="is not open after 2025-06-10"):
        due_at(calendar({}), at("2025-06-10 09:00"), lasting("1h"))


def test_a_personal_roster_replaces_the_pattern() -> None:
    mine = OFFICE.with_roster({dt.date(2025, 6, 10): ["20:00-24:00"], dt.date(2025, 6, 12): ["08:00-09:00"]})
    assert due_at(mine, at("2025-06-10 09:00"), lasting("270m")) == at("2025-06-12 08:30")
    mixed = OFFICE.with_roster({dt.date(2025, 6, 10): []}, only=False)
    assert due_at(mixed, at("2025-06-10 09:00"), lasting("1h")) == at("2025-06-11 10:00")


def test_overlapping_windows_do_not_count_twice() -> None:
    both = calendar({"daily": ["00:00-24:00", "22:00-06:00"]}, holidays=None)
    assert due_at(both, at("2025-06-10 20:00"), lasting("12h")) == at("2025-06-11 08:00")


def test_a_make_up_saturday_works_like_the_first_weekday() -> None:
    assert OFFICE.windows_of(dt.date(2025, 10, 11)) == ((540, 720), (810, 1050))
    assert OFFICE.windows_of(dt.date(2025, 10, 6)) == ()
    assert OFFICE.windows_of(dt.date(2025, 10, 18)) == ()


def test_the_calendar_says_until_when_it_is_certain() -> None:
    assert OFFICE.certain_until == dt.date(2026, 12, 31)
    assert OFFICE.is_certain(at("2026-12-31 09:00"))
    assert not OFFICE.is_certain(at("2027-01-04 09:00"))
    assert ALWAYS.certain_until is None
    assert ALWAYS.is_certain(at("2099-01-04 09:00"))


def test_a_year_that_is_not_announced_ends_certainty() -> None:
    years = [
        {"region": "x", "year": 2025, "status": "announced", "off": []},
        {"region": "x", "year": 2027, "status": "announced", "off": []},
    ]
    assert HolidayTable.of("x", map(read_year, years)).certain_until == dt.date(2025, 12, 31)
    assert HolidayTable.of("x", []).certain_until is None


@pytest.mark.parametrize("year", [2025, 2026])
def test_the_announced_tables_agree_with_the_holidays_package(year: int) -> None:
    """The package leaves out weekend days inside a holiday; every weekday off and every make-up day must agree."""
    import holidays

    table = HolidayTable.named("cn")
    theirs = holidays.country_holidays("CN", years=year)
    days = [dt.date(year, 1, 1) + dt.timedelta(days=n) for n in range(365)]
    weekdays = [day for day in days if day.weekday() < 5]
    assert {day for day in weekdays if table.is_off(day)} == {day for day in weekdays if day in theirs}
    assert {day for day in days if day in theirs} <= table.off
    assert {day for day in table.make_up if day.year == year} == {
        day for day in theirs.weekend_workdays if day.year == year
    }


def test_the_table_of_a_region_nobody_knows_is_refused() -> None:
    assert known_tables() == ("cn",)
    with pytest.raises(ValueError, match="there is no holiday table 'mars'; known are: cn"):
        HolidayTable.named("mars")


@pytest.mark.parametrize("text", ["9-12", "09:00", "09:00-09:00", "24:00-06:00", "09:60-10:00", "25:00-26:00", "a-b"])
def test_a_window_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_window(text)


def test_days_are_read_in_every_spelling() -> None:
    assert parse_days("mon-fri") == (0, 1, 2, 3, 4)
    assert parse_days("sat,sun") == (5, 6)
    assert parse_days("fri-mon") == (4, 5, 6, 0)
    assert parse_days("daily") == (0, 1, 2, 3, 4, 5, 6)
    with pytest.raises(ValueError, match="is not a day"):
        parse_days("monday")


# Against a naive counter of minutes.


def is_open_minute(which: Calendar, moment: dt.datetime) -> bool:
    """Whether the minute that begins at `moment` is worked, from the definition alone."""
    local = moment.astimezone(which.zone)
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - dt.timedelta(days=1)
    return any(a <= minute < b for a, b in which.windows_of(today)) or any(
        a <= minute + 1440 < b for a, b in which.windows_of(yesterday)
    )


def is_paused(pauses: list[Pause], moment: dt.datetime) -> bool:
    return any(pause.until is not None and pause.since <= moment < pause.until for pause in pauses)


def naive_elapsed(which: Calendar | None, start: dt.datetime, end: dt.datetime, pauses: list[Pause]) -> int:
    minutes, moment = 0, start
    while moment < end:
        minutes += (which is None or is_open_minute(which, moment)) and not is_paused(pauses, moment)
        moment += MINUTE
    return minutes


def naive_due(which: Calendar | None, start: dt.datetime, minutes: int, pauses: list[Pause]) -> dt.datetime:
    moment = start
    while minutes:
        minutes -= (which is None or is_open_minute(which, moment)) and not is_paused(pauses, moment)
        moment += MINUTE
    return moment


times = st.integers(0, 95).map(lambda quarter: quarter * 15)


@st.composite
def windows(draw: st.DrawFn) -> str:
    begin, end = draw(times), draw(st.integers(0, 96).map(lambda quarter: quarter * 15))
    if begin == end:
        end = begin + 15
    return f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    days = draw(
        st.lists(
            st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1, max_size=7, unique=True
        )
    )
    weekly = {day: draw(st.lists(windows(), min_size=1, max_size=3)) for day in days}
    made = calendar(weekly, holidays=draw(st.sampled_from([None, "cn"])))
    if draw(st.booleans()):
        roster = draw(
            st.dictionaries(
                st.dates(dt.date(2025, 9, 24), dt.date(2025, 10, 14)), st.lists(windows(), max_size=2), max_size=5
            )
        )
        made = made.with_roster(roster, only=False)
    return made


moments = st.integers(0, 20 * 24 * 60).map(lambda minute: at("2025-09-24 00:00") + minute * MINUTE)


@st.composite
def pauses_within(draw: st.DrawFn) -> list[Pause]:
    points = sorted(draw(st.lists(moments, max_size=6)))
    return [Pause(begin, end) for begin, end in pairwise(points)][::2]


@settings(max_examples=40, deadline=None)
@given(calendars(), moments, moments, pauses_within())
def test_elapsed_is_what_a_minute_counter_counts(
    which: Calendar, one: dt.datetime, other: dt.datetime, pauses: list[Pause]
) -> None:
    start, end = min(one, other), max(one, other)
    assert elapsed(which, start, end, pauses) == naive_elapsed(which, start, end, pauses) * MINUTE


@settings(max_examples=40, deadline=None)
@given(calendars(), moments, st.integers(1, 1500), pauses_within())
def test_due_is_where_a_minute_counter_stops(
    which: Calendar, start: dt.datetime, minutes: int, pauses: list[Pause]
) -> None:
    assert due_at(which, start, lasting(f"{minutes}m"), pauses=pauses) == naive_due(which, start, minutes, pauses)


@settings(max_examples=40, deadline=None)
@given(calendars(), moments, st.integers(1, 1500))
def test_counting_back_and_forth_meets(which: Calendar, end: dt.datetime, minutes: int) -> None:
    begin = due_before(which, end, lasting(f"{minutes}m"))
    assert elapsed(which, begin, end) == minutes * MINUTE


@settings(max_examples=40, deadline=None)
@given(calendars(), moments, st.integers(1, 1000), pauses_within())
def test_exactly_the_limit_has_elapsed_when_it_is_due(
    which: Calendar, start: dt.datetime, minutes: int, pauses: list[Pause]
) -> None:
    due = due_at(which, start, lasting(f"{minutes}m"), pauses=pauses)
    assert elapsed(which, start, due, pauses) == minutes * MINUTE


@settings(max_examples=40, deadline=None)
@given(moments, st.integers(1, 30))
def test_the_nth_working_day_has_n_working_days_behind_it(start: dt.datetime, count: int) -> None:
    due = due_at(OFFICE, start, lasting(f"{count} working days"))
    day, days = start.date(), 0
    while day < due.date():
        day += dt.timedelta(days=1)
        days += OFFICE.is_working_day(day)
    assert (days, OFFICE.is_working_day(due.date()), due.time()) == (count, True, start.time())
