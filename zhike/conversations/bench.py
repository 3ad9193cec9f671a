"""How long a claim takes with thousands waiting and a thousand agents: one of them becomes free, the next conversation is his."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from zhike.conversations.hands import keep_hands
from zhike.conversations.models import Conversation, Inbox, Presence
from zhike.conversations.routing import claim, drain
from zhike.handbook.structure import Handbook
from zhike.org.models import Assignment, HandbookVersion, Staff

NOW = dt.datetime(2025, 6, 10, 1, 0, tzinfo=dt.UTC)
IN_HAND = 3
"""Conversations every agent has, which is as many as he may."""

CLAUSES: list[dict[str, Any]] = [
    {
        "kind": "route", "id": "BENCH-01", "title": "示例空闲最久", "cites": "1", "quote": "示例", "on": "conversation.queued",
        "yields": "agent", "strategy": "longest_idle", "then": ["fewest_today", "lowest_number"], "none_free": {"ring": "20s"},
    }
]  # fmt: skip

# What bare PostgreSQL does for one claim: the next who waits, an agent with room, both held, one row changed.
RAW = """
WITH next AS (
    SELECT id FROM bench_raw_waiting WHERE state = 'waiting' ORDER BY priority DESC, waiting_since, id LIMIT 1 FOR UPDATE SKIP LOCKED
), agent AS (SELECT staff_id FROM conversations_presence WHERE state = 'ready' LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
UPDATE bench_raw_waiting SET state = 'offered', owner_id = (SELECT staff_id FROM agent) WHERE id = (SELECT id FROM next)
"""
RAW_TABLE = """
DROP TABLE IF EXISTS bench_raw_waiting;
CREATE TABLE bench_raw_waiting AS SELECT id, state, priority, waiting_since, owner_id FROM conversations_conversation;
CREATE INDEX ON bench_raw_waiting (priority DESC, waiting_since, id) WHERE state = 'waiting';
ANALYZE bench_raw_waiting
"""


def fill(waiting: int, agents: int) -> None:
    """A handbook with one queue, so many agents, each with all he may have in hand, and so many who wait."""
    version = _version()
    inbox = Inbox.objects.create(medium="email", name="示例", handbook="bench", key="bench", created_at=NOW)
    staff = Staff.objects.bulk_create(Staff(username=f"{n:05d}", name=f"示例{n}") for n in range(agents))
    Assignment.objects.bulk_create(Assignment(staff=one, handbook="bench", role="agent") for one in staff)
    hour = dt.timedelta(hours=1)
    Presence.objects.bulk_create(
        Presence(
            staff=one,
            state="ready",
            since=NOW - hour,
            heard_at=NOW,
            handbook="bench",
            media=["email"],
            in_hand={"email": IN_HAND},
        )
        for one in staff
    )
    held = (_row(version.pk, inbox, f"H{one.pk}-{n}", one, NOW - hour) for one in staff for n in range(IN_HAND))
    late = (_row(version.pk, inbox, f"W{n}", None, NOW - hour + dt.timedelta(milliseconds=n)) for n in range(waiting))
    Conversation.objects.bulk_create([*held, *late], batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE conversations_conversation, conversations_presence, org_assignment, org_staff")
        cursor.execute(RAW_TABLE)


def _row(version: int, inbox: Inbox, number: str, owner: Staff | None, at: dt.datetime) -> Conversation:
    return Conversation(
        number=number, inbox=inbox, medium="email", handbook="bench", version_id=version, queue="desk", owner=owner,
        state="open" if owner else "waiting", opened_at=at, last_message_at=at, accepted_at=at if owner else None,
        waiting_since=None if owner else at, look_at=NOW + dt.timedelta(days=1), audience=["bench:agent"],
    )  # fmt: skip


def _version() -> HandbookVersion:
    queue = {
        "id": "desk",
        "title": "示例",
        "media": ["email"],
        "answered_by": ["agent"],
        "capacity": {"email": IN_HAND},
    }
    source = {
        "name": "bench", "title": "示例", "version": "1", "effective": "2025-01-01", "clauses": CLAUSES, "queues": [queue],
        "roles": [{"id": "agent", "title": "示例", "reports_to": "lead"}, {"id": "lead", "title": "示例"}],
    }  # fmt: skip
    handbook = Handbook.model_validate(source).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    begins = NOW - dt.timedelta(days=30)
    return HandbookVersion.objects.create(
        name="bench", digest="0" * 64, version="1", effective_from=begins, source=handbook, text=""
    )


def one_round(samples: int) -> tuple[list[float], list[float], list[float], bool]:
    """(milliseconds of each claim, of each look that finds nobody free, of each bare claim, whether every answer was right).

    Before each claim an agent closes one of his; exactly one conversation must then be his, the one that has waited longest.
    """
    claims, looks, raw, right = [], [], [], True
    for conversation, expected in _turns(samples):
        free(conversation)
        began = time.perf_counter()
        given = claim("bench", "desk", NOW)
        claims.append((time.perf_counter() - began) * 1000)
        offered = Conversation.objects.get(pk=expected)
        right = right and given and offered.offered_to_id == conversation.owner_id
        began = time.perf_counter()
        right = right and drain("bench", "desk", NOW) == 0
        looks.append((time.perf_counter() - began) * 1000)
        raw.append(_bare())
    return claims, looks, raw, right


def rush(samples: int) -> tuple[list[float], bool]:
    """Everybody has become ready at once: (milliseconds of each claim, whether it went to the longest idle every time)."""
    Conversation.objects.filter(state__in=("open", "offered")).update(state="closed", closed_at=NOW)
    rows = list(Presence.objects.order_by("staff_id"))
    for place, held in enumerate(rows):
        held.in_hand, held.idle_since = {}, NOW - dt.timedelta(hours=1) + dt.timedelta(seconds=place)
    Presence.objects.bulk_update(rows, ["in_hand", "idle_since"], batch_size=500)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE conversations_presence")
    claims, right = [], True
    for held in rows[:samples]:
        began = time.perf_counter()
        given = claim("bench", "desk", NOW)
        claims.append((time.perf_counter() - began) * 1000)
        right = right and given and Conversation.objects.filter(state="offered", offered_to=held.staff_id).count() == 1
    return claims, right


def free(conversation: Conversation) -> None:
    """Its agent has one less; without the look that follows a close, which is what is measured."""
    Conversation.objects.filter(pk=conversation.pk).update(state="closed", closed_at=NOW)
    keep_hands([conversation.owner_id or 0], NOW)


def _turns(samples: int) -> Iterator[tuple[Conversation, int]]:
    """(an open conversation to close, the one whose turn it is then)."""
    rows = list(Conversation.objects.filter(state="open").order_by("last_seq", "pk")[: samples * 7 : 7])
    for row in rows:
        first = Conversation.objects.filter(state="waiting").order_by("-priority", "waiting_since", "id")
        yield row, first.values_list("pk", flat=True)[0]


def _bare() -> float:
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RAW)
    return (time.perf_counter() - began) * 1000
