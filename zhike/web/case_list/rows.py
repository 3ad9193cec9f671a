"""The rows of the list, drawn without a template: fifty rows of six cells took a third of the time of the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from zhike.cases.listing import FORM
from zhike.cases.models import Case
from zhike.cases.titles import title_in
from zhike.cases.values import form_cell, form_names
from zhike.records.references import NameOf
from zhike.web.base import times
from zhike.web.base.deadlines import time_left
from zhike.web.case_page.page import case_url
from zhike.web.desk.mine import Row

NOTHING = '<span class="quiet">—</span>'
NONE = '<td class="none">—</td>'


@dataclass(frozen=True, slots=True)
class Drawing:
    """What every cell of a page is drawn with."""

    now: dt.datetime
    language: str
    names: NameOf | None = None
    """What form fields of these rows point to."""


Cell = Callable[[Row, Drawing], str]
"""A cell as HTML; whatever people wrote is escaped in it."""


def plain(text: str, kind: str = "") -> str:
    return f"<td{kind}>{escape(text)}</td>" if text else NONE


def limit(row: Row, _: Drawing) -> str:
    if row.deadline is None:
        return f'<td class="nowrap none">{NOTHING}</td>'
    return f'<td class="nowrap">{time_left(row.deadline)}</td>'


def status(row: Row, _: Drawing) -> str:
    return plain(gettext("已办结") if row.case.status == Case.Status.CLOSED else gettext("在办"), ' class="nowrap"')


def moment(row: Row, drawing: Drawing, *, field: str) -> str:
    at = getattr(row.case, field)
    return plain(times.short_moment(at, drawing.now), ' class="nowrap quiet"') if at else NONE


def filled(row: Row, drawing: Drawing, *, field: str) -> str:
    """A field of the main form, masked as lists mask."""
    return plain(form_cell(row.case, field, drawing.language, drawing.names, drawing.now))


CELLS: dict[str, Cell] = {
    "title": lambda row, drawing: (
        f'<td class="wide"><span class="zk-title">{escape(title_in(row.case, drawing.language))}</span></td>'
    ),
    "process": lambda row, _: plain(row.process),
    "stage": lambda row, _: plain(row.stage, ' class="nowrap"'),
    "deadline": limit,
    "status": status,
    "department": lambda row, _: plain(row.case.department.name if row.case.department else ""),
    "owner": lambda row, _: plain(row.case.owner.name if row.case.owner else ""),
    "customer": lambda row, _: plain(row.case.customer.name if row.case.customer else ""),
    "round": lambda row, _: plain(str(row.case.round)),
    "opened": partial(moment, field="opened_at"),
    "updated": partial(moment, field="updated_at"),
    "closed": partial(moment, field="closed_at"),
}
"""One for each of `cases.listing.COLUMNS` beside the number, which every row begins with."""


def body(rows: Sequence[Row], columns: Sequence[str], now: dt.datetime) -> SafeString:
    """The rows of `tbody`: a tick, the number, the columns. What form fields point to costs one query a kind."""
    fields = [column.removeprefix(FORM) for column in columns if column.startswith(FORM)]
    names = form_names([row.case for row in rows], fields) if fields else None
    drawing = Drawing(now, get_language() or "zh", names)
    cells = [CELLS.get(name) or partial(filled, field=name.removeprefix(FORM)) for name in columns]
    drawn = ("".join([first(row), *(cell(row, drawing) for cell in cells)]) for row in rows)
    return SafeString("".join([f"<tr data-row>{row}</tr>" for row in drawn]))


def first(row: Row) -> str:
    number = escape(row.case.number)
    return (
        f'<td class="cl-tick"><input type="checkbox" name="case" value="{number}" data-row-key="x" aria-label="{number}"></td>'
        f'<td class="nowrap"><a data-open href="{case_url(number)}">{number}</a></td>'
    )
