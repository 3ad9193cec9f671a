"""Duties over a population: who is in it, what each owes, what a deed settles, and what follows when it is missed."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from zhike.clocks.actions import fire_due
from zhike.duties.models import Obligation
from zhike.duties.populations import hear, look_at_populations
from zhike.handbook.book import Book
from zhike.handbook.structure import Handbook
from zhike.notices.models import Notice
from zhike.org.actions import add_staff, assign_role, withdraw_role
from zhike.org.handbooks import book_of
from zhike.org.models import Assignment, HandbookVersion, Staff

pytestmark = pytest.mark.django_db
CHINA = ZoneInfo("Asia/Shanghai")
DAILY: dict[str, Any] = {
    "kind": "duty", "id": "EACH-01", "title": "每日一报", "cites": "1", "quote": "示例", "for": "staff", "where": {"role": "writer"},
    "every": "calendar_day", "owes": ["action.report"], "holder": ["writer"], "missed": [{"notify": "chief"}],
}  # fmt: skip


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2025-{text.replace(' ', 'T')}").replace(tzinfo=CHINA)


@pytest.fixture
def book() -> Book:
    parts = {
        "name": "each", "title": "示例制度", "version": "1", "effective": "2025-01-01", "clauses": [DAILY],
        "roles": [{"id": "writer", "title": "示例专员", "reports_to": "chief"}, {"id": "chief", "title": "示例经理"}],
    }  # fmt: skip
    source = Handbook.model_validate(parts).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    version = HandbookVersion.objects.create(
        name="each", version="1", effective_from=at("01-01 00:00"), source=source, text="", digest="each"
    )
    return book_of(version.pk)


def join(name: str, role: str, when: str = "03-03 09:00") -> Staff:
    person = add_staff(username=name, name=f"示例{name}", by="system", now=at(when))
    assign_role(person, "each", role, None, by="system", now=at(when))
    return person


def test_everybody_in_the_class_owes_it_from_the_moment_he_is_in_it_and_nobody_else(book: Book) -> None:
    jia, yi, chief = join("jia", "writer"), join("yi", "writer"), join("chief", "chief")
    assert look_at_populations(at("03-03 09:10")) == 2
    owed = Obligation.objects.filter(state="owed").order_by("subject_id")
    assert [(row.subject, row.period, row.holders) for row in owed] == [
        (("staff", jia.pk), "2025-03-03", [f"staff:{jia.pk}"]),
        (("staff", yi.pk), "2025-03-03", [f"staff:{yi.pk}"]),
    ]
    assert not Obligation.objects.filter(subject_id=chief.pk).exists()
    assert look_at_populations(at("03-03 10:00")) == 0


def test_whoever_leaves_the_class_owes_it_no_longer(book: Book) -> None:
    jia = join("jia", "writer")
    look_at_populations(at("03-03 09:10"))
    withdraw_role(Assignment.objects.get(staff=jia), by="system", now=at("03-03 15:00"))
    look_at_populations(at("03-03 15:10"))
    assert [row.state for row in Obligation.objects.all()] == ["ended"]


def test_a_deed_of_his_settles_what_he_owes_and_not_what_others_owe(book: Book) -> None:
    jia, yi = join("jia", "writer"), join("yi", "writer")
    look_at_populations(at("03-03 09:10"))
    hear(
        book,
        None,
        [("staff", jia.pk), ("customer", 1)],
        ["action.report"],
        now=at("03-03 16:00"),
        by=f"staff:{jia.pk}",
        facts=dict,
    )
    today = Obligation.objects.filter(period="2025-03-03")
    assert {row.subject_id: row.state for row in today} == {jia.pk: "met", yi.pk: "owed"}
    assert Obligation.objects.get(subject_id=jia.pk, period="2025-03-04").state == "owed"


def test_a_missed_day_stays_missed_the_next_is_owed_and_those_the_clause_names_are_told(book: Book) -> None:
    jia = join("jia", "writer")
    look_at_populations(at("03-03 09:10"))
    fire_due(at("03-04 00:00:01"))
    states = {row.period: row.state for row in Obligation.objects.filter(subject_id=jia.pk)}
    assert states == {"2025-03-03": "missed", "2025-03-04": "owed"}
    told = Notice.objects.filter(kind="missed")
    assert {key for notice in told for key in notice.to} == {f"staff:{jia.pk}", "each:chief"}
    assert "示例jia" in told[0].words["zh"]


def test_nothing_is_owed_once_the_last_day_announced_of_an_occasion_is_over(book: Book) -> None:
    join("jia", "writer")
    festive = {**DAILY, "id": "EACH-02", "every": "occasion", "occasion": "festival"}
    parts = {**book.handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True), "clauses": [festive, DAILY]}
    parts["occasions"] = [{"id": "festival", "title": "示例节日", "dates": ["2025-03-08"]}]
    HandbookVersion.objects.update(
        source=Handbook.model_validate(parts).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    )
    book_of.cache_clear()
    assert look_at_populations(at("03-09 09:00")) == 1
    assert not Obligation.objects.filter(clause="EACH-02").exists()
