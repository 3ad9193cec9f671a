"""Writing the file of an export: page by page, with progress for whoever waits, through the rights of whoever asked as they are now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from zhike.cases.consents import open_links
from zhike.cases.exporting import (
    KEPT,
    MOST_COUNTED,
    State,
    all_spoken,
    asked_of,
    file_of,
    forget_expired,
    may_export,
    tell_written,
)
from zhike.cases.listing import COLUMNS, FORM, Asked, column_titles, hidden_fields, process_of
from zhike.cases.models import Case, CaseExport
from zhike.cases.queries import Cursor, filtered, page_of
from zhike.cases.titles import title_in
from zhike.cases.values import form_cell, form_names
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.lib.sheets import Paper, SheetFull, write_rows
from zhike.org.handbooks import book_of, in_force, viewer
from zhike.org.principals import Viewer
from zhike.records.references import NameOf

PAGE = 500
JOINED = ("department", "owner", "customer")
NOT_NOW = Text(
    zh="您现在没有权限导出，或制度不再允许。", en="You may not export now, or the handbook no longer allows it."
)
TOO_MANY = Text(
    zh="超过Excel一张表的行数。请缩小范围，或导出CSV。",
    en="More rows than a sheet holds. Narrow the filter, or take CSV.",
)
MARK = Text(
    zh="导出人 {who}（{principal}） 时间 {when} 条件 {what} 编号 {mark} 仅限工作使用",
    en="Exported by {who} ({principal}) at {when}, filter {what}, number {mark}. For work only.",
)
ALL = Text(zh="全部", en="all")
STATUS = {Case.Status.OPEN: Text(zh="在办", en="Open"), Case.Status.CLOSED: Text(zh="已办结", en="Closed")}
SHEET = Text(zh="工单", en="Cases")


def write(export_id: int, now: Callable[[], dt.datetime]) -> None:
    """Write the file of a queued export. Run again after a kill it begins anew; a file is only ever there as a whole."""
    forget_expired(now())
    claimed = CaseExport.objects.filter(pk=export_id, state__in=[State.QUEUED, State.RUNNING])
    if not claimed.update(state=State.RUNNING, written=0):
        return None
    export = CaseExport.objects.select_related("staff").get(pk=export_id)
    who, asked = viewer(export.staff), asked_of(export, now())
    rows = filtered(who, asked.wanted())
    export.total = rows.count()
    if not _is_allowed(export, who, asked, now()):
        return _fail(export, NOT_NOW)
    CaseExport.objects.filter(pk=export.pk).update(total=export.total)
    target = file_of(export)
    half = target.with_name(f"half-{target.name}")
    try:
        count = _write_half(export, who, asked, now(), half)
    except SheetFull:
        half.unlink(missing_ok=True)
        return _fail(export, TOO_MANY)
    half.chmod(0o600)
    half.replace(target)
    with transaction.atomic():
        done = CaseExport.objects.filter(pk=export.pk, state=State.RUNNING)
        if done.update(state=State.READY, written=count, total=count, keys=sorted(who.keys), expires_at=now() + KEPT):
            tell_written(export, count, now())
    return None


def _is_allowed(export: CaseExport, who: Viewer, asked: Asked, now: dt.datetime) -> bool:
    """Rights and clauses as they are when it is written, with the consents given. A filter the handbook no longer knows would ask for
    more than was asked, so it is no longer allowed."""
    if not may_export(who) or _filters(asked.kept()) != _filters(export.asked):
        return False
    facts = {"export.rows": min(export.total or 0, MOST_COUNTED + 1), "export.format": export.format}
    said = all_spoken(asked, who, now, facts, export.purpose, export.approvals)
    wanted = [consent for _, one in said for consent in one.consents]
    return not any(one.reasons for _, one in said) and not any(open_links(c, export.approvals) for c in wanted)


def _filters(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kept.items() if name != "columns"}


def _fail(export: CaseExport, words: Text) -> None:
    CaseExport.objects.filter(pk=export.pk).update(state=State.FAILED, why={"zh": words.zh, "en": words.say("en")})


def _write_half(export: CaseExport, who: Viewer, asked: Asked, now: dt.datetime, target: Path) -> int:
    books = [book_of(version.pk) for version in in_force(now)]
    language = export.language
    columns = ["number", *_open_columns(asked, books, who)]
    titles = column_titles(asked, columns, books)
    heads = [titles[column].say(language) for column in columns]
    paper = Paper(SHEET.say(language), mark_of(export, who, now, asked, books), heads)
    return write_rows(target, paper, _rows(export, who, asked, columns, now))


def _open_columns(asked: Asked, books: Sequence[Book], who: Viewer) -> list[str]:
    found = process_of(books, asked.process)
    if found is None:
        return [column for column in asked.shown if column in COLUMNS]
    hidden = hidden_fields(found[0], found[1].record, who)
    return [c for c in asked.shown if not (c.startswith(FORM) and hidden(c.removeprefix(FORM)))]


def mark_of(export: CaseExport, who: Viewer, now: dt.datetime, asked: Asked, books: Sequence[Book]) -> str:
    """Who, when, what: the line every copy of the file begins with."""
    zone = ZoneInfo(books[0].handbook.zone) if books else dt.UTC
    parts = [f"{name}={value}" for name, value in asked.kept().items() if name != "columns"]
    what = ", ".join(parts) or ALL.say(export.language)
    when = f"{now.astimezone(zone):%Y-%m-%d %H:%M}"
    return MARK.say(export.language).format(
        who=who.name, principal=who.principal, when=when, what=what, mark=export.mark
    )


def _rows(
    export: CaseExport, who: Viewer, asked: Asked, columns: Sequence[str], now: dt.datetime
) -> Iterator[list[str]]:
    after: Cursor | None = None
    fields = [column.removeprefix(FORM) for column in columns if column.startswith(FORM)]
    written = 0
    while True:
        rows = filtered(who, asked.wanted())
        page = page_of(rows, after, PAGE, order=asked.order, joined=JOINED, with_data=bool(fields))
        names = form_names(page.rows, fields) if fields else None
        for case in page.rows:
            yield [cell(case, column, export.language, names, now) for column in columns]
        written += len(page.rows)
        CaseExport.objects.filter(pk=export.pk).update(written=written)
        after = page.next
        if after is None:
            return


def cell(case: Case, column: str, language: str, names: NameOf | None, now: dt.datetime) -> str:
    """A cell as text; times in the handbook's zone, as `2025-06-10 09:00`."""
    book = book_of(case.handbook_version_id)
    match column:
        case "number":
            return case.number
        case "title":
            return title_in(case, language)
        case "process":
            return book.process(case.process).title.say(language)
        case "stage":
            return book.stage(case.process, case.stage).title.say(language)
        case "status":
            return STATUS[Case.Status(case.status)].say(language)
        case "round":
            return str(case.round)
        case "department" | "owner" | "customer":
            found = getattr(case, column)
            return found.name if found else ""
        case "deadline" | "opened" | "updated" | "closed":
            return _moment(getattr(case, MOMENTS[column]), book)
    return form_cell(case, column.removeprefix(FORM), language, names, now)


MOMENTS = {"deadline": "next_due_at", "opened": "opened_at", "updated": "updated_at", "closed": "closed_at"}


def _moment(at: dt.datetime | None, book: Book) -> str:
    return f"{at.astimezone(ZoneInfo(book.handbook.zone)):%Y-%m-%d %H:%M}" if at else ""
