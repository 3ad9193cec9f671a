"""Reading .feature files: the official Gherkin parser, expanded into plain scenarios."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    try:
        document: dict[str, Any] = dict(Parser().parse(TokenScanner(file.read_text(encoding="utf-8"))))
    except (CompositeParserException, ParserError) as error:
        raise BadFeature(f"{file.name}: {error}") from error
    except UnicodeDecodeError as error:
        raise BadFeature(f"{file.name}: 不是 UTF-8 编码 / not UTF-8 ({error})") from error
    feature = document.get("feature")
    return _children(file.name, feature["children"], [], "") if feature else []


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
    rows = [[cell["value"] for cell in row["cells"]] for row in table["rows"]] if table else None
    return Line(step["text"], step["location"]["line"], rows)


def _with(step: Line, values: dict[str, str]) -> Line:
    rows = [[_filled(cell, values) for cell in row] for row in step.table] if step.table else None
    return Line(_filled(step.text, values), step.line, rows)


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text
