"""What the commands print, in the shapes others call."""

from __future__ import annotations

from pathlib import Path

from zhike.handbook.load import examine
from zhike.handbook.report import check_report, show_report
from zhike.handbook.tests.folder import write


def test_a_sound_handbook_reports_its_kinds(tmp_path: Path) -> None:
    report = check_report(examine(write(tmp_path)))
    assert report == {
        "ok": True,
        "clauses": 4,
        "kinds": {"deadline": 1, "gate": 1, "route": 2},
        "errors": [],
        "warnings": [],
    }


def test_a_broken_one_reports_where_what_and_how_to_mend_it(tmp_path: Path) -> None:
    report = check_report(examine(write(tmp_path, unclaused={})))
    assert report["ok"] is False
    assert report["errors"] == [
        {
            "code": "section-without-clause", "file": "handbook.md", "line": 3, "clause": "1",
            "message": {
                "zh": "第 1 节既没有条款，也没有写明为什么没有。",
                "en": "Section 1 has no clause and no reason for having none.",
            },
            "remedy": {
                "zh": '写一条 cites: "1" 的条款，或在 handbook.yaml 的 unclaused 里写明理由。',
                "en": 'Write a clause with cites: "1", or say why under `unclaused` in handbook.yaml.',
            },
        }
    ]  # fmt: skip


def test_a_folder_that_is_no_handbook_is_not_ok(tmp_path: Path) -> None:
    assert check_report(examine(tmp_path))["ok"] is False


def test_showing_lists_clauses_records_processes_and_roles(tmp_path: Path) -> None:
    loaded = examine(write(tmp_path))
    assert loaded.book is not None
    report = show_report(loaded.book)
    assert report["name"] == "sample"
    first = report["clauses"][0]
    assert {key: first[key] for key in ("id", "kind", "cites", "quote")} == {
        "id": "S-01", "kind": "gate", "cites": "2", "quote": "登记要写明电话。",
    }  # fmt: skip
    assert [record["id"] for record in report["records"]] == ["ticket"]
    assert [process["id"] for process in report["processes"]] == ["ticket"]
    assert [role["id"] for role in report["roles"]] == ["agent", "boss"]
