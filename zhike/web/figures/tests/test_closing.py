"""What follows when a period of a figure is over: a missed target opens a case, a ranking is reported and sanctions on it are drafted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases import closing
from zhike.cases.closing import look_at_periods
from zhike.cases.models import Case, PeriodClosing
from zhike.clocks.actions import fire_due
from zhike.clocks.queries import next_moment
from zhike.handbook.unrun import unrun_of
from zhike.journal.models import ClauseUse, Fact
from zhike.notices.models import Notice
from zhike.org.models import Staff
from zhike.org.principals import staff_key
from zhike.web.figures.tests.trial import House, lived_in

RECORDS: list[dict[str, Any]] = [
    {"id": "review_sheet", "title": "示例面谈单", "fields": [
        {"id": "whom", "title": "示例当事人", "type": "staff", "prefill": "person_concerned"},
        {"id": "what", "title": "示例指标", "type": "string", "prefill": "figure.title"},
        {"id": "value", "title": "示例数值", "type": "string", "prefill": "figure.value"},
        {"id": "aim", "title": "示例目标", "type": "string", "prefill": "figure.target"},
        {"id": "month", "title": "示例月份", "type": "string", "prefill": "figure.period"},
        {"id": "why", "title": "示例条款", "type": "string", "prefill": "clause"},
    ]},
]  # fmt: skip
REVIEW: dict[str, Any] = {
    "id": "review", "title": "示例面谈", "number": "R{yymmdd}-{seq}", "record": "review_sheet", "person": "whom",
    "visible_to": [{"role": "lead"}],
    "stages": [{"id": "due", "title": "待谈", "holder": "lead"}, {"id": "done", "title": "谈过", "final": True}],
    "actions": [
        {"id": "raise", "title": "立案", "by": "system", "record": "review_sheet", "to": "due"},
        {"id": "confirm", "title": "确认", "by": "lead", "from": "due", "to": "done", "confirms": ["CL-05"]},
        {"id": "talk", "title": "谈过了", "by": "lead", "from": "due", "to": "done"},
    ],
}  # fmt: skip
MEAN: dict[str, Any] = {
    "kind": "measure", "id": "CL-01", "name": "points", "title": "示例平均分", "periods": ["month"],
    "value": {"mean": "points", "of": "mark"}, "target": ">= 6",
}  # fmt: skip
OPENS: dict[str, Any] = {**MEAN, "per": "person", "opens": "review"}
RANK: dict[str, Any] = {
    **MEAN,
    "id": "CL-04",
    "rank": {"among": "clerk", "share_place": True, "seen_by": "lead", "smallest_group": 2},
}
LAST: dict[str, Any] = {
    "kind": "sanction", "id": "CL-05", "title": "示例末位调岗", "process": "review", "on": "rank.monthly",
    "when": {"last_in_months_running": 3}, "propose": "transfer", "confirm": {"role": "lead"},
}  # fmt: skip
JULY, AUGUST, SEPTEMBER = (dt.datetime.fromisoformat(f"2025-0{n}-01T00:00:00+08:00") for n in (7, 8, 9))


def moved(house: House, to: dt.datetime) -> None:
    house.now = to
    while fire_due(to):
        pass


def made(house: House) -> list[tuple[str, str, str]]:
    """(whom, period, value) of each review, in the order they were opened."""
    names = {person.pk: name for name, person in house.staff.items()}
    sheets = [case.data["review_sheet"] for case in Case.objects.filter(process="review").order_by("id")]
    return [(names.get(sheet.get("whom"), ""), sheet["month"], sheet.get("value", "")) for sheet in sheets]


@pytest.fixture
def house(db: None) -> Iterator[House]:
    with lived_in(House(OPENS, processes=[REVIEW], records=RECORDS)) as one:
        look_at_periods(one.now)
        yield one


def test_at_the_end_of_the_month_each_who_missed_the_target_has_a_case(house: House) -> None:
    house.mark("an", 5, 6)
    house.mark("bo", 6)
    house.mark("ci", 1)
    moved(house, JULY - dt.timedelta(seconds=1))
    assert made(house) == []
    moved(house, JULY)
    assert made(house) == [("an", "2025-06", "5.5"), ("ci", "2025-06", "1")]
    case = Case.objects.filter(process="review").order_by("id")[0]
    assert (case.opened_at, case.source) == (JULY, "system")
    assert (case.data["review_sheet"]["why"], case.data["review_sheet"]["aim"]) == ("CL-01", ">= 6")
    uses = ClauseUse.objects.filter(clause="CL-01").order_by("id").values_list("outcome", "holder")
    assert list(uses) == [("broken", staff_key(house.staff["an"].pk)), ("kept", staff_key(house.staff["bo"].pk)),
                          ("broken", staff_key(house.staff["ci"].pk))]  # fmt: skip


def test_a_period_is_closed_once_and_the_next_is_waited_for(house: House) -> None:
    house.mark("an", 1)
    moved(house, JULY)
    moved(house, JULY + dt.timedelta(days=3))
    assert look_at_periods(house.now) == 0
    assert made(house) == [("an", "2025-06", "1")]
    assert (PeriodClosing.objects.get().next_at, next_moment()) == (AUGUST, AUGUST)
    house.mark("an", 2)
    moved(house, AUGUST)
    assert made(house) == [("an", "2025-06", "1"), ("an", "2025-07", "2")]


def test_months_in_which_no_worker_ran_are_closed_one_after_the_other(house: House) -> None:
    house.mark("an", 1)
    house.now = JULY + dt.timedelta(days=2)
    house.mark("bo", 2)
    moved(house, SEPTEMBER)
    assert made(house) == [("an", "2025-06", "1"), ("bo", "2025-07", "2")]


def test_who_has_no_figure_missed_nothing(house: House) -> None:
    moved(house, JULY)
    assert made(house) == []
    assert ClauseUse.objects.filter(clause="CL-01").count() == 0


def test_without_a_split_one_case_is_opened_for_all_and_for_nobody(db: None) -> None:
    with lived_in(House({**MEAN, "opens": "review"}, processes=[REVIEW], records=RECORDS)) as house:
        look_at_periods(house.now)
        house.mark("an", 1)
        house.mark("bo", 4)
        moved(house, JULY)
        assert made(house) == [("", "2025-06", "2.5")]


def test_rows_that_have_to_be_old_enough_are_waited_for(db: None) -> None:
    count = {"count": "mark", "mature_after": "7d"}
    rare = {"kind": "measure", "id": "CL-03", "name": "marks", "title": "示例数", "periods": "month", "numerator": count,
            "target": ">= 3", "opens": "review"}  # fmt: skip
    with lived_in(House(rare, processes=[REVIEW], records=RECORDS)) as house:
        look_at_periods(house.now)
        house.mark("an", 1)
        moved(house, JULY)
        assert made(house) == []
        moved(house, JULY + dt.timedelta(days=7))
        assert made(house) == [("", "2025-06", "1")]


def test_a_handbook_that_closes_nothing_waits_for_nothing(db: None) -> None:
    with lived_in(House(MEAN)) as house:
        assert look_at_periods(house.now) == 0
        with CaptureQueriesContext(
            connection,
        ) as asked:
            look_at_periods(house.now)
        assert len(asked) == 1


@pytest.fixture
def team(db: None) -> Iterator[House]:
    with lived_in(House(RANK, LAST, processes=[REVIEW], records=RECORDS)) as one:
        look_at_periods(one.now)
        yield one


def month(house: House, best: str, worst: str, end: dt.datetime) -> None:
    house.mark(best, 9)
    house.mark(worst, 1)
    moved(house, end)


def test_whoever_is_last_three_months_running_has_a_draft_that_the_lead_confirms(team: House) -> None:
    month(team, "an", "bo", JULY)
    month(team, "ci", "bo", AUGUST)
    assert made(team) == []
    month(team, "an", "bo", SEPTEMBER)
    assert made(team) == [("bo", "2025-08", "")]
    case = Case.objects.get(process="review")
    (draft,) = Fact.objects.filter(type="sanction.drafted")
    assert (draft.subject_id, draft.clauses, draft.payload["person"], draft.payload["propose"]) == (
        case.pk, ["CL-05"], staff_key(team.staff["bo"].pk), ["transfer"],
    )  # fmt: skip
    team.later(hours=10)
    team.act(case, "confirm", "lead")
    assert Fact.objects.filter(type="sanction.confirmed").count() == 1


def test_a_month_in_between_begins_the_count_anew(team: House) -> None:
    month(team, "an", "bo", JULY)
    month(team, "bo", "an", AUGUST)
    month(team, "an", "bo", SEPTEMBER)
    assert made(team) == []
    reported = Fact.objects.filter(type="rank.reported").order_by("id")
    assert [fact.payload["last"] for fact in reported] == [
        [staff_key(team.staff[name].pk)] for name in ("bo", "an", "bo")
    ]


def test_nothing_follows_from_the_places_of_too_few(team: House) -> None:
    for end in (JULY, AUGUST, SEPTEMBER):
        team.mark("bo", 1)
        moved(team, end)
    assert made(team) == []
    assert [fact.payload["people"] for fact in Fact.objects.filter(type="rank.reported")] == [[], [], []]


def test_equals_who_share_the_first_place_are_not_last(team: House) -> None:
    for end in (JULY, AUGUST, SEPTEMBER):
        team.mark("an", 5)
        team.mark("bo", 5)
        moved(team, end)
    assert made(team) == []


def test_who_waits_for_a_decision_between_equals_is_reported_when_it_was_made(db: None) -> None:
    rank = {"among": "clerk", "ties": "decided", "decided_by": "lead", "smallest_group": 2}
    first = {**LAST, "form": "reward", "when": {"place": 1}, "propose": "reward"}
    with lived_in(House({**RANK, "rank": rank}, first, processes=[REVIEW], records=RECORDS)) as house:
        look_at_periods(house.now)
        house.mark("an", 5)
        house.mark("bo", 5)
        moved(house, JULY)
        assert made(house) == []
        house.later(hours=9)
        an, bo = (staff_key(house.staff[name].pk) for name in ("an", "bo"))
        asked = {"handbook": "answers", "measure": "CL-04", "every": "month", "on": "2025-06-10", "words": "示例理由"}
        house.signed_in("lead").post(
            "/figures/ranks/decide", {**asked, "person": [an, bo], f"place-{an}": "2", f"place-{bo}": "1"}
        )
        assert made(house) == [("bo", "2025-06", "")]


def test_the_page_says_what_follows_and_nothing_of_it_is_only_kept(house: House) -> None:
    assert unrun_of(house.book) == {}
    house.mark("an", 1)
    page = "/figures?handbook=answers&period=month"
    assert "没有达到的，期末开一张“示例面谈”。" in house.signed_in("lead").get(page).content.decode()
    english = house.signed_in("lead").get(page, headers={"accept-language": "en"}).content.decode()
    assert "opened at the end of the period where it is missed." in english


def test_a_ranking_that_is_reported_is_carried_out(team: House) -> None:
    assert unrun_of(team.book) == {}


def test_of_more_rows_than_can_be_settled_nothing_follows_and_administrators_are_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "MOST_CLOSED", 2)
    boss = Staff.objects.create(username="boss", name="示例管理员", is_admin=True)
    house.mark("an", 1, 1, 1)
    moved(house, JULY)
    assert made(house) == []
    told = Notice.objects.get(to=[staff_key(boss.pk)])
    assert told.words["zh"] == "“示例平均分”2025-06的数据超过2条，没有结算：该立的案、该起草的处理请自己核对。"
    assert PeriodClosing.objects.get().next_at == AUGUST
