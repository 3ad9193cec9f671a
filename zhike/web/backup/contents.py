"""How many rows a table has, and a hash over them: the same before a backup and after a restore, whatever the order.

Each row's text is hashed, and the hashes are added up. That finds what is lost, doubled or changed by accident; against
somebody who changes data on purpose stands the journal's chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from zhike.web.backup.manifest import Contents

Connection = psycopg.Connection[Any]
Progress = Callable[[str, int, int], None]
"""(what is being done, how much of it is done, how much there is)"""

# A row as text depends on these; both sides must say it alike.
SETTINGS = """
SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL search_path = public
"""
TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname
"""
HASHED: LiteralString = """
SELECT count(*), coalesce(sum(('x' || left(h, 15))::bit(60)::bigint), 0), coalesce(sum(('x' || right(h, 15))::bit(60)::bigint), 0)
FROM (SELECT md5(t::text) AS h FROM {} AS t) AS hashed
"""
MIGRATED = "SELECT app, name FROM django_migrations ORDER BY id"


def tables_of(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(TABLES).fetchall()]


def contents_of(connection: Connection, progress: Progress | None = None) -> dict[str, Contents]:
    """Every table of the product, in the transaction that is open on `connection`."""
    connection.execute(SETTINGS)
    found, names = {}, tables_of(connection)
    for number, name in enumerate(names):
        if progress:
            progress("tables", number, len(names))
        row = connection.execute(sql.SQL(HASHED).format(sql.Identifier("public", name))).fetchone()
        assert row is not None
        rows, left, right = row
        digest = hashlib.sha256(f"{rows}:{left}:{right}".encode()).hexdigest()
        found[name] = Contents(int(rows), digest)
    return found


def differences(before: dict[str, Contents], after: dict[str, Contents]) -> list[str]:
    """What is not as it was, in words; nothing when everything came back."""
    found = [f"table {name} is missing" for name in sorted(set(before) - set(after))]
    found += [f"table {name} is there and was not" for name in sorted(set(after) - set(before))]
    for name in sorted(set(before) & set(after)):
        was, became = before[name], after[name]
        if was.rows != became.rows:
            found.append(f"table {name} has {became.rows:,} rows and had {was.rows:,}")
        elif was != became:
            found.append(f"table {name} has {was.rows:,} rows as before, but not the same ones")
    return found


def migrations_of(connection: Connection) -> list[tuple[str, str]]:
    return [(app, name) for app, name in connection.execute(MIGRATED).fetchall()]
