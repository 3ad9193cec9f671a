"""Fields of a form as the page draws them: `base/field.html`, one template for staff and customers.

Names of inputs are those `records.posting.parse_post` reads: the field's id; `field__0__column` for cells of a table.
Files are sent under the field's id; the view stores them and puts their tokens in their place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.utils.translation import get_language, gettext

from zhike.handbook.book import Book
from zhike.handbook.common import Text, When
from zhike.handbook.conditions import holds
from zhike.handbook.structure import FieldDef
from zhike.lib import phone
from zhike.records.display import display
from zhike.records.values import Lock, is_filled_by_product
from zhike.web.base.times import ZONE

FEW = 6
"""Up to so many choices are shown side by side; more become a list to pull down."""

Option = tuple[str, str]
Options = Callable[[FieldDef], Sequence[Option]]
"""(value, label) pairs of a field that points to rows: departments, staff, outlets."""

INPUT_TYPES = {
    "int": "number", "decimal": "text", "money": "text", "date": "date", "time": "time", "datetime": "datetime-local",
    "phone": "tel", "email": "email",
}  # fmt: skip
INPUT_MODES = {"int": "numeric", "decimal": "decimal", "money": "decimal", "phone": "tel", "id_number": "text"}


@dataclass(frozen=True, slots=True)
class Told:
    """One error at a field: the words and, where a clause says it, the clause."""

    words: str
    handbook: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field ready to be drawn. `value` is text, a list of texts (multi) or a list of rows (rows)."""

    id: str
    name: str
    title: str
    type: str
    widget: str
    """text, area, number-like input, choice, select, multi, files, rows, yes_no; stays: shown, not filled."""
    required: bool
    wanted: bool = False
    """It may come later, and without it the form is not complete."""
    value: Any = ""
    errors: tuple[Told, ...] = ()
    help: str = ""
    because: Told | None = None
    """Why it comes with this value: the words and the clause."""
    options: tuple[Option, ...] = ()
    input_type: str = "text"
    input_mode: str = ""
    longest: int = 0
    autocomplete: str = "off"
    shown_when: dict[str, list[str]] = field(default_factory=dict)
    columns: tuple[FieldView, ...] = ()
    rows: tuple[tuple[FieldView, ...], ...] = ()
    blank: tuple[FieldView, ...] = ()


def field_views(
    book: Book,
    record: str,
    values: Mapping[str, Any],
    *,
    errors: Mapping[str, Sequence[Told]] | None = None,
    needed: frozenset[str] = frozenset(),
    facts: Mapping[str, Any] = MappingProxyType({}),
    options: Options = lambda _: (),
    only: Callable[[FieldDef], bool] = lambda _: True,
    locks: Mapping[str, Lock] = MappingProxyType({}),
) -> list[FieldView]:
    """The fields of a record that a person fills, in the record's order.

    `values`: what was typed or is known. `errors`: by field id, or `field__row__column` inside a table. `needed`:
    fields a clause asks for beside those the form requires. `facts`: what else is known of the case, for
    `required_when` and for a `shown_when` that looks at another form. `options`: choices that live in tables.
    `only` narrows the fields (the portal shows a customer's); `locks`: fields that are shown as they stand.
    """
    told, known = errors or {}, {**facts, **values}
    fields = book.record(record).fields
    later = frozenset(book.record(record).complete)
    own = {name for f in fields for name in (f.id, f"{record}.{f.id}")}
    asked = needed | {f.id for f in fields if f.required_when and holds(f.required_when, known)}
    return [
        _staying(book, definition, locks[definition.id], _errors_of(definition, told), options, own)
        if definition.id in locks
        else field_view(
            book,
            definition,
            values.get(definition.id),
            _errors_of(definition, told),
            asked,
            options,
            own=own,
            later=later,
        )
        for definition in fields
        if not is_filled_by_product(definition) and only(definition) and holds(_settled(definition, own), known)
    ]


def _staying(
    book: Book, definition: FieldDef, lock: Lock, errors: tuple[Told, ...], options: Options, own: AbstractSet[str]
) -> FieldView:
    """A field that is shown and not filled, with the reason."""
    kept = lock.kept.get(definition.id)
    named = dict(options(definition)).get(str(kept)) if kept is not None else None
    return FieldView(
        id=f"f-{definition.id}",
        name=definition.id,
        title=_say(definition.title),
        type=definition.type,
        widget="stays",
        required=False,
        value=named or display(book, definition, kept, get_language() or "zh"),
        errors=errors,
        because=Told(_say(lock.words), book.name if lock.clause else "", lock.clause),
        shown_when=_shown_when(definition, own),
    )


def _settled(definition: FieldDef, own: AbstractSet[str]) -> When:
    """Of the conditions under which a field is shown, those no answer in this form can change: they look at another one."""
    return {fact: test for fact, test in definition.shown_when.items() if fact not in own}


def _errors_of(definition: FieldDef, told: Mapping[str, Sequence[Told]]) -> tuple[Told, ...]:
    """The errors of a field; those inside a table say which row they are about."""
    found = list(told.get(definition.id, ()))
    for name, errors in told.items():
        field_id, _, inside = name.partition("__")
        if field_id == definition.id and inside:
            row = inside.partition("__")[0]
            found += [
                Told(
                    gettext("第 %(row)s 行：%(words)s") % {"row": int(row) + 1, "words": e.words}, e.handbook, e.clause
                )
                for e in errors
                if row.isdigit()
            ]
    return tuple(found)


def field_view(
    book: Book,
    definition: FieldDef,
    value: Any,
    errors: tuple[Told, ...] = (),
    needed: frozenset[str] = frozenset(),
    options: Options = lambda _: (),
    name: str = "",
    own: AbstractSet[str] | None = None,
    later: AbstractSet[str] = frozenset(),
) -> FieldView:
    """One field with its value in the form inputs take. `own`: facts that are fields of the same form; all where it is None.

    `later`: fields that may come later.
    """
    choices = _choices(book, definition, options)
    widget = _widget(definition, len(choices))
    name = name or definition.id
    return FieldView(
        id=f"f-{name}",
        name=name,
        title=_say(definition.title),
        type=definition.type,
        widget=widget,
        required=definition.required or definition.id in needed,
        wanted=definition.id in later and not (definition.required or definition.id in needed),
        value=_shown(definition, value),
        errors=errors,
        help=_say(definition.help) if definition.help else "",
        options=choices,
        input_type=INPUT_TYPES.get(definition.type, "text"),
        input_mode=INPUT_MODES.get(definition.type, ""),
        longest=definition.longest or 0,
        autocomplete={"phone": "tel", "email": "email"}.get(definition.type, "off"),
        shown_when=_shown_when(definition, own),
        columns=tuple(field_view(book, column, None, options=options) for column in _columns(definition)),
        rows=_rows(book, definition, value, options, name) if widget == "rows" else (),
        blank=_row(book, definition, {}, options, f"{name}__{{n}}") if widget == "rows" else (),
    )


def _say(text: Text) -> str:
    return text.say(get_language() or "zh")


def _choices(book: Book, definition: FieldDef, options: Options) -> tuple[Option, ...]:
    if definition.type in ("enum", "multi"):
        return tuple((choice.id, _say(choice.title)) for choice in book.choices(definition))
    if definition.type == "bool":
        return (("true", gettext("是")), ("false", gettext("否")))
    return tuple(options(definition))


def _widget(definition: FieldDef, choices: int) -> str:
    fixed = {"text": "area", "bool": "choice", "multi": "multi", "files": "files", "rows": "rows", "signature": "line"}
    if definition.type in fixed:
        return fixed[definition.type]
    if definition.type == "enum":
        return "choice" if choices <= FEW else "select"
    return "select" if choices or definition.type in ("department", "staff", "record") else "line"


def _shown(definition: FieldDef, value: Any) -> Any:
    """A stored or typed value as inputs want it: texts, ISO dates, `true`."""
    if definition.type in ("multi", "files"):
        return [str(one) for one in value] if isinstance(value, list | tuple) else ([value] if value else [])
    if value is None:
        value = definition.default
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        value = value.get("id", "")
    if definition.type == "datetime":
        return _local(value)
    if definition.type == "phone":
        return phone.display(str(value), get_language() or "zh")
    return str(value)


def _local(value: Any) -> str:
    """An instant in the form `datetime-local` inputs take; what cannot be read comes back as typed."""
    try:
        at = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
        local = at.astimezone(ZONE) if at.tzinfo else at
    except (ValueError, OverflowError):  # no moment, or one at the end of all years
        return str(value)
    return local.replace(tzinfo=None).isoformat(timespec="minutes")


def _shown_when(definition: FieldDef, own: AbstractSet[str] | None) -> dict[str, list[str]]:
    """Conditions a browser can follow: equality and membership, of fields of the form. Others are left to the server."""
    found: dict[str, list[str]] = {}
    for fact, test in definition.shown_when.items():
        if own is not None and fact not in own:
            continue
        values = test.one_of if test.one_of is not None else ((test.eq,) if test.eq is not None else ())
        if values:
            found[fact.rpartition(".")[2]] = [
                ("true" if v else "false") if isinstance(v, bool) else str(v) for v in values
            ]
    return found


def _rows(
    book: Book, definition: FieldDef, value: Any, options: Options, name: str
) -> tuple[tuple[FieldView, ...], ...]:
    given = value if isinstance(value, list | tuple) and value else [{}]
    return tuple(_row(book, definition, row, options, f"{name}__{n}") for n, row in enumerate(given))


def _row(book: Book, definition: FieldDef, row: Any, options: Options, prefix: str) -> tuple[FieldView, ...]:
    known = row if isinstance(row, Mapping) else {}
    return tuple(
        field_view(book, column, known.get(column.id), options=options, name=f"{prefix}__{column.id}")
        for column in _columns(definition)
    )


def _columns(definition: FieldDef) -> list[FieldDef]:
    """Those a person fills."""
    return [column for column in definition.columns if not is_filled_by_product(column)]
