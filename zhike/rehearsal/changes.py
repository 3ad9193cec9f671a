"""A scenario may change the handbook for itself: another parameter, a calendar, a holiday. It plays on under a version of its own."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from zhike.duties.actions import release
from zhike.duties.models import Obligation
from zhike.duties.populations import kinds
from zhike.handbook.common import Scalar
from zhike.org.models import HandbookVersion
from zhike.org.principals import SYSTEM
from zhike.rehearsal import names
from zhike.rehearsal.vocabulary import StepFailed
from zhike.rehearsal.world import World


def with_parameter(world: World, name: str, value: str) -> None:
    """The same handbook with another value for a parameter. The value takes the type of the default."""
    definition = names.pick(name, world.book.handbook.parameters, "参数")
    _replace(world, parameters={**world.version.parameters, definition.id: _typed(definition.value, value)})


def with_calendar(world: World, name: str, weekly: dict[str, tuple[str, ...]]) -> None:
    """One more calendar, named by its title."""
    source = copy.deepcopy(world.version.source)
    listed = source.setdefault("calendars", [])
    known = next((c for c in listed if name in (c["id"], c["title"].get("zh"))), None)
    if known is not None:
        known["weekly"] = {days: list(windows) for days, windows in weekly.items()}
    else:
        weeks = {days: list(windows) for days, windows in weekly.items()}
        listed.append({"id": f"scenario_{len(listed)}", "title": {"zh": name}, "weekly": weeks})
    _replace(world, source=source)


def with_holiday(world: World, first: dt.date, last: dt.date, *, off: bool) -> None:
    """Days off, or make-up workdays, in every calendar of the handbook."""
    source = copy.deepcopy(world.version.source)
    days = [(first + dt.timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    calendars = source.get("calendars", [])
    if not calendars:
        raise StepFailed("这份制度没有日历，先写“日历「…」”一步")
    for calendar in calendars:
        calendar.setdefault("days_off" if off else "extra_workdays", []).extend(days)
    _replace(world, source=source)


def _replace(world: World, **changes: Any) -> None:
    """A new version row: a version never changes, not even in a scenario."""
    before = world.version
    world.version = HandbookVersion.objects.create(
        name=before.name, version=before.version, effective_from=before.effective_from, text=before.text,
        source=changes.get("source", before.source), parameters=changes.get("parameters", before.parameters),
        digest=f"scenario-{HandbookVersion.objects.count()}-{before.pk}"[:64],
    )  # fmt: skip
    _owe_anew(world, before)


def _owe_anew(world: World, before: HandbookVersion) -> None:
    """What is owed over a population runs from period to period under one version: it begins again under the new one."""
    rows = Obligation.objects.filter(version_id=before.pk, is_open=True, subject_kind__in=kinds())
    for subject in {row.subject for row in rows}:
        ended = release(subject, world.now, SYSTEM)
        Obligation.objects.filter(pk__in=[row.pk for row in ended]).delete()
    world.acted = True


def _typed(default: Scalar, value: str) -> Scalar:
    if isinstance(default, bool):
        return value in ("是", "true", "yes")
    try:
        return type(default)(value) if isinstance(default, int | float) else value
    except ValueError as error:
        raise StepFailed(f"参数的值“{value}”不是数字，现在的值是 {default}", word=value) from error
