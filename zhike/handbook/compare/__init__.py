"""Two versions of a handbook side by side: what was added, removed and changed, in words of both languages.

A pure comparison of two compiled books, parameters included: a clause whose limit is a parameter has changed when the
parameter's value has. What a version is called and from when it holds is no change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.compare.key_words import key_words
from zhike.handbook.compare.parts import parts_of
from zhike.handbook.compare.touched import roles_touched
from zhike.handbook.compare.words import Namer
from zhike.handbook.text import sentences

__all__ = ["PARTS", "Change", "Comparison", "FieldChange", "compare"]

Op = Literal["added", "removed", "changed"]
PARTS = {
    "clauses": Text(zh="条款", en="Clauses"),
    "parameters": Text(zh="参数", en="Parameters"),
    "processes": Text(zh="流程", en="Processes"),
    "stages": Text(zh="环节", en="Stages"),
    "actions": Text(zh="动作", en="Actions"),
    "records": Text(zh="表单", en="Forms"),
    "fields": Text(zh="表单项目", en="Fields"),
    "roles": Text(zh="岗位", en="Roles"),
    "departments": Text(zh="部门种类", en="Kinds of department"),
    "calendars": Text(zh="日历", en="Calendars"),
    "options": Text(zh="选项表", en="Lists of options"),
    "indicators": Text(zh="统计指标", en="Indicators"),
    "facts": Text(zh="事实", en="Facts"),
    "occasions": Text(zh="日子", en="Occasions"),
    "others": Text(zh="其他", en="Others"),
    "sections": Text(zh="正文", en="Text"),
}
"""The parts of a handbook that are compared, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One key before and after. `before` or `after` None: it was not said at all."""

    key: str
    label: Text
    before: Text | None
    after: Text | None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. `before` and `after` are the sentences of a clause; empty for other parts."""

    part: str
    id: str
    op: Op
    title: Text
    fields: tuple[FieldChange, ...] = ()
    before: str = ""
    after: str = ""
    roles: tuple[str, ...] = ()
    """Roles whose work it touches, old and new ones."""
    keys: frozenset[str] = frozenset()
    """The keys that differ: `within`, `holder`."""

    @property
    def sentence_changed(self) -> bool:
        return self.before != self.after

    def as_json(self) -> dict[str, Any]:
        """`{"part", "id", "op", "title", "fields": [{"key", "label", "before", "after"}], "before", "after", "roles"}`."""
        return {
            "part": self.part, "id": self.id, "op": self.op, "title": self.title.model_dump(),
            "fields": [
                {"key": one.key, "label": one.label.model_dump(), "before": _json(one.before), "after": _json(one.after)}
                for one in self.fields
            ],
            "before": self.before, "after": self.after, "roles": list(self.roles),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs between two books, in the order of `PARTS` and of the files."""

    name: str
    before: str
    after: str
    changes: tuple[Change, ...]

    @property
    def counts(self) -> dict[str, int]:
        """`{"added": 1, "removed": 0, "changed": 3}`."""
        found = Counter(change.op for change in self.changes)
        return {op: found.get(op, 0) for op in ("added", "removed", "changed")}

    def of(self, part: str) -> list[Change]:
        return [change for change in self.changes if change.part == part]

    @property
    def parts(self) -> list[tuple[str, Text, list[Change]]]:
        """The parts that differ, each with its changes."""
        return [(part, title, found) for part, title in PARTS.items() if (found := self.of(part))]

    @property
    def roles(self) -> frozenset[str]:
        """Every role whose work is touched."""
        return frozenset(role for change in self.changes for role in change.roles)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "before": self.before, "after": self.after, "counts": self.counts,
            "changes": [change.as_json() for change in self.changes],
        }  # fmt: skip


def compare(before: Book, after: Book) -> Comparison:
    """What differs from `before` to `after`."""
    old, new = parts_of(before), parts_of(after)
    namers = (Namer(before), Namer(after))
    found: list[Change] = []
    for part in PARTS:
        if part == "sections":
            found += _sections(before, after)
        else:
            found += _part(part, old.get(part, {}), new.get(part, {}), namers)
    return Comparison(after.name, before.version, after.version, tuple(found))


def _part(
    part: str, old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]], namers: tuple[Namer, Namer]
) -> Iterator[Change]:
    for name in [*new, *(name for name in old if name not in new)]:
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        op: Op = "added" if was is None else "removed" if now is None else "changed"
        said: Mapping[str, Any] = now if now is not None else was or {}
        yield Change(
            part, name, op, _title(said, name), tuple(_fields(was or {}, now or {}, namers)),
            str((was or {}).get("quote", "")) if part == "clauses" else "",
            str((now or {}).get("quote", "")) if part == "clauses" else "",
            _roles(part, name, was, now, namers),
            frozenset(key for key in {*(was or {}), *(now or {})} if (was or {}).get(key) != (now or {}).get(key)),
        )  # fmt: skip


def _roles(part: str, name: str, was: Any, now: Any, namers: tuple[Namer, Namer]) -> tuple[str, ...]:
    old = roles_touched(namers[0].book, part, name) if was is not None else ()
    new = roles_touched(namers[1].book, part, name) if now is not None else ()
    return tuple(dict.fromkeys([*old, *new]))


def _fields(was: Mapping[str, Any], now: Mapping[str, Any], namers: tuple[Namer, Namer]) -> Iterator[FieldChange]:
    """The keys that differ; what is told elsewhere (id, title of something new, the sentence) is left out."""
    whole = not was or not now
    for key in [*now, *(key for key in was if key not in now)]:
        if (
            was.get(key) == now.get(key)
            or key in ("id", "quote", "kind" if whole else "")
            or (whole and key == "title")
        ):
            continue
        before = namers[0].say(was[key], key) if key in was else None
        after = namers[1].say(now[key], key) if key in now else None
        yield FieldChange(key, key_words(key), before, after)


def _title(said: Mapping[str, Any], name: str) -> Text:
    title = said.get("title")
    return Text.model_validate(title) if isinstance(title, Mapping) else Text(zh=name)


def _sections(before: Book, after: Book) -> Iterator[Change]:
    """Sections of the text, with the sentences that went and those that came."""
    old = {section.number: section for section in before.sections}
    new = {section.number: section for section in after.sections}
    for number in [*new, *(number for number in old if number not in new)]:
        was, now = old.get(number), new.get(number)
        if was is not None and now is not None and (was.title, was.body) == (now.title, now.body):
            continue
        op: Op = "added" if was is None else "removed" if now is None else "changed"
        gone, came = _sentences(was.body if was else "", now.body if now else "")
        title = (now or was).title  # type: ignore[union-attr]
        yield Change("sections", number, op, Text(zh=title), before=gone, after=came)


def _sentences(was: str, now: str) -> tuple[str, str]:
    old, new = sentences(was), sentences(now)
    gone: list[str] = []
    came: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            gone += old[a:b]
            came += new[c:d]
    return "".join(gone), "".join(came)


def _json(text: Text | None) -> dict[str, str] | None:
    return text.model_dump() if text is not None else None
