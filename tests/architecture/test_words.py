"""Chinese is written with Chinese punctuation: in templates, in the catalogues' msgids, in every text of the Python code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HAN = "\u4e00-\u9fff"
OPENS, CLOSES = "\u201c\u300a\u300c\uff08", "\u201d\u300b\u300d\uff09"
"""Quotation marks, title marks and brackets as Chinese writes them."""
HALF = re.compile(
    rf"(?<=[{HAN}{CLOSES}])[,;:!?](?!//)"  # right after a Chinese character
    rf"|[,;!?](?=\s?[{HAN}{OPENS}])|:(?=[{HAN}{OPENS}])"  # right before one
    rf"|\((?=[{HAN}])|(?<=[{HAN}{CLOSES}])[()]"
)
PATTERNS = re.compile(r"\(\?|\\d|<[A-Z]+>|\$$|\|.*\)")
"""Marks of a pattern that is matched against text, not of a text."""
CODE = ("键: 值", "{zh: 热线服务手册, en:", ",以「")
"""Chinese words inside code: YAML's colon is YAML's, and a scenario's step is matched with its commas narrowed."""


def halves(text: str) -> list[str]:
    """Places in a text where half-width punctuation touches Chinese; a text without a Chinese character has none."""
    if not re.search(f"[{HAN}]", text):
        return []
    for code in CODE:
        text = text.replace(code, "")
    return [text[max(0, found.start() - 12) : found.end() + 12] for found in HALF.finditer(text)]


def texts(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of the strings of a Python file; docstrings and patterns left out, a placeholder as an underscore."""
    tree = ast.parse(source)
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "_" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inside | spoken):
            text = node.value
        else:
            continue
        if not PATTERNS.search(text):
            yield node.lineno, text


def files(pattern: str) -> Iterator[Path]:
    for path in sorted((ROOT / "zhike").rglob(pattern)):
        if "tests" not in path.parts and "static" not in path.parts:
            yield path


def found_in(path: Path, lines: Iterator[tuple[int, str]]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{line}: {place}" for line, text in lines for place in halves(text)]


def test_templates_and_catalogues_write_chinese_punctuation() -> None:
    wrong: list[str] = []
    for pattern in ("*.html", "*.po"):
        for path in files(pattern):
            wrong += found_in(path, iter(enumerate(path.read_text().splitlines(), 1)))
    assert wrong == []


def test_texts_of_the_code_write_chinese_punctuation() -> None:
    wrong: list[str] = []
    for path in files("*.py"):
        wrong += found_in(path, texts(path.read_text()))
    assert wrong == []


def test_what_counts_as_wrong() -> None:
    for wrong in ("请核对,再提交。", "留言(内部)", "没有 sample.yaml,请写明", "“甲”:"):
        assert halves(wrong), wrong
    for right in ("请核对，再提交：https://example.com 与 1,280.00（含税）", "要写成“键: 值”", "“Closed”; go on."):
        assert not halves(right), right
    assert [line for line, _ in texts('"""说明,说明"""\nstep("(在|不在)<N>")\nsay("对,吗")')] == [3]


def test_every_icon_a_page_asks_for_is_in_the_file() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "zhike/web/static/zhike/icons.svg").read_text()))
    asked = {name for path in files("*.html") for name in re.findall(r'{% icon "([^"]+)" %}', path.read_text())}
    assert asked - drawn == set()
