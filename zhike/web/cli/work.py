"""`zhike work`: clocks, background jobs and everything else that happens without anybody asking."""

from __future__ import annotations

import importlib
import importlib.util

import click

from zhike.web.cli.manage import run_django
from zhike.web.cli.ready import django_ready


@click.command()
def command() -> None:
    """Run the worker: due clocks, duties and background jobs."""
    if importlib.util.find_spec("zhike.web.worker") is None:
        run_django("procrastinate", "worker")
        return
    with django_ready():
        importlib.import_module("zhike.web.worker").run()
