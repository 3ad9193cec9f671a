"""Back from a backup: into a new database beside the old one, checked there, and only then swapped in.

Until the swap nothing of the old state is touched, so whatever fails before leaves it as it was; half a new database is
removed by the next call. The old database and files are kept under another name until somebody removes them.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from zhike.web.backup.checking import check_file
from zhike.web.backup.contents import Connection, Progress, contents_of, differences, tables_of
from zhike.web.backup.manifest import Manifest
from zhike.web.backup.parts import DUMP, MANIFEST, SEALED, opened
from zhike.web.backup.programs import programs_for, reached_by
from zhike.web.backup.swapping import CannotSwap, Swap, carry_out, forget, maintenance, name_of, note
from zhike.web.cli.scratch import PACKAGE, with_name

LOCK = 7_401_003
"""Key of the advisory lock: one restore at a time on a server's databases."""
ENDING = "_restoring"
SHOWN = 8
"""Faults that are named; the others are counted."""
JOBS = "--jobs=2"


class RestoreRefused(Exception):
    """It was not done, and the old state is as it was; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where it goes: a database, by its address, and a data folder."""

    url: str
    home: Path
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done."""

    manifest: Manifest
    swap: Swap | None
    """None: tried out only."""
    kept_database: str = ""
    """The name of the old database, "" where there was none worth keeping."""


def restore(file: Path, target: Target, *, replace: bool = False, progress: Progress | None = None) -> Restored:
    """Put the state of `file` in the place of the target's. Raises RestoreRefused, NotABackup, NoProgram, CannotSwap."""
    manifest = sound(file, target, progress)
    with alone(target.url) as keeper:
        refuse_company(keeper, name_of(target.url))
        if not replace and not is_empty(target.url):
            raise RestoreRefused(
                f"the database {name_of(target.url)} holds data already. --replace puts it aside under another name."
            )
        with unpacked(file, manifest, target.home, progress) as folder:
            fresh = loaded(folder / DUMP, manifest, target, keeper, progress)
            swap = planned(file, manifest, target, fresh, folder)
            note(target.home, swap)
            try:
                carry_out(target.home, target.url, swap)
            except CannotSwap:
                forget(target.home)
                drop(keeper, fresh)
                raise
    return Restored(manifest, swap, swap.kept if exists(target.url, swap.kept) else "")


def try_out(file: Path, target: Target, progress: Progress | None = None) -> Manifest:
    """Restore into a database that is thrown away, with every check. Raises as `restore` does."""
    manifest = sound(file, target, progress)
    with alone(target.url) as keeper, unpacked(file, manifest, target.home, progress) as folder:
        fresh = loaded(folder / DUMP, manifest, target, keeper, progress)
        drop(keeper, fresh)
        shutil.rmtree(folder, ignore_errors=True)
    return manifest


def sound(file: Path, target: Target, progress: Progress | None) -> Manifest:
    """The manifest of a backup that is whole and can be read by this version."""
    manifest, wrong = check_file(file, progress)
    if wrong:
        raise RestoreRefused(f"{file} is damaged: {told(wrong)}")
    if manifest.sandbox != target.sandbox:
        kind, other = ("a sandbox", "a real department") if manifest.sandbox else ("a real department", "a sandbox")
        raise RestoreRefused(f"{file} is of {kind}, and this data folder is {other}'s: choose another ZHIKE_HOME")
    if unknown := [f"{app} {name}" for app, name in manifest.migrations if not is_known(app, name)]:
        raise RestoreRefused(
            f"{file} was made by a later version ({manifest.product}); it has tables this one does not know: {told(unknown)}"
        )
    return manifest


def is_known(app: str, name: str) -> bool:
    """Whether a migration of ours is in this version; those of libraries are left to Django."""
    folder = PACKAGE / app / "migrations"
    return not folder.is_dir() or (folder / f"{name}.py").exists()


def told(found: list[str]) -> str:
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(found[:SHOWN]) + more


@contextmanager
def alone(url: str) -> Iterator[Connection]:
    """A connection beside the product's database, under the lock of restores."""
    with maintenance(url) as keeper:
        row = keeper.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
        if row is None or not row[0]:
            raise RestoreRefused("another restore is at work on this server; wait for its end")
        yield keeper


LEAVING = 10
"""Tenths of a second a client that has hung up may still be listed."""


def refuse_company(keeper: Connection, database: str) -> None:
    """Whoever is connected would go on writing into what is put aside."""
    for _ in range(LEAVING):
        company = connected(keeper, database)
        if not company:
            return
        keeper.execute("SELECT pg_sleep(0.1)")
    raise RestoreRefused(f"the product is still connected: {company}. Stop it (zhike up, web, work) and call again.")


def connected(keeper: Connection, database: str) -> str:
    """The clients of a database by name, with their number; "" without any."""
    rows = keeper.execute(
        "SELECT coalesce(nullif(application_name, ''), 'a client without a name'), count(*) FROM pg_stat_activity"
        " WHERE datname = %s AND backend_type = 'client backend' GROUP BY 1 ORDER BY 1",
        [database],
    ).fetchall()
    return ", ".join(f"{name} ({count})" for name, count in rows)


def is_empty(url: str) -> bool:
    """No such database, no tables, or no person in them: nothing that would be missed."""
    if not exists(url, name_of(url)):
        return True
    with psycopg.connect(url) as look:
        if "org_staff" not in tables_of(look):
            return True
        row = look.execute("SELECT NOT EXISTS (SELECT FROM org_staff)").fetchone()
        return bool(row and row[0])


def exists(url: str, name: str) -> bool:
    with maintenance(url) as keeper:
        return keeper.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


@contextmanager
def unpacked(file: Path, manifest: Manifest, home: Path, progress: Progress | None) -> Iterator[Path]:
    """Everything of the file in a folder under ZHIKE_HOME, for renaming into its place; removed when the block fails."""
    for left in home.glob("restoring-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = home / f"restoring-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700, parents=True)
    try:
        with opened(file) as backup:
            done, total = 0, sum(part.size for part in manifest.parts)
            for part in manifest.parts:
                if progress:
                    progress("unpacking", done, total)
                place = inside(folder, part.name)
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
                    if backup.copy(part.name, target) != part:
                        raise RestoreRefused(f"{part.name} changed while it was read")
                    target.flush()
                    os.fsync(target.fileno())
                done += part.size
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def inside(folder: Path, name: str) -> Path:
    """Where a part goes; a name that leads out of the folder is refused."""
    place = folder / name
    if name in (MANIFEST, SEALED) or not place.resolve().is_relative_to(folder.resolve()):
        raise RestoreRefused(f"a part of the backup has a name that leads elsewhere: {name!r}")
    return place


def loaded(dump: Path, manifest: Manifest, target: Target, keeper: Connection, progress: Progress | None) -> str:
    """The name of a new database with everything in it, checked and up to date with this version's tables."""
    name = name_of(target.url) + ENDING
    url = with_name(target.url, name)
    create(keeper, name, name_of(target.url))
    try:
        _load(dump, url, manifest, keeper, progress)
        with psycopg.connect(url) as look:
            wrong = differences(manifest.tables, contents_of(look, progress))
        if wrong:
            raise RestoreRefused(f"the restored database is not what was backed up: {told(wrong)}")
        _check_chain(url, manifest, progress)
        _bring_up_to_date(url, progress)
    except BaseException:
        drop(keeper, name)
        raise
    return name


def create(keeper: Connection, name: str, like: str) -> None:
    """An empty database that sorts text as the one it will replace."""
    drop(keeper, name)
    row = keeper.execute("SELECT datcollate, datctype FROM pg_database WHERE datname = %s", [like]).fetchone()
    made = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
    if row is not None:
        made += sql.SQL(" LC_COLLATE {} LC_CTYPE {}").format(sql.Literal(row[0]), sql.Literal(row[1]))
    try:
        keeper.execute(made)
    except psycopg.errors.InsufficientPrivilege as error:
        raise RestoreRefused("the database user may not create databases: ALTER ROLE ... CREATEDB") from error


def drop(keeper: Connection, name: str) -> None:
    keeper.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _load(dump: Path, url: str, manifest: Manifest, keeper: Connection, progress: Progress | None) -> None:
    programs = programs_for(max(manifest.server, keeper.info.server_version))
    address, environ = reached_by(url)
    command = [programs.restore, "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments", JOBS]
    with watched(keeper, name_of(url), manifest.database_bytes, progress):
        done = subprocess.run(
            [*command, "--dbname", address, str(dump)], env=environ, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RestoreRefused(f"pg_restore failed: {done.stderr.strip()[-2000:]}")
    with psycopg.connect(url, autocommit=True) as fresh:
        fresh.execute("ANALYZE")


@contextmanager
def watched(keeper: Connection, name: str, total: int, progress: Progress | None) -> Iterator[None]:
    """Tell of the growing database while the block runs."""
    over = threading.Event()

    def look() -> None:
        while progress and not over.wait(1.0):
            row = keeper.execute("SELECT pg_database_size(%s)", [name]).fetchone()
            progress("database", min(int(row[0]), total) if row else 0, total)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _check_chain(url: str, manifest: Manifest, progress: Progress | None) -> None:
    if progress:
        progress("chain", 0, 1)
    expect = ["--expect", manifest.head] if manifest.head else []
    done = ours(url, "journal", "verify", "--json", *expect)
    if done.returncode:
        try:
            findings = [found["message"] for found in json.loads(done.stdout)["findings"]]
        except (ValueError, KeyError):
            findings = [done.stderr.strip()[-500:]]
        raise RestoreRefused(f"the journal's chain does not hold in the restored database: {told(findings)}")


def _bring_up_to_date(url: str, progress: Progress | None) -> None:
    if progress:
        progress("tables of this version", 0, 1)
    done = ours(url, "migrate", "--verbosity", "0")
    if done.returncode:
        raise RestoreRefused(f"the tables could not be brought up to this version: {done.stderr.strip()[-1000:]}")


def ours(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of ours on another database."""
    environ = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "zhike.settings"}
    return subprocess.run(
        [sys.executable, "-m", "zhike", *arguments], env=environ, capture_output=True, text=True, check=False
    )


def planned(file: Path, manifest: Manifest, target: Target, fresh: str, folder: Path) -> Swap:
    mark = f"before-{secrets.token_hex(4)}"
    name = name_of(target.url)
    return Swap(
        name, fresh, f"{name}_{mark.replace('-', '_')}", folder.name, mark, file.name, manifest.made_at, manifest.rows
    )
