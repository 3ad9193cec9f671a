"""What a change would mean for the work that is open, looked at before it takes effect. Nothing is changed by looking.

Open cases keep their version (decisions/0014), so none of this happens to them by itself: it shows what the new version would do
to work like theirs, and to those that are opened from its effective moment.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from zhike.cases.models import Case
from zhike.cases.queries import clauses_of
from zhike.clocks.models import Clock
from zhike.clocks.timing import calendar_of, due_from_history, plan
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline, Duty
from zhike.handbook.compare import Comparison
from zhike.handbook.limits import NoLimit
from zhike.org.models import Assignment

CHUNK = 1000
EXAMPLES = 20
Json = dict[str, Any]


def impact(name: str, before: Book, after: Book, found: Comparison, now: dt.datetime) -> Json:
    """`{"cases": {...}, "judged": {...}, "deadlines": {...}, "roles": [...]}`; each part says its shape below."""
    return {
        "at": now.isoformat(),
        "cases": _cases(name),
        "judged": _judged(name, before, after, found),
        "deadlines": _deadlines(name, after, found, now),
        "roles": _roles(name, before, after),
    }


def _cases(name: str) -> Json:
    """`{"open": 12, "versions": [{"version_id", "version", "effective_from", "open"}]}`: they keep theirs."""
    rows = Case.objects.filter(handbook=name, status=Case.Status.OPEN).values_list(
        "handbook_version", "handbook_version__version", "handbook_version__effective_from"
    )
    counted = rows.annotate(n=Count("id")).order_by("handbook_version")
    versions = [
        {"version_id": number, "version": version, "effective_from": begins.isoformat(), "open": n}
        for number, version, begins, n in counted
    ]
    return {"open": sum(int(one["open"]) for one in versions), "versions": versions}


def _judged(name: str, before: Book, after: Book, found: Comparison) -> Json:
    """`{"cases": 3, "rows": [{"process", "stage", "open", "clauses", "actions", "gone"}]}`: where open cases stand that would
    be judged differently next. `gone`: the stage does not exist any more; `actions`: what is offered differs."""
    changed = {change.id for change in found.of("clauses")}
    rows = []
    groups = Case.objects.filter(handbook=name, status=Case.Status.OPEN).values_list("process", "stage")
    for process, stage, n in groups.annotate(n=Count("id")).order_by("process", "stage"):
        differs = _differs(before, after, process, stage, changed)
        if differs:
            rows.append({"process": process, "stage": stage, "open": n, **differs})
    return {"cases": sum(int(row["open"]) for row in rows), "rows": rows}


def _differs(before: Book, after: Book, process: str, stage: str, changed: set[str]) -> Json:
    """What would be judged differently at a stage; {} where nothing is."""
    was, now = _offered(before, process, stage), _offered(after, process, stage)
    if was is None:
        return {}
    clauses = {
        name for book, offered in ((before, was), (after, now or {})) for name in _speaking(book, process, offered)
    }
    told: Json = {
        "clauses": sorted(clauses & changed),
        "actions": sorted(set(was) ^ set(now or {})),
        "gone": now is None,
    }
    return told if any(told.values()) else {}


def _offered(book: Book, process: str, stage: str) -> dict[str, Any] | None:
    """The actions at a stage, None where the book has no such stage."""
    try:
        return {action.id: action for action in book.actions_from(process, stage)}
    except KeyError:
        return None


def _speaking(book: Book, process: str, actions: Iterable[str]) -> Iterator[str]:
    for action in actions:
        yield from clauses_of(book, process, action)


@dataclass
class Moved:
    """Running limits of one clause under the new version."""

    clause: str
    open: int = 0
    gone: int = 0
    sooner: int = 0
    later: int = 0
    passed: int = 0
    """Would be overdue at once."""
    minutes: list[float] = field(default_factory=list)

    def as_json(self) -> Json:
        ordered = sorted(self.minutes)
        return {
            "clause": self.clause, "open": self.open, "gone": self.gone, "sooner": self.sooner, "later": self.later,
            "passed": self.passed, "least": ordered[0] if ordered else 0, "most": ordered[-1] if ordered else 0,
            "median": ordered[len(ordered) // 2] if ordered else 0,
        }  # fmt: skip


def _deadlines(name: str, after: Book, found: Comparison, now: dt.datetime) -> Json:
    """`{"open", "moved", "gone", "rows": [{"clause", "open", "sooner", "later", "passed", "least", "most", "median"}],
    "examples": [{"clock", "case", "clause", "before", "after"}]}`, minutes by which running limits would move."""
    open_clocks = Clock.objects.filter(handbook=name, state__in=Clock.OPEN)
    rows: dict[str, Moved] = defaultdict(lambda: Moved(""))
    examples: list[Json] = []
    for clock in _of_clauses(name, _timed(found)):
        row = rows[clock.clause]
        row.clause, row.open = clock.clause, row.open + 1
        due = due_under(after, clock)
        if due is None:
            row.gone += 1
        elif due != clock.due_at:
            _count(row, clock, due, now)
            if len(examples) < EXAMPLES:
                examples.append(_example(clock, due))
    told = [row.as_json() for row in rows.values() if row.gone or row.minutes]
    return {
        "open": open_clocks.count(), "moved": sum(len(row.minutes) for row in rows.values()),
        "gone": sum(row.gone for row in rows.values()), "rows": sorted(told, key=lambda row: str(row["clause"])),
        "examples": examples,
    }  # fmt: skip


def _timed(found: Comparison) -> list[str] | None:
    """The clauses whose limits may differ; None for all: a calendar or a default changed."""
    if found.of("calendars") or found.of("others"):
        return None
    return [change.id for change in found.of("clauses")]


def _of_clauses(name: str, clauses: list[str] | None) -> Iterator[Clock]:
    """Open clocks in the order of their ids, read in chunks."""
    last = 0
    wanted = Clock.objects.filter(handbook=name, state__in=Clock.OPEN)
    wanted = wanted if clauses is None else wanted.filter(clause__in=clauses)
    while chunk := list(wanted.filter(pk__gt=last).order_by("id")[:CHUNK]):
        yield from chunk
        last = chunk[-1].pk


def _count(row: Moved, clock: Clock, due: dt.datetime, now: dt.datetime) -> None:
    minutes = (due - clock.due_at).total_seconds() / 60
    row.minutes.append(minutes)
    row.later += minutes > 0
    row.sooner += minutes < 0
    row.passed += due < now <= clock.due_at


def _example(clock: Clock, due: dt.datetime) -> Json:
    case = clock.subject_id if clock.subject_kind == "case" else None
    return {
        "clock": clock.pk, "case": case, "clause": clock.clause, "before": clock.due_at.isoformat(), "after": due.isoformat(),
    }  # fmt: skip


def due_under(book: Book, clock: Clock) -> dt.datetime | None:
    """When a running clock would be due if it had started under `book`; None where the clause is gone or limits nothing.

    Its start, its facts, its pauses and what was granted stay as they are.
    """
    clause = next((one for one in book.clauses() if one.id == clock.clause), None)
    if not isinstance(clause, Deadline | Duty):
        return None
    if clock.watches and clock.limit.get("until"):
        return clock.due_at
    try:
        planned = plan(book, clause, clock.started_at, clock.facts, clock.limit.get("calendar") or None)
    except (NoLimit, KeyError, ValueError):
        return clock.due_at
    if planned is None:
        return clock.due_at
    twin = copy.copy(clock)
    twin.limit = planned.limit
    return due_from_history(twin, calendar_of(book, planned.limit["calendar"]))


def _roles(name: str, before: Book, after: Book) -> list[Json]:
    """`[{"role", "title", "op", "holders", "gains", "loses"}]`: roles that come and go, and what they may take; with how many
    people hold them now."""
    rows = Assignment.objects.filter(handbook=name, staff__is_active=True).values_list("role", "staff_id").distinct()
    held = Counter(role for role, _ in rows)
    old, new = {role.id: role for role in before.handbook.roles}, {role.id: role for role in after.handbook.roles}
    was, now = _may_take(before), _may_take(after)
    told = []
    for role in dict.fromkeys([*old, *new]):
        op = "added" if role not in old else "removed" if role not in new else "changed"
        gains, loses = sorted(now[role] - was[role]), sorted(was[role] - now[role])
        moved = role in old and role in new and old[role].places != new[role].places
        if op != "changed" or gains or loses or moved:
            title = (new.get(role) or old[role]).title.model_dump()
            told.append(
                {
                    "role": role,
                    "title": title,
                    "op": op,
                    "holders": held[role],
                    "gains": gains,
                    "loses": loses,
                    "moved": moved,
                }
            )
    return told


def _may_take(book: Book) -> dict[str, set[str]]:
    """Role -> "process/action" for everything it may take."""
    found: dict[str, set[str]] = defaultdict(set)
    for process in book.handbook.processes:
        for action in process.actions:
            for role in action.by:
                found[role].add(f"{process.id}/{action.id}")
    return found
