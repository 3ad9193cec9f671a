"""The journal: a form, a page of facts, a file of them."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_noop

from zhike.journal.actions import NewFact, record
from zhike.journal.searching import Sought, facts
from zhike.lib.tables import safe_cell
from zhike.records.access import disposition
from zhike.web.audit.asked import Asked, read
from zhike.web.audit.events import JournalExported
from zhike.web.audit.rows import Row, cells_of, rows_of
from zhike.web.audit.words import choices
from zhike.web.context import Request

PAGE = 50
BATCH = 1000
MOST_EXPORTED = 20_000
"""Facts in one file; a longer period goes into several."""
SUBJECT = ("journal", 0)


def show(request: Request) -> HttpResponse:
    """`/administration/journal`: at most a dozen queries, fifty facts a page."""
    asked = read(request)
    page = list(facts(asked.sought, before=_before(request))[: PAGE + 1])
    more = len(page) > PAGE
    shown: dict[str, Any] = {
        "asked": asked,
        "types": choices(),
        "rows": rows_of(request.viewer, page[:PAGE]),
        "first": f"?{asked.address()}" if _before(request) else "",
        "next": f"?{asked.address(before=page[PAGE - 1].pk)}" if more else "",
        "count": gettext("本页 %(n)d 条") % {"n": min(len(page), PAGE)},
        "most": MOST_EXPORTED,
    }
    return render(request, "audit/show.html", shown, status=422 if asked.wrong else 200)


def _before(request: Request) -> int | None:
    text = request.GET.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def export(request: Request) -> HttpResponse:
    """What the form asks for as CSV: nothing in it is a formula, its first line says who took it, and so does the journal."""
    asked, mark, target = read(request), secrets.token_hex(5), io.StringIO()
    writer = csv.writer(target)
    writer.writerow([safe_cell(_head(request, mark))])
    writer.writerow([gettext(title) for title in COLUMNS])
    count = 0
    for row in _all(request, asked.sought):
        writer.writerow([safe_cell(cell) for cell in cells_of(row)])
        count += 1
    if count == MOST_EXPORTED:
        writer.writerow([gettext("只有前 %(n)d 条；其余请缩小范围后再导出。") % {"n": count}])
    _tell(request, asked, count, mark)
    content = target.getvalue().encode("utf-8-sig")
    return HttpResponse(
        content,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition("attachment", gettext("日志.csv")), "Cache-Control": "no-store"},
    )


COLUMNS = (
    gettext_noop("编号"), gettext_noop("时间"), gettext_noop("谁"), gettext_noop("主体"), gettext_noop("发生了什么"),
    gettext_noop("类型"), gettext_noop("关于"), gettext_noop("制度"), gettext_noop("条款"), gettext_noop("详情"),
)  # fmt: skip


def _head(request: Request, mark: str) -> str:
    said = {
        "name": request.viewer.name,
        "who": request.viewer.principal,
        "at": f"{request.now:%Y-%m-%d %H:%M}",
        "mark": mark,
    }
    return gettext("导出人 %(name)s（%(who)s） 时间 %(at)s UTC 编号 %(mark)s 仅限工作使用") % said


def _all(request: Request, sought: Sought) -> Iterator[Row]:
    before, left = None, MOST_EXPORTED
    while left > 0:
        page = list(facts(sought, before=before)[: min(BATCH, left)])
        yield from rows_of(request.viewer, page)
        if len(page) < BATCH:
            return
        before, left = page[-1].pk, left - len(page)


def _tell(request: Request, asked: Asked, count: int, mark: str) -> None:
    said = {name: value for name, value in asked.typed.items() if value}
    with transaction.atomic():
        event = JournalExported(count=count, asked=said, mark=mark)
        record([NewFact(event, at=request.now, subject=SUBJECT, actor=request.viewer.principal)])
