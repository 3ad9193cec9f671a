"""`zhike import customers FILE`: take customers from an Excel or CSV file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zhike.web.cli.ready import django_ready

if TYPE_CHECKING:
    from zhike.customers.models import ImportRun


@click.group()
def command() -> None:
    """Take data from files."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "chosen", multiple=True, metavar="FIELD=COLUMN", help="Else as guessed; e.g. phone=手机号")
@click.option("--tag", "tags", multiple=True, help="A tag every customer of the file gets.")
@click.option("--faults", type=click.Path(path_type=Path), help="Where the lines that were not taken go, as CSV.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable answer.")
def customers(file: Path, chosen: tuple[str, ...], tags: tuple[str, ...], faults: Path | None, as_json: bool) -> None:
    """Import customers. The same file again after a kill goes on where it stopped."""
    with django_ready():
        from zhike.customers import importing
        from zhike.lib import clock
        from zhike.lib.tables import TableRefused

        try:
            with file.open("rb") as source:
                run = importing.receive_import(source, file.name, by="system", now=clock.now())
            if run.state == "waiting":
                importing.start_import(run, columns_of(run, chosen), tags=tags, now=clock.now())
        except (TableRefused, importing.BadMapping) as error:
            raise click.ClickException(f"{error.zh} {error.en}") from error
        importing.resume_import(run)
        run = importing.work(run.pk, now=clock.now, progress=None if as_json else show_progress)
        if faults:
            with faults.open("w", encoding="utf-8-sig", newline="") as target:
                importing.copy_faults(run, target)
    answer = {name: getattr(run, name) for name in ("id", "state", "added", "filled", "unchanged", "refused", "why")}
    click.echo(json.dumps(answer, ensure_ascii=False) if as_json else " ".join(f"{k}={v}" for k, v in answer.items()))
    if run.state != "done":
        raise click.exceptions.Exit(1)


def columns_of(run: ImportRun, chosen: tuple[str, ...]) -> dict[str, str]:
    """The remembered or guessed mapping with what the command line says over it."""
    columns = dict(run.columns)
    for said in chosen:
        name, _, title = said.partition("=")
        if title not in run.head:
            raise click.ClickException(f"The file has no column {title!r}; it has: {', '.join(run.head)}")
        columns = {number: each for number, each in columns.items() if each != name}
        columns[str(run.head.index(title))] = name
    return columns


def show_progress(run: ImportRun) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{run.staged:,} read, {run.applied:,} applied", nl=False, err=True)
