"""The swap: the restored database and files take the places of the old ones, which are kept under another name.

Both databases are renamed in one transaction. What is to be done stands in ZHIKE_HOME/restore.json before it begins and
until it is finished; every step can be done again. So a power cut leaves the old state, or a swap that `zhike restore
--resume` brings to its end; the product does not start in between.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from zhike.web.backup.contents import Connection
from zhike.web.backup.parts import flush_folder
from zhike.web.cli.ready import HALF_RESTORED
from zhike.web.cli.scratch import with_name

STATE = HALF_RESTORED
PLACES = ("files", "imports", "handbooks", "keys/fields", "secret-key")
"""What a backup brings into ZHIKE_HOME; each takes the place of what is there, which is kept beside it."""
MAINTENANCE = ("postgres", "template1")
"""Databases to be connected to while the product's own is renamed."""


class CannotSwap(Exception):
    """The databases could not be renamed; the message says why and what to do. The old state is as it was."""


@dataclass(frozen=True, slots=True)
class Swap:
    """One swap, by names."""

    database: str
    fresh: str
    """The database with what was restored."""
    kept: str
    """The name the old database gets."""
    folder: str
    """Under ZHIKE_HOME: what was unpacked."""
    mark: str
    """Ends the names of what is kept."""
    file: str = ""
    made_at: str = ""
    rows: int = 0


def name_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def maintenance(url: str) -> Connection:
    """A connection to the server, not to the product's database. Raises CannotSwap."""
    for name in MAINTENANCE:
        try:
            return psycopg.connect(with_name(url, name), autocommit=True)
        except psycopg.OperationalError as error:
            refused = error
    raise CannotSwap(f"cannot connect to the server beside the product's database: {refused}")


def note(home: Path, swap: Swap) -> None:
    """From now on the swap is brought to its end, not given up."""
    beside = home / f".{STATE}"
    beside.write_text(json.dumps(asdict(swap)))
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(home / STATE)
    flush_folder(home)


def noted(home: Path) -> Swap | None:
    """The swap that was cut off, if any."""
    place = home / STATE
    return Swap(**json.loads(place.read_text())) if place.exists() else None


def forget(home: Path) -> None:
    """The swap is over, or was given up before anything had changed."""
    (home / STATE).unlink(missing_ok=True)
    flush_folder(home)


def carry_out(home: Path, url: str, swap: Swap) -> None:
    """Every step that is not done yet. Raises CannotSwap before anything has changed."""
    rename_databases(url, swap)
    for name in PLACES:
        move(home / swap.folder / name, home / name, swap.mark)
    (home / "prepared").unlink(missing_ok=True)
    shutil.rmtree(home / swap.folder, ignore_errors=True)
    forget(home)


def rename_databases(url: str, swap: Swap) -> None:
    """Both or none. Nothing, when it is done already."""
    with maintenance(url) as keeper:
        names = {name for (name,) in keeper.execute("SELECT datname FROM pg_database").fetchall()}
        if swap.fresh not in names:
            return
        try:
            with keeper.transaction():
                if swap.database in names:
                    rename(keeper, swap.database, swap.kept)
                rename(keeper, swap.fresh, swap.database)
        except psycopg.Error as error:
            raise CannotSwap(f"the databases could not be renamed: {error}") from error


def rename(keeper: Connection, name: str, to: str) -> None:
    keeper.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to)))


def move(fresh: Path, place: Path, mark: str) -> None:
    """`fresh` to `place`; what is there is kept beside it. Does nothing when it was done."""
    if not fresh.exists():
        return
    kept = place.with_name(f"{place.name}.{mark}")
    if place.exists() and not kept.exists():
        place.rename(kept)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh.rename(place)
    flush_folder(place.parent)
