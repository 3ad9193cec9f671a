"""Rows read and written on the short way. Django composes the SQL of a query anew each time, which costs more than carrying it out;
what every deed and every page needs is asked here with SQL composed once for each model.

Rows come back as ordinary instances, every column filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


def rows(model: type[M], where: str, values: Sequence[Any] = ()) -> list[M]:
    """Instances of `model`; `where` is everything behind FROM, written by us: "WHERE subject_id = %s ORDER BY id"."""
    sql, names, converted = _reading(model)
    with connection.cursor() as cursor:
        cursor.execute(sql + where, values)
        found = cursor.fetchall()
    if converted:
        found = [_convert(row, converted) for row in found]
    return [model.from_db(connection.alias, names, row) for row in found]


def row(model: type[M], where: str, values: Sequence[Any] = ()) -> M | None:
    """The first such instance, None where there is none."""
    return next(iter(rows(model, where, values)), None)


def insert(new: M) -> M:
    """Insert one instance; its id is filled in. Defaults of the database are left to it, nothing is validated."""
    with_id = new.pk is not None
    sql, fields = _writing(type(new), with_id)
    values = [field.get_db_prep_save(getattr(new, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        if not with_id:
            new.pk = cursor.fetchone()[0]
    new._state.adding = False
    new._state.db = connection.alias
    return new


@cache
def _reading(model: type[models.Model]) -> tuple[str, list[str], list[tuple[int, Any]]]:
    fields = model._meta.concrete_fields
    table = _quoted(model._meta.db_table)
    columns = ", ".join(f"{table}.{_quoted(field.column)}" for field in fields)
    converted = [(n, _converter(field)) for n, field in enumerate(fields) if hasattr(field, "from_db_value")]
    return f"SELECT {columns} FROM {table} ", [field.attname for field in fields], converted  # noqa: S608 - our own models


def _converter(field: Any) -> Any:
    """Django's converter of a value that PostgreSQL's driver does not give as it is kept (jsonb comes as text)."""
    expression = field.cached_col
    return lambda value: field.from_db_value(value, expression, connection)


def _convert(values: Sequence[Any], converted: Sequence[tuple[int, Any]]) -> list[Any]:
    row = list(values)
    for place, converter in converted:
        row[place] = converter(row[place])
    return row


@cache
def _writing(model: type[models.Model], with_id: bool) -> tuple[str, list[Any]]:
    given = [f for f in model._meta.concrete_fields if (with_id or not f.primary_key) and not f.has_db_default()]
    columns = ", ".join(_quoted(field.column) for field in given)
    values = ", ".join(["%s"] * len(given))
    sql = f"INSERT INTO {_quoted(model._meta.db_table)} ({columns}) VALUES ({values})"  # noqa: S608 - our own models
    assert model._meta.pk is not None
    return sql if with_id else f"{sql} RETURNING {_quoted(model._meta.pk.column)}", given


def _quoted(name: str | None) -> str:
    assert name is not None
    return connection.ops.quote_name(name)
