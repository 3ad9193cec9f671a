"""Files that are not what a handbook should be are refused early and clearly."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhike.handbook.problems import Problem
from zhike.handbook.tests.folder import GATE, LIMIT, clause, examined, found, sound, with_clause


def test_a_file_of_ten_megabytes_is_refused(tmp_path: Path) -> None:
    problem = found(tmp_path, "file-too-large", raw={"big.yaml": "x: " + "a" * 10_000_000})
    assert problem.file == "big.yaml"
    assert "10.0 MB" in problem.message.en


def test_a_control_character_is_refused_with_its_line(tmp_path: Path) -> None:
    problem = found(tmp_path, "control-character", raw={"more.yaml": "options:\n  a: []\n  b\x00: []\n"})
    assert (problem.line, "U+0000" in problem.message.en) == (3, True)


def test_an_invisible_space_is_refused(tmp_path: Path) -> None:
    assert "U+200B" in found(tmp_path, "control-character", raw={"more.yaml": "opt\u200bions: {}\n"}).message.en


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "sample"
    examined(tmp_path)
    (folder / "gbk.yaml").write_bytes("options: {}\n# 中文\n".encode("gbk"))
    from zhike.handbook.load import examine

    assert [(p.code, p.file, p.line) for p in examine(folder).errors] == [("not-utf8", "gbk.yaml", 2)]


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\noptions: {c: [*b, *b]}\n"


def test_anchors_are_refused_before_they_grow(tmp_path: Path) -> None:
    problem = found(tmp_path, "yaml-anchor", raw={"bomb.yaml": BOMB})
    assert (problem.file, problem.line) == ("bomb.yaml", 1)


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    found(tmp_path, "yaml-too-deep", raw={"deep.yaml": "options: " + "[" * 200 + "]" * 200})


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    problem = found(tmp_path, "duplicate-key", raw={"more.yaml": "options:\n  a: []\n  a: []\n"})
    assert (problem.line, "a" in problem.message.en) == (3, True)


def test_the_same_thing_said_in_two_files_is_refused(tmp_path: Path) -> None:
    problem = found(tmp_path, "said-twice", raw={"more.yaml": "version: '2'\n"})
    assert "handbook.yaml" in problem.message.en


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    problem = found(tmp_path, "yaml-syntax", raw={"more.yaml": "options:\n  a: [\n"})
    assert problem.file == "more.yaml"
    assert problem.line >= 2


def test_a_file_that_is_a_list_is_refused(tmp_path: Path) -> None:
    found(tmp_path, "not-a-mapping", raw={"more.yaml": "- a\n- b\n"})


def test_sample_data_is_no_part_of_the_handbook(tmp_path: Path) -> None:
    sound(tmp_path, raw={"sample.yaml": "staff: [anything]\n"})


def test_lists_of_several_files_are_joined(tmp_path: Path) -> None:
    more = "parameters:\n  - {id: limit, title: {zh: 时限, en: Limit}, value: 1h}\n"
    assert sound(tmp_path, raw={"more.yaml": more}).parameter("limit") == "1h"


def test_yaml_is_read_as_version_1_2(tmp_path: Path) -> None:
    """`no` and `on` are words, not false and true."""
    book = sound(tmp_path, raw={"more.yaml": "aliases: {no: yes, on: off}\n"})
    assert book.handbook.aliases == {"no": "yes", "on": "off"}


KINDS_KNOWN = "Known kinds of clause: deadline, duty, gate, measure, route, sanction, tariff, visibility, wording."
READ: list[tuple[str, dict[str, object], str]] = [
    ("key-unknown", clause(LIMIT, holdr="agent"), "Did you mean holder?"),
    ("key-unknown", clause(LIMIT, cap={"witin": "2h"}), "Did you mean within?"),
    ("key-unknown", clause(LIMIT, cap={"approvals": "boss"}), "Known keys: since_fact, starts, within."),
    ("key-missing", clause(LIMIT, title=None), "Add title: ..."),
    ("kind-unknown", clause(LIMIT, kind="dedline"), "Did you mean deadline?"),
    ("kind-unknown", clause(LIMIT, kind=None), KINDS_KNOWN),
    ("value-unknown", clause(LIMIT, time="wal"), "Did you mean wall?"),
    ("duration-malformed", clause(LIMIT, within="soon"), "Write for example 30m, 1h, 48h, 2d, 3 working days, 1 month."),
    ("name-malformed", clause(LIMIT, id="warn5"), "Write capitals and a number, e.g. WARN-05."),
    ("type-wrong", clause(GATE, id="S-04", requires="phone"), "Rewrite this value."),
    ("value-wrong", clause(LIMIT, when={"kind": {"eq": 1, "ne": 2}}), "Change it after the example in docs/handbook-format.md."),
]  # fmt: skip


@pytest.mark.parametrize(("code", "wrong", "remedy"), READ, ids=[f"{code}-{n}" for n, (code, _, _) in enumerate(READ)])
def test_a_wrong_key_or_value_is_explained(tmp_path: Path, code: str, wrong: dict[str, object], remedy: str) -> None:
    problem = found(tmp_path, code, clauses=with_clause(wrong, without=("S-04",)))
    assert problem.remedy.en == remedy
    assert problem.file == "clauses.yaml"
    assert problem.line > 0


def test_a_part_no_handbook_has_is_refused(tmp_path: Path) -> None:
    assert found(tmp_path, "key-unknown", clausses=[]).remedy.en == "Did you mean clauses?"


def test_an_incomplete_manifest_says_what_to_add(tmp_path: Path) -> None:
    problem = found(tmp_path, "manifest-incomplete", version=None)
    assert problem.remedy.en == 'Add version: "2025.1".'


def test_a_missing_text_is_said_so(tmp_path: Path) -> None:
    from zhike.handbook.load import examine
    from zhike.handbook.tests.folder import write

    folder = write(tmp_path)
    (folder / "handbook.md").unlink()
    assert "text-missing" in [problem.code for problem in examine(folder).errors]


def test_a_problem_prints_on_one_line_without_a_line_number_it_does_not_know() -> None:
    from zhike.handbook.common import Text

    problem = Problem("x", "a.yaml", 0, "", Text(zh="错。", en="Wrong."), Text(zh="改。", en="Change it."))
    assert problem.say("en") == "a.yaml: Wrong. Change it."
