"""Reading .feature files: the official Gherkin parser, expanded into plain scenarios."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserError
from gherkin.parser import Parser
from gherkin.token_scanner import TokenScanner


class BadFeature(ValueError):
    """The file is no Gherkin: the message names file and line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One step as written, with the line it stands on."""

    text: str
    line: int
    table: list[list[str]] | None = None
    column: int = 1
    """Where the sentence begins, behind its keyword; from 1."""
    cells: list[list[tuple[int, int]]] = field(default_factory=list)
    """(line, column) of each cell of the table."""

    def place_of(self, word: str) -> tuple[int, int]:
        """(line, column) of a word in the sentence or of the cell that holds it; of the sentence where it is in neither."""
        if word and word in self.text:
            return self.line, self.column + self.text.index(word)
        rows = zip(self.table or [], self.cells, strict=False)
        cells = ((text, at) for texts, places in rows for text, at in zip(texts, places, strict=False))
        return next((at for text, at in cells if word and word in text), (self.line, self.column))


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario ready to run: backgrounds first, outline values put in."""

    file: str
    name: str
    line: int
    steps: list[Line] = field(default_factory=list)


def read_features(folder: Path, only: str | None = None) -> list[Scenario]:
    """The scenarios of every .feature file below `folder`, in the order of file names; `only` is one file's name or path.

    Raises BadFeature, and FileNotFoundError when `only` is not there.
    """
    files = sorted(folder.glob("**/*.feature"))
    if only is not None:
        files = [f for f in files if f.name == only or str(f) == only] or ([Path(only)] if Path(only).is_file() else [])
        if not files:
            raise FileNotFoundError(only)
    return [scenario for file in files for scenario in read_feature(file)]


def read_feature(file: Path) -> list[Scenario]:
    text = ""
    try:
        text = file.read_text(encoding="utf-8").removeprefix("\ufeff")
        document: dict[str, Any] = dict(Parser().parse(TokenScanner(text)))
    except (CompositeParserException, ParserError) as error:
        raise BadFeature(f"{file.name}: {_what_to_do(error, text)}") from error
    except UnicodeDecodeError as error:
        raise BadFeature(f"{file.name}: 不是 UTF-8 编码 / not UTF-8 ({error})") from error
    feature = document.get("feature")
    _note_columns(feature["children"] if feature else [], text.splitlines())
    return _children(file.name, feature["children"], [], "") if feature else []


def _note_columns(children: list[dict[str, Any]], lines: list[str]) -> None:
    """Where the sentence of each step begins: some keywords of the language have a blank behind them, some have none."""
    for child in children:
        for block in child.values():
            for step in block.get("steps", ()):
                line = lines[step["location"]["line"] - 1]
                step["begins"] = line.find(step["text"], step["location"].get("column", 1) - 1) + 1
            _note_columns(block.get("children", []), lines)


def _what_to_do(error: CompositeParserException | ParserError, text: str) -> str:
    """The first thing the parser met, with its line and column, and how the file would be right."""
    first = (getattr(error, "errors", None) or [error])[0]
    place = getattr(first, "location", None) or {}
    line, column = place.get("line", 1), place.get("column") or 1
    if not re.match(r"\s*#\s*language\s*:\s*zh-CN", text):
        return f"{line}:{column}: 第一行要写“# language: zh-CN”，中文关键字才读得懂"
    lines = text.splitlines()
    said = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    if "inconsistent cell count" in str(first):
        return f"{line}:{column}: 表格这一行的格数和上一行不同：{said}。每行用同样多的“|”，空格也要留着"
    return (
        f"{line}:{column}: 读不懂“{said}”。一行以 功能、背景、规则、场景、场景大纲、例子 加冒号，或 假如、当、那么、而且、但是 开头，"
        "表格行以 | 开头和结尾"
    )


def _children(file: str, children: list[dict[str, Any]], before: list[Line], prefix: str) -> list[Scenario]:
    steps = [*before]
    found: list[Scenario] = []
    for child in children:
        if "background" in child:
            steps += [_line(s) for s in child["background"]["steps"]]
        elif "rule" in child:
            found += _children(file, child["rule"]["children"], steps, prefix)
        else:
            found += _scenarios(file, child["scenario"], steps)
    return found


def _scenarios(file: str, scenario: dict[str, Any], before: list[Line]) -> list[Scenario]:
    own = [_line(s) for s in scenario["steps"]]
    line = scenario["location"]["line"]
    if not own:
        taken = scenario["description"].strip().partition("\n")[0].strip()
        why = f"“{taken}”被当成了说明：" if taken else ""
        raise BadFeature(
            f"{file}: {line + bool(taken)}:1: 场景“{scenario['name']}”没有步骤。{why}步骤以 假如、当、那么、而且 或 但是 开头"
        )
    if not scenario["examples"]:
        return [Scenario(file, scenario["name"], line, [*before, *own])]
    found: list[Scenario] = []
    for example in scenario["examples"]:
        head = [cell["value"] for cell in example["tableHeader"]["cells"]]
        for row in example["tableBody"]:
            values = dict(zip(head, (cell["value"] for cell in row["cells"]), strict=True))
            name = f"{_filled(scenario['name'], values)} [{', '.join(values.values())}]"
            found.append(
                Scenario(file, name, row["location"]["line"], [*before, *(_with(step, values) for step in own)])
            )
    return found


def _line(step: dict[str, Any]) -> Line:
    table = step.get("dataTable")
    rows = table["rows"] if table else []
    return Line(
        step["text"], step["location"]["line"], [[cell["value"] for cell in row["cells"]] for row in rows] if table else None,
        step["begins"], [[(cell["location"]["line"], cell["location"].get("column", 1)) for cell in row["cells"]] for row in rows],
    )  # fmt: skip


def _with(step: Line, values: dict[str, str]) -> Line:
    rows = [[_filled(cell, values) for cell in row] for row in step.table] if step.table else None
    return replace(step, text=_filled(step.text, values), table=rows)


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text
