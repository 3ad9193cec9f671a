"""Forms: what was sent becomes what is kept, or every reason why not, at once.

Only fields the form declares are ever read; a field that conditions hide is dropped; a field the product fills is
never taken from outside. Beside a field there may be `<field>__absent` (why there is no value) and `<field>__explain`
(the words that belong to a choice), where the handbook asks for them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.conditions import holds
from zhike.handbook.structure import FieldDef
from zhike.lib.text import LINE_LENGTH
from zhike.records import words
from zhike.records.attachments import LIMITS, check_tokens
from zhike.records.display import display, mask
from zhike.records.facts import typed
from zhike.records.locks import NO_LOCKS, Locks
from zhike.records.posting import ABSENT, EXPLAIN, parse_post
from zhike.records.shapes import read_value
from zhike.records.values import Context, Lock, Unfit, automatic, is_blank, is_filled_by_product, jsonable, line

MOST_ROWS = 200
MOST_IN_ROWS = 200_000
"""Characters of all cells of one table."""

Values = dict[str, Any]
Errors = dict[str, Text]


class FormRefused(Exception):
    """The form cannot be taken. `errors`: field ("" the whole form, `field__row__column` in a table) -> what to do; `kept`: what could
    be read of it, as it would be kept; `clauses`: field -> the clause that says it, where one does.
    """

    def __init__(
        self,
        errors: Mapping[str, Text],
        kept: Mapping[str, Any] = MappingProxyType({}),
        clauses: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__("; ".join(f"{name}: {text.zh}" for name, text in errors.items()))
        self.errors: Errors = dict(errors)
        self.kept: Values = dict(kept)
        self.clauses = dict(clauses)


def check_form(
    book: Book,
    record_id: str,
    values: Mapping[str, Any],
    *,
    facts: Mapping[str, Any],
    now: dt.datetime,
    actor: str,
    gated_fields: Iterable[str] = frozenset(),
    locks: Locks = NO_LOCKS,
) -> Values:
    """The form as it is kept: {field id: JSON-able value}, fields without a value left out.

    `facts`: the facts of the case, for conditions; `actor.roles` among them says in which roles he signs.
    `gated_fields`: fields whose absence a clause refuses; here they may be missing. A field whose key is absent gets
    its default; one that was sent empty stays empty. `locks`: fields that stay as they stand. Raises FormRefused with all errors.
    """
    if not isinstance(values, Mapping):
        raise FormRefused({"": words.NOT_A_FORM})
    context = Context(book, record_id, now, actor, facts, ZoneInfo(book.handbook.zone), locks)
    fields = book.record(record_id).fields
    kept, errors = read_fields(fields, values, context, frozenset(gated_fields))
    if errors:
        raise FormRefused(errors, kept, {name: locks[name].clause for name in errors if name in locks})
    return _with_earlier_signatures(fields, kept, context)


def read_fields(
    fields: Iterable[FieldDef], values: Mapping[str, Any], context: Context, gated: frozenset[str] = frozenset()
) -> tuple[Values, Errors]:
    """(kept, errors) of the fields of a form or of one row of a table."""
    fields = tuple(fields)
    found, faults = _read_all(fields, values, context)
    shown, scope = _shown(fields, found, context)
    kept: Values = {}
    errors: Errors = {}
    for field in (field for field in fields if field.id in shown):
        if field.id in faults:
            errors |= {f"{field.id}__{at}" if at else field.id: text for at, text in faults[field.id].items()}
            continue
        kept |= {name: found[name] for name in (field.id, field.id + ABSENT, field.id + EXPLAIN) if name in found}
        fault = _fault(field, found, scope, context, gated)
        if fault is not None:
            errors[field.id] = fault
    return kept, errors


def _read_all(
    fields: Iterable[FieldDef], values: Mapping[str, Any], context: Context
) -> tuple[Values, dict[str, Errors]]:
    found: Values = {}
    faults: dict[str, Errors] = {}
    for field in fields:
        lock = context.locks.get(field.id)
        try:
            if lock is not None:
                found |= _left(field, values, lock, context)
                continue
            value = _read(field, values, context)
            beside = _read_beside(field, values)
        except Unfit as unfit:
            faults[field.id] = unfit.faults
            continue
        if value is not None:
            found[field.id] = value
        found |= beside
    return found, faults


def _read(field: FieldDef, values: Mapping[str, Any], context: Context) -> Any:
    if is_filled_by_product(field):
        return automatic(field, context)
    value = values.get(field.id, field.default)
    if is_blank(value):
        return _before(field, context) if field.append_only else None
    value = _sent(value, field, context)
    return _appended(_before(field, context), value) if field.append_only else value


def _sent(value: Any, field: FieldDef, context: Context) -> Any:
    if field.type == "rows":
        return _read_rows(value, field, context)
    return _read_files(value, field, context) if field.type == "files" else read_value(value, field, context)


def _left(field: FieldDef, values: Mapping[str, Any], lock: Lock, context: Context) -> Values:
    """What stands there. Raises Unfit where something else was sent."""
    sent = values.get(field.id)
    try:
        stands = lock.kept.get(field.id)
        same = sent == stands or _means(sent, stands, field, values, context)
    except Unfit:
        same = False
    if not same:
        raise Unfit(lock.words)
    return dict(lock.kept)


def _means(sent: Any, stands: Any, field: FieldDef, values: Mapping[str, Any], context: Context) -> bool:
    """Whether what was sent says what stands there; not to speak of the field at all says so too. Raises Unfit."""
    if is_blank(sent):
        return stands is None or field.id not in values
    return bool(_sent(sent, field, context) == stands)


def _read_beside(field: FieldDef, values: Mapping[str, Any]) -> Values:
    """The words that may stand beside a value: why there is none, or what a choice means here."""
    asked = [ABSENT] if field.absence else []
    asked += [EXPLAIN] if field.type in ("enum", "multi") else []
    said = {field.id + end: line(values.get(field.id + end), LINE_LENGTH) for end in asked}
    return {name: text for name, text in said.items() if text}


def _fault(
    field: FieldDef, found: Values, scope: Mapping[str, Any], context: Context, gated: frozenset[str]
) -> Text | None:
    """What is wrong with a field that could be read: it is missing, unexplained, or does not agree with the others."""
    value = found.get(field.id)
    if field.id in context.locks:
        return None
    if value is None:
        excused = field.id in gated or is_filled_by_product(field) or field.id + ABSENT in found
        return words.required(field) if not excused and _is_required(field, scope) else None
    chosen = value if isinstance(value, list) else [value]
    for choice in context.book.choices(field) if field.type in ("enum", "multi") else ():
        if choice.explain and choice.id in chosen and field.id + EXPLAIN not in found:
            return words.explain(choice.title)
    return words.contradicts(field) if field.must and not holds(field.must, scope) else None


def _is_required(field: FieldDef, scope: Mapping[str, Any]) -> bool:
    return field.required or (bool(field.required_when) and holds(field.required_when, scope))


def _read_rows(value: Any, field: FieldDef, context: Context) -> list[Values] | None:
    """Empty rows are passed over; the others keep their order."""
    if not isinstance(value, list | tuple) or not all(isinstance(row, Mapping) for row in value):
        raise Unfit(words.NOT_ROWS)
    most = min(field.longest or MOST_ROWS, MOST_ROWS)
    if len(value) > most:
        raise Unfit(words.too_many(most, "行", "rows"))
    length = sum(len(cell) for row in value for cell in row.values() if isinstance(cell, str))
    if length > MOST_IN_ROWS:
        raise Unfit(words.too_long(MOST_IN_ROWS, length))
    rows: list[Values] = []
    faults: Errors = {}
    within = replace(context, locks=NO_LOCKS)
    for number, row in enumerate(value):
        if all(is_blank(row.get(column.id)) for column in field.columns if not is_filled_by_product(column)):
            continue
        kept, errors = read_fields(field.columns, row, within)
        rows.append(kept)
        faults |= {f"{number}__{name}": text for name, text in errors.items()}
    if faults:
        raise Unfit(faults)
    return rows or None


def _read_files(value: Any, field: FieldDef, context: Context) -> list[str] | None:
    tokens = [value] if isinstance(value, str) else value
    if not isinstance(tokens, list | tuple) or not all(isinstance(token, str) for token in tokens):
        raise Unfit(words.NOT_FILES)
    most = field.longest or LIMITS.files
    wanted = list(dict.fromkeys(token for token in tokens if not is_blank(token)))
    if len(wanted) > most:
        raise Unfit(words.too_many(most, "个文件", "files"))
    before = _before(field, context)
    fault = check_tokens(wanted, by=context.actor, kept=before if isinstance(before, list) else ())
    if fault is not None:
        raise Unfit(fault)
    return wanted or None


def _before(field: FieldDef, context: Context) -> Any:
    """The value of the latest filling."""
    return jsonable(context.facts.get(f"{context.record}.{field.id}"))


def _appended(before: Any, value: Any) -> Any:
    """What may only grow: a page that sent the old part along does not double it."""
    if isinstance(before, str) and isinstance(value, str):
        return value if value.startswith(before) else f"{before}\n{value}"
    if isinstance(before, list) and isinstance(value, list):
        return value if value[: len(before)] == before else before + value
    return value


def _shown(fields: tuple[FieldDef, ...], found: Values, context: Context) -> tuple[frozenset[str], dict[str, Any]]:
    """The fields whose condition holds, and the facts it was asked under; a hidden field counts as empty."""
    shown = frozenset(field.id for field in fields)
    scope: dict[str, Any] = {}
    for _ in range(len(fields) + 1):
        scope = dict(context.facts)
        for field in fields:
            value = typed(field, found.get(field.id)) if field.id in shown else None
            scope[field.id] = scope[f"{context.record}.{field.id}"] = value
        now_shown = frozenset(field.id for field in fields if not field.shown_when or holds(field.shown_when, scope))
        if now_shown == shown:
            break
        shown = now_shown
    return shown, scope


def _with_earlier_signatures(fields: Iterable[FieldDef], kept: Values, context: Context) -> Values:
    """A second person signs what the first has signed: they stay while nothing else changes; an edit voids them."""
    earlier = {field.id: _before(field, context) for field in fields}
    signed = {f.id for f in fields if f.type == "signature" and isinstance(earlier[f.id], Mapping)}
    content = [f.id for f in fields if f.type != "signature" and not is_filled_by_product(f)]
    if signed and all(kept.get(name) == earlier[name] for name in content):
        return {name: earlier[name] for name in signed} | kept
    return kept


def first_values(book: Book, record_id: str, facts: Mapping[str, Any]) -> Values:
    """What an empty form is offered with: prefilled facts and defaults."""
    offered = {
        field.id: jsonable(facts.get(field.prefill)) if field.prefill else field.default
        for field in book.record(record_id).fields
        if not is_filled_by_product(field)
    }
    return {name: value for name, value in offered.items() if value is not None}


def file_tokens(book: Book, record_id: str, values: Mapping[str, Any]) -> list[str]:
    """The tokens of every `files` field of a kept form, tables included, for whoever keeps the form to bind."""
    return _tokens(book.record(record_id).fields, values)


def _tokens(fields: Iterable[FieldDef], values: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for field in fields:
        value = values.get(field.id)
        if field.type == "files":
            found += value or []
        elif field.type == "rows":
            for row in value or []:
                found += _tokens(field.columns, row)
    return found


__all__ = ["FormRefused", "check_form", "display", "file_tokens", "first_values", "mask", "parse_post"]
