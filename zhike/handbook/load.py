"""From a folder to a compiled book: read, build the models, check.

Every problem of a step is collected before a handbook is refused. What cannot be read is told first; whether the
handbook is sound is looked at once all of it could be read, so that one wrong key does not bring a dozen complaints
in its train.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import TypeAdapter, ValidationError

from zhike.handbook.bases import add_bases
from zhike.handbook.book import Book
from zhike.handbook.clauses import KINDS
from zhike.handbook.common import Model, Text
from zhike.handbook.problems import Findings, HandbookRefused, Problem, suggest
from zhike.handbook.source import MANIFEST, Item, Source, plain, read_source
from zhike.handbook.structure import Handbook
from zhike.handbook.translate import problems_of

__all__ = ["HandbookRefused", "Loaded", "Problem", "examine", "load"]

REQUIRED = ("name", "title", "version", "effective")


@dataclass
class Loaded:
    """What came of reading a folder: the book where it could be built, and everything found."""

    name: str
    book: Book | None
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)


def load(path: Path) -> Book:
    """The handbook in a folder, checked. Raises HandbookRefused with every problem found, and FileNotFoundError."""
    loaded = examine(path)
    if loaded.errors or loaded.book is None:
        raise HandbookRefused(loaded.errors)
    return loaded.book


def examine(path: Path) -> Loaded:
    """Read and check the handbook in a folder without refusing it. Raises FileNotFoundError where there is no such
    folder.
    """
    from zhike.handbook.check import check_book

    folder = Path(path)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    findings = Findings()
    source = read_source(folder, findings)
    if source is not None:
        add_bases(source, findings, frozenset({folder.name}))
    handbook = build(source, findings) if source else None
    book = None
    if handbook is not None and source is not None:
        book = _compile(handbook, source, findings)
        if book is not None and not findings.errors:
            check_book(book, source, findings)
    return Loaded(
        handbook.name if handbook else folder.name,
        book,
        HandbookRefused(findings.errors).errors,
        HandbookRefused(findings.warnings).errors,
        count_kinds(handbook),
    )


def count_kinds(handbook: Handbook | None) -> dict[str, int]:
    """How many clauses of each kind, in the order of the nine kinds, without those that have none."""
    found = [clause.kind for clause in handbook.clauses] if handbook else []
    return {kind: found.count(kind) for kind in KINDS if kind in found}


def _compile(handbook: Handbook, source: Source, findings: Findings) -> Book | None:
    """The book, with its calendars read once so that a bad window is named."""
    try:
        book = Book(handbook, source.text)
        for item, calendar in zip(source.lists.get("calendars", []), handbook.calendars, strict=False):
            _try_calendar(book, calendar.id, item, findings)
        return book
    except (KeyError, ValueError) as error:
        findings.add(_broken(MANIFEST, 0, "", str(error)))
        return None


def _try_calendar(book: Book, calendar_id: str, item: Item, findings: Findings) -> None:
    from zhike.handbook.calendars import Calendar

    definition = next(one for one in book.handbook.calendars if one.id == calendar_id)
    try:
        Calendar.of(definition)
    except (ValueError, KeyError, OSError) as error:
        findings.add(_broken(item.file, item.line, calendar_id, str(error)))


def _broken(file: str, line: int, clause: str, detail: str) -> Problem:
    return Problem(
        "calendar-broken" if clause else "not-compiled",
        file,
        line,
        clause,
        Text(zh=f"读不懂：{detail}。", en=f"It cannot be read: {detail}."),
        Text(zh="照 docs/handbook-format.md 的例子改。", en="Change it after the example in docs/handbook-format.md."),
    )


def build(source: Source, findings: Findings) -> Handbook | None:
    """The models of a handbook. Entries that cannot be read are noted and left out, so that the rest can still be
    checked.
    """
    values: dict[str, Any] = {}
    before = len(findings.errors)
    for key in sorted({*source.values, *source.lists, *source.maps}):
        _build_key(key, source, values, findings)
    for key in REQUIRED:
        if key not in values:
            findings.add(_required(key))
    if any(key not in values for key in REQUIRED):
        return None
    try:
        return Handbook(**values)
    except ValidationError as error:
        if len(findings.errors) == before:
            item = Item(None, MANIFEST, 1)
            findings.errors += problems_of(error, item, "", of=Handbook)
        return None


def _required(key: str) -> Problem:
    example = {
        "name": "name: retail-hotline",
        "title": "title: {zh: 热线服务手册, en: Hotline handbook}",
        "version": 'version: "2025.1"',
    }
    return Problem(
        "manifest-incomplete",
        MANIFEST,
        1,
        "",
        Text(zh=f"缺少“{key}”。", en=f"{key} is missing."),
        Text(
            zh=f"写上 {example.get(key, 'effective: 2025-06-01')}。",
            en=f"Add {example.get(key, 'effective: 2025-06-01')}.",
        ),
    )


def _build_key(key: str, source: Source, values: dict[str, Any], findings: Findings) -> None:
    known = Handbook.model_fields.get(key)
    if known is None:
        findings.add(_unknown_key(key, source))
        return
    if key == "clauses":
        values[key] = tuple(_built(_build_clause, source.lists.get(key, []), findings))
    elif key in source.lists:
        entry = get_args(known.annotation)[0] if get_args(known.annotation) else Any
        values[key] = tuple(_built(lambda item, found: _build_entry(entry, item, found), source.lists[key], findings))
    elif key in source.maps:
        built = (
            (name, _build_mapped(_annotated(known), name, item, findings)) for name, item in source.maps[key].items()
        )
        values[key] = {name: value for name, value in built if value is not None}
    else:
        value = _build_entry(_annotated(known), source.values[key], findings)
        if value is not None:
            values[key] = value


def _annotated(known: Any) -> Any:
    return Annotated[(known.annotation, *known.metadata)] if known.metadata else known.annotation


def _built(make: Any, items: Iterable[Item], findings: Findings) -> Iterable[Any]:
    for item in items:
        value = make(item, findings)
        if value is not None:
            yield value


def _build_entry(of: Any, item: Item, findings: Findings) -> Any:
    data = plain(item.value)
    try:
        return TypeAdapter(of).validate_python(data)
    except ValidationError as error:
        findings.errors += problems_of(error, item, _id_of(data), of=of)
        return None


def _build_mapped(of: Any, name: str, item: Item, findings: Findings) -> Any:
    """One entry of a mapping, validated as a mapping of its own."""
    try:
        return TypeAdapter(of).validate_python({name: plain(item.value)})[name]
    except ValidationError as error:
        findings.errors += problems_of(error, item, name, of=of, skip=1)
        return None


def _build_clause(item: Item, findings: Findings) -> Model | None:
    data = plain(item.value)
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind in KINDS:
        return _build_entry(KINDS[kind], item, findings)  # type: ignore[no-any-return]
    message = (
        Text(zh="条款没有写明种类 kind。", en="The clause does not say its kind.")
        if kind is None
        else Text(zh=f"没有“{kind}”这种条款。", en=f"There is no kind of clause called {kind}.")
    )
    remedy = suggest(str(kind), KINDS, Text(zh="条款种类", en="kinds of clause"))
    findings.add(Problem("kind-unknown", item.file, item.line_of(["kind"]), _id_of(data), message, remedy))
    return None


def _id_of(data: Any) -> str:
    return str(data.get("id", "")) if isinstance(data, dict) else ""


def _unknown_key(key: str, source: Source) -> Problem:
    places = (
        [source.values[key]]
        if key in source.values
        else source.lists.get(key, []) or list(source.maps.get(key, {}).values())
    )
    file, line = (places[0].file, places[0].line) if places else (MANIFEST, 0)
    return Problem(
        "key-unknown",
        file,
        line,
        "",
        Text(zh=f"手册里没有“{key}”这一项。", en=f"A handbook has no part called {key}."),
        suggest(key, Handbook.model_fields, Text(zh="部分", en="parts")),
    )
