"""Events and writers that the journal's own tests use."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection

from zhike.journal.actions import FACTS_CHANNEL, RECORD, NewFact, row_of
from zhike.journal.events import Event, event

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@event("bell.rang", tells=("times",))
@dataclass(frozen=True)
class BellRang(Event):
    times: int
    whispered: str = ""


@event("door.opened")
@dataclass(frozen=True)
class DoorOpened(Event):
    by: str
    at: dt.datetime


def bell(times: int, *, subject: tuple[str, int] = ("house", 1), audience: Sequence[str] = ()) -> NewFact:
    return NewFact(BellRang(times), NOON, subject, "system", audience=audience)


@contextmanager
def another_session() -> Iterator[psycopg.Connection[Any]]:
    """A second connection to the test database, with a transaction of its own."""
    parameters = connection.get_connection_params()
    known = {name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if name in parameters}
    with psycopg.connect(**known) as session:
        yield session
        session.rollback()


def write_in(session: psycopg.Connection[Any], *facts: NewFact) -> list[int]:
    """What record() writes, in another session's open transaction; answers the ids. Its commit wakes the readers."""
    rows = json.dumps([row_of(n, fact) for n, fact in enumerate(facts)])
    found = session.execute(RECORD, [rows]).fetchone()
    assert found is not None
    session.execute(f"NOTIFY {FACTS_CHANNEL}")
    return list(found[0])


@contextmanager
def triggers_off(*tables: str) -> Iterator[None]:
    """What a person with the rights of a superuser can do."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
