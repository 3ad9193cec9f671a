"""The format itself: the documented example, the hardest clauses, the decision records, the schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from zhike.handbook import library
from zhike.handbook.clauses import KINDS
from zhike.handbook.load import load
from zhike.handbook.reference import put_into
from zhike.handbook.schema import handbook_schema
from zhike.handbook.source import plain

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = DOCS / "handbook-format.md"
PLACEHOLDER = {"title": "条款", "cites": "1", "quote": "条款"}


def read_yaml(text: str) -> Any:
    return plain(YAML(typ="rt", pure=True).load(text))


def hard_clauses() -> list[tuple[str, dict[str, Any]]]:
    data = read_yaml((Path(__file__).parent / "hard_clauses.yaml").read_text(encoding="utf-8"))
    return [(f"{business} {clause['id']}", clause) for business, clauses in data.items() for clause in clauses]


@pytest.mark.parametrize("clause", [clause for _, clause in hard_clauses()], ids=[name for name, _ in hard_clauses()])
def test_the_hardest_clauses_can_be_said(clause: dict[str, Any]) -> None:
    model = KINDS[clause["kind"]]
    read = model.model_validate(PLACEHOLDER | clause)
    stored = read.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert model.model_validate(stored) == read


def test_every_kind_and_every_department_is_among_the_hardest() -> None:
    clauses = hard_clauses()
    assert {clause["kind"] for _, clause in clauses} == set(KINDS)
    assert len(clauses) >= 90


def test_the_worked_example_of_the_page_loads(tmp_path: Path) -> None:
    for name, content in re.findall(
        r"^```\w+ file=(\S+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
    book = load(tmp_path)
    assert sorted(clause.kind for clause in book.clauses()) == sorted(KINDS)


def test_the_reference_of_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert put_into(text) == text, "write it anew: zhike handbook schema --reference"


def test_the_committed_schema_is_current() -> None:
    committed = json.loads((DOCS / "handbook.schema.json").read_text(encoding="utf-8"))
    assert committed == handbook_schema(), "write it anew: zhike handbook schema > docs/handbook.schema.json"


RECORDS = sorted(DOCS.glob("decisions/00[01]*.md"))


@pytest.mark.parametrize("record", RECORDS, ids=[path.stem for path in RECORDS])
def test_the_excerpts_of_a_decision_record_can_be_read(record: Path) -> None:
    for block in re.findall(r"^```yaml\n(.*?)^```", record.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        data = read_yaml(block)
        for clause in data if isinstance(data, list) else []:
            KINDS[clause["kind"]].model_validate(PLACEHOLDER | clause)


def test_there_is_a_record_for_each_kind() -> None:
    found = {path.stem.split("-", 1)[1] for path in RECORDS if path.stem < "0010"}
    assert found == set(KINDS)


@pytest.mark.parametrize("name", library.names())
def test_every_handbook_at_hand_is_sound(name: str) -> None:
    load(library.find(name))


def test_a_handbook_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    assert library.find(str(tmp_path)) == tmp_path
    for name in library.names():
        assert library.find(name).name == name
    for wrong in ("retail-hotlin", "", "../..\0", "/no/such/folder"):
        with pytest.raises(library.NoSuchHandbook):
            library.find(wrong)
