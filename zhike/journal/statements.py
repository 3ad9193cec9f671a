"""Rows read and written on the short way. Django composes the SQL of a query anew each time, which costs more than carrying it out;
what every deed and every page needs is asked here with SQL composed once for each model.

Rows come back as ordinary instances, every column filled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState

M = TypeVar("M", bound=models.Model)


def rows(
    model: type[M],
    where: str,
    values: Sequence[Any] | Mapping[str, Any] = (),
    *,
    joined: tuple[str, ...] = (),
    without: tuple[str, ...] = (),
    also: tuple[tuple[str, str], ...] = (),
) -> list[M]:
    """Instances of `model`. `where` is everything behind FROM, written by us: "WHERE subject_id = %s ORDER BY id".

    `joined`: foreign keys whose rows come along, under their own name in the SQL, one instance for all that point to it.
    `without`: fields to be read only when asked for.
    `also`: (name, SQL) of more that is asked about each row; the instance has it under that name.
    """
    sql, parts = _reading(model, joined, without, also)
    with connection.cursor() as cursor:
        cursor.execute(sql + where, values)
        found = cursor.fetchall()
    alias, shared = connection.alias, dict[tuple[str, Any], Any]()
    made = [_instance(parts, each, alias, shared) for each in found]
    for instance, each in zip(made, found, strict=True) if also else ():
        instance.__dict__.update(zip((name for name, _ in also), each[-len(also) :], strict=True))
    return made


def row(
    model: type[M],
    where: str,
    values: Sequence[Any] = (),
    *,
    joined: tuple[str, ...] = (),
    also: tuple[tuple[str, str], ...] = (),
) -> M | None:
    """The first such instance, None where there is none."""
    return next(iter(rows(model, where, values, joined=joined, also=also)), None)


def together(*asked: tuple[type[models.Model], str, Sequence[Any]]) -> list[list[Any]]:
    """Rows of several models with one query: for each (model, where, values) a list of instances, as `rows` reads them.

    In no order: whoever asks sorts them; an order in `where` says which of them a limit leaves.
    """
    sql, parts = _reading_together(tuple((model, where) for model, where, _ in asked))
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for *_, values in asked for value in values])
        found = cursor.fetchall()
    alias, made = connection.alias, list[list[Any]]([] for _ in asked)
    for values in found:
        made[values[0]].append(_one(parts[values[0]], values, alias))
    return made


def array_of(values: Iterable[int | str]) -> str:
    """An array as PostgreSQL reads it from a text, for `= ANY(%s)` and `&& %s::varchar[]`: the driver's own takes fifty times as long."""
    return "{" + ",".join([str(value) if isinstance(value, int) else _in_quotes(value) for value in values]) + "}"


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


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


@dataclass(frozen=True, slots=True)
class _Part:
    """Where an instance stands in a row of the answer."""

    model: type[models.Model]
    begin: int
    end: int
    names: tuple[str, ...]
    converted: tuple[tuple[str, Any], ...]
    key: int
    """Where its id stands."""
    joined_as: str = ""


def _instance(parts: Sequence[_Part], values: Sequence[Any], alias: str, shared: dict[tuple[str, Any], Any]) -> Any:
    first = _one(parts[0], values, alias)
    for part in parts[1:]:
        key = (part.joined_as, values[part.key])
        if key not in shared:
            shared[key] = None if key[1] is None else _one(part, values, alias)
        first._state.fields_cache[part.joined_as] = shared[key]
    return first


def _one(part: _Part, values: Sequence[Any], alias: str) -> models.Model:
    own = dict(zip(part.names, values[part.begin : part.end], strict=True))
    for name, converter in part.converted:
        own[name] = converter(own[name])
    return _made(part.model, own, alias)


def _made(model: type[models.Model], values: dict[str, Any], alias: str) -> models.Model:
    """An instance without the way through __init__, whose signals and checks of keywords cost four times the rest."""
    made = model.__new__(model)
    values["_state"] = state = ModelState()
    state.adding, state.db = False, alias
    made.__dict__ = values
    return made


@cache
def _reading(
    model: type[models.Model], joined: tuple[str, ...], without: tuple[str, ...], also: tuple[tuple[str, str], ...]
) -> tuple[str, tuple[_Part, ...]]:
    table = model._meta.db_table
    parts, columns = [_part(model, 0, without)], _columns(model, table, without)
    tables = [_quoted(table)]
    for name in joined:
        key: Any = model._meta.get_field(name)
        parts.append(_part(key.related_model, len(columns), (), name))
        columns += _columns(key.related_model, name, ())
        tables.append(
            f"LEFT JOIN {_quoted(key.related_model._meta.db_table)} AS {_quoted(name)}"
            f" ON {_quoted(name)}.id = {_quoted(table)}.{_quoted(key.column)}"
        )
    columns += [sql for _, sql in also]
    return f"SELECT {', '.join(columns)} FROM {' '.join(tables)} ", tuple(parts)  # noqa: S608 - our own models


@cache
def _reading_together(asked: tuple[tuple[type[models.Model], str], ...]) -> tuple[str, tuple[_Part, ...]]:
    """Every model has columns of its own in the answer, empty in the rows of the others; the first says whose row it is."""
    parts, begin = list[_Part](), 1
    for model, _ in asked:
        parts.append(_part(model, begin, ()))
        begin = parts[-1].end
    empty = [[f"NULL::{field.cast_db_type(connection)}" for field in _fields(model, ())] for model, _ in asked]
    selects = []
    for place, (model, where) in enumerate(asked):
        table = model._meta.db_table
        own = [*empty[:place], _columns(model, table, ()), *empty[place + 1 :]]
        columns = ", ".join(column for some in own for column in some)
        selects.append(f"(SELECT {place}, {columns} FROM {_quoted(table)} {where})")  # noqa: S608 - our own models
    return " UNION ALL ".join(selects), tuple(parts)


def _fields(model: type[models.Model], without: tuple[str, ...]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if field.name not in without]


def _columns(model: type[models.Model], table: str, without: tuple[str, ...]) -> list[str]:
    return [f"{_quoted(table)}.{_quoted(field.column)}" for field in _fields(model, without)]


def _part(model: type[models.Model], begin: int, without: tuple[str, ...], joined_as: str = "") -> _Part:
    fields = _fields(model, without)
    converted = tuple((field.attname, _converter(field)) for field in fields if hasattr(field, "from_db_value"))
    key = begin + next(n for n, field in enumerate(fields) if field.primary_key)
    names = tuple(field.attname for field in fields)
    return _Part(model, begin, begin + len(fields), names, converted, key, joined_as)


def _converter(field: Any) -> Any:
    """Django's converter of a value that PostgreSQL's driver does not give as it is kept (jsonb comes as text)."""
    if isinstance(field, models.JSONField) and field.decoder is None:
        return _unpacked
    expression = field.cached_col
    return lambda value: field.from_db_value(value, expression, connection)


EMPTY: dict[str | None, Callable[[], Any]] = {None: lambda: None, "[]": list, "{}": dict}


def _unpacked(text: str | None) -> Any:
    """What a column of jsonb holds; most of them hold nothing."""
    return EMPTY[text]() if text in EMPTY else json.loads(text or "")


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
