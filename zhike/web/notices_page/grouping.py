"""Unread notices as somebody works them off: one block for each matter, what is due next first, what repeats itself in one line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.urls import reverse

from zhike.cases.access import visible_cases
from zhike.clocks.queries import soonest
from zhike.conversations.access import visible_conversations
from zhike.notices.models import Notice
from zhike.org.principals import Viewer

Subject = tuple[str, int]
NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(slots=True)
class Repeated:
    """What one clause says about one matter again and again: the newest, and the earlier ones, newest first."""

    newest: Notice
    earlier: list[Notice] = field(default_factory=list)


@dataclass(slots=True)
class Matter:
    """What the reader is told about one case or conversation; without a number, about everything else."""

    number: str
    url: str
    subject: str
    """ "case:7" to mark it read by itself; "" for the rest."""
    due_at: dt.datetime | None
    lines: list[Repeated]
    upto: int = 0

    @property
    def count(self) -> int:
        return sum(1 + len(line.earlier) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Named:
    """How cases and conversations of notices are called, where they are and when something is next due there; those out of sight are
    missing.
    """

    numbers: Mapping[Subject, str]
    due: Mapping[Subject, dt.datetime | None]

    def url(self, subject: Subject) -> str:
        number = self.numbers.get(subject)
        route = {"case": "case_page:show", "conversation": "workbench:one"}.get(subject[0])
        return reverse(route, args=[number]) if number and route else ""


def named(viewer: Viewer, notices: Sequence[Notice], *, with_due: bool = False) -> Named:
    """Two queries at most, with what is due four."""
    numbers: dict[Subject, str] = {}
    due: dict[Subject, dt.datetime | None] = {}
    for kind, visible in (("case", visible_cases), ("conversation", visible_conversations)):
        ids = {notice.subject_id for notice in notices if notice.subject_kind == kind}
        found = dict(visible(viewer).filter(pk__in=ids).values_list("pk", "number")) if ids else {}
        numbers |= {(kind, pk): number for pk, number in found.items()}
        if with_due and found:
            due |= {(kind, pk): at for pk, at in soonest(kind, list(found)).items()}
    return Named(numbers, due)


def matters_of(viewer: Viewer, notices: Sequence[Notice]) -> list[Matter]:
    """`notices` newest first. What is due soonest comes first, then what was told first; what belongs to no matter comes last."""
    known = named(viewer, notices, with_due=True)
    found: dict[Subject, Matter] = {}
    rest = Matter("", "", "", None, [])
    for notice in notices:
        about = (notice.subject_kind, notice.subject_id)
        if about in known.numbers:
            matter = found.setdefault(
                about,
                Matter(known.numbers[about], known.url(about), f"{about[0]}:{about[1]}", known.due.get(about), []),
            )
            _add(matter, notice)
        else:
            rest.lines.append(Repeated(notice))
    told = sorted(found.values(), key=lambda matter: matter.lines[-1].newest.pk)
    told.sort(key=lambda matter: matter.due_at or NEVER)
    return [*told, rest] if rest.lines else told


def _add(matter: Matter, notice: Notice) -> None:
    matter.upto = max(matter.upto, notice.pk)
    for line in matter.lines:
        if notice.clause and (notice.kind, notice.clause) == (line.newest.kind, line.newest.clause):
            line.earlier.append(notice)
            return
    matter.lines.append(Repeated(notice))
