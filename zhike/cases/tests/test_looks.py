"""Whoever looks where he may not is refused each time, and what the clause says follows comes about once an hour."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.world import facts, ledger
from zhike.cases.access import case_for, case_seen, visible_cases
from zhike.cases.models import Case
from zhike.cases.refusals import Forbidden
from zhike.cases.tests.trial import NOON, House, notices
from zhike.conversations.refusals import NotVisible
from zhike.conversations.tests.ground import asked, inbox_of, installed, person
from zhike.conversations.trails import may_see_trail, trail_of
from zhike.handbook.load import examine
from zhike.handbook.tests.folder import with_clause, write
from zhike.handbook.unrun import unrun_of
from zhike.journal.models import Fact
from zhike.notices.models import Notice
from zhike.records.directory import NotForYou, lookup

pytestmark = pytest.mark.django_db
SEEN = {
    "id": "SEE-01", "kind": "visibility", "title": {"zh": "示例保密", "en": "Sample secrecy"}, "of": "process.order",
    "to": [{"role": "clerk"}, {"role": "chief"}], "refuse": {"zh": "示例：不能看。", "en": "Sample: not for you."},
    "effects": [{"notify": "superior"}, {"finding": "prying"}],
}  # fmt: skip
FINE = {
    "id": "PEN-01", "kind": "sanction", "title": "示例处理", "on": "finding.prying", "person": "actor.principal",
    "tiers": [{"from": 1, "fine": 20}], "confirm": {"role": "chief"},
}  # fmt: skip
DIRECTORY = {**SEEN, "id": "SEE-02", "of": "lookup.sheet", "process": None}
LOOKED = "示例porter要看这张工单，按“示例保密”没有给他看。"


def look(house: House, case: Case, who: str = "porter", minutes: int = 0) -> None:
    with pytest.raises(Forbidden):
        case_for(house.viewer(who), case.number, now=NOON + dt.timedelta(minutes=minutes))


def findings() -> list[tuple[str, str, list[str]]]:
    rows = Fact.objects.filter(type="case.finding_made").order_by("id")
    return [(row.payload["finding"], row.payload["person"], row.clauses) for row in rows]


def test_whoever_opens_a_case_that_is_not_his_is_reported_and_leaves_a_finding() -> None:
    house = House(SEEN, FINE)
    case = house.opened()
    look(house, case)
    porter = house.viewer("porter").principal
    assert [one for one in notices(case) if one[0] == "SEE-01"] == [
        ("SEE-01", ["trial:lead"], f"{case.number}：{LOOKED}")
    ]
    assert findings() == [("prying", porter, ["SEE-01"])]
    assert [fact.payload["person"] for fact in facts("sanction.drafted", case)] == [porter]


@pytest.mark.parametrize(("minutes", "times"), [(59, 1), (60, 2)])
def test_the_same_look_within_the_hour_adds_nothing_but_a_line_of_the_ledger(minutes: int, times: int) -> None:
    house = House(SEEN)
    case = house.opened()
    look(house, case)
    look(house, case, minutes=minutes)
    assert len(findings()) == times
    assert ledger(case).count(("SEE-01", "refused")) == 2
    assert len(facts("case.access_denied", case)) == 2


def test_another_person_and_another_case_are_looks_of_their_own() -> None:
    house = House(SEEN)
    one, other = house.opened(), house.opened()
    look(house, one)
    look(house, other)
    look(house, one, "lead")
    porter, lead = house.viewer("porter").principal, house.viewer("lead").principal
    assert [person for _, person, _ in findings()] == [porter, porter, lead]


def test_what_only_shows_what_he_may_see_is_no_look() -> None:
    house = House(SEEN)
    case = house.opened()
    assert case_seen(house.viewer("porter"), case.pk) is None
    assert list(visible_cases(house.viewer("porter"))) == []
    assert (findings(), Notice.objects.filter(clause="SEE-01").count()) == ([], 0)


def test_who_may_see_it_leaves_nothing() -> None:
    house = House(SEEN)
    case = house.opened()
    assert case_for(house.viewer("chief"), case.number, now=NOON).pk == case.pk
    assert findings() == []


def test_by_the_page_it_is_the_same_and_once() -> None:
    house = House(SEEN)
    case = house.opened()
    client = Client()
    client.force_login(house.people["porter"], backend="zhike.org.backend.StaffBackend")
    for _ in range(2):
        answer = client.get(f"/cases/{case.number}")
        assert answer.status_code == 403
        assert "示例：不能看。" in answer.content.decode()
    assert len(findings()) == 1


def test_a_directory_that_is_not_for_him_is_the_same_without_a_case() -> None:
    house = House(DIRECTORY)
    for minutes in (0, 10, 61):
        now = NOON + dt.timedelta(minutes=minutes)
        with pytest.raises(NotForYou):
            lookup(house.book, "sheet", "", house.viewer("porter"), now, version_id=house.version.pk)
    porter = house.viewer("porter").principal
    assert findings() == [("prying", porter, ["SEE-02"])] * 2
    told = Notice.objects.filter(clause="SEE-02").order_by("id")
    assert {row.words["zh"] for row in told} == {"示例porter要查“示例登记单”，按“示例保密”没有给他看。"}
    assert {row.words["en"] for row in told} == {
        "示例porter tried to look up “示例登记单”; “Sample secrecy” keeps it from him."
    }


SAID = [
    ("process.ticket", [{"notify": "boss"}, {"owe": "S-05"}], []),
    ("lookup.ticket", [{"owe": "S-05"}], ["被拒绝后，这些后果办不到：owe。"]),
    ("customer_data", [{"notify": "boss"}], ["被拒绝后，这些后果办不到：notify。"]),
]


@pytest.mark.parametrize(("of", "effects", "said"), SAID)
def test_the_check_says_what_of_it_never_comes_about(
    tmp_path: Path, of: str, effects: list[dict[str, Any]], said: list[str]
) -> None:
    seen = {
        "id": "S-20", "kind": "visibility", "title": {"zh": "示例", "en": "Sample"}, "cites": "2", "quote": "登记要写明电话。",
        "to": [{"role": "agent"}], "refuse": {"zh": "示例", "en": "Sample"}, "of": of, "effects": effects,
    }  # fmt: skip
    loaded = examine(write(tmp_path, clauses=with_clause(seen)))
    assert loaded.book is not None
    assert [text.zh for text in unrun_of(loaded.book).get("S-20", ())] == said


def test_where_a_visitor_was_is_the_same_and_asking_whether_to_show_it_is_no_look() -> None:
    clause = {
        "kind": "visibility", "id": "TALK-21", "title": "示例轨迹", "cites": "1", "quote": "示例", "of": "page_trail",
        "to": [{"role": "lead"}], "refuse": {"zh": "轨迹不给您看。", "en": "The trail is not for you."}, "effects": [{"notify": "lead"}],
    }  # fmt: skip
    installed(clause)
    conversation, other = asked(inbox_of(), when="03-03 10:03"), person("yi")
    now = conversation.opened_at + dt.timedelta(minutes=5)
    assert not may_see_trail(conversation, other, now=now)
    assert Notice.objects.filter(clause="TALK-21").count() == 0
    for _ in range(2):
        with pytest.raises(NotVisible):
            trail_of(conversation, other, now=now)
    [told] = Notice.objects.filter(clause="TALK-21")
    assert told.words["zh"] == f"示例yi要看会话 {conversation.number} 的访问轨迹，按“示例轨迹”没有给他看。"
