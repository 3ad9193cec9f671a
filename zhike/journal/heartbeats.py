"""Signs of life of the processes that must be there, by the database's own clock."""

from __future__ import annotations

from django.db import connection

WORKER = "worker"
LIVE = "live"
ALIVE_FOR = 15.0
"""Seconds after its last sign that a process counts as there."""

BEAT = """
INSERT INTO journal_heartbeat (name, beaten_at) VALUES (%s, now())
ON CONFLICT (name) DO UPDATE SET beaten_at = excluded.beaten_at
"""
AGES = "SELECT name, extract(epoch FROM now() - beaten_at)::float8 FROM journal_heartbeat"


def beat(name: str) -> None:
    """Say that the process called `name` is alive."""
    with connection.cursor() as cursor:
        cursor.execute(BEAT, [name])


def ages() -> dict[str, float]:
    """Seconds since each process's last sign."""
    with connection.cursor() as cursor:
        cursor.execute(AGES)
        return dict(cursor.fetchall())
