"""What the checks share: the book, where each part stands in the files, and how a finding is written down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Literal

from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause
from zhike.handbook.common import Model, Text
from zhike.handbook.problems import Findings, Problem, suggest
from zhike.handbook.source import MANIFEST, Item, Source

Path = tuple[Any, ...]


class Checker:
    """One run of the checks over one book."""

    def __init__(self, book: Book, source: Source, findings: Findings) -> None:
        self.book, self.source, self.findings = book, source, findings

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """Every clause of the files, also those a parameter switches off."""
        return self.book.handbook.clauses

    def item(self, part: str, id_: str) -> Item:
        """Where the entry `id_` of a list of the handbook stands; for a duplicate the last one."""
        found = [
            item
            for item in self.source.lists.get(part, [])
            if isinstance(item.value, dict) and item.value.get("id") == id_
        ]
        return found[-1] if found else Item(None, MANIFEST, 0)

    def note(
        self,
        code: str,
        item: Item,
        message: Text,
        remedy: Text,
        *,
        path: Sequence[Any] = (),
        subject: str = "",
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        problem = Problem(code, item.file, item.line_of(path), subject, message, remedy, severity)
        if problem not in self.findings.errors and problem not in self.findings.warnings:
            self.findings.add(problem)

    def note_clause(self, code: str, clause: Clause, message: Text, remedy: Text, path: Sequence[Any] = ()) -> None:
        self.note(code, self.item("clauses", clause.id), message, remedy, path=path, subject=clause.id)

    def unknown(
        self,
        code: str,
        item: Item,
        name: str,
        known: Iterable[str],
        what: Text,
        *,
        path: Sequence[Any] = (),
        subject: str = "",
    ) -> None:
        """A name that does not exist; `what` is the plural: "roles"."""
        names = list(known)
        message = Text(zh=f"没有名为“{name}”的{what.zh}。", en=f"There is no {name} among the {what.en}.")
        self.note(code, item, message, suggest(name, names, what), path=path, subject=subject)


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every model, mapping entry and list entry inside a value, with its path as the file spells it."""
    yield path, value
    if isinstance(value, Model):
        for name, field in type(value).model_fields.items():
            yield from walk(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from walk(one, (*path, name))
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            yield from walk(one, (*path, index))


ROLES = Text(zh="岗位", en="roles")
STAGES = Text(zh="阶段", en="stages")
ACTIONS = Text(zh="动作", en="actions")
RECORDS = Text(zh="表单", en="records")
FIELDS = Text(zh="字段", en="fields")
PROCESSES = Text(zh="流程", en="processes")
DEPARTMENTS = Text(zh="部门种类", en="kinds of department")
CALENDARS = Text(zh="日历", en="calendars")
PARAMETERS = Text(zh="参数", en="parameters")
CLAUSES = Text(zh="条款", en="clauses")
OPTIONS = Text(zh="选项表", en="lists of options")
FACTS = Text(zh="事实", en="facts")
EVENTS = Text(zh="事件", en="events")
SECTIONS = Text(zh="章节", en="sections")
MEASURES = Text(zh="指标", en="measures")
SCRIPTS = Text(zh="话术脚本", en="scripts")
QUEUES = Text(zh="队列", en="queues")
OCCASIONS = Text(zh="日子", en="occasions")
VALUES = Text(zh="取值", en="values")
