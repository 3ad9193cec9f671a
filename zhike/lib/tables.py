"""Tables people send: the first sheet of an Excel file, or a CSV file in whatever encoding it was saved in.

    table = open_table(path)
    table.head                  ["姓名", "电话"]
    for line, cells in table.rows(after=0): ...     line numbers as the person's own program shows them

Rows come one at a time. Formulas give the value they were saved with; nothing is calculated here.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zhike.lib.text import clean_line

MOST_COLUMNS = 60
LONGEST_CELL = 4000
LARGEST_UNPACKED = 1 << 31
"""Bytes an Excel file may have once unpacked; more is a trap rather than a table."""
LOST_DIGITS = 10**15
"""Excel keeps 15 digits of a number; the rest of an identity number it has already thrown away."""
LOST = "\N{REPLACEMENT CHARACTER}"
"""Stands in a cell whose last digits Excel lost."""


class TableRefused(Exception):
    """The file cannot be read as a table; `zh` and `en` say what would do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the names of its columns; `encoding` is "" for Excel."""

    path: Path
    head: list[str]
    head_line: int
    encoding: str = ""
    delimiter: str = ","
    has_merged_cells: bool = False

    def rows(self, after: int = 0) -> Iterator[tuple[int, list[str]]]:
        """(line, cells) below the head, empty lines left out; only lines greater than `after`. Raises TableRefused."""
        source = _csv_rows(self.path, self.encoding, self.delimiter) if self.encoding else _sheet_rows(self.path)
        for line, cells in source:
            if line > max(after, self.head_line) and any(cells):
                yield line, [*cells[: len(self.head)], *[""] * (len(self.head) - len(cells))]


def open_table(path: Path) -> Table:
    """Look what kind of file this is and read its head. Raises TableRefused."""
    with path.open("rb") as source:
        magic = source.read(8)
    if magic.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        _refuse_a_bomb(path, magic)
        line, head = _head(_sheet_rows(path))
        return Table(path, head, line, has_merged_cells=_merged(path))
    encoding = _encoding_of(path)
    delimiter = _delimiter_of(path, encoding)
    line, head = _head(_csv_rows(path, encoding, delimiter))
    return Table(path, head, line, encoding, delimiter)


def _head(rows: Iterable[tuple[int, list[str]]]) -> tuple[int, list[str]]:
    for line, cells in rows:
        if any(cells):
            while cells and not cells[-1]:
                cells.pop()
            if len(cells) > MOST_COLUMNS:
                raise TableRefused(
                    f"列太多，最多{MOST_COLUMNS}列。请删去用不到的列。", f"Too many columns; {MOST_COLUMNS} at most."
                )
            return line, [cell[:80] for cell in cells]
    raise TableRefused("文件是空的。", "The file is empty.")


def _refuse_a_bomb(path: Path, magic: bytes) -> None:
    if not magic.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile:
        raise _unreadable()
    if size > LARGEST_UNPACKED:
        raise TableRefused(
            "文件解开后太大。请拆成几个文件，或另存为CSV。", "Too large once unpacked. Split it, or save it as CSV."
        )


def _unreadable() -> TableRefused:
    return TableRefused(
        "打不开这个Excel文件。请用Excel打开后另存为xlsx，去掉密码，再上传。",
        "This Excel file cannot be opened. Save it again as xlsx without a password.",
    )


def _sheet(path: Path) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        return book.get_sheet_by_index(0)
    except (CalamineError, OSError, IndexError, ValueError) as error:
        raise _unreadable() from error


def _sheet_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    sheet = _sheet(path)
    first = sheet.start[0] + 1 if sheet.start else 1
    for line, row in enumerate(sheet.iter_rows(), first):
        yield line, [_cell(value) for value in row]


def _merged(path: Path) -> bool:
    try:
        return bool(_sheet(path).merged_cell_ranges)
    except (AttributeError, ValueError):
        return False


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return clean_line(value[:LONGEST_CELL])
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return clean_line(str(value))


def _number(value: float) -> str:
    if abs(value) >= LOST_DIGITS:
        return LOST
    return str(int(value)) if value == int(value) else repr(value)


def _encoding_of(path: Path) -> str:
    """UTF-8 (with or without a mark), UTF-16 with a mark, else GB 18030, which reads GBK and GB 2312 too."""
    with path.open("rb") as source:
        start = source.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        if _decodes(path, encoding):
            return encoding
    raise TableRefused(
        "认不出文字编码。请在Excel中另存为“CSV UTF-8（逗号分隔）”或xlsx。",
        "The encoding is not known. Save it as “CSV UTF-8” or xlsx.",
    )


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as source:
            while chunk := source.read(1 << 20):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter_of(path: Path, encoding: str) -> str:
    with path.open(encoding=encoding, errors="replace", newline="") as source:
        first = source.readline(20_000)
    return max(",\t;，", key=first.count) if any(sign in first for sign in ",\t;，") else ","


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding=encoding, newline="") as source:
        reader = csv.reader((line.replace("\0", "") for line in source), delimiter=delimiter)
        begins = 1
        try:
            for row in reader:
                yield begins, [clean_line(cell[:LONGEST_CELL]) for cell in row]
                begins = reader.line_num + 1
        except (csv.Error, UnicodeError) as error:
            raise TableRefused(
                f"第{begins}行读不懂，多半是引号没有成对。请改正后重新上传。",
                f"Line {begins} cannot be read; a quotation mark is probably missing.",
            ) from error


_FORMULA = tuple("=+-@\t\r＝＋－＠")


def safe_cell(value: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like one gets an apostrophe before it.

    >>> safe_cell("=1+1"), safe_cell("＝1"), safe_cell("王")
    ("'=1+1", "'＝1", '王')
    """
    return f"'{value}" if value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA) else value
