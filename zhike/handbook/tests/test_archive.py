"""ZIP files from outside: a handbook comes through, everything else is refused and told."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from zhike.handbook import archive
from zhike.handbook.archive import read_folder, unpack, write_folder
from zhike.handbook.load import load
from zhike.handbook.problems import Findings
from zhike.handbook.tests.folder import write


def zipped(files: dict[str, bytes | str], *, kind: int = 0) -> bytes:
    """`kind` sets the file type bits of every entry: a link."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = kind << 16
            out.writestr(entry, data)
    return made.getvalue()


def codes(data: bytes) -> list[str]:
    findings = Findings()
    assert unpack(data, findings) == {}
    return [problem.code for problem in findings.errors]


def test_a_handbook_comes_through_with_and_without_a_folder_around_it(tmp_path: Path) -> None:
    files = read_folder(write(tmp_path), Findings())
    for prefix in ("", "my-handbook/", "制度 一/"):
        findings = Findings()
        found = unpack(zipped({prefix + name: text for name, text in files.items()}), findings)
        assert (found, findings.errors) == (files, [])
    write_folder(files, tmp_path / "again")
    assert load(tmp_path / "again").name == "sample"


def test_what_a_desktop_adds_is_passed_over(tmp_path: Path) -> None:
    files = read_folder(write(tmp_path), Findings())
    findings = Findings()
    assert unpack(zipped({**files, "__MACOSX/._handbook.yaml": "x", ".DS_Store": "x"}), findings) == files


@pytest.mark.parametrize(
    "name",
    [
        "../handbook.yaml",
        "/etc/handbook.yaml",
        "a/../../b.yaml",
        "C:/x.yaml",
        "a\\..\\b.yaml",
        "a\x01.yaml",
        "a/b/c/d/e/f.yaml",
    ],
)
def test_names_that_lead_out_of_the_folder_are_refused(name: str) -> None:
    assert codes(zipped({"handbook.yaml": "a: 1", name: "x"})) == ["archive-path"]


def test_links_are_refused() -> None:
    assert codes(zipped({"handbook.yaml": "/etc/passwd"}, kind=stat.S_IFLNK | 0o777)) == ["archive-link"]


def test_programs_and_pictures_are_refused() -> None:
    assert codes(zipped({"handbook.yaml": "a: 1", "run.py": "x", "logo.png": "x"})) == ["archive-kind", "archive-kind"]


def test_a_bomb_is_refused_while_it_is_unpacked() -> None:
    assert codes(zipped({"handbook.yaml": b"0" * (archive.LARGEST + 1)})) == ["archive-bomb"]
    many = {f"{n}.yaml": b"0" * (archive.LARGEST - 1) for n in range(9)}
    assert codes(zipped({"handbook.yaml": "a: 1", **many})) == ["archive-bomb"]


def test_an_entry_that_lies_about_its_size_is_still_counted() -> None:
    data = zipped({"handbook.yaml": b"0" * (archive.LARGEST + 1)})
    real = (archive.LARGEST + 1).to_bytes(4, "little")
    assert data.count(real) >= 1
    assert codes(data.replace(real, (10).to_bytes(4, "little")))[0] in ("archive-bomb", "archive-damaged")


def test_too_many_files_too_large_and_no_zip_at_all_are_told() -> None:
    assert codes(zipped({f"{n}.yaml": "" for n in range(archive.MOST_FILES + 1)})) == ["archive-too-many"]
    assert codes(b"0" * (archive.LARGEST_ARCHIVE + 1)) == ["archive-too-large"]
    assert codes(b"not a zip") == ["archive-unreadable"]
    assert codes(b"") == ["archive-unreadable"]


def test_an_archive_cut_short_is_refused() -> None:
    whole = zipped({"handbook.yaml": "name: x\n" * 100})
    assert codes(whole[: len(whole) // 2]) == ["archive-unreadable"]


def test_without_a_manifest_or_in_another_encoding_it_is_refused() -> None:
    assert codes(zipped({"a/b.yaml": "x"})) == ["manifest-missing"]
    assert codes(zipped({"handbook.yaml": "name: 示例".encode("gbk")})) == ["not-utf8"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert codes(zipped({"../a.yaml": "x", "b.exe": "x"})) == ["archive-path", "archive-kind"]
