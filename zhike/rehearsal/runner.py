"""Runs scenarios: each in a transaction of its own that is rolled back, so that none sees another's company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from zhike.handbook.book import Book
from zhike.journal.models import ClauseUse
from zhike.lib import clock
from zhike.org.handbooks import book_of, install
from zhike.org.models import HandbookVersion
from zhike.rehearsal import steps
from zhike.rehearsal.features import Line, Scenario, read_features
from zhike.rehearsal.sample import sample_loader
from zhike.rehearsal.vocabulary import StepFailed, perform
from zhike.rehearsal.world import World

DEFAULT_NOON = dt.time(12)
Tick = Callable[[int, int], None]
"""Called with (done, all) after each scenario."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a scenario failed: the step, what was found instead, the clause it was about."""

    file: str
    line: int
    scenario: str
    step: str
    because: str
    clause: str

    def as_json(self) -> dict[str, object]:
        return {
            "scenario": self.scenario, "step": self.step, "because": self.because, "clause": self.clause or None,
            "file": self.file, "line": self.line,
        }  # fmt: skip


@dataclass
class Report:
    """What came of a rehearsal."""

    name: str
    passed: int = 0
    failures: list[Failure] = field(default_factory=list)
    clauses: tuple[str, ...] = ()
    exercised: set[str] = field(default_factory=set)

    @property
    def unexercised(self) -> list[str]:
        return [clause for clause in self.clauses if clause not in self.exercised]

    def as_json(self) -> dict[str, object]:
        """The shape that `zhike rehearse --json` prints for one handbook."""
        return {
            "scenarios": {"passed": self.passed, "failed": len(self.failures)},
            "failures": [failure.as_json() for failure in self.failures],
            "clauses": {"total": len(self.clauses), "exercised": len(self.exercised), "unexercised": self.unexercised},
        }


def rehearse(folder: Path, feature: str | None = None, tick: Tick | None = None) -> Report:
    """Run the scenarios of the handbook in `folder` against the database at hand, which stays as it was.

    Raises handbook.load.HandbookRefused, features.BadFeature, FileNotFoundError.
    """
    _ = steps  # registered by being imported
    scenarios = read_features(folder / "scenarios", feature)
    with transaction.atomic():
        version = install(folder, _noon(dt.date(2000, 1, 1)))
        book = book_of(version.pk)
        report = Report(book.name, clauses=tuple(c.id for c in book.handbook.clauses))
        _run_all(scenarios, version, folder, report, tick)
        transaction.set_rollback(True)
    return report


def _run_all(
    scenarios: Sequence[Scenario], version: HandbookVersion, folder: Path, report: Report, tick: Tick | None
) -> None:
    for done, scenario in enumerate(scenarios, 1):
        failure = run(scenario, version, folder, report.exercised)
        if failure is None:
            report.passed += 1
        else:
            report.failures.append(failure)
        if tick is not None:
            tick(done, len(scenarios))
    report.exercised &= set(report.clauses)


def run(scenario: Scenario, version: HandbookVersion, folder: Path, exercised: set[str]) -> Failure | None:
    """Run one scenario in a savepoint that is rolled back; None when it passed. Clauses the engine applied are added to `exercised`."""
    with transaction.atomic():
        world = World(version, _begin(version), sample_loader(folder))
        before = clock.install(lambda: world.now)
        try:
            failure = _play(scenario, world)
            exercised |= set(ClauseUse.objects.values_list("clause", flat=True).distinct())
        finally:
            clock.install(before)
            transaction.set_rollback(True)
    return failure


def _play(scenario: Scenario, world: World) -> Failure | None:
    line = scenario.steps[0] if scenario.steps else Line("", scenario.line)
    try:
        for line in scenario.steps:
            with transaction.atomic():
                perform(world, line.text, line.table)
        world.require_no_refusal()
    except Exception as error:  # whatever a step meets is the scenario's failure, told with its step
        clause = error.clause if isinstance(error, StepFailed) else _clause_in(str(error), world.book)
        because = error.because if isinstance(error, StepFailed) else f"{type(error).__name__}: {error}"
        return Failure(
            scenario.file, line.line, scenario.name, line.text, because, clause or _clause_in(line.text, world.book)
        )
    return None


def _clause_in(text: str, book: Book) -> str:
    """The first clause the text names, "" where it names none."""
    return next((c.id for c in book.handbook.clauses if c.id in text), "")


def _begin(version: HandbookVersion) -> dt.datetime:
    """Until a scenario says what time it is, it is the noon of the day the handbook took effect."""
    return _noon(version.effective_from.date())


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, DEFAULT_NOON, dt.UTC)
