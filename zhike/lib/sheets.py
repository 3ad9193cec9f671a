"""Rows written to a file that people open with a spreadsheet: Excel or CSV, by the file's ending. Rows go out as they come, so memory
does not grow with their number, and no cell is a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zhike.lib.tables import safe_cell

LARGEST_SHEET = 1_048_000
"""Rows of one Excel sheet, a little below what it holds."""


class SheetFull(Exception):
    """More rows than a sheet holds; CSV has no such limit."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands around the rows: the name of the sheet, the mark that says who took it out, the headings."""

    title: str
    mark: str
    heads: Sequence[str]


def write_rows(target: Path, paper: Paper, rows: Iterable[Sequence[str]]) -> int:
    """Write `rows` under the mark and the headings to `target`, .xlsx or .csv; how many. Raises SheetFull."""
    return (_write_sheet if target.suffix == ".xlsx" else _write_csv)(target, paper, rows)


def _lines(paper: Paper, rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    yield [paper.mark]
    yield paper.heads
    yield from rows


def _write_csv(target: Path, paper: Paper, rows: Iterable[Sequence[str]]) -> int:
    count = -2
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        for cells in _lines(paper, rows):
            writer.writerow([safe_cell(cell) for cell in cells])
            count += 1
    return count


def _write_sheet(target: Path, paper: Paper, rows: Iterable[Sequence[str]]) -> int:
    from xlsxwriter import Workbook

    count = -2
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(target.parent),
    }
    with Workbook(str(target), options) as book:
        book.set_properties({"title": paper.title, "comments": paper.mark})
        sheet = book.add_worksheet(paper.title[:31])
        # The mark stands on every printed page too; an ampersand begins a code there, and 255 characters are the most.
        sheet.set_footer("&L&8" + paper.mark.replace("&", "&&")[:240])
        sheet.freeze_panes(2, 1)
        for line, cells in enumerate(_lines(paper, rows)):
            if line > LARGEST_SHEET:
                raise SheetFull
            for column, cell in enumerate(cells):
                sheet.write_string(line, column, safe_cell(cell))
            count += 1
    return count
