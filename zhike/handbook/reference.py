"""Every key of the format as Markdown tables, from the models themselves; docs/handbook-format.md holds a copy that a
test compares.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from zhike.handbook import amounts, common, picking, structure, terms
from zhike.handbook.clauses import KINDS, ClauseBase
from zhike.handbook.common import Model

BEGINS, ENDS = "<!-- reference begins -->", "<!-- reference ends -->"


def reference() -> str:
    """One table for each part: key, what it takes, what it means."""
    shared = set(ClauseBase.model_fields)
    tables = [_table("Every clause", ClauseBase, set())]
    tables += [_table(f"{kind}", model, shared | {"kind"}) for kind, model in KINDS.items()]
    tables += [_table(model.__name__, model, set()) for model in _others()]
    return "\n\n".join(tables)


def put_into(text: str) -> str:
    """The page with the tables of now between its two marks."""
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    return f"{before}{BEGINS}\n\n{reference()}\n\n{ENDS}{after}"


def _others() -> Iterator[type[Model]]:
    for module in (structure, terms, picking, amounts, common):
        for found in vars(module).values():
            if (
                isinstance(found, type)
                and issubclass(found, Model)
                and found.__module__ == module.__name__
                and found is not Model
            ):
                yield found


def _table(title: str, model: type[Model], without: set[str]) -> str:
    rows = [_row(name, field) for name, field in model.model_fields.items() if name not in without]
    words = (model.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
    return "\n".join(
        [f"### `{title}`", "", re.sub(r"\s+", " ", words), "", "| key | takes | meaning |", "|---|---|---|", *rows]
    )


def _row(name: str, field: FieldInfo) -> str:
    key = f"`{field.alias or name}`" + (" *" if field.is_required() else "")
    meaning = re.sub(r"\s+", " ", field.description or "").replace("|", "\\|")
    return f"| {key} | {_takes(field)} | {meaning} |"


_WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true / false",
    dt.date: "date",
    common.Duration: "duration",
    common.Text: "words",
    common.Test: "test",
    Any: "anything",
}


def _takes(field: FieldInfo) -> str:
    return _spell(field.annotation)


def _spell(kind: Any) -> str:
    """A type in words near to what an author writes."""
    if kind in _WORDS:
        return _WORDS[kind]
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _spell(args[0])
    if origin is Literal:
        return " / ".join(f"`{one}`" for one in args)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_spell(one) for one in args if one is not NoneType))
    if origin is tuple:
        return _spell_tuple(args)
    if origin is dict:
        return "condition" if _spell(args[1]) == "test" else f"mapping to {_spell(args[1])}"
    return f"`{getattr(kind, '__name__', kind)}`"


def _spell_tuple(args: tuple[Any, ...]) -> str:
    if len(args) == 2 and args[1] is Ellipsis:
        return f"list of {_spell(args[0])}"
    return f"{len(args)} of {_spell(args[0])}"
