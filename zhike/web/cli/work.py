"""`zhike work`: clocks, background jobs and everything else that happens without anybody asking."""

from __future__ import annotations

import click

from zhike.web.cli.ready import django_ready, refuse_half_restored


@click.command()
def command() -> None:
    """Run the worker: due clocks, duties and background jobs."""
    refuse_half_restored()
    with django_ready():
        from zhike.web import worker

        worker.run()
