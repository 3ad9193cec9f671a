"""For commands that need the product itself: database reachable, Django set up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from zhike.web.cli import environment, postgres

HALF_RESTORED = "restore.json"
"""In the data folder while a restored database and its files take their places; see web/backup/swapping.py."""


def refuse_half_restored() -> None:
    """Between two halves of a restore the database and the files may be of different days."""
    if (environment.home() / HALF_RESTORED).exists():
        raise click.ClickException("a restore was cut off: bring it to its end with `zhike restore --resume`")


@contextmanager
def database_ready() -> Iterator[None]:
    """The database is reachable while the block runs. An embedded one that was not running stops again afterwards."""
    if environment.external_database():
        yield
        return
    with postgres.Embedded(environment.make_home()).borrowed():
        yield


@contextmanager
def django_ready() -> Iterator[None]:
    """As `database_ready()`, with Django set up: models may be imported inside the block."""
    with database_ready():
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhike.settings")
        import django

        django.setup()
        try:
            yield
        finally:
            from django.db import connection

            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
