"""Who is chosen among candidates, as a route clause that yields an agent says, and why. No rows, no clock: both are given.

A clause names a `strategy` and, in `then`, strategies that decide between equals. Each is a rank: the smaller goes first. Whoever is
not free, not qualified, or lacks the skill is looked at and passed, with the reason; he keeps no turn for later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zhike.handbook.clauses import Route
from zhike.handbook.common import Facts, Text
from zhike.handbook.conditions import failing
from zhike.handbook.picking import Priority

MOST_REASONS = 40
"""Candidates whose reasons are kept; of more only how many there were."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody, or a seat, that could take it."""

    key: str
    """"staff:5", or the name of a seat."""
    name: str = ""
    number: str = ""
    """His number in the house (工号); figures compare as figures."""
    hindrance: Text | None = None
    """Why he cannot take it now; None: he is free."""
    in_hand: int = 0
    """How many of this medium he has."""
    capacity: int = 1
    """How many of this medium he may have."""
    today: int = 0
    """How many he was given today."""
    idle_since: dt.datetime | None = None
    """Since when he has had nothing; None: he has something in hand."""
    facts: Facts = field(default_factory=dict)
    """`skills` (list), `area`, `role`: what `qualified` asks."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What waits for somebody."""

    now: dt.datetime
    facts: Facts = field(default_factory=dict)
    """`last_agent`, `customer.owner`, `named_person` (a key, a number, a name), `area`, the skill it needs."""
    passed_over: tuple[str, ...] = ()
    """Keys of candidates who let it go by, the first one first: asked again only when nobody else is left."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found of one candidate."""

    key: str
    free: bool
    why: Text
    rank: int | None = None
    """His place among those who could have it, from 1."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer: whom, in which order they were looked at and why, who was skipped, where the rotation stands now."""

    candidate: Candidate | None
    because: tuple[Look, ...]
    skipped: tuple[str, ...]
    pointer: str
    clause: str = ""
    strategy: str = ""


@dataclass(frozen=True, slots=True)
class _Round:
    """One question: everything a strategy may look at."""

    clause: Route
    candidates: Sequence[Candidate]
    contact: Contact
    pointer: str
    places: Mapping[str, int]


Rank = Callable[[_Round, Candidate], Any]
Say = Callable[[_Round, Candidate], Text | None]


def choose(
    clause: Route, candidates: Sequence[Candidate], contact: Contact, pointer: str = "", *, beyond: int = 0
) -> Choice:
    """Whom the clause chooses. `pointer` is the key chosen last, "" at the very beginning; it moves only when somebody is chosen.

    `candidates` come in the order of the seats, or of the staff. A clause without a strategy, or with `manual`, chooses nobody: it
    waits until somebody takes it. `beyond`: how many more are free whom the caller has not brought, all of them behind these.
    """
    strategy = clause.strategy or "manual"
    if strategy == "manual":
        words = Text(zh="按条款由人自己接，不自动分配", en="The clause leaves it to people to take it")
        return Choice(None, (Look("", False, words),), (), pointer, clause.id, strategy)
    asked = _Round(clause, candidates, contact, pointer, _turns(candidates, pointer))
    hindered = {one.key: _hindrance(asked, one) for one in candidates}
    free = sorted((one for one in candidates if hindered[one.key] is None), key=lambda one: _rank(asked, one))
    chosen = _first_allowed(asked, free)
    order = _looked_at(asked, free, chosen)
    skipped = tuple(one.key for one in order if hindered[one.key] is not None) if strategy == "rotation" else ()
    kept = _explained(asked, order, hindered, {one.key: place for place, one in enumerate(free, 1)}, beyond)
    return Choice(chosen, kept, skipped, chosen.key if chosen else pointer, clause.id, strategy)


def weight_of(clause: Route, facts: Facts) -> tuple[int, float]:
    """(priority, points a waiting minute adds) of a contact among those who wait, by the clause's `options.priority`."""
    said = clause.options.priority or Priority()
    value = facts.get(said.by) if said.by else None
    return said.table.get(str(value), said.other), said.per_minute


def _turns(candidates: Sequence[Candidate], pointer: str) -> dict[str, int]:
    """How far each stands behind the one chosen last: the next is 0, he himself comes last."""
    keys = [one.key for one in candidates]
    after = keys.index(pointer) + 1 if pointer in keys else 0
    return {key: (place - after) % len(keys) for place, key in enumerate(keys)}


def _hindrance(asked: _Round, one: Candidate) -> Text | None:
    """Why he cannot have this one now: his own state first, then what the clause asks of him."""
    if one.hindrance is not None:
        return one.hindrance
    if one.in_hand >= one.capacity:
        return Text(
            zh=f"在手 {one.in_hand}/{one.capacity}，已满", en=f"has {one.in_hand} of {one.capacity} in hand: full"
        )
    if missing := failing(asked.clause.qualified, {**asked.contact.facts, **_facts_of(one)}):
        names = ", ".join(missing)
        return Text(zh=f"不符合条件：{names}", en=f"not qualified: {names}")
    if "skills" in _chain(asked.clause) and _level(asked, one) is None:
        return Text(zh=f"没有所需技能：{_needed(asked)}", en=f"lacks the skill: {_needed(asked)}")
    return None


def _facts_of(one: Candidate) -> dict[str, Any]:
    return {"in_hand": one.in_hand, "capacity": one.capacity, "today": one.today, **one.facts}


def _chain(clause: Route) -> tuple[str, ...]:
    return (clause.strategy or "manual", *clause.then)


def _rank(asked: _Round, one: Candidate) -> tuple[Any, ...]:
    passed = asked.contact.passed_over
    again = passed.index(one.key) + 1 if one.key in passed else 0
    ranks = (STRATEGIES[name][0](asked, one) for name in _chain(asked.clause) if name in STRATEGIES)
    return (again, *ranks, asked.places[one.key])


def _first_allowed(asked: _Round, free: Sequence[Candidate]) -> Candidate | None:
    """The first of those who could; with `options.only` nobody but the person meant."""
    if not free:
        return None
    first = free[0]
    if asked.clause.options.only and asked.clause.strategy in PERSONAL and not _is_meant(asked, first):
        return None
    return first


def _looked_at(asked: _Round, free: Sequence[Candidate], chosen: Candidate | None) -> list[Candidate]:
    """Everybody who was looked at, in that order."""
    ranks = {one.key: place for place, one in enumerate(free, 1)}
    order = list(asked.candidates)
    if asked.clause.strategy == "rotation":
        order.sort(key=lambda one: asked.places[one.key])
        if chosen is not None and not asked.contact.passed_over:
            order = order[: order.index(chosen) + 1]
    else:
        order.sort(key=lambda one: ranks.get(one.key, len(ranks) + 1))
    return order


def _look(asked: _Round, one: Candidate, hindrance: Text | None, rank: int | None) -> Look:
    if hindrance is not None:
        return Look(one.key, False, hindrance)
    said = [STRATEGIES[name][1](asked, one) for name in _chain(asked.clause) if name in STRATEGIES]
    words = [text for text in said if text is not None]
    if one.key in asked.contact.passed_over:
        words.insert(0, Text(zh="已放过一次", en="let it go by once"))
    return Look(
        one.key,
        True,
        Text(zh="，".join(t.zh for t in words) or "空闲", en=", ".join(t.say("en") for t in words) or "free"),
        rank,
    )


def _explained(
    asked: _Round,
    order: Sequence[Candidate],
    hindered: Mapping[str, Text | None],
    ranks: Mapping[str, int],
    beyond: int,
) -> tuple[Look, ...]:
    """Why, of the first so many; how many more there were."""
    looks = [_look(asked, one, hindered[one.key], ranks.get(one.key)) for one in order[:MOST_REASONS]]
    rest = order[MOST_REASONS:]
    more, free = len(rest) + beyond, sum(hindered[one.key] is None for one in rest) + beyond
    if more:
        words = Text(zh=f"另有 {more} 人，其中 {free} 人空闲", en=f"{more} more, {free} of them free")
        looks.append(Look("", False, words))
    return tuple(looks)


# Who is meant: the one who served him last, the customer's owner, the one asked for by name.

PERSONAL = {"last_agent": "last_agent", "owner": "customer.owner", "named": "named_person"}
"""Strategies that mean one person -> the fact that names him, where the clause names no other in `to_fact`."""


def _is_meant(asked: _Round, one: Candidate, strategy: str = "") -> bool:
    fact = asked.clause.to_fact or PERSONAL[strategy or str(asked.clause.strategy)]
    meant = asked.contact.facts.get(fact)
    return meant is not None and str(meant) in {one.key, one.key.partition(":")[2], one.number, one.name} - {""}


def _meant(strategy: str, zh: str, en: str) -> tuple[Rank, Say]:
    def rank(asked: _Round, one: Candidate) -> int:
        return 0 if _is_meant(asked, one, strategy) else 1

    def say(asked: _Round, one: Candidate) -> Text | None:
        return Text(zh=zh, en=en) if _is_meant(asked, one, strategy) else None

    return rank, say


# Skills: what the contact needs, and what will do when nobody free has it.


def _wanted(asked: _Round) -> tuple[str, ...]:
    value = asked.contact.facts.get(asked.clause.options.need)
    return () if value is None else tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _needed(asked: _Round) -> str:
    return ", ".join(_wanted(asked))


def _level(asked: _Round, one: Candidate) -> int | None:
    """0: he has every skill; 1, 2, ...: one of the groups that will do instead, in the order of `options.overflow`; None: neither."""
    has = set(map(str, one.facts.get("skills") or ()))
    if set(_wanted(asked)) <= has:
        return 0
    return next((place for place, skill in enumerate(asked.clause.options.overflow, 1) if skill in has), None)


def _say_skills(asked: _Round, one: Candidate) -> Text | None:
    level = _level(asked, one)
    if not level:
        return Text(zh=f"具备 {_needed(asked)}", en=f"has {_needed(asked)}") if _needed(asked) else None
    skill = asked.clause.options.overflow[level - 1]
    return Text(zh=f"以 {skill} 顶替", en=f"stands in with {skill}")


# The rest.


def _idle(asked: _Round, one: Candidate) -> float:
    return -(asked.contact.now - one.idle_since).total_seconds() if one.idle_since else 0.0


def _say_idle(asked: _Round, one: Candidate) -> Text:
    if one.idle_since is None:
        return Text(zh="手上有件", en="has something in hand")
    seconds = max(0, int((asked.contact.now - one.idle_since).total_seconds()))
    return Text(zh=f"空闲 {seconds} 秒", en=f"idle for {seconds} s")


def _say_turn(asked: _Round, one: Candidate) -> Text:
    if not asked.pointer:
        return Text(zh="从头轮起", en="the rotation begins")
    names = {each.key: each.name or each.key for each in asked.candidates}
    last = names.get(asked.pointer, asked.pointer)
    steps = asked.places[one.key] + 1
    return Text(zh=f"上次分到 {last}，往后第 {steps} 个", en=f"number {steps} after {last}, who had the last one")


def _number(_asked: _Round, one: Candidate) -> tuple[int, str]:
    return (int(one.number), "") if one.number.isdigit() else (10**12, one.number)


def _distance(asked: _Round, one: Candidate) -> int:
    """How many leading characters of the area codes do not agree: 440305 and 440306 are one apart, 0 is the same place."""
    there, here = str(asked.contact.facts.get("area") or ""), str(one.facts.get("area") or "")
    same = next((n for n, (a, b) in enumerate(zip(there, here, strict=False)) if a != b), min(len(there), len(here)))
    return max(len(there), len(here)) - same


STRATEGIES: dict[str, tuple[Rank, Say]] = {
    "rotation": (lambda asked, one: asked.places[one.key], _say_turn),
    "longest_idle": (_idle, _say_idle),
    "least_loaded": (
        lambda _, one: one.in_hand / max(1, one.capacity),
        lambda _, one: Text(zh=f"在手 {one.in_hand}/{one.capacity}", en=f"{one.in_hand} of {one.capacity} in hand"),
    ),
    "fewest_today": (
        lambda _, one: one.today,
        lambda _, one: Text(zh=f"今日已接 {one.today} 件", en=f"{one.today} today"),
    ),
    "lowest_number": (_number, lambda _, one: Text(zh=f"工号 {one.number}", en=f"number {one.number}")),
    "skills": (lambda asked, one: _level(asked, one) or 0, _say_skills),
    "nearest": (
        _distance,
        lambda _, one: Text(zh=f"地区 {one.facts.get('area') or '—'}", en=f"area {one.facts.get('area') or '—'}"),
    ),
    "last_agent": _meant("last_agent", "上次接待过这位顾客", "served this customer last"),
    "owner": _meant("owner", "这位顾客的归属人", "the customer's owner"),
    "named": _meant("named", "顾客点名要他", "asked for by name"),
}
"""Name -> (rank, what is said of it). `priority` orders those who wait, not those who serve: among these `then` decides."""
