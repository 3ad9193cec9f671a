"""The impact of a change is known before it takes effect: which work would be judged differently, which limits would move."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.world import RETAIL, Cast, at
from zhike.adoption.actions import draft_content, propose_parameter
from zhike.adoption.content import Content, files_of_version, folder_files, of_archive, of_files
from zhike.adoption.impact import due_under
from zhike.adoption.models import Proposal
from zhike.adoption.study import RehearsalFailed, now_failing, rehearse_apart, runs_of, study
from zhike.adoption.tests.proposing import administrators, changed, shipped, slower
from zhike.clocks.models import Clock
from zhike.handbook.archive import Files
from zhike.org.handbooks import book_of

NOW = at("2025-06-10 09:00")


def nothing_fails(files: Files, tick: Any) -> dict[str, Any]:
    tick(1, 1)
    return {"scenarios": {"passed": 1, "failed": 0}, "failures": []}


def studied(content: Content, now: dt.datetime = NOW) -> dict[str, Any]:
    proposal = draft_content(content, by=administrators()[0], now=now)
    study(proposal.pk, now, nothing_fails)
    proposal.refresh_from_db()
    assert proposal.study_state == "done", proposal.study
    found: dict[str, Any] = proposal.study
    return found


def test_running_limits_that_would_move_are_told_by_how_much(people: Cast) -> None:
    people.warning(NOW)
    people.warning(NOW, "store-2")
    found = studied(slower())["deadlines"]
    assert (found["moved"], found["gone"]) == (2, 0)
    assert found["rows"] == [
        {
            "clause": "WARN-05", "open": 2, "gone": 0, "sooner": 0, "later": 2, "passed": 0, "least": 15.0, "most": 15.0,
            "median": 15.0,
        }
    ]  # fmt: skip
    example = found["examples"][0]
    assert dt.datetime.fromisoformat(example["before"]) == NOW + dt.timedelta(minutes=30)
    assert dt.datetime.fromisoformat(example["after"]) == NOW + dt.timedelta(minutes=45)


def test_a_limit_that_would_be_overdue_at_once_is_counted(people: Cast) -> None:
    people.warning(NOW - dt.timedelta(minutes=20))
    (row,) = studied(changed(("warning.yaml", "within: 30m", "within: 10m")))["deadlines"]["rows"]
    assert (row["sooner"], row["passed"], row["median"]) == (1, 1, -20.0)


def test_looking_changes_nothing(people: Cast) -> None:
    people.warning(NOW)
    before = list(Clock.objects.order_by("id").values())
    studied(slower())
    assert list(Clock.objects.order_by("id").values()) == before


def test_pauses_and_what_was_granted_stay_with_a_limit_that_moves(people: Cast) -> None:
    warning = people.warning(NOW)
    clock = Clock.objects.get(subject_id=warning.pk, clause="WARN-05")
    begin, end = NOW + dt.timedelta(minutes=5), NOW + dt.timedelta(minutes=15)
    clock.pauses = [[begin.isoformat(), end.isoformat()]]
    book = slower().book
    assert book is not None
    assert due_under(book, clock) == NOW + dt.timedelta(minutes=55)


def test_cases_that_stand_before_a_changed_clause_are_counted_by_stage(people: Cast) -> None:
    people.warning(NOW)
    people.ticket(NOW)
    found = studied(slower())["judged"]
    assert [(row["process"], row["stage"], row["open"], row["clauses"]) for row in found["rows"]] == [
        ("complaint_warning", "draft", 1, ["WARN-05"])
    ]
    assert found["cases"] == 1


def test_open_cases_are_told_by_the_version_they_keep(people: Cast) -> None:
    people.warning(NOW)
    (row,) = studied(slower())["cases"]["versions"]
    assert (row["version"], row["open"]) == ("1.0.0", 2)


def test_roles_that_may_no_longer_take_an_action_are_told_with_their_holders(people: Cast) -> None:
    book = people.book
    action = book.action("complaint_warning", "give_opinion")
    assert action.by == ("store_manager",)
    files = dict(shipped())
    name = next(name for name in files if name.endswith(".yaml") and "id: give_opinion" in files[name])
    start = files[name].index("id: give_opinion")
    part = files[name][start:]
    files[name] = files[name][:start] + part.replace("by: store_manager", "by: store_service_center", 1)
    content = of_files(files)
    assert content.errors == []
    found = {one["role"]: one for one in studied(content)["roles"]}
    assert found["store_manager"]["loses"] == ["complaint_warning/give_opinion"]
    assert found["store_manager"]["holders"] == 3
    assert found["store_service_center"]["gains"] == ["complaint_warning/give_opinion"]


def test_scenarios_of_both_versions_are_rehearsed_and_those_that_would_now_fail_are_named(people: Cast) -> None:
    played: list[Files] = []

    def one_fails(files: Files, tick: Any) -> dict[str, Any]:
        played.append(files)
        tick(2, 2)
        bad = [] if len(played) == 1 else [{"file": "w.feature", "scenario": "填报超时", "step": "x", "because": "y"}]
        return {"scenarios": {"passed": 2 - len(bad), "failed": len(bad)}, "failures": bad}

    proposal = draft_content(slower(), by=administrators()[0], now=NOW)
    study(proposal.pk, NOW, one_fails)
    proposal.refresh_from_db()
    assert ['"amount": 45' in files["handbook.yaml"] for files in played] == [False, True]
    assert all(any(name.endswith(".feature") for name in files) for files in played)
    told = proposal.study["scenarios"]
    assert [one["scenario"] for one in told["now_failing"]] == ["填报超时"]
    assert (proposal.study_done, proposal.study_total) == (4, 4)


def test_what_failed_before_is_not_laid_to_the_change() -> None:
    old = {"file": "a.feature", "scenario": "一"}
    new = {"file": "a.feature", "scenario": "二"}
    assert now_failing({"before": {"failures": [old]}, "after": {"failures": [old, new]}}) == [new]


def test_scenarios_of_its_own_are_rehearsed_besides(people: Cast) -> None:
    files = dict(shipped()) | {"scenarios/more.feature": "# language: zh-CN\n功能: 另一些\n"}
    files["warning.yaml"] = files["warning.yaml"].replace("within: 30m", "within: 40m", 1)
    proposal = draft_content(of_files(files), by=administrators()[0], now=NOW)
    assert [run.name for run in runs_of(proposal)] == ["before", "after", "own"]


def test_a_rehearsal_that_cannot_run_is_told_and_can_be_asked_for_again(people: Cast) -> None:
    def broken(files: Files, tick: Any) -> dict[str, Any]:
        raise RehearsalFailed("示例：没有数据库")

    proposal = draft_content(slower(), by=administrators()[0], now=NOW)
    study(proposal.pk, NOW, broken)
    proposal.refresh_from_db()
    assert (proposal.study_state, proposal.study["error"]) == ("failed", "示例：没有数据库")
    assert proposal.study["deadlines"]["moved"] == 0
    study(proposal.pk, NOW, nothing_fails)
    proposal.refresh_from_db()
    assert (proposal.study_state, "error" in proposal.study) == ("done", False)


def test_a_version_can_be_laid_out_as_files_again_with_a_managers_values(people: Cast) -> None:
    version = people.version
    files = folder_files(version.source, version.text, {"return_reminder": 5}, files_of_version(version))
    content = of_files(files)
    assert content.errors == []
    assert content.book is not None
    assert content.book.parameter("return_reminder") == 5
    assert (
        content.book.clauses() == book_of(version.pk).clauses()
        or content.book.parameters != book_of(version.pk).parameters
    )


def test_scenarios_that_are_no_gherkin_are_refused_with_their_file(people: Cast) -> None:
    files = dict(shipped()) | {"scenarios/broken.feature": "功能 没有冒号\n  假如"}
    problem = of_files(files).errors[0]
    assert (problem.code, problem.file) == ("scenario-syntax", "scenarios/broken.feature")


def test_an_upload_that_is_no_zip_yields_problems_and_no_book() -> None:
    content = of_archive(b"x")
    assert (content.book, [problem.code for problem in content.errors]) == (None, ["archive-unreadable"])


def test_a_changed_parameter_moves_nothing_it_does_not_touch(people: Cast) -> None:
    people.warning(NOW)
    asked = propose_parameter(
        RETAIL, "return_reminder", "5", why="示例", wanted_from=None, by=administrators()[0], now=NOW
    )
    study(asked.pk, NOW, nothing_fails)
    asked.refresh_from_db()
    assert asked.study["deadlines"]["rows"] == []
    assert Proposal.objects.get().study_state == "done"


@pytest.mark.slow
@pytest.mark.embedded
def test_a_rehearsal_apart_reports_its_progress_and_its_failures(db: None) -> None:
    files = {name: text for name, text in shipped().items() if not name.endswith(".feature")}
    files["scenarios/one.feature"] = (
        "# language: zh-CN\n功能: 一个\n  场景: 不认识的一步\n    假如 完全没有这样的一步\n"
    )
    ticks: list[tuple[int, int]] = []
    report = rehearse_apart(files, lambda done, total: ticks.append((done, total)))
    assert ticks == [(1, 1)]
    assert (report["scenarios"]["failed"], report["failures"][0]["scenario"]) == (1, "不认识的一步")
