"""What a person holds: rooms above register how they find it and how they pass it on.

    register_holding("case", CASES, rank=10, find=cases_of, give=give_cases)

Who leaves hands everything over in one transaction: `find` is asked again in it, so nothing that arrived meanwhile is
left behind. What a role holds is not here: whoever has the role holds it, and nobody needs to succeed him.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from zhike.handbook.common import Text
from zhike.org.models import Staff

Subject = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing somebody holds."""

    kind: str
    id: int
    words: Text
    """What it is, in one line."""
    principal: str = ""
    """Whom a successor must answer to, e.g. a role in a department; "" where anybody will do."""
    ends: bool = False
    """It goes to nobody: it ends with the person, as a token does."""
    becomes: Text | None = None
    """What comes of it then, where it does not simply end."""
    optional: bool = False
    """It goes to the one successor for all where there is one, else it stays as it is."""
    subject: Subject | None = None
    """What it is about; a room below leaves out what is about the same, because it moves along."""

    @property
    def key(self) -> str:
        """ "case:7": how a form and a refusal name it."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Handover:
    """What is handed over by whom, and when."""

    leaver: Staff
    given: Mapping[str, Staff]
    """{key of the holding: who takes it}; what ends, and what nobody takes, is not in it."""
    by: str
    now: dt.datetime


Find = Callable[[int, Collection[Subject], dt.datetime], Iterable[Holding]]
"""(number of the person, subjects rooms above have already named, now) -> what he holds."""
Give = Callable[[Sequence[Holding], Handover], None]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    title: Text
    rank: int
    find: Find
    give: Give


_kinds: dict[str, Kind] = {}


def register_holding(name: str, title: Text, *, rank: int, find: Find, give: Give) -> None:
    """Say what of this kind somebody holds. Ranks rise from rooms above to rooms below; the last registered counts."""
    _kinds[name] = Kind(name, title, rank, find, give)


def kinds() -> list[Kind]:
    return sorted(_kinds.values(), key=lambda kind: kind.rank)


def holdings_of(staff: Staff, now: dt.datetime) -> dict[str, list[Holding]]:
    """{kind: what of it this person holds}, kinds in order, none left out."""
    covered: set[Subject] = set()
    found: dict[str, list[Holding]] = {}
    for kind in kinds():
        found[kind.name] = list(kind.find(staff.pk, covered, now))
        covered.update(each.subject for each in found[kind.name] if each.subject is not None)
    return found


def give_all(held: Mapping[str, Sequence[Holding]], handover: Handover) -> None:
    """Let each room pass on what is its own, in order."""
    for kind in kinds():
        rows = held.get(kind.name, ())
        if rows:
            kind.give(rows, handover)
