"""Who gets what waits: queues are drained whenever somebody could take something, each choice explained and kept.

One claim is one transaction: the queue's lock, a look at who is there, the choice, a second look at the chosen one with his presence
held, the offer. Two drains at once give nothing twice and nobody more than his capacity; what dies in the middle has not happened.
A lost moment is found by the worker, which drains whatever waits at every turn (`look_after`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from zhike.conversations.access import queue_of
from zhike.conversations.candidates import Team, capacity_of, has_room, team_of
from zhike.conversations.facts import facts_of
from zhike.conversations.handing import offer_held
from zhike.conversations.hands import keep_hands
from zhike.conversations.models import Choice, Conversation, Presence, Turn
from zhike.conversations.saving import remember
from zhike.conversations.written import JOINED, book_for, locked
from zhike.handbook import routing
from zhike.handbook.book import Book
from zhike.handbook.calendars import due_at
from zhike.handbook.clauses import Route
from zhike.handbook.common import Duration, Parameter, Text, parse_duration
from zhike.handbook.decide import decide
from zhike.handbook.decision import Undecided
from zhike.handbook.happenings import STATES
from zhike.handbook.routing import MOST_REASONS
from zhike.handbook.structure import Queue
from zhike.journal import statements
from zhike.journal.ledger import Use, write_uses
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM

State = Conversation.State
AT_FIRST, AT_ONCE = 2, 50
"""Of those who wait so many are read at once: mostly the first one is given."""
LAST_AGENT = dt.timedelta(days=7)
"""How far back the one who served a customer last is remembered."""

# What follows in the transaction is asked the same way every time: to plan it anew took longer than to carry it out.
LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('queue/' || %s || '/' || %s, 0)), set_config('plan_cache_mode', 'force_generic_plan', true)
"""
# A loose walk along the index of those who wait: one step a queue, however many wait in it.
QUEUES = """
WITH RECURSIVE each (handbook, queue) AS (
    (SELECT handbook, queue FROM conversations_conversation WHERE state = 'waiting' ORDER BY handbook, queue LIMIT 1)
    UNION ALL
    SELECT next.* FROM each, LATERAL (
        SELECT handbook, queue FROM conversations_conversation
        WHERE state = 'waiting' AND (handbook, queue) > (each.handbook, each.queue) ORDER BY handbook, queue LIMIT 1
    ) AS next
)
SELECT handbook, queue FROM each
"""
# The first of each priority; with points for waiting the order among them is the caller's. OFFSET 0 keeps the order of the index: with
# nothing known of the lists, all who wait would be sorted to leave out a few.
FIRST = """
WHERE conversations_conversation.id = ANY(ARRAY(WITH RECURSIVE level (priority) AS (
    (SELECT priority FROM conversations_conversation
     WHERE state = 'waiting' AND handbook = %(handbook)s AND queue = %(queue)s ORDER BY priority DESC LIMIT 1)
    UNION ALL
    SELECT next.priority FROM level, LATERAL (
        SELECT priority FROM conversations_conversation
        WHERE state = 'waiting' AND handbook = %(handbook)s AND queue = %(queue)s AND priority < level.priority
        ORDER BY priority DESC LIMIT 1
    ) AS next
)
SELECT first.id FROM level, LATERAL (
    SELECT id FROM (
        SELECT id, waiting_since, medium, version_id FROM conversations_conversation
        WHERE state = 'waiting' AND handbook = %(handbook)s AND queue = %(queue)s AND priority = level.priority
        ORDER BY waiting_since, id OFFSET 0
    ) AS in_order
    WHERE NOT id = ANY(%(seen)s::bigint[]) AND NOT medium = ANY(%(full)s::varchar[]) AND NOT version_id = ANY(%(silent)s::bigint[])
    ORDER BY waiting_since, id LIMIT %(limit)s
) AS first))
"""
STAMP = "conversations_conversation.xmin::text"
"""Another one as soon as anything of the row is changed."""
HOLD = """
SELECT c.xmin::text, p.state FROM conversations_conversation AS c JOIN conversations_presence AS p ON p.staff_id = %s
WHERE c.id = %s FOR NO KEY UPDATE OF c FOR NO KEY UPDATE OF p
"""
MOVE = """
INSERT INTO conversations_turn (handbook, name, last, moved_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (handbook, name) DO UPDATE SET last = excluded.last, moved_at = excluded.moved_at
"""
LAST = """
SELECT DISTINCT ON (customer_id) customer_id, owner_id FROM conversations_conversation
WHERE customer_id = ANY(%s) AND owner_id IS NOT NULL AND opened_at >= %s ORDER BY customer_id, opened_at DESC
"""


def route_waiting(now: dt.datetime) -> int:
    """Drain every queue in which something waits. Answers how many were given to somebody."""
    return sum(drain(handbook, queue, now) for handbook, queue in waiting_queues())


def waiting_queues() -> list[tuple[str, str]]:
    """(handbook, queue) of everything that waits. One query."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUES)
        return [(handbook, queue) for handbook, queue in cursor.fetchall()]


def drain(handbook: str, queue: str, now: dt.datetime) -> int:
    """Give what waits in a queue to whoever is free, one claim a transaction, until nobody can take anything more of it."""
    given = 0
    while claim(handbook, queue, now):
        given += 1
    return given


def claim(handbook: str, queue: str, now: dt.datetime) -> bool:
    """Give one of those who wait to somebody; False where nobody can take any of them."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [handbook, queue])
        teams = Teams(now)
        return any(_give(conversation, teams, now) for conversation in in_order(handbook, queue, teams, now))


@dataclass
class Teams:
    """The candidates of one look, read once a handbook version and medium."""

    now: dt.datetime
    found: dict[tuple[str, int, str], Team] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    """Customer -> who served him last, of those read so far."""
    media: set[str] = field(default_factory=set)
    """What waits in the queue, as its handbook says."""
    silent: set[int] = field(default_factory=set)
    """Handbook versions that choose nobody: what waits under them waits until somebody takes it."""

    def of(self, conversation: Conversation, book: Book, queue: Queue, clause: Route) -> Team:
        key = (clause.id, conversation.version_id, conversation.medium)
        self.media |= {*queue.media, conversation.medium}
        if key not in self.found:
            self.found[key] = team_of(book, queue, clause, conversation.medium, self.now, best=MOST_REASONS)
        return self.found[key]

    def whole(self, conversation: Conversation, book: Book, queue: Queue, clause: Route) -> Team:
        """None of the first could have it: everybody who is free."""
        key = (clause.id, conversation.version_id, conversation.medium)
        self.found[key] = team_of(book, queue, clause, conversation.medium, self.now)
        return self.found[key]

    def full_media(self) -> set[str]:
        """The media in which nobody can take any more."""
        free = {medium for (_, _, medium), team in self.found.items() if team.somebody_is_free()}
        return {medium for _, _, medium in self.found} - free

    def nobody_left(self) -> bool:
        """Whether nobody can take anything of the queue: no use in looking at more of those who wait."""
        return bool(self.media) and self.media <= self.full_media()


def in_order(handbook: str, queue: str, teams: Teams, now: dt.datetime) -> Iterator[Conversation]:
    """Those who wait, the one whose turn it is first, for as long as somebody is free."""
    seen: list[int] = []
    while not teams.nobody_left():
        rows = _next(handbook, queue, seen, teams, now)
        if not rows:
            return
        seen += [row.pk for row in rows]
        _note_last_agents(rows, teams)
        for row in rows:
            if row.medium not in teams.full_media():
                yield row


def _next(handbook: str, queue: str, seen: Sequence[int], teams: Teams, now: dt.datetime) -> list[Conversation]:
    most = AT_ONCE if seen else AT_FIRST
    values: dict[str, Any] = {
        "handbook": handbook, "queue": queue, "seen": statements.array_of(seen), "limit": most,
        "full": statements.array_of(sorted(teams.full_media())),
    }  # fmt: skip
    rows = _waiting(values, teams)
    if not rows:
        return []
    rows.sort(key=lambda row: (row.waiting_since, row.pk))
    each = _points_a_minute(book_for(min(rows, key=lambda row: -row.priority)))
    rows.sort(key=lambda row: -(row.priority + each * (now - (row.waiting_since or now)).total_seconds() / 60))
    return rows[:most]


def _waiting(values: dict[str, Any], teams: Teams) -> list[Conversation]:
    """The first of them, without those nobody is ever chosen for: however many they are, they are not gone through."""
    while True:
        given = values | {"silent": statements.array_of(sorted(teams.silent))}
        rows = statements.rows(Conversation, FIRST, given, joined=JOINED, also=(("stamp", STAMP),))
        silent = {row.version_id for row in rows if not _chooses(book_for(row))}
        if not silent:
            return rows
        teams.silent |= silent


def _chooses(book: Book) -> bool:
    """Whether any clause gives what waits to somebody."""
    asked = book.speaking_of("route", None, "conversation.queued")
    return any(
        isinstance(each, Route) and each.yields == "agent" and each.strategy not in (None, "manual") for each in asked
    )


def _points_a_minute(book: Book) -> float:
    """What a minute of waiting is worth in this queue, by the handbook of its first one."""
    asked = book.speaking_of("route", None, "conversation.queued")
    clauses = [clause for clause in asked if isinstance(clause, Route) and clause.yields == "agent"]
    return max((routing.weight_of(clause, {})[1] for clause in clauses), default=0.0)


def _note_last_agents(rows: Sequence[Conversation], teams: Teams) -> None:
    """Who served these customers last; asked only where a clause wants to know. One query."""
    wanted = {row.customer_id for row in rows if row.customer_id and _remembers(row)} - teams.last.keys()
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(LAST, [sorted(wanted), teams.now - LAST_AGENT])
        teams.last.update(cursor.fetchall())


def _remembers(conversation: Conversation) -> bool:
    clauses = book_for(conversation).speaking_of("route", None, "conversation.queued")
    return any(isinstance(c, Route) and "last_agent" in (c.strategy, *c.then) for c in clauses)


def clause_for(conversation: Conversation, book: Book, now: dt.datetime) -> Route | None:
    """The clause that says who is chosen for it; None: it waits until somebody takes it."""
    try:
        facts = facts_of(conversation, book, now)
        decision = decide(book, "route", facts, on="conversation.queued", yields="agent")
    except Undecided:
        return None
    clause = book.clause(decision.clause_id) if decision is not None else None
    return clause if isinstance(clause, Route) else None


def _give(conversation: Conversation, teams: Teams, now: dt.datetime) -> bool:
    """Offer it to whom the clause chooses; False where that is nobody."""
    book = book_for(conversation)
    queue, clause = queue_of(book, conversation.queue), clause_for(conversation, book, now)
    if queue is None or clause is None or clause.strategy in (None, "manual"):
        return False
    team = teams.of(conversation, book, queue, clause)
    contact = contact_of(conversation, book, teams, now)
    pointer = _pointer(conversation, clause)
    while True:
        choice = routing.choose(clause, team.candidates, contact, pointer, beyond=team.beyond)
        if team.beyond and (choice.candidate is None or choice.candidate.key in contact.passed_over):
            team = teams.whole(conversation, book, queue, clause)
            continue
        if choice.candidate is None:
            return False
        staff_id = team.people[choice.candidate.key]
        held, state = _hold(conversation, staff_id)
        if held is None:
            return False
        capacity = capacity_of(book, queue, conversation.medium)
        if state == Presence.State.READY and has_room(staff_id, conversation.medium, capacity):
            _offer(held, staff_id, choice, clause, queue, book, now)
            return True
        keep_hands([staff_id], now)  # what was kept of him has changed since, or was wrong
        team.hinder(choice.candidate.key, STATES["busy"])


def _hold(conversation: Conversation, staff_id: int) -> tuple[Conversation | None, str]:
    """Its row and then his presence, held until the transaction ends; None where it is no longer there to be given. (row, his state)"""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [staff_id, conversation.pk])
        stamp, state = cursor.fetchone() or ("", "")
    if stamp == conversation.__dict__["stamp"]:
        remember(conversation)
        return conversation, state
    held = locked(conversation.pk)
    return (held if (held.state, held.queue) == (State.WAITING, conversation.queue) else None), state


def contact_of(conversation: Conversation, book: Book, teams: Teams, now: dt.datetime) -> routing.Contact:
    facts = facts_of(conversation, book, now)
    facts.setdefault("last_agent", teams.last.get(conversation.customer_id or 0))
    return routing.Contact(now, facts, tuple(f"staff:{number}" for number in conversation.passed_over))


def _pointer(conversation: Conversation, clause: Route) -> str:
    if "rotation" not in (clause.strategy, *clause.then):
        return ""
    turn = Turn.objects.filter(handbook=conversation.handbook, name=conversation.queue).first()
    return turn.last if turn else ""


def _offer(
    held: Conversation, staff_id: int, choice: routing.Choice, clause: Route, queue: Queue, book: Book, now: dt.datetime
) -> None:
    if "rotation" in (clause.strategy, *clause.then):
        with connection.cursor() as cursor:
            cursor.execute(MOVE, [held.handbook, held.queue, choice.pointer[:80], now])
    note(held, choice, staff_id, now)
    until = offered_until(book, queue, clause, now)
    offer_held(held, Staff(pk=staff_id), now=now, until=until, clause=clause.id)


def note(conversation: Conversation, choice: routing.Choice, staff_id: int | None, now: dt.datetime) -> Choice:
    """Keep what was decided and why. The ledger counts it: here where nobody was chosen, with the offer otherwise."""
    because = [
        {"staff": look.key, "free": look.free, "why": {"zh": look.why.zh, "en": look.why.en}, "rank": look.rank}
        for look in choice.because
    ]
    kept = statements.insert(
        Choice(
            conversation=conversation, at=now, clause=choice.clause, strategy=choice.strategy[:16], queue=conversation.queue,
            staff_id=staff_id, because=because,
        )
    )  # fmt: skip
    detail = {"staff": staff_id, "skipped": list(choice.skipped), "strategy": choice.strategy}
    if choice.clause and staff_id is None:
        write_uses([_use(conversation, choice.clause, now, detail)])
    return kept


def _use(conversation: Conversation, clause: str, now: dt.datetime, detail: dict[str, Any]) -> Use:
    return Use(
        at=now, handbook=conversation.handbook, version_id=conversation.version_id, clause=clause, outcome="applied",
        subject=("conversation", conversation.pk), holder=SYSTEM, detail=detail,
    )  # fmt: skip


def offered_until(book: Book, queue: Queue, clause: Route, now: dt.datetime) -> dt.datetime | None:
    """When an offer goes back: the clause's `ring`, else the queue's `offer`; None: it stays until he answers."""
    ring = clause.none_free.ring if clause.none_free else None
    return after(book, ring or queue.offer, now)


def after(book: Book, within: Duration | Parameter | None, start: dt.datetime) -> dt.datetime | None:
    """The moment so long after `start`; None without a limit."""
    if within is None:
        return None
    if isinstance(within, Parameter):
        within = Duration.model_validate(parse_duration(book.parameter(within.param)))
    return due_at(book.calendar(None) if within.unit.value.startswith("working") else None, start, within)


MANUAL = Text(zh="没有条款说分给谁，由人自己接", en="No clause says whom it goes to: people take it")
