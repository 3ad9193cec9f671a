"""Rows that no query sorts come in any order: `make test ARGS='-p tests.shuffled'`.

A database answers in the order that suits it, which is nearly always the order in which rows were written; a test that rests on that
passes a hundred times and fails once. Here every such query of the test's own process is sorted by chance.
"""

from __future__ import annotations

from typing import Any

from django.db.models.sql.compiler import (
    SQLAggregateCompiler,
    SQLCompiler,
    SQLDeleteCompiler,
    SQLInsertCompiler,
    SQLUpdateCompiler,
)

_plain = SQLCompiler.as_sql
_OTHERS = (SQLAggregateCompiler, SQLDeleteCompiler, SQLInsertCompiler, SQLUpdateCompiler)


def _shuffled(self: SQLCompiler, *args: Any, **kwargs: Any) -> tuple[str, Any]:
    sql, parameters = _plain(self, *args, **kwargs)
    if not _is_open(self, sql):
        return sql, parameters
    head, limit, tail = sql.rpartition(" LIMIT ") if self.query.is_sliced else (sql, "", "")
    return f"{head} ORDER BY random(){limit}{tail}", parameters


def _is_open(compiler: SQLCompiler, sql: str) -> bool:
    """Whether it is a question for rows whose order nobody said. Locks are left alone: their order is the table's."""
    query = compiler.query
    asks = not isinstance(compiler, _OTHERS) and sql.startswith("SELECT") and query.model is not None
    is_sorted = " ORDER BY " in sql.rsplit("FROM", 1)[-1]
    is_part = query.subquery or query.combinator or query.distinct or query.select_for_update
    return asks and not is_sorted and not is_part


SQLCompiler.as_sql = _shuffled  # type: ignore[method-assign]
