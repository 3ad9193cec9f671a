"""`zhike work`: clocks, background jobs and everything else that happens without anybody asking."""

from __future__ import annotations

import click

from zhike.web.cli.ready import django_ready


@click.command()
def command() -> None:
    """Run the worker: due clocks, duties and background jobs."""
    with django_ready():
        from zhike.web import worker

        worker.run()
