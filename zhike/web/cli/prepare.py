"""`zhike prepare`: everything a start needs beside running processes. `zhike up` runs it in a process of its own."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from zhike.web.cli import environment
from zhike.web.cli.ready import django_ready

MIGRATION_LOCK = 7_401_001
"""Key of the advisory lock: two starts at once on one database migrate one after the other."""


@click.command()
@click.option("--sandbox", is_flag=True, help="Prepare for a virtual clock.")
@click.option("--handbook", "book", default=None, help="Name or path of the handbook; default HANDBOOK.")
def command(sandbox: bool, book: str | None) -> None:
    """Migrate, collect static files, load the handbook and the sample department."""
    with django_ready():
        with migration_lock():
            migrate()
            first_run(book or environment.handbook(), sandbox or environment.sandbox())
        collect_static()


@contextmanager
def migration_lock() -> Iterator[None]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)


def first_run(handbook: str, sandbox: bool) -> None:
    """Load the handbook and, on an empty database, the sample department."""
    if importlib.util.find_spec("zhike.web.first_run") is None:
        click.echo("zhike: no first run in this version: no handbook loaded", err=True)
        return
    prepare = importlib.import_module("zhike.web.first_run").prepare
    prepare(handbook, sandbox)


def collect_static() -> None:
    """Collect and compress the static files, when a source changed since the last time."""
    from django.conf import settings
    from django.core.management import call_command

    stamp = Path(settings.STATIC_ROOT) / ".collected"
    now = static_digest()
    if stamp.exists() and stamp.read_text() == now:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(now)


def static_digest() -> str:
    """A digest of names, sizes and times of all static sources."""
    from django.contrib.staticfiles.finders import get_finders

    sums = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            entry = Path(storage.path(path)).stat()
            sums.update(f"{path}\0{entry.st_size}\0{entry.st_mtime_ns}\0".encode())
    return sums.hexdigest()
