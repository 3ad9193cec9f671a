"""A database with so many cases, kept between runs under a name that follows from the migrations and the number of rows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from zhike.web.bench.report import Say
from zhike.web.cli import environment
from zhike.web.cli.postgres import Embedded
from zhike.web.cli.ready import database_ready
from zhike.web.cli.scratch import connect, copy, make_template, migrations_digest, with_name

PREFIX = "zhike_bench_"
FILLS = {
    "cases": ("zhike.web.bench.fill",),
    "history": ("zhike.web.bench.fill", "1"),
    "customers": ("zhike.web.bench.archive",),
}
"""What is filled: the module, and what it is told beside the number of rows. `history`: cases that all have theirs."""


@contextmanager
def ground(rows: int, say: Say, *, fresh: bool = False, keep: bool = True, of: str = "cases") -> Iterator[str]:
    """The URL of a database with `rows` cases (cases with their whole history, customers) on the server that is used; filled when there is none yet or a `fresh` one is
    wanted.

    Django is not set up here: whoever works on it is a process of its own.
    """
    with database_ready():
        server = environment.external_database() or Embedded(environment.make_home()).url
        name = f"{PREFIX}{migrations_digest()}_{rows}" + ("" if of == "cases" else f"_{of}")
        with connect(server) as keeper:
            if fresh:
                drop(keeper, name)
            if not exists(keeper, name):
                make(keeper, server, name, rows, say, of)
            try:
                yield with_name(server, name)
            finally:
                if not keep:
                    drop(keeper, name)


def exists(keeper: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
    return keeper.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def drop(keeper: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    keeper.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def make(keeper: psycopg.Connection[tuple[object, ...]], server: str, name: str, rows: int, say: Say, of: str) -> None:
    """Fill under another name first: a half-filled one is never taken for a whole one. Those of older tables go."""
    for (old,) in keeper.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"]).fetchall():
        if migrations_digest() not in str(old):
            drop(keeper, str(old))
    unfinished = f"{name}_unfinished"
    drop(keeper, unfinished)
    copy(keeper, unfinished, make_template(keeper, server))
    say(f"filling {name} with {rows:,} {of}")
    environ = {**os.environ, "DATABASE_URL": with_name(server, unfinished), "DJANGO_SETTINGS_MODULE": "zhike.settings"}
    module, *more = FILLS[of]
    subprocess.run([sys.executable, "-m", module, str(rows), *more], check=True, env=environ)
    keeper.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name)))
