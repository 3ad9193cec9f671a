"""`zhike restore FILE`: back to the state of a backup; the old state is put aside, not thrown away."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zhike.web.cli import environment
from zhike.web.cli.backup import database_url, show_progress
from zhike.web.cli.ready import database_ready, django_ready
from zhike.web.cli.up import only_one

if TYPE_CHECKING:
    from zhike.web.backup.restoring import Restored
    from zhike.web.backup.swapping import Swap


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="There is data already: put it aside under another name.")
@click.option("--resume", is_flag=True, help="Bring a swap to its end that was cut off.")
@click.option("--forget-old", is_flag=True, help="Remove what earlier restores put aside.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def command(file: Path | None, replace: bool, resume: bool, forget_old: bool, as_json: bool) -> None:
    """Restore FILE into this installation, which must be stopped. Counts, hashes and the journal's chain are checked first.

    Whatever fails leaves the old state as it was. Without --replace an installation with data in it is not touched.
    """
    if (file is not None) + resume + forget_old != 1:
        raise click.UsageError("Name a FILE, or --resume, or --forget-old.")
    home = environment.make_home()
    with only_one(home), database_ready():
        if resume:
            answer = go_on(home)
        elif forget_old:
            answer = {"removed": forget(home)}
        else:
            assert file is not None
            answer = put_back(file, home, replace, as_json)
    click.echo(json.dumps(answer) if as_json else "\n".join(f"{name}: {value}" for name, value in answer.items()))


def put_back(file: Path, home: Path, replace: bool, as_json: bool) -> dict[str, object]:
    from zhike.web.backup.parts import NotABackup
    from zhike.web.backup.programs import NoProgram
    from zhike.web.backup.restoring import RestoreRefused, Target, restore
    from zhike.web.backup.swapping import CannotSwap, noted

    if noted(home):
        raise click.ClickException("an earlier restore was cut off: call `zhike restore --resume` first")
    target = Target(database_url(), home, environment.sandbox())
    try:
        done = restore(file, target, replace=replace, progress=None if as_json else show_progress)
    except (RestoreRefused, NotABackup, NoProgram, CannotSwap, OSError) as error:
        raise click.ClickException(f"{error}\nNothing was changed.") from error
    assert done.swap is not None
    tell(done.swap)
    return summary(done, file)


def summary(done: Restored, file: Path) -> dict[str, object]:
    """What people must know afterwards."""
    manifest = done.manifest
    answer: dict[str, object] = {"restored": manifest.made_at, "rows": manifest.rows, "files": len(manifest.files)}
    if done.kept_database and done.swap:
        answer["put aside"] = (
            f"database {done.kept_database}, folders *.{done.swap.mark}; zhike restore --forget-old removes them"
        )
    if missing := sorted(set(manifest.keys_needed) - known_keys()):
        answer["keys missing"] = (
            f"{', '.join(missing)}: identity numbers under them cannot be read until ZHIKE_HOME/keys/fields has them"
        )
    if differing := differing_settings(file):
        answer["settings then"] = differing
    if manifest.gone:
        answer["files that were missing when it was made"] = manifest.gone
    return answer


def known_keys() -> set[str]:
    from zhike.lib.sealed import parse_keys

    place = environment.home() / "keys" / "fields"
    text = os.environ.get("ZHIKE_FIELD_KEYS") or (place.read_text() if place.exists() else "")
    return {key.id for key in parse_keys(text)}


def differing_settings(file: Path) -> dict[str, str]:
    """What the environment said when the backup was made, where it says something else now."""
    import io

    from zhike.web.backup.parts import opened

    with opened(file) as backup:
        backup.copy("settings.json", text := io.BytesIO())
    said: dict[str, str] = json.loads(text.getvalue())
    return {name: value for name, value in said.items() if os.environ.get(name) != value}


def tell(swap: Swap) -> None:
    """The restored journal says what happened to it."""
    with django_ready():
        from zhike.lib import clock
        from zhike.web.backup.nightly import tell_restored

        tell_restored(swap, now=clock.now())


def go_on(home: Path) -> dict[str, object]:
    from zhike.web.backup.swapping import CannotSwap, carry_out, noted

    swap = noted(home)
    if swap is None:
        raise click.ClickException("no restore was cut off: there is nothing to resume")
    try:
        carry_out(home, database_url(), swap)
    except CannotSwap as error:
        raise click.ClickException(str(error)) from error
    tell(swap)
    return {"restored": swap.made_at, "rows": swap.rows}


def forget(home: Path) -> list[str]:
    from zhike.web.backup.restoring import drop
    from zhike.web.backup.swapping import PLACES, maintenance, name_of

    url, removed = database_url(), []
    with maintenance(url) as keeper:
        begins = f"{name_of(url)}_before_"
        for (name,) in keeper.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [begins]
        ).fetchall():
            drop(keeper, name)
            removed.append(name)
    for place in PLACES:
        for kept in (home / place).parent.glob(f"{Path(place).name}.before-*"):
            shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
            removed.append(kept.name)
    return removed
