"""A department with so many agents in teams of ten, and so many visitors, each with a conversation one of the agents has."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import Any

from zhike.channels.webchat.visitors import digest_of
from zhike.conversations.access import audience_of
from zhike.conversations.models import Address, Conversation, Inbox, Medium
from zhike.handbook.structure import Handbook
from zhike.lib import clock
from zhike.org.handbooks import book_of
from zhike.org.models import Assignment, HandbookVersion, Session, Staff
from zhike.web.live.bench import session_row

PLAIN, LIMITED = "bench", "benchlimits"
"""The department without a limit, and the one with a limit for every question."""
TEAM = 10
"""Agents who answer one queue, and hear of everything in it."""
LIMIT: dict[str, Any] = {
    "kind": "deadline", "id": "BENCH-01", "title": "示例答复时限", "cites": "1", "quote": "示例", "starts": ["conversation.question"],
    "until": ["conversation.answered"], "holder": ["owner"], "within": "3m", "each": True,
}  # fmt: skip
"""A limit for every question, as departments of the web chat have it: a clock for each message of a customer."""


@dataclass(frozen=True, slots=True)
class Talk:
    """A visitor, his conversation, and who has it."""

    id: int
    number: str
    secret: str
    agent: int
    """Place in the list of agents."""


@dataclass(frozen=True, slots=True)
class Ground:
    inbox: str
    agents: list[str]
    """Their session keys."""
    talks: list[Talk]


def lay(name: str, visitors: int, agents: int) -> Ground:
    """Everything the load needs, under a handbook of that name."""
    now = clock.now()
    version = _version(name, agents, [LIMIT] if name == LIMITED else [])
    inbox = Inbox.objects.create(medium=Medium.WEBCHAT, name="示例", handbook=name, key=name, created_at=now)
    staff = Staff.objects.bulk_create(Staff(username=f"{name}{n:04d}", name=f"示例{n}") for n in range(agents))
    Assignment.objects.bulk_create(
        Assignment(staff=one, handbook=name, role=f"team{n // TEAM}") for n, one in enumerate(staff)
    )
    sessions = [session_row(one) for one in staff]
    for session, one in zip(sessions, staff, strict=True):
        session.staff = one
    Session.objects.bulk_create(sessions)
    made = [base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=") for _ in range(visitors)]
    addresses = Address.objects.bulk_create(
        Address(
            inbox_medium=Medium.WEBCHAT,
            value=digest_of(inbox, secret),
            language="zh",
            first_seen_at=now,
            last_seen_at=now,
        )
        for secret in made
    )
    book = book_of(version.pk)
    rows = []
    for n, address in enumerate(addresses):
        agent = n % agents
        row = Conversation(
            number=f"{name}-{n:06d}", inbox=inbox, medium=Medium.WEBCHAT, handbook=name, version_id=version.pk, address=address,
            state=Conversation.State.OPEN, queue=f"queue{agent // TEAM}", owner=staff[agent], opened_at=now, accepted_at=now,
            last_message_at=now,
        )  # fmt: skip
        row.audience = audience_of(row, book)
        rows.append(row)
    Conversation.objects.bulk_create(rows, batch_size=1000)
    talks = [Talk(row.pk, row.number, made[n], n % agents) for n, row in enumerate(rows)]
    return Ground(inbox.key, [session.session_key for session in sessions], talks)


def _version(name: str, agents: int, clauses: list[dict[str, Any]]) -> HandbookVersion:
    now = clock.now()
    teams = range((agents + TEAM - 1) // TEAM)
    source = {
        "name": name, "title": "示例", "version": "1", "effective": "2025-01-01", "clauses": clauses,
        "roles": [{"id": "lead", "title": "示例"}, *({"id": f"team{n}", "title": "示例", "reports_to": "lead"} for n in teams)],
        "queues": [{"id": f"queue{n}", "title": "示例", "media": ["webchat"], "answered_by": [f"team{n}"]} for n in teams],
    }  # fmt: skip
    handbook = Handbook.model_validate(source).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return HandbookVersion.objects.create(
        name=name, digest="0" * 64, version="1", effective_from=now, source=handbook, text=""
    )
