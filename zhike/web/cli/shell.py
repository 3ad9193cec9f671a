"""`zhike shell`: a Python prompt inside the product."""

from __future__ import annotations

import click

from zhike.web.cli.manage import run_django


@click.command()
def command() -> None:
    """Open a Python prompt with the product set up."""
    run_django("shell")
