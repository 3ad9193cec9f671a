"""Whom the router may choose for what waits in a queue: who answers it, what he is doing, what he has in hand, what he can do.

One query for the people and what they have, whatever their number. Of a large team only those are read who could take something now,
unless a rotation needs everybody in his place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from zhike.conversations.models import Presence
from zhike.handbook.book import Book
from zhike.handbook.clauses import Route
from zhike.handbook.common import Parameter, Text
from zhike.handbook.happenings import STATES
from zhike.handbook.routing import MOST_REASONS, Candidate
from zhike.handbook.structure import Queue
from zhike.journal.statements import array_of
from zhike.org.principals import staff_key
from zhike.org.rosters import on_shift

TEAM = """
WITH few AS (
    SELECT %(all)s OR count(*) <= %(few)s AS are_they FROM (
        SELECT DISTINCT staff_id FROM org_assignment
        WHERE handbook = %(handbook)s AND role = ANY(%(roles)s) LIMIT %(few)s + 1
    ) AS team
), looked_at AS (
    SELECT DISTINCT staff_id, 0::bigint AS free FROM org_assignment
    WHERE handbook = %(handbook)s AND role = ANY(%(roles)s) AND (SELECT are_they FROM few)
    UNION ALL
    (SELECT staff_id, count(*) OVER () FROM conversations_presence AS p
    WHERE state = 'ready' AND coalesce((in_hand ->> %(medium)s)::int, 0) < %(capacity)s AND NOT (SELECT are_they FROM few)
        AND EXISTS (SELECT FROM org_assignment AS held
            WHERE held.staff_id = p.staff_id AND held.handbook = %(handbook)s AND held.role = ANY(%(roles)s)){best})
)
SELECT s.id, s.name, s.username, p.state, p.since, p.idle_since, p.media, p.seat, coalesce((p.in_hand ->> %(medium)s)::int, 0),
    ARRAY(SELECT DISTINCT role FROM org_assignment AS held
        WHERE held.staff_id = s.id AND held.handbook = %(handbook)s AND held.role = ANY(%(roles)s) ORDER BY role),
    a.skills, a.area, p.missed, (SELECT max(free) FROM looked_at)
FROM org_staff AS s LEFT JOIN conversations_presence AS p ON p.staff_id = s.id
LEFT JOIN conversations_aptitude AS a ON a.staff_id = s.id AND a.handbook = %(handbook)s
WHERE s.is_active AND s.id = ANY(ARRAY(SELECT staff_id FROM looked_at)) ORDER BY s.id
"""
# Those who come first, and whoever comes as early as the last of them: nobody who was not read could come before one who was.
BEST = """
        AND (media = '{{}}' OR %(medium)s = ANY(media)) AND EXISTS (SELECT FROM org_staff WHERE id = p.staff_id AND is_active)
    ORDER BY {order} FETCH FIRST %(best)s ROWS WITH TIES"""
IN_ORDER = {
    "longest_idle": "CASE WHEN coalesce((in_hand ->> %(medium)s)::int, 0) > 0 THEN %(now)s ELSE coalesce(idle_since, since) END",
    "least_loaded": "coalesce((in_hand ->> %(medium)s)::int, 0)",
}
"""Strategies whose order the database knows as well: name -> what it sorts by, as `handbook.routing` ranks."""
TODAY = """
SELECT who, (SELECT count(*) FROM conversations_conversation WHERE owner_id = who AND accepted_at >= %s)
FROM unnest(%s::bigint[]) AS who
"""
IN_HAND = """
SELECT count(*) FROM conversations_conversation
WHERE medium = %(medium)s AND ((state IN ('offered', 'open') AND owner_id = %(who)s)
    OR (state = 'offered' AND offered_to_id = %(who)s AND owner_id IS DISTINCT FROM %(who)s))
"""

PRESENT = frozenset({"ready", "busy", "wrap_up", "not_ready"})
"""States of people who are there and will be free again."""
NOBODY_SITS = Text(zh="无人值机", en="nobody sits there")


@dataclass
class Team:
    """The candidates for one medium of one queue, as they stand; what the router gives them is noted here too."""

    candidates: list[Candidate]
    people: dict[str, int]
    """Candidate's key -> member of staff, where somebody is there."""
    present: dict[str, bool] = field(default_factory=dict)
    beyond: int = 0
    """How many more are free who were not read, because they come behind all of these."""

    def somebody_is_free(self) -> bool:
        return any(one.hindrance is None and one.in_hand < one.capacity for one in self.candidates)

    def give(self, key: str) -> None:
        """One more in his hand."""
        self._change(key, lambda one: replace(one, in_hand=one.in_hand + 1, today=one.today + 1, idle_since=None))

    def hinder(self, key: str, why: Text) -> None:
        self._change(key, lambda one: replace(one, hindrance=why))

    def unburdened(self) -> list[Candidate]:
        """Whoever is there, as though he had nothing to do: who could take it at some time."""
        return [
            replace(one, hindrance=None if self.present.get(one.key) else (one.hindrance or STATES["off"]), in_hand=0)
            for one in self.candidates
        ]

    def _change(self, key: str, how: Any) -> None:
        self.candidates = [how(one) if one.key == key else one for one in self.candidates]


def capacity_of(book: Book, queue: Queue, medium: str) -> int:
    """How many of a medium one agent has in hand at once."""
    value = queue.capacity.get(medium, 1)
    return int(str(book.parameter(value.param))) if isinstance(value, Parameter) else value


def team_of(
    book: Book, queue: Queue, clause: Route, medium: str, now: dt.datetime, *, everybody: bool = False, best: int = 0
) -> Team:
    """Who answers the queue, with what he has of this medium. One query; more where the clause counts the day's or asks for shifts.

    `best`: of a large team in which many are free no more than so many are needed, where the clause's order allows it.
    """
    capacity = capacity_of(book, queue, medium)
    values: dict[str, Any] = {
        "handbook": book.name, "roles": list(queue.answered_by), "medium": medium, "capacity": capacity, "few": MOST_REASONS,
        "best": best, "now": now,
        "all": everybody or bool(queue.seats) or "rotation" in (clause.strategy, *clause.then),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_sql(_order(clause) if best else ()), values)
        rows = cursor.fetchall()
    counted = rows and _asks(clause, "fewest_today", "today")
    today = _today(book, [row[0] for row in rows], now) if counted else {}
    working = on_shift(now, {row[0] for row in rows}) if "on_shift" in clause.qualified else None
    found = [_candidate(row, capacity, today.get(row[0], 0), medium, working) for row in rows]
    team = Team(
        found,
        {staff_key(row[0]): row[0] for row in rows},
        {staff_key(row[0]): row[3] in PRESENT for row in rows},
        max(0, rows[0][-1] - len(rows)) if rows and best else 0,
    )
    return _by_seats(queue, team, rows) if queue.seats and clause.over == "seats" else team


def _order(clause: Route) -> tuple[str, ...]:
    """What the free ones may be sorted by before they are read; nothing where it takes more to know who could have it."""
    chain = (clause.strategy or "", *clause.then)
    if clause.qualified or "skills" in chain:
        return ()
    known = next((place for place, name in enumerate(chain) if name not in IN_ORDER), len(chain))
    # Where everything is known, the order of the staff decides what is left.
    return (*(IN_ORDER[name] for name in chain[:known]), *(("staff_id",) if known == len(chain) else ()))


@cache
def _sql(order: tuple[str, ...]) -> str:
    return TEAM.format(best=BEST.format(order=", ".join(order)) if order else "")


def _asks(clause: Route, strategy: str, fact: str) -> bool:
    return strategy in (clause.strategy, *clause.then) or fact in clause.qualified


def _today(book: Book, people: list[int], now: dt.datetime) -> dict[int, int]:
    local = now.astimezone(ZoneInfo(book.handbook.zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(TODAY, [midnight, array_of(people)])
        return dict(cursor.fetchall())


def _candidate(
    row: tuple[Any, ...], capacity: int, today: int, medium: str, working: Collection[int] | None
) -> Candidate:
    number, name, username, state, since, idle_since, media, _, in_hand, roles, skills, area, missed, _ = row
    facts: dict[str, Any] = {
        "skills": skills or [],
        "area": area or "",
        "role": roles,
        "missed": missed or 0,
        "state": state or "off",
    }
    if working is not None:
        facts["on_shift"] = number in working
    return Candidate(
        key=staff_key(number), name=name, number=username, hindrance=_hindrance(state, media, medium), in_hand=in_hand,
        capacity=capacity, today=today, idle_since=None if in_hand else (idle_since or since), facts=facts,
    )  # fmt: skip


def _hindrance(state: str | None, media: list[str] | None, medium: str) -> Text | None:
    if state != Presence.State.READY:
        return STATES[state or "off"]
    if media and medium not in media:
        return Text(zh="没有开接这种渠道", en="does not take this medium now")
    return None


def _by_seats(queue: Queue, team: Team, rows: list[tuple[Any, ...]]) -> Team:
    """A rotation by places: the seat is the candidate, whoever sits there takes it."""
    sitting = {row[7]: one for row, one in zip(rows, team.candidates, strict=True) if row[7]}
    seats = [
        replace(sitting[seat], key=seat) if seat in sitting else Candidate(key=seat, name=seat, hindrance=NOBODY_SITS)
        for seat in queue.seats
    ]
    people = {seat: team.people[sitting[seat].key] for seat in queue.seats if seat in sitting}
    present = {seat: team.present[sitting[seat].key] for seat in queue.seats if seat in sitting}
    return Team(seats, people, present)


def has_room(staff_id: int, medium: str, capacity: int) -> bool:
    """Whether he may have one more, by the rows themselves. His presence is held: whoever else gives him something comes after."""
    with connection.cursor() as cursor:
        cursor.execute(IN_HAND, {"who": staff_id, "medium": medium})
        return bool(cursor.fetchone()[0] < capacity)
