"""People in order of a figure: places, what decides between equals, and who may see whose.

The same for every reader: the caller gives the figures of everybody, and shows of the result what `sight_of` allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from zhike.handbook.clauses import Measure
from zhike.handbook.terms import Ranking

DECIDED = "decided"
STAFF = "staff"
Figures = Mapping[str, float | None]
"""Figures of one person by the names of their measures."""
Sight = Literal["all", "places", "own", "none"]


@dataclass(frozen=True, slots=True)
class Place:
    """Who stands where. People on one place share it, or wait for somebody to put them in order."""

    place: int
    people: tuple[str, ...]
    is_open: bool = False

    @property
    def last(self) -> int:
        """The last of the places these people take up."""
        return self.place + len(self.people) - 1


def ranked(
    clause: Measure,
    people: Mapping[str, Figures],
    better: Mapping[str, str] | None = None,
    decided: Sequence[Sequence[str]] = (),
) -> list[Place]:
    """The places from the best. `people`: figures of the clause's own measure and of those that break ties; who has none of its own
    has no place. `better`: "high" or "low" for each measure. `decided`: orders that a person set, each for one group of equals.
    """
    rank = clause.rank or Ranking(among=(STAFF,))
    names = [clause.name, *(name for name in rank.ties if name != DECIDED)]
    sense = {clause.name: clause.better, **(better or {})}
    key = _key_by(names, sense)
    there = sorted(
        (one for one in people if people[one].get(clause.name) is not None), key=lambda one: (key(people[one]), one)
    )
    orders = {frozenset(order): tuple(order) for order in decided}
    places: list[Place] = []
    for _, equals in groupby(there, key=lambda one: key(people[one])):
        places += _places_of(tuple(equals), 1 + sum(len(each.people) for each in places), rank, orders)
    return places


def _key_by(names: Sequence[str], better: Mapping[str, str]) -> Callable[[Figures], tuple[tuple[bool, float], ...]]:
    """How people compare: each figure in its own sense, a missing one behind all others."""

    def key(figures: Figures) -> tuple[tuple[bool, float], ...]:
        values = [(figures.get(name), 1 if better.get(name) == "low" else -1) for name in names]
        return tuple((value is None, round(sign * value, 9) if value is not None else 0.0) for value, sign in values)

    return key


def _places_of(
    equals: tuple[str, ...], first: int, rank: Ranking, orders: Mapping[frozenset[str], tuple[str, ...]]
) -> list[Place]:
    order = orders.get(frozenset(equals))
    if len(equals) == 1 or rank.share_place:
        return [Place(first, equals)]
    if order is not None:
        return [Place(first + n, (person,)) for n, person in enumerate(order)]
    return [Place(first, equals, is_open=True)]


def is_too_small(clause: Measure, places: Sequence[Place]) -> bool:
    """Whether so few are in order that nothing follows from their places."""
    return clause.rank is not None and sum(len(each.people) for each in places) < clause.rank.smallest_group


def sight_of(clause: Measure, *, holds: Callable[[str], bool], is_member: bool) -> Sight:
    """What somebody sees of a ranking. `holds`: whether he holds that role."""
    if clause.rank is None:
        return "none"
    if any(holds(role) for role in (*clause.rank.seen_by, *clause.rank.decided_by)):
        return "all"
    return clause.rank.members_see if is_member else "none"
