"""`zhike backup FILE`: everything in one file, while the product goes on working; `--verify` looks one over."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zhike.web.cli import environment
from zhike.web.cli.postgres import Embedded
from zhike.web.cli.ready import django_ready

if TYPE_CHECKING:
    from zhike.web.backup.contents import Progress
    from zhike.web.backup.manifest import Manifest


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--with-keys", is_flag=True, help="The keys of identity numbers and sessions too. Keep such a file locked."
)
@click.option("--verify", is_flag=True, help="Write nothing: check every part of FILE against its hash.")
@click.option(
    "--try", "trial", is_flag=True, help="With --verify: restore it into a database that is thrown away, too."
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def command(file: Path, with_keys: bool, verify: bool, trial: bool, as_json: bool) -> int:
    """Back up to FILE (a folder: a name is made up): database, uploaded files, installed handbooks, settings.

    The keys that seal identity numbers stay out unless asked for: whoever found the file could read the numbers. Keep a
    copy of ZHIKE_HOME/keys elsewhere; without the keys a restored archive has everything but those numbers.
    """
    progress = None if as_json else show_progress
    if verify:
        return look_over(file, trial, as_json, progress)
    with django_ready():
        manifest, place = write(file, with_keys, progress)
    report(manifest, place, as_json)
    return 1 if manifest.gone else 0


def write(file: Path, with_keys: bool, progress: Progress | None) -> tuple[Manifest, Path]:
    from zhike.lib import clock
    from zhike.org.principals import SYSTEM
    from zhike.web.backup.making import BackupFailed, Source, make_backup
    from zhike.web.backup.nightly import name_at, tell_made
    from zhike.web.backup.programs import NoProgram

    now = clock.now()
    place = file / name_at(now) if file.is_dir() else file
    source = Source(database_url(), environment.make_home(), environment.sandbox())
    try:
        manifest = make_backup(source, place, with_keys=with_keys, progress=progress)
    except (BackupFailed, NoProgram) as error:
        raise click.ClickException(str(error)) from error
    tell_made(manifest, place, by=SYSTEM, now=now)
    return manifest, place


def database_url() -> str:
    """The address of the product's database."""
    return environment.external_database() or Embedded(environment.make_home()).url


def report(manifest: Manifest, place: Path, as_json: bool) -> None:
    facts = {
        "file": str(place), "bytes": place.stat().st_size, "made_at": manifest.made_at, "tables": len(manifest.tables),
        "rows": manifest.rows, "files": len(manifest.files), "gone": manifest.gone, "with_keys": manifest.with_keys,
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(
        f"\n{place}: {facts['bytes']:,} bytes, {manifest.rows:,} rows in {facts['tables']} tables, {facts['files']} files"
    )
    if manifest.keys_needed and not manifest.with_keys:
        keys = ", ".join(manifest.keys_needed)
        click.echo(
            f"Not in it: the keys {keys}. Without them identity numbers cannot be read; keep ZHIKE_HOME/keys elsewhere."
        )
    for name in manifest.gone:
        click.echo(f"MISSING: {name} is named by a row and is not on the disk as it was received")


def look_over(file: Path, trial: bool, as_json: bool, progress: Progress | None) -> int:
    from zhike.web.backup.checking import check_file
    from zhike.web.backup.parts import NotABackup
    from zhike.web.backup.programs import NoProgram
    from zhike.web.backup.restoring import RestoreRefused, Target, try_out
    from zhike.web.backup.swapping import CannotSwap
    from zhike.web.cli.ready import database_ready

    try:
        manifest, wrong = check_file(file, progress)
        if trial and not wrong:
            with database_ready():
                try_out(file, Target(database_url(), environment.make_home(), manifest.sandbox), progress)
    except (NotABackup, RestoreRefused, NoProgram, CannotSwap, OSError) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"ok": not wrong, "wrong": wrong, "made_at": manifest.made_at, "rows": manifest.rows}))
    else:
        click.echo(
            f"\n{file}: of {manifest.made_at}, {manifest.rows:,} rows in {len(manifest.tables)} tables, {len(manifest.files)} files"
        )
        for fault in wrong:
            click.echo(f"BAD  {fault}")
        click.echo(
            "The backup is DAMAGED." if wrong else "Every part is whole." + (" It can be restored." if trial else "")
        )
    return 1 if wrong else 0


def show_progress(step: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{step}: {100 * done // max(total, 1)} %", nl=False, err=True)
