"""Backup and restore of a department with its whole history: how long each takes, with every check there is."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from zhike.web.bench.ground import ground
from zhike.web.bench.report import Figure, Report, Say
from zhike.web.cli.scratch import connect, with_name

RTO = "<= 1800"
"""Seconds: half an hour, the bar for a restore."""
COUNTED = "SELECT (SELECT count(*) FROM journal_fact), pg_database_size(current_database())"


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """Once: a database of `rows` cases is backed up, and restored into an empty one as `zhike restore` does."""
    from zhike.web.backup.making import Source, make_backup
    from zhike.web.backup.restoring import Target, restore

    report = Report("restore", rows, 1)
    with ground(rows, say, fresh=fresh, keep=keep, of="history") as url, tempfile.TemporaryDirectory() as folder:
        with psycopg.connect(url) as look:
            facts, size = look.execute(COUNTED).fetchone() or (0, 0)
        place, home = Path(folder) / "bench.zhike", Path(folder) / "home"
        home.mkdir()
        say(f"{facts:,} facts, {size / 1e6:,.0f} MB; backing up")
        began = time.perf_counter()
        manifest = make_backup(Source(url, home), place)
        backed_up = time.perf_counter() - began
        say(f"{manifest.rows:,} rows, {place.stat().st_size / 1e6:,.0f} MB; restoring")
        with empty(url) as into:
            began = time.perf_counter()
            restored = restore(place, Target(into, home))
            took = time.perf_counter() - began
            right = restored.manifest == manifest and counted(into) == facts
        report.figures += [
            Figure("backup", backed_up, "s", None, ""),
            Figure("restore", took, "s", None, RTO, right=right),
            Figure("facts", facts, "facts", None, ""),
            Figure("database", size / 1e6, "MB", None, ""),
            Figure("file", place.stat().st_size / 1e6, "MB", None, ""),
        ]
    return report


def counted(url: str) -> int:
    with psycopg.connect(url) as look:
        row = look.execute(COUNTED).fetchone()
        return int(row[0]) if row else 0


@contextmanager
def empty(url: str) -> Iterator[str]:
    """The address of a database that is not there yet, beside the one at `url`; it and what a restore put aside are gone afterwards."""
    name = f"zhike_bench_restored_{secrets.token_hex(4)}"
    with connect(url) as keeper:
        try:
            yield with_name(url, name)
        finally:
            for (found,) in keeper.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{name}%"]
            ).fetchall():
                keeper.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(str(found))))
