"""Runs scenarios: each in a savepoint of its own that is rolled back, so that none sees another's company.

Scenarios that begin with the same steps (the sample's people, the background of their feature) have the same company up
to there. Those steps are played once, and each scenario goes on from its own copy of what they left.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
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
from zhike.rehearsal.unreached import happened, why
from zhike.rehearsal.vocabulary import StepFailed, perform
from zhike.rehearsal.world import World

DEFAULT_NOON = dt.time(12)
Tick = Callable[[int, int], None]
"""Called with (done, all) after each scenario."""
Placed = tuple[int, Scenario]
"""A scenario with its place in the order of the files."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a scenario failed: the step, what was found instead, the clause it was about."""

    file: str
    line: int
    scenario: str
    step: str
    because: str
    clause: str
    column: int = 1

    def as_json(self) -> dict[str, object]:
        return {
            "scenario": self.scenario, "step": self.step, "because": self.because, "clause": self.clause or None,
            "file": self.file, "line": self.line, "column": self.column,
        }  # fmt: skip


@dataclass
class Report:
    """What came of a rehearsal."""

    name: str
    passed: int = 0
    failures: list[Failure] = field(default_factory=list)
    clauses: tuple[str, ...] = ()
    exercised: set[str] = field(default_factory=set)
    why: dict[str, str] = field(default_factory=dict)
    """Of each clause that was not exercised, why."""

    @property
    def unexercised(self) -> list[str]:
        return [clause for clause in self.clauses if clause not in self.exercised]

    def as_json(self) -> dict[str, object]:
        """The shape that `zhike rehearse --json` prints for one handbook."""
        return {
            "scenarios": {"passed": self.passed, "failed": len(self.failures)},
            "failures": [failure.as_json() for failure in self.failures],
            "clauses": {
                "total": len(self.clauses),
                "exercised": len(self.exercised),
                "unexercised": self.unexercised,
                "why": self.why,
            },
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
        report = Report(book.name, clauses=tuple(dict.fromkeys(c.sentence for c in book.handbook.clauses)))
        _run_all(scenarios, version, folder, report, tick)
        transaction.set_rollback(True)
    return report


def _run_all(
    scenarios: Sequence[Scenario], version: HandbookVersion, folder: Path, report: Report, tick: Tick | None
) -> None:
    played = Playing(report.exercised, lambda done: tick(done, len(scenarios)) if tick else None)
    world = World(version, _begin(version), sample_loader(folder))
    played.branches(list(enumerate(scenarios)), 0, world)
    found = [played.outcomes[place] for place in range(len(scenarios))]
    report.passed = found.count(None)
    report.failures += [failure for failure in found if failure is not None]
    book = book_of(version.pk)
    whole = {clause.id: clause.sentence for clause in book.handbook.clauses}
    report.exercised = {whole[name] for name in report.exercised if name in whole}
    missed = {
        clause.sentence: clause for clause in reversed(book.handbook.clauses) if clause.sentence not in report.exercised
    }
    report.why = {name: why(book, missed[name], played.came) for name in report.clauses if name in missed}


@dataclass
class Playing:
    """Scenarios as a tree: what several begin with is its stem, played once."""

    exercised: set[str]
    """Clauses the engine applied, whatever the outcome."""
    tick: Callable[[int], None]
    came: set[str] = field(default_factory=set)
    """Events that came in any scenario, in the words of clauses."""
    outcomes: dict[int, Failure | None] = field(default_factory=dict)
    """By the scenario's place in the order given; None when it passed."""

    def branches(self, group: Sequence[Placed], played: int, world: World) -> None:
        """Play scenarios whose first `played` steps have left `world`, each kind of next step in a world of its own."""
        for place, scenario in group:
            if len(scenario.steps) == played:
                self.end(place, _finish(scenario, world))
        going_on = [placed for placed in group if len(placed[1].steps) > played]
        for _, same in groupby(going_on, key=lambda placed: _words(placed[1], played)):
            self.branch(list(same), played, world.fork())

    def branch(self, group: Sequence[Placed], played: int, world: World) -> None:
        """Play what the group goes on with in common, then its branches, in a savepoint that is rolled back."""
        shared = _shared([scenario for _, scenario in group], played)
        with transaction.atomic():
            before = clock.install(lambda: world.now)
            try:
                met = _play(group[0][1], played, shared, world)
                if met is None:
                    self.branches(group, shared, world)
                else:
                    for place, scenario in group:
                        self.end(place, _failure(scenario, *met, world.book))
            finally:
                clock.install(before)
                transaction.set_rollback(True)

    def end(self, place: int, outcome: Failure | None) -> None:
        self.exercised |= set(ClauseUse.objects.values_list("clause", flat=True).distinct())
        self.came |= happened()
        self.outcomes[place] = outcome
        self.tick(len(self.outcomes))


def _words(scenario: Scenario, place: int) -> tuple[str, list[list[str]] | None]:
    """What a step says, wherever it stands in its file."""
    return scenario.steps[place].text, scenario.steps[place].table


def _shared(scenarios: Sequence[Scenario], played: int) -> int:
    """How many steps all of them begin with."""
    shortest = min(len(scenario.steps) for scenario in scenarios)
    differ = (n for n in range(played, shortest) if any(_words(s, n) != _words(scenarios[0], n) for s in scenarios))
    return next(differ, shortest)


def _play(scenario: Scenario, begin: int, end: int, world: World) -> tuple[int, Exception] | None:
    """Play some of the steps; the place of the one that failed and what it met, None when all went well."""
    for place in range(begin, end):
        version = world.version
        try:
            with transaction.atomic():
                perform(world, scenario.steps[place].text, scenario.steps[place].table)
        except Exception as error:  # whatever a step meets is the scenario's failure, told with its step
            world.version = version  # one that the step made is gone with its savepoint
            # A deed that was refused unnoticed is why the checks after it fail.
            return place, (isinstance(error, StepFailed) and world.unexpected()) or error
    return None


def _finish(scenario: Scenario, world: World) -> Failure | None:
    try:
        world.require_no_refusal()
    except StepFailed as error:
        return _failure(scenario, len(scenario.steps) - 1, error, world.book)
    return None


def _failure(scenario: Scenario, place: int, error: Exception, book: Book) -> Failure:
    line = scenario.steps[place] if scenario.steps else Line("", scenario.line)
    clause = error.clause if isinstance(error, StepFailed) else _clause_in(str(error), book)
    because = error.because if isinstance(error, StepFailed) else f"这一步出了意外（{type(error).__name__}）：{error}"
    where, column = line.place_of(error.word if isinstance(error, StepFailed) else "")
    said = clause or _clause_in(line.text, book)
    return Failure(scenario.file, where, scenario.name, line.text, because, said, column)


def _clause_in(text: str, book: Book) -> str:
    """The first clause the text names, "" where it names none."""
    return next((c.id for c in book.handbook.clauses if c.id in text), "")


def _begin(version: HandbookVersion) -> dt.datetime:
    """Until a scenario says what time it is, it is the noon of the day the handbook took effect."""
    return _noon(version.effective_from.date())


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, DEFAULT_NOON, dt.UTC)
