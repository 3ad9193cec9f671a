"""Duties over a population: what is owed for each customer, colleague or department of a class, in every period.

A duty whose `for` names a population and which no event `starts` is one. Rooms that keep a population say who is in it
(`@keeps_population`). A job looks every ten minutes: who has joined the class (`where`) is owed the duty from then on, and who has left it
no longer. A deed on a case or in a conversation settles what is owed for its customer, for whom it is about, or for whoever took it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from zhike.duties.actions import Owe, end, fall_due, owe, settle
from zhike.duties.models import Obligation
from zhike.duties.periods import is_own_day
from zhike.handbook.book import Book
from zhike.handbook.clauses import Duty
from zhike.handbook.conditions import holds
from zhike.handbook.limits import as_date
from zhike.handbook.named import with_named
from zhike.org.handbooks import book_of, in_force
from zhike.org.principals import SYSTEM, role_key

Facts = dict[str, Any]
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Member:
    """One of a population. `person`: his own principal, "" for who holds nothing; `owner`: whose he is; `roles` he holds himself."""

    number: int
    name: str
    facts: Facts = field(default_factory=dict)
    person: str = ""
    owner: str = ""
    roles: frozenset[str] = frozenset()


Keeper = Callable[[Book, dt.datetime, Sequence[int] | None], Iterable[Member]]
"""(handbook, now, ids or None for all) -> those members."""

_keepers: dict[str, tuple[str, Keeper]] = {}
"""Population -> (kind of subject, who is in it)."""


def keeps_population(*names: str, kind: str) -> Callable[[Keeper], Keeper]:
    """Register who is in the populations `names`; obligations of their members have subjects of `kind`."""

    def register(keeper: Keeper) -> Keeper:
        _keepers.update(dict.fromkeys(names, (kind, keeper)))
        return keeper

    return register


def kinds() -> frozenset[str]:
    """The kinds of subject that are members of a population."""
    return frozenset(kind for kind, _ in _keepers.values())


def is_over_population(clause: Duty) -> bool:
    """Whether it is owed for everybody of a class rather than from an event on."""
    return clause.owed_for in _keepers and not clause.starts


def duties_over(book: Book) -> list[Duty]:
    return [clause for clause in book.clauses("duty") if isinstance(clause, Duty) and is_over_population(clause)]


def look_at_populations(now: dt.datetime) -> int:
    """Owe what is not owed yet to those in a class, end it for those who left; answers how many obligations are new. Done twice, once."""
    return sum(
        _look(version.pk, clause, now) for version in in_force(now) for clause in duties_over(book_of(version.pk))
    )


def _look(version_id: int, clause: Duty, now: dt.datetime) -> int:
    book, (kind, keeper) = book_of(version_id), _keepers[clause.owed_for]
    standing = Obligation.objects.filter(handbook=book.name, clause=clause.id, subject_kind=kind, state="owed")
    owed = set(standing.values_list("subject_id", flat=True))
    members = {member.number: member for member in keeper(book, now, None) if _is_in(book, clause, member)}
    for number in sorted(owed - members.keys()):
        with transaction.atomic():
            end((kind, number), [clause.id], at=now)
    fresh = [members[number] for number in sorted(members.keys() - owed)]
    return sum(_owe(version_id, clause, kind, fresh[n : n + CHUNK], now) for n in range(0, len(fresh), CHUNK))


def _is_in(book: Book, clause: Duty, member: Member) -> bool:
    """Whoever holds several roles is in the class where one of them is: `where: {role: writer}`."""
    asked = [member.facts, *({**member.facts, "role": role} for role in sorted(member.roles))]
    each = [with_named(book, dict(facts)) for facts in asked]
    if is_own_day(book, clause) and as_date(member.facts.get(clause.occasion or "")) is None:
        return False
    over = bool(clause.until) and any(holds(clause.until, facts) for facts in each)
    return not over and any(holds({**clause.where, **clause.when}, facts) for facts in each)


def _owe(version_id: int, clause: Duty, kind: str, members: Sequence[Member], now: dt.datetime) -> int:
    book = book_of(version_id)
    with transaction.atomic():
        return len(
            owe(
                [
                    Owe(
                        book=book, version_id=version_id, clause=clause, subject=(kind, member.number),
                        holders=holders_for(book, clause.holder, member), at=now, audience=audience_for(book, clause, member),
                        held_as=",".join(clause.holder), facts=member.facts,
                    )
                    for member in members
                ]
            )
        )  # fmt: skip


def holders_for(book: Book, roles: Iterable[str], member: Member) -> list[str]:
    """A role the member holds is he himself; `owner` whose he is, and he himself where nobody's."""
    found = []
    for role in roles:
        if role == SYSTEM:
            found.append(SYSTEM)
        elif role in member.roles and member.person:
            found.append(member.person)
        elif role == "owner":
            found.append(member.owner or member.person)
        else:
            found.append(role_key(book.name, role))
    return list(dict.fromkeys(holder for holder in found if holder))


def audience_for(book: Book, clause: Duty, member: Member) -> list[str]:
    """Who may hear of it: those who hold it and those they report to."""
    above = [role.reports_to for role in book.handbook.roles if role.id in clause.holder and role.reports_to]
    return sorted({*holders_for(book, clause.holder, member), *(role_key(book.name, name) for name in above)})


def member_of(book: Book, kind: str, number: int, now: dt.datetime) -> Member | None:
    """One member by the kind of his subject; None where nobody keeps him any more."""
    keeper = next((keeper for found, keeper in _keepers.values() if found == kind), None)
    return next(iter(keeper(book, now, [number])), None) if keeper else None


def names_of_members(book: Book, kind: str, numbers: Sequence[int], now: dt.datetime) -> dict[int, str]:
    """What these members are called; those nobody keeps any more are left out. One query."""
    keeper = next((keeper for found, keeper in _keepers.values() if found == kind), None)
    return {member.number: member.name for member in keeper(book, now, list(numbers))} if keeper and numbers else {}


def hear(
    book: Book, process: str | None, subjects: Iterable[tuple[str, int | None]], happened: Sequence[str], *, now: dt.datetime,
    by: str, facts: Callable[[], Facts],
) -> None:  # fmt: skip
    """Something happened that concerns these members: what it settles for them is met, what had to be done before it is missed.

    Of several members of one kind the first for whom a clause is owed counts: one deed settles one obligation of a clause.
    """
    over = {clause.id: _keepers[clause.owed_for][0] for clause in duties_over(book)}
    if not over:
        return
    concerned: dict[str, list[int]] = {}
    for kind, number in subjects:
        if number is not None:
            concerned.setdefault(kind, []).append(number)
    for event in happened:
        settled = [clause.id for clause in book.settled_by(process, event) if clause.id in over]
        due = any(clause.id in over for clause in book.listening_to("falls_due", process, event))
        for kind, numbers in concerned.items():
            named = [name for name in settled if over[name] == kind]
            for number, names in _shared_out(book, kind, numbers, named, now):
                settle((kind, number), book, event, at=now, by=by, facts=facts(), clauses=names)
            if due:
                fall_due((kind, numbers[0]), book, event, at=now, by=by)


def _shared_out(
    book: Book, kind: str, numbers: Sequence[int], clauses: Sequence[str], now: dt.datetime
) -> list[tuple[int, list[str]]]:
    """Whose obligations of these clauses are settled: each member with the clauses that are owed for nobody before him."""
    if not clauses:
        return []
    if len(numbers) == 1:
        return [(numbers[0], list(clauses))]
    rows = Obligation.objects.filter(handbook=book.name, clause__in=clauses, is_open=True, begins_at__lte=now)
    owed = set(rows.filter(subject_kind=kind, subject_id__in=numbers).values_list("subject_id", "clause"))
    shared: dict[int, list[str]] = {}
    for clause in clauses:
        first = next((number for number in numbers if (number, clause) in owed), numbers[0])
        shared.setdefault(first, []).append(clause)
    return list(shared.items())
