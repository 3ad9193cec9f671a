"""`zhike doctor`: is this installation sound? Every check says what it found."""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

import click

from zhike.web.cli import environment
from zhike.web.cli.ready import django_ready

ENOUGH_DISK = 1 << 30
OLDEST_POSTGRES = 150_000


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found."""

    name: str
    ok: bool
    detail: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def command(as_json: bool) -> int:
    """Check this installation: database, migrations, journal chain, disk, browser code."""
    with django_ready():
        found = [examine(name, look) for name, look in CHECKS.items()]
    ok = all(check.ok for check in found)
    if as_json:
        click.echo(json.dumps({"ok": ok, "checks": [asdict(check) for check in found]}, ensure_ascii=False))
    else:
        for check in found:
            click.echo(f"{'ok ' if check.ok else 'BAD'}  {check.name}: {check.detail}")
    return 0 if ok else 1


def examine(name: str, look: Callable[[], tuple[bool, str]]) -> Check:
    """A check that breaks is a finding too: the others still run."""
    try:
        ok, detail = look()
    except Exception as error:  # whatever went wrong is the finding
        ok, detail = False, f"{type(error).__name__}: {error}"
    return Check(name, ok, detail)


def python_version() -> tuple[bool, str]:
    return sys.version_info >= (3, 11), sys.version.split()[0]


def database_server() -> tuple[bool, str]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
        number, text = cursor.fetchone()
    origin = "DATABASE_URL" if environment.external_database() else "embedded"
    return number >= OLDEST_POSTGRES, f"PostgreSQL {text} ({origin})"


def migrations() -> tuple[bool, str]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return not missing, f"{len(missing)} to apply: zhike migrate" if missing else "all applied"


def journal_chain() -> tuple[bool, str]:
    """Recompute the hash chain over the sealed part of the journal."""
    if importlib.util.find_spec("zhike.journal.seals") is None:
        return True, "no seals in this version"
    broken = importlib.import_module("zhike.journal.seals").verify_chain()
    return not broken, f"broken: {broken}" if broken else "whole"


def disk() -> tuple[bool, str]:
    free = shutil.disk_usage(environment.make_home()).free
    return free > ENOUGH_DISK, f"{free / (1 << 30):.1f} GiB free in {environment.home()}"


def browser_code() -> tuple[bool, str]:
    from django.contrib.staticfiles import finders

    missing = [name for name in ("vendor/htmx.min.js", "vendor/tabler.min.css") if not finders.find(name)]
    return not missing, f"missing {', '.join(missing)}: make setup" if missing else "complete"


CHECKS: dict[str, Callable[[], tuple[bool, str]]] = {
    "python": python_version,
    "database": database_server,
    "migrations": migrations,
    "journal chain": journal_chain,
    "disk": disk,
    "browser code": browser_code,
}
