"""`zhike migrate`: bring the database's tables up to date."""

from __future__ import annotations

import click

from zhike.web.cli.manage import run_django


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Bring the database's tables up to date."""
    run_django("migrate", *arguments)
