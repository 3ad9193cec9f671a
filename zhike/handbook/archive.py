"""A handbook that comes as a ZIP file: unpacked in memory, refused when it is anything but a folder of small texts.

Nothing of the archive is believed: sizes are counted while unpacking, names must stay inside the folder, links and
encrypted entries are refused. All that is wrong is told at once.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from zhike.handbook.common import Text
from zhike.handbook.problems import Findings, Problem
from zhike.handbook.source import LARGEST, MANIFEST

Files = dict[str, str]
"""Path inside the handbook's folder -> text: `handbook.yaml`, `scenarios/main.feature`."""

LARGEST_ARCHIVE = 8 * 1024 * 1024
"""Bytes of the ZIP file as it is sent."""
MOST_FILES = 300
LARGEST_WHOLE = 16 * 1024 * 1024
"""Bytes of all files unpacked."""
LONGEST_NAME = 200
KEPT = (".yaml", ".md", ".feature")
PASSED_OVER = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$)")
_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile("[\x00-\x1f\x7f]")


def unpack(data: bytes, findings: Findings) -> Files:
    """The texts of a handbook in a ZIP file, at its top or in its only folder; {} with the reasons noted where it is refused."""
    if len(data) > LARGEST_ARCHIVE:
        most = LARGEST_ARCHIVE // 2**20
        zh, en = f"压缩包超过 {most} MB", f"The archive has more than {most} MB"
        return _refuse(findings, "archive-too-large", "", zh, en, *LEAVE_OUT)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = [entry for entry in archive.infolist() if not entry.is_dir() or _is_link(entry)]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError):
        zh, en = "这不是能打开的 ZIP 文件", "This is no ZIP file that can be opened"
        return _refuse(findings, "archive-unreadable", "", zh, en, *ZIP_AGAIN)
    if len(entries) > MOST_FILES:
        zh = f"压缩包里有 {len(entries)} 个文件，最多 {MOST_FILES} 个"
        en = f"The archive holds {len(entries)} files; at most {MOST_FILES}"
        return _refuse(findings, "archive-too-many", "", zh, en, *LEAVE_OUT)
    kept = {name: entry for entry in entries if not PASSED_OVER.search(name := _name(entry))}
    if len(kept) < len([entry for entry in entries if not PASSED_OVER.search(_name(entry))]):
        _refuse(findings, "archive-twice", "", "同一个文件名出现两次", "A file name occurs twice", *ZIP_AGAIN)
    for name, entry in kept.items():
        _check_entry(name, entry, findings)
    if findings.errors:
        return {}
    return decode(_inside(_read_all(archive, kept, findings), findings), findings) if not findings.errors else {}


def read_folder(folder: Path, findings: Findings) -> Files:
    """The same texts from a folder at hand: the manifest, the text, the clauses, the scenarios and the sample."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and path.suffix in KEPT and not name.startswith("."):
            found[name] = path.read_bytes()[: LARGEST + 1]
    return decode(found, findings)


def write_folder(files: Mapping[str, str], folder: Path) -> None:
    """Lay the texts out in `folder`, which must be empty or not there. Raises ValueError for a name that leaves it."""
    for name, text in files.items():
        if _unsafe(name):
            raise ValueError(f"{name!r} is no path inside a handbook")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def decode(found: Mapping[str, bytes], findings: Findings) -> Files:
    """UTF-8, with or without a byte order mark. Other encodings are noted."""
    texts: Files = {}
    for name, data in found.items():
        try:
            texts[name] = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            zh, en = "文件不是 UTF-8 编码", "The file is not UTF-8"
            findings.add(_problem("not-utf8", name, line, zh, en, "另存为 UTF-8", "Save it as UTF-8"))
    return {} if findings.errors else texts


LEAVE_OUT = ("只放入手册的文本文件", "Put only the handbook's texts in")
ZIP_AGAIN = ("把手册文件夹重新压缩一次再上传", "Zip the handbook's folder again and upload that")


def _check_entry(name: str, entry: zipfile.ZipInfo, findings: Findings) -> None:
    if _is_link(entry):
        _refuse(findings, "archive-link", name, "压缩包里有符号链接", "The archive holds a symbolic link", *ZIP_AGAIN)
    elif entry.flag_bits & 0x1:
        _refuse(
            findings,
            "archive-encrypted",
            name,
            "文件加了密码",
            "The file is encrypted",
            "去掉密码再压缩",
            "Zip it without a password",
        )
    elif _unsafe(name):
        _refuse(findings, "archive-path", name, "文件名指向文件夹之外", "The name leads out of the folder", *ZIP_AGAIN)
    elif not name.endswith(KEPT):
        kinds = "、".join(KEPT)
        _refuse(
            findings,
            "archive-kind",
            name,
            f"手册里只能有 {kinds} 文件",
            f"A handbook holds only {', '.join(KEPT)} files",
            *LEAVE_OUT,
        )


def _read_all(archive: zipfile.ZipFile, kept: Mapping[str, zipfile.ZipInfo], findings: Findings) -> dict[str, bytes]:
    """Counted while unpacking: what an entry says of its own size is not believed."""
    found: dict[str, bytes] = {}
    whole = 0
    for name, entry in kept.items():
        try:
            with archive.open(entry) as stream:
                data = stream.read(LARGEST + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
            _refuse(
                findings,
                "archive-damaged",
                name,
                "文件已损坏，解不开",
                "The file is damaged and cannot be unpacked",
                *ZIP_AGAIN,
            )
            continue
        whole += len(data)
        if len(data) > LARGEST or whole > LARGEST_WHOLE:
            _refuse(findings, "archive-bomb", name, "解开后太大", "It is too large when unpacked", *LEAVE_OUT)
            break
        found[name] = data
    return found


def _inside(found: Mapping[str, bytes], findings: Findings) -> dict[str, bytes]:
    """The files by their path in the handbook's folder: a single folder around everything is taken off."""
    tops = {name.partition("/")[0] for name in found}
    if MANIFEST not in found and len(tops) == 1:
        found = {name.partition("/")[2]: data for name, data in found.items()}
    if MANIFEST not in found and not findings.errors:
        _refuse(
            findings,
            "manifest-missing",
            MANIFEST,
            f"压缩包里没有 {MANIFEST}",
            f"The archive has no {MANIFEST}",
            *ZIP_AGAIN,
        )
    return dict(found)


def _name(entry: zipfile.ZipInfo) -> str:
    """The entry's name. Chinese Windows writes GBK without saying so, which is read as another code page."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gbk")
    except UnicodeError:
        return entry.filename


def _unsafe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return (
        not name or len(name) > LONGEST_NAME or name.startswith("/") or "\\" in name or bool(_DRIVE.match(name))
        or bool(_CONTROL.search(name)) or ".." in parts or len(parts) > 5
    )  # fmt: skip


def _is_link(entry: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return kind not in (0, stat.S_IFREG, stat.S_IFDIR)


def _refuse(findings: Findings, code: str, file: str, zh: str, en: str, fix_zh: str, fix_en: str) -> Files:
    findings.add(_problem(code, file, 0, zh, en, fix_zh, fix_en))
    return {}


def _problem(code: str, file: str, line: int, zh: str, en: str, fix_zh: str, fix_en: str) -> Problem:
    message, remedy = Text(zh=f"{zh}。", en=f"{en}."), Text(zh=f"{fix_zh}。", en=f"{fix_en}.")
    return Problem(code, file or "ZIP", line, "", message, remedy)
