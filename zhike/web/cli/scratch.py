"""Databases that are used and thrown away: for rehearsals and measurements, on the same server as the real one.

A template with all tables is kept under a name that follows from the migrations; each use works on a copy of it, which takes a tenth of
a second. Copies that a killed process left behind are removed by the next one.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click
import psycopg
from psycopg import sql

from zhike.web.cli import environment
from zhike.web.cli.postgres import Embedded
from zhike.web.cli.ready import database_ready

PACKAGE = Path(__file__).resolve().parents[2]
TEMPLATE_LOCK = 7_401_002
"""Key of the advisory lock under which the template is made."""


@contextmanager
def scratch_database(purpose: str) -> Iterator[str]:
    """A fresh migrated database; DATABASE_URL names it while the block runs, Django is set up on it. Gone afterwards."""
    before = os.environ.get("DATABASE_URL")
    with database_ready():
        server = environment.external_database() or Embedded(environment.make_home()).url
        with connect(server) as keeper:
            template = make_template(keeper, server)
            name = f"zhike_{purpose}_{secrets.token_hex(4)}"
            remove_leftovers(keeper, purpose)
            keeper.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
            copy(keeper, name, template)
            os.environ["DATABASE_URL"] = with_name(server, name)
            try:
                yield from django_on_it()
            finally:
                restore("DATABASE_URL", before)
                keeper.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url, autocommit=True)


def with_name(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, parts.fragment))


def copy(keeper: psycopg.Connection[tuple[object, ...]], name: str, template: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    try:
        keeper.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise click.ClickException(
            "the database user may not create databases, which rehearsals and measurements need: ALTER ROLE ... CREATEDB"
        ) from error


def make_template(keeper: psycopg.Connection[tuple[object, ...]], server: str) -> str:
    """The template of this version's tables, made once. Half-made ones carry another name until they are finished."""
    name = f"zhike_tables_{migrations_digest()}"
    keeper.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
    try:
        if keeper.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            _migrate_template(keeper, server, name)
    finally:
        keeper.execute("SELECT pg_advisory_unlock(%s)", [TEMPLATE_LOCK])
    return name


def _migrate_template(keeper: psycopg.Connection[tuple[object, ...]], server: str, name: str) -> None:
    import subprocess
    import sys

    unfinished = f"{name}_unfinished"
    keeper.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(unfinished)))
    copy(keeper, unfinished, "template1")
    environ = {**os.environ, "DATABASE_URL": with_name(server, unfinished)}
    subprocess.run([sys.executable, "-m", "zhike", "migrate", "--verbosity", "0"], check=True, env=environ)
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name))
    keeper.execute(rename)


def migrations_digest() -> str:
    """Changes when a migration file changes."""
    sums = hashlib.sha256()
    for path in sorted(PACKAGE.glob("*/migrations/*.py")):
        sums.update(path.name.encode() + path.read_bytes())
    return sums.hexdigest()[:12]


def remove_leftovers(keeper: psycopg.Connection[tuple[object, ...]], purpose: str) -> None:
    """Copies whose owner no longer holds their lock, and templates of other versions are left to `zhike doctor`."""
    rows = keeper.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"zhike\\_{purpose}\\_%"]
    ).fetchall()
    for (name,) in rows:
        free = keeper.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name]).fetchone()
        if free and free[0]:
            keeper.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(str(name))))
            keeper.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])


def django_on_it() -> Iterator[str]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhike.settings")
    import django
    from django.db import connection

    django.setup()
    try:
        yield os.environ["DATABASE_URL"]
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it


def restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
