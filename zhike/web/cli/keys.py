"""`zhike keys rotate`: look after the keys that seal identity numbers."""

from __future__ import annotations

import sys

import click

from zhike.web.cli.ready import django_ready


@click.group()
def command() -> None:
    """Keys that seal identity numbers."""


@command.command()
@click.option(
    "--forget-old", is_flag=True, help="Remove the old keys: backups made under them cannot be read any more."
)
def rotate(forget_old: bool) -> None:
    """Make a new key and seal every identity number again under it. Stopped half-way, the next call goes on."""
    with django_ready():
        from zhike.lib import clock
        from zhike.org.keys import rotate_keys

        count = rotate_keys(now=clock.now(), forget_old=forget_old, progress=show_progress)
    click.echo(f"{count:,} identity numbers sealed under the new key")


def show_progress(count: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{count:,}", nl=False, err=True)
