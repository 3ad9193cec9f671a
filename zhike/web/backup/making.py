"""A backup of a product that goes on working: everything is of one moment, the snapshot's.

Database, counts and hashes are read in one snapshot. A file that a row of the snapshot names was on the disk before the
row was committed; only uploads nobody used are ever removed, a day later. So the files are copied after the snapshot was
taken, and each is what its name says, its SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

import zhike
from zhike.handbook import library
from zhike.web.backup.contents import Connection, Progress, contents_of, migrations_of
from zhike.web.backup.manifest import FORMAT, Manifest, Part
from zhike.web.backup.parts import CHUNK, DUMP, Writer, new_file
from zhike.web.backup.programs import Programs, programs_for, reached_by

KEPT_SETTINGS = (
    "HANDBOOK",
    "PORT",
    "ZHIKE_BIND",
    "ZHIKE_HOSTS",
    "ZHIKE_HTTPS",
    "ZHIKE_LOG",
    "ZHIKE_POOL",
    "ZHIKE_POSTGRES",
)
"""What the environment said and a new machine should be told. No address of a database, no secret."""
KEYS = ("keys/fields", "secret-key")
"""Under ZHIKE_HOME: the keys that seal identity numbers, and the one that signs sessions and links."""
SQUEEZE = "--compress=3"
UNFINISHED_IMPORTS = "SELECT id FROM customers_importrun WHERE state IN ('waiting', 'running', 'paused') ORDER BY id"


class BackupFailed(Exception):
    """There is no backup; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up: a database and the data folder that belongs to it."""

    url: str
    home: Path
    sandbox: bool = False


def make_backup(source: Source, target: Path, *, with_keys: bool = False, progress: Progress | None = None) -> Manifest:
    """Write a backup to `target`, which must not exist. Raises BackupFailed, NoProgram; nothing is left behind then."""
    try:
        with snapshot(source.url) as (connection, name, at), new_file(target) as file:
            programs = programs_for(connection.info.server_version)
            writer = Writer(file)
            _dump(programs, source.url, name, writer, connection, progress)
            tables = contents_of(connection, progress)
            gone = _files(connection, source.home, writer, progress)
            handbooks = _handbooks(connection, writer)
            writer.add("settings.json", io.BytesIO(_settings()))
            if with_keys:
                _keys(source.home, writer)
            manifest = _manifest(connection, source, at, writer.parts, tables, gone, handbooks, with_keys)
            writer.finish(manifest)
            return manifest
    except FileExistsError as error:
        raise BackupFailed(f"{error} is there already: choose another name, or move it away") from error
    except OSError as error:
        raise BackupFailed(f"cannot write {target}: {error.strerror or error}") from error
    except psycopg.Error as error:
        raise BackupFailed(f"the database did not let us: {error}") from error


@contextmanager
def snapshot(url: str) -> Iterator[tuple[Connection, str, datetime]]:
    """A transaction that sees one moment, the name by which pg_dump sees the same one, and when that is."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = connection.execute("SELECT pg_export_snapshot(), clock_timestamp()").fetchone()
        assert row is not None
        yield connection, row[0], row[1]


def _dump(
    programs: Programs, url: str, name: str, writer: Writer, connection: Connection, progress: Progress | None
) -> None:
    address, environ = reached_by(url)
    command = [
        programs.dump,
        "--format=custom",
        SQUEEZE,
        "--no-owner",
        "--no-privileges",
        f"--snapshot={name}",
        address,
    ]
    total = _one(connection, "SELECT pg_database_size(current_database())")
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            writer.add(DUMP, _Watched(process.stdout, total, progress))
            said = process.stderr.read().decode(errors="replace").strip()
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise BackupFailed(f"pg_dump {programs.version} failed: {said}")


class _Watched:
    """A stream whose reading is told of. A dump is several times smaller than its database; how many is guessed."""

    USUAL_SHARE = 6

    def __init__(self, source: Any, total: int, progress: Progress | None) -> None:
        self.source, self.total, self.progress, self.done = source, total, progress, 0

    def read(self, size: int, /) -> bytes:
        chunk: bytes = self.source.read(size)
        self.done += len(chunk) * self.USUAL_SHARE
        if self.progress:
            self.progress("database", min(self.done, self.total), self.total)
        return chunk


NAMED_FILES = """
SELECT digest FROM records_attachment UNION SELECT raw_digest FROM mail_mail WHERE raw_digest > ''
UNION SELECT raw_digest FROM mail_outgoing WHERE raw_digest > '' ORDER BY 1
"""
"""Attachments, and mails as they came and went."""


def _files(connection: Connection, home: Path, writer: Writer, progress: Progress | None) -> list[str]:
    """Copy what rows name; answers what is not there as it was received."""
    digests = [row[0] for row in connection.execute(NAMED_FILES)]
    gone = []
    for number, digest in enumerate(digests):
        if progress:
            progress("files", number, len(digests))
        name = f"files/{digest[:2]}/{digest}"
        part = _copy(home / name, name, writer)
        if part is None or part.sha256 != digest:
            gone.append(name)
    for (number,) in connection.execute(UNFINISHED_IMPORTS).fetchall():
        _copy(home / "imports" / f"{number}.table", f"imports/{number}.table", writer)
    return gone


def _copy(place: Path, name: str, writer: Writer) -> Part | None:
    try:
        with place.open("rb") as source:
            return writer.add(name, source)
    except FileNotFoundError:
        return None


def _handbooks(connection: Connection, writer: Writer) -> list[str]:
    """The folders of installed handbooks, where they are still at hand; what is in force stands in the database anyway."""
    names = [row[0] for row in connection.execute("SELECT DISTINCT name FROM org_handbookversion ORDER BY 1")]
    for name in names:
        try:
            folder = library.find(name)
        except library.NoSuchHandbook:
            continue
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
                _copy(path, f"handbooks/{name}/{path.relative_to(folder).as_posix()}", writer)
    return names


def _settings() -> bytes:
    return json.dumps({name: os.environ[name] for name in KEPT_SETTINGS if name in os.environ}, indent=1).encode()


def _keys(home: Path, writer: Writer) -> None:
    if text := os.environ.get("ZHIKE_FIELD_KEYS"):
        writer.add(KEYS[0], io.BytesIO(text.replace(",", "\n").encode()))
    for name in KEYS:
        if not (name == KEYS[0] and text):
            _copy(home / name, name, writer)


def _manifest(
    connection: Connection,
    source: Source,
    at: datetime,
    parts: list[Part],
    tables: dict[str, Any],
    gone: list[str],
    handbooks: list[str],
    with_keys: bool,
) -> Manifest:
    return Manifest(
        format=FORMAT,
        product=zhike.__version__,
        made_at=at.isoformat(timespec="seconds"),
        sandbox=source.sandbox,
        server=connection.info.server_version,
        database_bytes=_one(connection, "SELECT pg_database_size(current_database())"),
        tables=tables,
        migrations=migrations_of(connection),
        head=_one(connection, "SELECT coalesce((SELECT digest FROM journal_seal ORDER BY last DESC LIMIT 1), '')"),
        parts=list(parts),
        gone=gone,
        keys_needed=_keys_needed(connection),
        with_keys=with_keys,
        handbooks=handbooks,
    )


def _keys_needed(connection: Connection) -> list[str]:
    """Names of the keys under which something is sealed, in any table that has sealed values."""
    tables = connection.execute(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'key_id'"
    ).fetchall()
    found: set[str] = set()
    for (name,) in tables:
        keys = sql.SQL("SELECT DISTINCT key_id FROM {}").format(sql.Identifier("public", name))
        found |= {key for (key,) in connection.execute(keys).fetchall() if key}
    return sorted(found)


def _one(connection: Connection, query: Any) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def digest_of(place: Path) -> str:
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with place.open("rb") as source:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
