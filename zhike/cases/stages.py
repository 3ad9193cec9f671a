"""Cases of one process by the stage they stand at, and the actions that lead from stage to stage.

Nobody changes a stage: an action does, with its form and its clauses. So a board offers actions, and where a case arrives the deed
decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber

from zhike.cases.models import Case
from zhike.cases.queries import cases_of
from zhike.handbook.book import Book
from zhike.handbook.clauses import Route
from zhike.handbook.structure import Action, Process, Stage
from zhike.org.handbooks import book_of

MOST_CARDS = 40
"""Cards of a column: what is due first."""
MOST_ENDED = 10
"""Of a stage that ends the process: the newest."""


@dataclass(slots=True)
class Column:
    """One stage with its cases; `count` is of all that stand there, None where it is not counted."""

    stage: Stage
    cases: list[Case] = field(default_factory=list)
    count: int | None = 0


def columns_of(rows: QuerySet[Case], process: Process) -> list[Column]:
    """The stages of `process` in their order, each with the cases due first, ended stages with their newest. `rows` are cases the
    viewer may see, of this process. Two queries, and one for each stage that ends it.

    A stage that only an older version of the handbook knows comes last, while a case still stands there.
    """
    columns = {stage.id: Column(stage, count=None if stage.final else 0) for stage in process.stages}
    here = Window(RowNumber(), partition_by=F("stage"), order_by=[F("next_due_at").asc(nulls_last=True), F("id").asc()])
    still = rows.filter(status=Case.Status.OPEN).annotate(
        place=here, standing=Window(Count("id"), partition_by=F("stage"))
    )
    first = still.filter(place__lte=MOST_CARDS).order_by("stage", "place")
    placed = list(first.values_list("pk", "stage", "standing"))
    ended = [stage.id for stage in process.stages if stage.final]
    newest = [pk for stage in ended for pk in _newest(rows, stage)]
    cases = {case.pk: case for case in cases_of([*(pk for pk, _, _ in placed), *newest], ("department", "owner"))}
    for pk, stage, standing in placed:
        if pk in cases:
            column = columns.setdefault(stage, Column(_stage_of(cases[pk])))
            column.cases.append(cases[pk])
            column.count = standing
    for pk in newest:
        if pk in cases:
            columns[cases[pk].stage].cases.append(cases[pk])
    return list(columns.values())


def _newest(rows: QuerySet[Case], stage: str) -> list[int]:
    ended = rows.filter(stage=stage, status=Case.Status.CLOSED).order_by("-opened_at", "-id")
    return list(ended.values_list("pk", flat=True)[:MOST_ENDED])


def _stage_of(case: Case) -> Stage:
    return book_of(case.handbook_version_id).stage(case.process, case.stage)


@lru_cache(maxsize=64)
def ways(book: Book, process_id: str) -> dict[str, dict[str, tuple[str, ...]]]:
    """{stage: {another stage: actions that may lead there}}, as the process and its route clauses say; what a form decides counts
    as possible."""
    process = book.process(process_id)
    found: dict[str, dict[str, list[str]]] = {stage.id: {} for stage in process.stages}
    for action in process.actions:
        targets = targets_of(book, process_id, action)
        for stage in _sources(process, action):
            for target in targets - {stage}:
                found[stage].setdefault(target, []).append(action.id)
    order = [stage.id for stage in process.stages]
    return {
        stage: {target: tuple(others[target]) for target in order if target in others}
        for stage, others in found.items()
    }


def targets_of(book: Book, process: str, action: Action) -> set[str]:
    """Every stage the action may lead to: its own, those of its branches, those of the routes on it."""
    clauses = book.speaking_of("route", process, f"action.{action.id}")
    routed = [c for c in clauses if isinstance(c, Route) and c.yields == "stage"]
    names = {action.to, *(branch.to for branch in action.branches)} - {None}
    for clause in routed:
        names |= {*clause.to, *clause.other, *(name for row in clause.table.values() for name in row)}
    return {str(name) for name in names}


def _sources(process: Process, action: Action) -> Sequence[str]:
    if action.from_ == ("*",):
        return [stage.id for stage in process.stages if not stage.final]
    return action.from_
