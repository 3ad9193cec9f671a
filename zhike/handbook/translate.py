"""pydantic's errors said the way a handbook's author can use: which key, what it should be, the nearest name that
exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

from pydantic import ValidationError

from zhike.handbook.common import Model, Text
from zhike.handbook.problems import Problem, closest, suggest
from zhike.handbook.source import Item

_PLAIN: dict[str, tuple[str, str]] = {
    "string_type": ("要写文字", "must be a text"),
    "int_type": ("要写整数", "must be a whole number"),
    "int_parsing": ("要写整数", "must be a whole number"),
    "int_from_float": ("要写整数", "must be a whole number"),
    "float_type": ("要写数字", "must be a number"),
    "float_parsing": ("要写数字", "must be a number"),
    "bool_type": ("要写 true 或 false", "must be true or false"),
    "bool_parsing": ("要写 true 或 false", "must be true or false"),
    "date_type": ("要写日期，如 2025-06-01", "must be a date such as 2025-06-01"),
    "date_parsing": ("要写日期，如 2025-06-01", "must be a date such as 2025-06-01"),
    "date_from_datetime_parsing": ("要写日期，如 2025-06-01", "must be a date such as 2025-06-01"),
    "date_from_datetime_inexact": ("要写日期，不带时间", "must be a date without a time"),
    "tuple_type": ("要写成列表", "must be a list"),
    "list_type": ("要写成列表", "must be a list"),
    "dict_type": ("要写成“键: 值”", "must be keys and values"),
    "model_type": ("要写成“键: 值”", "must be keys and values"),
    "model_attributes_type": ("要写成“键: 值”", "must be keys and values"),
    "is_instance_of": ("类型不对", "has the wrong type"),
}


KEYS = Text(zh="项", en="keys")


def problems_of(error: ValidationError, item: Item, subject: str, *, of: Any, skip: int = 0) -> list[Problem]:
    """Every error of pydantic as a problem of the file it came from; of several ways to read one value only the first
    is told.

    `of`: the type that was read. `skip` leaves out the first steps of each path.
    """
    found: dict[tuple[Any, ...], Problem] = {}
    for detail in error.errors():
        path = tuple(step for step in detail["loc"][skip:] if _is_step(step))
        if not any(path[: len(known)] == known or known[: len(path)] == path for known in found if known and path):
            found[path] = _problem_of(detail, path, item, subject, of)
    return list(found.values())


def _problem_of(detail: Any, path: tuple[Any, ...], item: Item, subject: str, of: Any) -> Problem:
    key = ".".join(str(step) for step in path) or "-"
    kind = str(detail["type"])
    if kind == "extra_forbidden":
        code, message, remedy = _extra(key, keys_at(of, path[:-1]))
    else:
        code, message, remedy = _SPECIAL.get(kind, _by_table)(detail, key)
    return Problem(code, item.file, item.line_of(path), subject, message, remedy)


def _is_step(step: Any) -> bool:
    """Names of union members, validators and key markers that pydantic puts in the path are no keys of the file."""
    return not (
        isinstance(step, str)
        and (step.startswith("function-") or "[" in step or (step[:1].isupper() and step.isidentifier()))
    )


Parts = tuple[str, Text, Text]


def _missing(_: Any, key: str) -> Parts:
    name = key.rpartition(".")[2]
    if name == "holder":
        return (
            "holder-missing",
            Text(zh="时限没有持有人。", en="The limit has no holder."),
            Text(zh="写 holder: <岗位>。", en="Write `holder: <role>`."),
        )
    return (
        "key-missing",
        Text(zh=f"缺少“{key}”。", en=f"{key} is missing."),
        Text(zh=f"补上 {name}: ...", en=f"Add {name}: ..."),
    )


def _extra(key: str, known: set[str]) -> Parts:
    message = Text(zh=f"这里没有“{key}”这一项。", en=f"There is no key {key} here.")
    return "key-unknown", message, suggest(key.rpartition(".")[2], known, KEYS)


def keys_at(of: Any, path: Sequence[Any]) -> set[str]:
    """The keys that may stand at a path below a value of this type; places of lists and names of mappings are passed over.

    >>> from zhike.handbook.clauses import Tariff
    >>> sorted(keys_at(Tariff, ("over",)))
    ['above', 'approval', 'refuse', 'spent', 'warn_at']
    """
    models = set(_models_of(of))
    for step in path:
        below = [
            field.annotation
            for model in models
            for name, field in model.model_fields.items()
            if step in (name, field.alias)
        ]
        models = {model for each in below for model in _models_of(each)} or models
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


def _models_of(annotation: Any) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_of(inner)


def _literal(detail: Any, key: str) -> Parts:
    expected = str(detail.get("ctx", {}).get("expected", "")).replace(" or ", ", ")
    names = [name.strip().strip("'") for name in expected.split(",")]
    near = closest(str(detail.get("input")), names)
    return (
        "value-unknown",
        Text(zh=f"“{key}”不能是“{detail.get('input')}”。", en=f"{key} cannot be {detail.get('input')!r}."),
        Text(
            zh=f"是否应为“{near}”？" if near else f"可写：{', '.join(names)}。",
            en=f"Did you mean {near}?" if near else f"It can be: {', '.join(names)}.",
        ),
    )


def _pattern(detail: Any, key: str) -> Parts:
    pattern = str(detail.get("ctx", {}).get("pattern", ""))
    if "A-Z" in pattern:
        zh, en = "写大写字母和编号，如 WARN-05。", "Write capitals and a number, e.g. WARN-05."
    else:
        zh = "写小写字母、数字和下划线，如 store_manager。"
        en = "Write small letters, digits and underscores, e.g. store_manager."
    return (
        "name-malformed",
        Text(zh=f"“{detail.get('input')}”不能作“{key}”。", en=f"{detail.get('input')!r} cannot be a {key}."),
        Text(zh=zh, en=en),
    )


def _by_validator(detail: Any, key: str) -> Parts:
    said = str(detail.get("msg", "")).removeprefix("Value error, ")
    if "is not a duration" in said:
        return (
            "duration-malformed",
            Text(
                zh=f"“{key}: {detail.get('input')}”不是时长。", en=f"{key}: {detail.get('input')!r} is not a duration."
            ),
            Text(
                zh="例如写 30m、1h、48h、2d、3 working days、1 month。",
                en="Write for example 30m, 1h, 48h, 2d, 3 working days, 1 month.",
            ),
        )
    return (
        "value-wrong",
        Text(zh=f"“{key}”不对：{said}。", en=f"{key}: {said}."),
        Text(zh="照 docs/handbook-format.md 的例子改。", en="Change it after the example in docs/handbook-format.md."),
    )


def _by_table(detail: Any, key: str) -> Parts:
    zh, en = _PLAIN.get(str(detail["type"]), (f"不对：{detail.get('msg')}", str(detail.get("msg"))))
    given = repr(detail.get("input"))
    given = given if len(given) < 60 else given[:57] + "..."
    return (
        "type-wrong",
        Text(zh=f"“{key}”{zh}，现在是 {given}。", en=f"{key} {en}; it is {given}."),
        Text(zh="改写这一项。", en="Rewrite this value."),
    )


_SPECIAL: dict[str, Callable[[Any, str], Parts]] = {
    "missing": _missing,
    "literal_error": _literal,
    "enum": _literal,
    "string_pattern_mismatch": _pattern,
    "value_error": _by_validator,
}
