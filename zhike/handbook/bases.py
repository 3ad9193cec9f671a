"""A handbook that builds on another: the other's parts become its own, read from the same library, when it is loaded.

What is copied is part of the installed version, so a later change of the base changes no case that is already open.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zhike.handbook import library
from zhike.handbook.common import Text
from zhike.handbook.problems import Findings, Problem, suggest
from zhike.handbook.source import MANIFEST, Item, Source, plain, read_source
from zhike.handbook.text import prefixed

LISTS = (
    "departments", "roles", "records", "processes", "calendars", "parameters", "clauses", "indicators", "scripts", "occasions", "facts",
)  # fmt: skip
MAPS = ("options", "groups", "aliases")


def add_bases(source: Source, findings: Findings, above: frozenset[str] = frozenset()) -> None:
    """Join the handbooks named under `builds_on` to this one. What this one says itself, by id, goes before theirs."""
    left_out = set(source.maps.get("leaves_out", {}))
    offered: set[str] = set()
    for item in source.lists.get("builds_on", []):
        base = _read_base(str(item.value), item, source, findings, above)
        if base is not None:
            offered |= {str(_id(one)) for one in base.lists.get("clauses", [])}
            _join(source, base, left_out)
    for name in sorted(left_out - offered):
        item = source.maps["leaves_out"][name]
        message = Text(zh=f"所依据的手册里没有条款“{name}”。", en=f"The handbooks it builds on have no clause {name}.")
        remedy = suggest(name, offered, Text(zh="条款", en="clauses"))
        findings.add(Problem("clause-unknown", item.file, item.line, name, message, remedy))


def _read_base(name: str, item: Item, source: Source, findings: Findings, above: frozenset[str]) -> Source | None:
    folder = _folder(name, source.folder)
    if folder is None or name in above or folder == source.folder:
        message = (
            Text(zh=f"找不到所依据的手册“{name}”。", en=f"There is no handbook {name} to build on.")
            if folder is None
            else Text(zh=f"手册“{name}”依据它自己。", en=f"The handbook {name} builds on itself.")
        )
        remedy = suggest(name, library.names(), Text(zh="手册", en="handbooks"))
        findings.add(Problem("base-unknown", item.file, item.line, name, message, remedy))
        return None
    before = len(findings.errors)
    base = read_source(folder, findings)
    if base is not None:
        add_bases(base, findings, above | {name})
    return base if len(findings.errors) == before else None


def _folder(name: str, beside: Path) -> Path | None:
    """A handbook beside this one, else one of the library."""
    if name.replace("-", "").isalnum() and (beside.parent / name / MANIFEST).is_file():
        return beside.parent / name
    try:
        return library.find(name)
    except library.NoSuchHandbook:
        return None


def _join(source: Source, base: Source, left_out: set[str]) -> None:
    for part in LISTS:
        own = source.lists.setdefault(part, [])
        said = {_id(item) for item in own} | (left_out if part == "clauses" else set())
        own += [_moved(item, part, base.name) for item in base.lists.get(part, []) if _id(item) not in said]
    for part in MAPS:
        entries = source.maps.setdefault(part, {})
        for name, item in base.maps.get(part, {}).items():
            entries.setdefault(name, Item(item.value, f"{base.name}/{item.file}", item.line))
    for number, item in base.maps.get("unclaused", {}).items():
        source.maps.setdefault("unclaused", {})[f"{base.name}/{number}"] = item
    for number in _sections_left_out(base, left_out):
        reason = f"leaves_out: {base.name}"
        source.maps.setdefault("unclaused", {}).setdefault(f"{base.name}/{number}", Item(reason, MANIFEST, 0))
    source.text = source.text.rstrip() + "\n\n" + prefixed(base.text, base.name) + "\n"


def _sections_left_out(base: Source, left_out: set[str]) -> set[str]:
    """Sections of the base whose clauses do not hold here."""
    return {
        str(plain(item.value).get("cites", ""))
        for item in base.lists.get("clauses", [])
        if _id(item) in left_out and isinstance(plain(item.value), dict)
    }


def _moved(item: Item, part: str, name: str) -> Item:
    """The entry as part of the other handbook: a clause cites the section under its new number."""
    if part == "clauses" and isinstance(item.value, dict):
        for place in (item.value, *item.value.get("also", ())):
            if isinstance(place, dict) and "cites" in place:
                place["cites"] = f"{name}/{place['cites']}"
    return Item(item.value, f"{name}/{item.file}", item.line)


def _id(item: Item) -> Any:
    return item.value.get("id") if isinstance(item.value, dict) else None
