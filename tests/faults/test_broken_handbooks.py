"""`zhike handbook check` on a handbook somebody broke: it ends with 1 and names the file, the clause and the remedy."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from zhike.handbook import library
from zhike.web.cli.main import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped handbook, to be broken."""
    return Path(shutil.copytree(library.find("retail-hotline"), tmp_path / "retail-hotline"))


@dataclass(frozen=True)
class Told:
    code: int
    words: str


Check = Callable[..., Told]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """`zhike handbook check FOLDER ...`: its exit code and everything it says."""

    def run(folder: Path, *more: str) -> Told:
        monkeypatch.setattr(sys, "argv", ["zhike", "handbook", "check", str(folder), *more])
        code = main()
        said = capsys.readouterr()
        return Told(code, said.out + said.err)

    return run


def replaced(name: str, old: str, new: str, count: int = 1) -> Callable[[Path], None]:
    """Change a file of the handbook as a slip of the hand would."""

    def change(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, count), encoding="utf-8")

    return change


def appended(name: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8") as target:
            target.write(text)

    return change


SECOND_ANSWER = """
  - id: WARN-99
    kind: route
    title: {zh: 又一条, en: Another}
    cites: "3.4"
    quote: 审核合格的，预警随结论同时转到店长和店客服中心。
    process: complaint_warning
    on: action.review
    when: {result: pass}
    yields: stage
    to: at_division
"""
DEAD_END = "      - {id: stuck, title: {zh: 卡住, en: Stuck}, holder: store_manager}\n"
BROKEN: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    # what is broken: the slip, the file that is named, the clause or place, a word of the remedy
    "a file that is no YAML": (
        replaced("warning.yaml", "clauses:", "clauses: [{", 1), "warning.yaml", "", "",
    ),
    "a clause that overlaps another": (appended("warning.yaml", SECOND_ANSWER), "warning.yaml", "WARN-99", "when"),
    "a quote that is not in the text": (
        replaced("warning.yaml", "只有服务质量类的投诉可以发起预警。", "所有投诉都可以发起预警。"), "warning.yaml", "WARN-01", "3.1",
    ),
    "a process with no way out": (
        replaced(
            "warning.yaml", "      - {id: closed, title", DEAD_END + "      - {id: closed, title"
        ), "warning.yaml", "complaint_warning", "“卡住”没有出路",
    ),
    "a limit that nobody holds": (
        replaced("warning.yaml", "    holder: hotline_agent\n    within: 30m\n", "    within: 30m\n"), "warning.yaml", "WARN-05", "",
    ),
    "a word that is no field": (
        replaced("warning.yaml", "    within: 30m\n", "    whithin: 30m\n"), "warning.yaml", "WARN-05", "within",
    ),
    "a key that stands twice": (
        replaced("warning.yaml", "    within: 30m\n", "    within: 30m\n    within: 40m\n"), "warning.yaml", "", "within",
    ),
    "an action to a stage that is not there": (
        replaced("warning.yaml", "        to: under_review\n", "        to: nowhere\n"),
        "warning.yaml", "complaint_warning", "没有名为“nowhere”的阶段",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_handbook_is_refused_with_file_clause_and_remedy(folder: Path, check: Check, what: str) -> None:
    slip, file, clause, word = BROKEN[what]
    slip(folder)
    told = check(folder)
    assert told.code == 1, told.words
    assert file in told.words
    assert clause in told.words
    assert word in told.words


@pytest.mark.parametrize(
    "what", ["a file that is no YAML", "a clause that overlaps another", "a process with no way out"]
)
def test_a_program_gets_every_fault_with_its_line_and_remedy(folder: Path, check: Check, what: str) -> None:
    BROKEN[what][0](folder)
    told = check(folder, "--json")
    assert told.code == 1
    found = next(iter(json.loads(told.words).values()))
    assert found["ok"] is False
    assert found["errors"] != []
    for error in found["errors"]:
        assert error["file"]
        assert error["remedy"]
        assert isinstance(error["line"], int)


def test_every_fault_is_told_at_once(folder: Path, check: Check) -> None:
    for what in ("a quote that is not in the text", "a clause that overlaps another"):
        BROKEN[what][0](folder)
    told = check(folder)
    assert "WARN-01" in told.words
    assert "WARN-99" in told.words


def test_the_shipped_handbook_passes(folder: Path, check: Check) -> None:
    told = check(folder)
    assert told.code == 0, told.words


def test_a_folder_that_is_no_handbook_is_said_to_be_none(tmp_path: Path, check: Check) -> None:
    told = check(tmp_path / "nowhere")
    assert told.code != 0
    assert "nowhere" in told.words
