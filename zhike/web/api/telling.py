"""Rows as they go out, where more than one resource sends them; always as the page of the same object shows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import get_language

from zhike.clocks.models import Clock
from zhike.handbook.book import Book
from zhike.handbook.structure import FieldDef
from zhike.org.handbooks import book_of
from zhike.records.display import is_masked, mask
from zhike.records.models import Attachment
from zhike.web.api.shapes import ClockOut, FileOut, Named, PrincipalOut
from zhike.web.base.deadlines import deadline_of
from zhike.web.base.names import names_of
from zhike.web.case_page.page import say


def language() -> str:
    return get_language() or "zh"


def named(thing: Any) -> Named:
    """Anything of the handbook that has an id and a title."""
    return Named(id=thing.id, title=say(thing.title))


def people(principals: Iterable[str], names: Mapping[str, str]) -> list[PrincipalOut]:
    return [PrincipalOut(principal=p, name=names.get(p, p)) for p in principals]


def clocks_out(clocks: Sequence[Clock], now: dt.datetime, numbers: Mapping[int, str]) -> list[ClockOut]:
    """`numbers`: the cases the caller may see. Two queries for the names."""
    books: Collection[Book] = {c.version_id: book_of(c.version_id) for c in clocks}.values()
    names = names_of({p for c in clocks for p in c.holders}, books)
    return [clock_out(clock, now, names, numbers) for clock in clocks]


def clock_out(clock: Clock, now: dt.datetime, names: Mapping[str, str], numbers: Mapping[int, str]) -> ClockOut:
    view = deadline_of(clock, now, names)
    return ClockOut(
        id=clock.pk, handbook=clock.handbook, clause=clock.clause, title=view.title, state=clock.state, shown=view.state,
        holders=people(clock.holders, names), started_at=clock.started_at, due_at=clock.due_at, target_at=clock.target_at,
        stopped_at=clock.stopped_at, left=view.left, case=numbers.get(clock.subject_id, "") if clock.subject_kind == "case" else "",
    )  # fmt: skip


def file_out(attachment: Attachment) -> FileOut:
    return FileOut(token=attachment.token, name=attachment.name, media_type=attachment.media_type, size=attachment.size)


def raw(field: FieldDef, value: Any) -> Any:
    """A kept value for programs; what the page masks is masked here too, in tables as well."""
    if is_masked(field):
        return mask(field, value)
    if field.type == "rows" and isinstance(value, list):
        columns = {column.id: column for column in field.columns}
        return [{name: raw(columns[name], cell) for name, cell in row.items() if name in columns} for row in value]
    return value
