"""`zhike manage ...`: Django's own commands (makemigrations, shell, check ...)."""

from __future__ import annotations

import click

from zhike.web.cli.ready import django_ready


def run_django(*arguments: str) -> None:
    """One of Django's management commands, with the database reachable."""
    with django_ready():
        from django.core.management import execute_from_command_line

        execute_from_command_line(["zhike manage", *arguments])


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run one of Django's commands, for example `zhike manage check`."""
    run_django(*arguments)
