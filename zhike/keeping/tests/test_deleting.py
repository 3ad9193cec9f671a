"""What was kept long enough is deleted, the bare row stays, and nothing goes that is open, tied or held."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import override_settings

from tests.world import Cast, at, cast, facts, ledger
from zhike.cases.actions import add_note, take_action
from zhike.cases.events import CaseHeld
from zhike.cases.holds import end_hold, hold_case
from zhike.cases.links import link_cases
from zhike.cases.merging import merge_cases, undo_merge
from zhike.cases.models import Case, Freeze, Hold, LastDeed, Note
from zhike.cases.notes import add_files
from zhike.cases.refusals import Impossible, NotYours, Unreadable
from zhike.cases.written import fact_of
from zhike.clocks.models import Clock
from zhike.clocks.nightly import night_of
from zhike.conversations.models import Conversation
from zhike.conversations.tests import ground
from zhike.journal.actions import record
from zhike.journal.models import ClauseUse, Fact
from zhike.journal.seals import seal_all, verify_chain
from zhike.journal.stream import sequence_all
from zhike.journal.tests.happenings import another_session
from zhike.keeping import erasing, running
from zhike.keeping.due import due_by
from zhike.keeping.models import Deletion, Failure, Run
from zhike.keeping.rules import every_rule
from zhike.keeping.running import LOCK, delete_due, is_due
from zhike.notices.models import Notice
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion
from zhike.records.attachments import place_of, store_attachment
from zhike.records.models import Attachment, Filling

pytestmark = pytest.mark.django_db(transaction=True)
OPENED, CLOSED = at("2025-06-10 09:00"), at("2025-06-10 10:00")
DAY_BEFORE, DUE = at("2027-06-09 10:00"), at("2027-06-10 10:00")
KEEP: dict[str, Any] = {
    "id": "KEEP-1", "kind": "visibility", "title": {"zh": "示例保存二十四个月", "en": "Kept two years"}, "cites": "1", "quote": "示例",
    "of": "process.service_ticket", "keep": "24 months", "to": [{"role": "hotline_agent"}, {"role": "hotline_supervisor"}],
    "refuse": {"zh": "示例", "en": "Sample"},
}  # fmt: skip
SECRET = "示例：收银员态度不好。"


@pytest.fixture
def people(tmp_path: Path) -> Any:
    with override_settings(ZHIKE_HOME=tmp_path, MEDIA_ROOT=tmp_path / "files"):
        yield kept_two_years(cast())


def kept_two_years(people: Cast) -> Cast:
    """The shipped handbook with a clause that keeps its tickets for two years."""
    source = HandbookVersion.objects.get(pk=people.version.pk).source
    source["clauses"].append(KEEP)
    HandbookVersion.objects.filter(pk=people.version.pk).update(source=source)
    book_of.cache_clear()
    return people


def closed(people: Cast) -> Case:
    """A complaint with a note and a file, answered and closed at CLOSED."""
    case = people.ticket(OPENED)
    add_note(case, "示例：顾客留了电话13800000001。", by=people.agent, now=OPENED)
    file = store_attachment("示例：录像截图说明".encode(), "示例.txt", by=people.agent.principal, now=OPENED)
    add_files(case, [file.token], by=people.agent, now=OPENED)
    Case.objects.filter(pk=case.pk).update(status="closed", closed_at=CLOSED, next_due_at=None)
    sequence_all()
    seal_all()
    return Case.objects.get(pk=case.pk)


def run(now: dt.datetime) -> Run:
    made = delete_due(by="system", now=lambda: now)
    assert made is not None
    return made


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def everything_stored() -> str:
    """Every text of the database's tables, to look for words in."""
    found = []
    for model in apps.get_models():
        if model._meta.label == "org.HandbookVersion" or not model._meta.managed:
            continue
        found += [json.dumps(list(row), default=str, ensure_ascii=False) for row in model.objects.values_list()]
    return "\n".join(found)


def test_one_day_before_nothing_is_deleted(people: Cast) -> None:
    case = closed(people)
    run(DAY_BEFORE)
    found = [[due.id for due in due_by(rule, moment)] for rule in every_rule() for moment in (DAY_BEFORE, DUE)]
    assert found == [[], [case.pk]]
    assert again(case).emptied_at is None
    assert (again(case).data["service_ticket"]["content"], Deletion.objects.count()) == (SECRET, 0)


def test_after_twenty_four_months_the_words_are_gone_and_the_bare_row_stays(people: Cast) -> None:
    case = closed(people)
    before = {
        name: getattr(case, name)
        for name in ("number", "stage", "status", "closed_at", "owner_id", "customer_id", "tally", "opened_at")
    }
    lines = ledger(case)
    file = Attachment.objects.get(subject_kind="case", subject_id=case.pk)
    assert place_of(file.digest).exists()
    run(DUE)
    after = again(case)
    assert {name: getattr(after, name) for name in before} == before
    assert (after.data, after.title, after.emptied_at, after.emptied_by) == ({}, "服务工单", DUE, "KEEP-1")
    assert list(Filling.objects.filter(subject_id=case.pk).values_list("values", flat=True)) == [{}]
    assert list(Note.objects.filter(case=case).values_list("words", flat=True)) == [""]
    assert not Attachment.objects.filter(pk=file.pk).exists()
    assert not place_of(file.digest).exists()
    assert not LastDeed.objects.filter(case=case).exists()
    assert [clock.facts for clock in Clock.objects.filter(subject_id=case.pk)] == [{}] * Clock.objects.filter(
        subject_id=case.pk
    ).count()
    assert ledger(case) == [*lines, ("KEEP-1", "applied")]
    told = facts("contents.deleted", after)[0]
    assert (told.clauses, told.payload) == (
        ["KEEP-1"], {"number": case.number, "record": "", "counts": {"fillings": 1, "notes": 1, "files": 1}},
    )  # fmt: skip


def test_not_one_table_holds_what_the_customer_said(people: Cast) -> None:
    closed(people)
    assert SECRET in everything_stored()
    run(DUE)
    left = everything_stored()
    assert [word for word in (SECRET, "顾客留了电话", "录像截图") if word in left] == []


def test_the_chain_of_the_journal_holds_afterwards(people: Cast) -> None:
    closed(people)
    noted = verify_chain().head
    run(DUE)
    sequence_all()
    seal_all()
    assert verify_chain(expect=noted).ok
    assert Deletion.objects.get().rest is False


def test_facts_that_are_not_sealed_yet_are_emptied_by_the_next_run(people: Cast) -> None:
    case = closed(people)
    with transaction.atomic():
        (late,) = record([fact_of(case, CaseHeld("示例：等法院"), at=CLOSED, actor="system")])
    run(DUE)
    assert Deletion.objects.get().rest is True
    assert Fact.objects.get(pk=late.id).payload == {"why": "示例：等法院"}
    sequence_all()
    seal_all()
    run(DUE + dt.timedelta(days=1))
    assert Deletion.objects.get().rest is False
    assert Fact.objects.get(pk=late.id).payload == {"why": ""}
    assert verify_chain().ok


def test_lines_of_the_ledger_count_and_say_nothing_more(people: Cast) -> None:
    case = closed(people)
    run(DUE)
    details = ClauseUse.objects.filter(subject_kind="case", subject_id=case.pk).values_list("detail", flat=True)
    assert {key for detail in details for key in detail} <= {"action", "audience", "clock", "holders", "viewer"}


def test_a_case_opened_again_is_kept(people: Cast) -> None:
    case = closed(people)
    Case.objects.filter(pk=case.pk).update(status="open", closed_at=None)
    run(DUE)
    assert again(case).emptied_at is None


def test_a_case_linked_to_an_open_one_is_kept_until_that_is_closed(people: Cast) -> None:
    case, other = closed(people), people.ticket(DAY_BEFORE)
    link_cases(other, case, "related", by=people.agent, now=DAY_BEFORE)
    run(DUE)
    assert again(case).emptied_at is None
    Case.objects.filter(pk=other.pk).update(status="closed", closed_at=DUE)
    run(DUE + dt.timedelta(days=1))
    assert (again(case).emptied_at, again(other).emptied_at) == (DUE + dt.timedelta(days=1), None)


def test_a_case_with_an_open_child_is_kept(people: Cast) -> None:
    case = people.ticket(OPENED)
    child = people.warning(OPENED + dt.timedelta(minutes=5), ticket=case)
    Case.objects.filter(pk=case.pk).update(status="closed", closed_at=CLOSED)
    run(DUE)
    assert again(case).emptied_at is None
    Case.objects.filter(pk=child.pk).update(status="closed", closed_at=CLOSED)
    run(DUE + dt.timedelta(days=1))
    assert again(case).emptied_at is not None


def test_a_case_that_keeps_something_frozen_is_kept_until_it_is_released(people: Cast) -> None:
    case = closed(people)
    frozen = Freeze.objects.create(case=case, handbook=case.handbook, thing="customer", clause="KEEP-2", at=DAY_BEFORE)
    run(DUE)
    assert again(case).emptied_at is None
    Freeze.objects.filter(pk=frozen.pk).update(ended_at=DUE)
    run(DUE + dt.timedelta(days=1))
    assert again(case).emptied_at is not None


def test_a_held_case_is_kept_until_the_hold_ends(people: Cast) -> None:
    case = closed(people)
    hold_case(case, "示例：法院要调阅", by=people.supervisor, now=DAY_BEFORE)
    run(DUE)
    assert again(case).emptied_at is None
    assert [due.waits for rule in every_rule() for due in due_by(rule, DUE)] == ["held"]
    end_hold(case, by=people.supervisor, now=DUE)
    run(DUE + dt.timedelta(days=1))
    assert again(case).emptied_at is not None
    assert [fact.type for fact in Fact.objects.filter(type__startswith="case.hold").order_by("id")] == [
        "case.hold_ended"
    ]
    assert Hold.objects.get().why == ""


def test_an_agent_holds_nothing_and_a_hold_says_why(people: Cast) -> None:
    case = closed(people)
    with pytest.raises(NotYours):
        hold_case(case, "示例", by=people.agent, now=DAY_BEFORE)
    with pytest.raises(Unreadable):
        hold_case(case, "  ", by=people.supervisor, now=DAY_BEFORE)
    hold_case(case, "示例", by=people.supervisor, now=DAY_BEFORE)
    with pytest.raises(Impossible):
        hold_case(case, "示例", by=people.supervisor, now=DAY_BEFORE)


def test_nothing_more_is_done_with_an_emptied_case(people: Cast) -> None:
    case = closed(people)
    run(DUE)
    case = again(case)
    for deed in (
        lambda: add_note(case, "示例", by=people.agent, now=DUE),
        lambda: hold_case(case, "示例", by=people.supervisor, now=DUE),
    ):
        with pytest.raises(Impossible) as refused:
            deed()
        assert refused.value.clauses == ["KEEP-1"]
    with pytest.raises(NotYours) as refused_deed:
        take_action(case.pk, "raise_warning", {"reason": "hard"}, by=people.agent, now=DUE)
    assert refused_deed.value.clauses == ["KEEP-1"]


def test_one_that_cannot_be_deleted_does_not_keep_the_others(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = closed(people), closed(people)
    real = erasing._empty_watches

    def broken(kind: str, number: int) -> None:
        if number == first.pk:
            raise ValueError(SECRET)
        real(kind, number)

    monkeypatch.setattr(erasing, "_empty_watches", broken)
    made = run(DUE)
    assert (again(first).emptied_at, again(second).emptied_at) == (None, DUE)
    failure = Failure.objects.get()
    assert (failure.run_id, failure.number, failure.why) == (made.pk, first.number, "ValueError")
    assert again(first).data["service_ticket"]["content"] == SECRET
    monkeypatch.setattr(erasing, "_empty_watches", real)
    run(DUE + dt.timedelta(days=1))
    assert again(first).emptied_at == DUE + dt.timedelta(days=1)


def test_a_run_that_was_killed_is_gone_on_with(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [closed(people) for _ in range(3)]
    real, done = running.erase, []

    def killed(due: Any, run: Run, *, now: dt.datetime) -> Any:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(due.id)
        return real(due, run, now=now)

    monkeypatch.setattr(running, "erase", killed)
    with pytest.raises(KeyboardInterrupt):
        run(DUE)
    assert [again(case).emptied_at is not None for case in cases] == [True, False, False]
    assert is_due(DUE)
    monkeypatch.setattr(running, "erase", real)
    made = run(DUE)
    assert [again(case).emptied_at is not None for case in cases] == [True, True, True]
    assert (Run.objects.count(), made.deletions.count(), made.finished_at) == (1, 3, DUE)
    assert not is_due(DUE)
    assert is_due(DUE + dt.timedelta(days=1))


def test_two_runs_at_once_are_one(people: Cast) -> None:
    with another_session() as session:
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        assert delete_due(by="system", now=lambda: DUE) is None
    assert not Run.objects.exists()


def test_a_file_two_cases_share_stays_with_the_other(people: Cast) -> None:
    case, other = closed(people), closed(people)
    Case.objects.filter(pk=other.pk).update(closed_at=DUE)
    run(DUE)
    assert not Attachment.objects.filter(subject_id=case.pk).exists()
    assert place_of(Attachment.objects.get(subject_id=other.pk).digest).exists()


def test_notices_that_quote_it_say_that_it_is_gone(people: Cast) -> None:
    case = closed(people)
    notice = Notice.objects.create(
        at=OPENED,
        to=["staff:1"],
        kind="told",
        subject_kind="case",
        subject_id=case.pk,
        words={"zh": SECRET, "en": SECRET},
    )
    run(DUE)
    notice.refresh_from_db()
    assert notice.words == {
        "zh": "内容已按保存期限删除。",
        "en": "The contents were deleted when their time of keeping was over.",
    }


def test_what_was_held_meanwhile_is_looked_at_again_before_it_goes(people: Cast) -> None:
    """Between finding it and deleting it somebody put it off."""
    case = closed(people)
    (due,) = [due for rule in every_rule() for due in due_by(rule, DUE)]
    hold_case(case, "示例：刚刚", by=people.supervisor, now=DUE)
    made = Run.objects.create(started_at=DUE, by="system")
    assert erasing.erase(due, made, now=DUE) is None
    assert again(case).emptied_at is None


def test_a_merged_case_keeps_its_words_as_long_as_the_leading_one(people: Cast) -> None:
    leading, dropped = people.ticket(OPENED), people.ticket(OPENED)
    merge_cases(dropped.pk, leading.pk, by=people.agent, now=OPENED + dt.timedelta(minutes=5))
    Case.objects.filter(pk=leading.pk).update(status="closed", closed_at=DUE)
    run(DUE)
    assert again(dropped).emptied_at is None
    later = at("2029-06-11 10:00")
    run(later)
    run(later + dt.timedelta(days=1))
    assert [again(case).emptied_at is not None for case in (leading, dropped)] == [True, True]
    with pytest.raises(Impossible):
        undo_merge(dropped.pk, by=people.agent, now=later)


def test_a_case_spoken_of_in_a_conversation_that_goes_on_is_kept(people: Cast) -> None:
    case = closed(people)
    ground.installed()
    talk = ground.asked(ground.inbox_of())
    Conversation.objects.filter(pk=talk.pk).update(case_number=case.number)
    run(DUE)
    assert again(case).emptied_at is None
    Conversation.objects.filter(pk=talk.pk).update(state="closed", closed_at=DUE)
    run(DUE + dt.timedelta(days=1))
    assert again(case).emptied_at is not None


def test_the_night_begins_at_three(people: Cast) -> None:
    assert night_of(at("2027-06-10 02:59"), running.HOUR) == at("2027-06-09 03:00")
    assert night_of(at("2027-06-10 03:00"), running.HOUR) == at("2027-06-10 03:00")
    assert is_due(DUE)
    run(DUE)
    assert [is_due(at(f"2027-06-11 {hour}")) for hour in ("02:59", "03:00")] == [False, True]


def test_a_backup_that_is_restored_is_gone_through_again(people: Cast) -> None:
    """What comes back with an old backup is a case that is due, and neither run nor deletion is known."""
    case = closed(people)
    run(DUE)
    Deletion.objects.all().delete()
    Run.objects.all().delete()
    Case.objects.filter(pk=case.pk).update(emptied_at=None, emptied_by="", data={"service_ticket": {"content": SECRET}})
    run(DUE + dt.timedelta(hours=1))
    assert (again(case).data, again(case).emptied_by) == ({}, "KEEP-1")
