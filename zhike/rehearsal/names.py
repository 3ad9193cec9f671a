"""Titles into ids: a scenario names things as the handbook's readers do, in Chinese, in English or by id."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, TypeVar

from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause
from zhike.handbook.structure import Action, FieldDef, Process, Record, Role, Stage
from zhike.rehearsal.vocabulary import StepFailed

T = TypeVar("T")
MOST_SHOWN = 12
LIKE = 0.5
"""One letter of two may be wrong."""


def matches(text: str, thing: Any) -> bool:
    return text in (thing.id, thing.title.zh, thing.title.en)


def pick(text: str, candidates: Iterable[T], what: str) -> T:
    """The one candidate of that name. Raises StepFailed listing what there is."""
    listed = list(candidates)
    found = [c for c in listed if matches(text, c)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = "、".join(c.id for c in found)  # type: ignore[attr-defined]
        raise StepFailed(f"“{text}”不止一个，请写编号：{ids}", word=text)
    titles = [f"{c.title.zh}({c.id})" for c in listed]  # type: ignore[attr-defined]
    every = [name for c in listed for name in (c.title.zh, c.title.en, c.id) if name]  # type: ignore[attr-defined]
    raise StepFailed(not_among(text, what, every, titles), word=text)


def not_among(text: str, what: str, known: Iterable[str], shown: Iterable[str] | None = None) -> str:
    """“X”不是…, with the name it was probably meant to be, or all there are (at most twelve)."""
    names, titles = sorted({*known}), list(shown if shown is not None else known)
    near = next(iter(get_close_matches(text, names, n=1, cutoff=LIKE)), None)
    said = f"“{text}”不是{what}"
    if near:
        return f"{said}。是不是“{near}”？"
    more = "、…" if len(titles) > MOST_SHOWN else ""
    return f"{said}。可以写：{'、'.join(titles[:MOST_SHOWN])}{more}" if titles else f"{said}，这份制度一个也没有"


def process(book: Book, text: str) -> Process:
    return pick(text, book.handbook.processes, "流程")


def is_process(book: Book, text: str) -> bool:
    return any(matches(text, p) for p in book.handbook.processes)


def stage(book: Book, process_id: str, text: str) -> Stage:
    return pick(text, book.process(process_id).stages, "环节")


def role(book: Book, text: str) -> Role:
    return pick(text, book.handbook.roles, "角色")


def is_role(book: Book, text: str) -> bool:
    return any(matches(text, r) for r in book.handbook.roles)


def record(book: Book, text: str) -> Record:
    return pick(text, book.handbook.records, "表单")


def is_record(book: Book, text: str) -> bool:
    return any(matches(text, r) for r in book.handbook.records)


def clause(book: Book, text: str) -> Clause:
    return pick(text, book.handbook.clauses, "条款")


def field(definition: Record, text: str) -> FieldDef:
    return pick(text, definition.fields, f"“{definition.title.zh}”的字段")


def has_field(definition: Record, text: str) -> bool:
    return any(matches(text, f) for f in definition.fields)


def actions(book: Book, process_id: str, text: str) -> list[Action]:
    return [a for a in book.process(process_id).actions if matches(text, a)]


def department_kind(book: Book, text: str) -> str:
    return pick(text, book.handbook.departments, "部门类别").id
