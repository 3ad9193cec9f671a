"""The files of a handbook as read: YAML 1.2 with line numbers kept, refused early when they are not what a handbook
should be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, NodeEvent
from ruamel.yaml.reader import ReaderError

from zhike.handbook.common import Text
from zhike.handbook.problems import Findings, Problem

MANIFEST = "handbook.yaml"
TEXT = "handbook.md"
NOT_CLAUSES = frozenset({"sample.yaml"})
"""Files of the folder that are no part of the handbook."""
LARGEST = 2 * 1024 * 1024
"""Bytes of one file. The longest handbook of a department we know has a tenth of that."""
DEEPEST = 40
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u2028\u2029\ufeff]")


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the merged handbook with the place it stands at."""

    value: Any
    file: str
    line: int

    def line_of(self, path: Sequence[Any]) -> int:
        """The line of something inside the entry, as near as it can be told."""
        line, node = self.line, self.value
        for step in path:
            place = _place(node, step)
            if place is None:
                continue
            line, node = place
        return line


@dataclass
class Source:
    """All files of a handbook merged by top-level key: lists joined, mappings united, single values only in
    handbook.yaml.
    """

    folder: Path
    text: str = ""
    lists: dict[str, list[Item]] = field(default_factory=dict)
    maps: dict[str, dict[str, Item]] = field(default_factory=dict)
    values: dict[str, Item] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.folder.name


class _Refused(Exception):
    def __init__(self, code: str, line: int, message: Text, remedy: Text) -> None:
        self.code, self.line, self.message, self.remedy = code, line, message, remedy


class _PlainComposer(Composer):
    """Refuses anchors and aliases, with which a small file can grow without bound, and nesting no handbook needs."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor is not None):
            raise _Refused(
                "yaml-anchor",
                event.start_mark.line + 1,
                Text(
                    zh="手册文件里不能用 YAML 锚点和引用（& 与 *）。",
                    en="YAML anchors and aliases (& and *) are not allowed in a handbook.",
                ),
                Text(
                    zh="把内容写全；以 * 开头的文字请加引号。",
                    en="Write it out in full; put quotes around a text that begins with *.",
                ),
            )
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Refused(
                "yaml-too-deep",
                event.start_mark.line + 1,
                Text(zh=f"嵌套超过 {DEEPEST} 层。", en=f"Nested deeper than {DEEPEST} levels."),
                Text(zh="检查缩进和括号。", en="Check the indentation and brackets."),
            )
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def read_source(folder: Path, findings: Findings) -> Source | None:
    """Everything in the folder, or None with a problem noted where there is no handbook. Goes on after a bad file."""
    source = Source(folder)
    if not (folder / MANIFEST).is_file():
        findings.add(_missing(folder, MANIFEST, "manifest-missing"))
        return None
    for path in sorted(folder.glob("*.yaml"), key=lambda path: (path.name != MANIFEST, path.name)):
        if path.name not in NOT_CLAUSES:
            _read_into(source, path, findings)
    if (folder / TEXT).is_file():
        source.text = _checked_text(folder / TEXT, findings) or ""
    else:
        findings.add(_missing(folder, TEXT, "text-missing"))
    return source


def _missing(folder: Path, file: str, code: str) -> Problem:
    return Problem(
        code,
        file,
        0,
        "",
        Text(zh=f"文件夹 {folder.name} 里没有 {file}。", en=f"The folder {folder.name} has no {file}."),
        Text(
            zh="手册文件夹至少要有 handbook.yaml 和 handbook.md。",
            en="A handbook folder needs at least handbook.yaml and handbook.md.",
        ),
    )


def _read_into(source: Source, path: Path, findings: Findings) -> None:
    text = _checked_text(path, findings)
    if text is None:
        return
    tree = parse(text, path.name, findings)
    if tree is None:
        return
    if not isinstance(tree, CommentedMap):
        findings.add(
            Problem(
                "not-a-mapping",
                path.name,
                1,
                "",
                Text(zh="文件的最外层必须是“键: 值”。", en="The outermost level of the file must be keys and values."),
                Text(
                    zh="例如以 clauses: 开头，下面缩进列出条款。",
                    en="Begin for example with `clauses:` and list the clauses below it.",
                ),
            )
        )
        return
    for key in tree:
        _merge(source, path.name, str(key), tree[key], tree.lc.key(key)[0] + 1, findings)


def _merge(source: Source, file: str, key: str, value: Any, line: int, findings: Findings) -> None:
    if isinstance(value, CommentedSeq):
        items = [Item(one, file, value.lc.item(index)[0] + 1) for index, one in enumerate(value)]
        source.lists.setdefault(key, []).extend(items)
    elif isinstance(value, CommentedMap) and key != "defaults" and key != "title":
        known = source.maps.setdefault(key, {})
        for name in value:
            at = value.lc.key(name)[0] + 1
            if str(name) in known:
                findings.add(_twice(file, at, f"{key}.{name}", known[str(name)]))
            known[str(name)] = Item(value[name], file, at)
    elif value is not None:
        if key in source.values:
            findings.add(_twice(file, line, key, source.values[key]))
        source.values.setdefault(key, Item(value, file, line))


def _twice(file: str, line: int, name: str, first: Item) -> Problem:
    return Problem(
        "said-twice",
        file,
        line,
        "",
        Text(
            zh=f"“{name}”已写在 {first.file}:{first.line}。", en=f"{name} is already said in {first.file}:{first.line}."
        ),
        Text(zh="只留一处。", en="Keep one of the two."),
    )


def _checked_text(path: Path, findings: Findings) -> str | None:
    """The text of a file, or None with the reason noted: too large, not UTF-8, characters nobody can see."""
    try:
        return _text_of(path)
    except _Refused as refused:
        findings.add(Problem(refused.code, path.name, refused.line, "", refused.message, refused.remedy))
        return None


def _text_of(path: Path) -> str:
    size = path.stat().st_size
    if size > LARGEST:
        raise _Refused(
            "file-too-large",
            0,
            Text(
                zh=f"文件有 {size / 1e6:.1f} MB，上限 {LARGEST / 1e6:.1f} MB。",
                en=f"The file has {size / 1e6:.1f} MB; the limit is {LARGEST / 1e6:.1f} MB.",
            ),
            Text(zh="拆成几个文件，或检查内容。", en="Split it into several files, or look at what is in it."),
        )
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Refused(
            "not-utf8",
            data.count(b"\n", 0, error.start) + 1,
            Text(zh="文件不是 UTF-8 编码。", en="The file is not UTF-8."),
            Text(zh="另存为 UTF-8。", en="Save it as UTF-8."),
        ) from error
    found = _CONTROL.search(text)
    if found:
        code = f"U+{ord(found[0]):04X}"
        raise _Refused(
            "control-character",
            text.count("\n", 0, found.start()) + 1,
            Text(zh=f"有看不见的控制字符 {code}。", en=f"It contains the invisible character {code}."),
            Text(zh="删去这个字符。", en="Delete it."),
        )
    return text


def parse(text: str, file: str, findings: Findings) -> Any:
    """The YAML tree with its line numbers, or None with the problem noted."""
    yaml = YAML(typ="rt", pure=True)
    yaml.Composer = _PlainComposer
    yaml.allow_duplicate_keys = False
    try:
        return yaml.load(text)
    except _Refused as refused:
        findings.add(Problem(refused.code, file, refused.line, "", refused.message, refused.remedy))
    except (YAMLError, ValueError, RecursionError) as error:
        findings.add(_unreadable(file, error))
    return None


def _unreadable(file: str, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark else 0
    if isinstance(error, DuplicateKeyError):
        name = (re.search(r'found duplicate key "([^"]*)"', str(error)) or ["", "?"])[1]
        return Problem(
            "duplicate-key",
            file,
            line,
            "",
            Text(zh=f"同一层里“{name}”写了两次。", en=f"The key {name} stands twice in the same place."),
            Text(zh="只留一处。", en="Keep one of the two."),
        )
    detail = error.problem if isinstance(error, MarkedYAMLError) and error.problem else str(error).splitlines()[0]
    if isinstance(error, ReaderError):
        detail = str(error.reason)
    return Problem(
        "yaml-syntax",
        file,
        line,
        "",
        Text(zh=f"YAML 读不懂：{detail}。", en=f"The YAML cannot be read: {detail}."),
        Text(
            zh="看这一行和上一行的缩进、冒号后的空格、引号和括号。",
            en="Look at this line and the one above: indentation, the space after a colon, quotes, brackets.",
        ),
    )


def _place(node: Any, step: Any) -> tuple[int, Any] | None:
    locate: Callable[[Any], tuple[int, int]]
    if isinstance(node, CommentedMap) and step in node:
        locate = node.lc.key
    elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
        locate = node.lc.item
    else:
        return None
    return locate(step)[0] + 1, node[step]


def plain(node: Any) -> Any:
    """The tree as ordinary values, for pydantic."""
    if isinstance(node, Mapping):
        return {plain(key): plain(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [plain(one) for one in node]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
