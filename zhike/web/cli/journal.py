"""`zhike journal`: look after the append-only record of what happened."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from zhike.web.cli.ready import django_ready

if TYPE_CHECKING:
    from zhike.journal.seals import Report


@click.group()
def command() -> None:
    """Verify the journal's hash chain."""


@command.command()
@click.option("--expect", default="", metavar="DIGEST", help="A head noted earlier: it must still be in the chain.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable answer.")
def verify(expect: str, as_json: bool) -> None:
    """Compute every digest again. Exit 1 when a fact was changed, removed or slipped in."""
    with django_ready():
        from zhike.journal.seals import verify_chain

        report = verify_chain(expect=expect, progress=None if as_json else show_progress)
    click.echo(json.dumps({"ok": report.ok, **asdict(report)}) if as_json else told(report))
    if not report.ok:
        raise click.exceptions.Exit(1)


def show_progress(sealed: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{sealed:,} of {total:,} facts", nl=False, err=True)


def told(report: Report) -> str:
    lines = [f"{report.sealed:,} facts under {report.seals:,} seals, {report.unsealed:,} not sealed yet"]
    if report.emptied:
        lines += [f"{report.emptied:,} of them were emptied when their time of keeping was over"]
    lines += [f"head {report.head}"]
    lines += [f"positions {found.first} to {found.last}: {found.message}" for found in report.findings]
    lines += ["The chain holds." if report.ok else "THE CHAIN IS BROKEN."]
    return "\n".join(lines)
