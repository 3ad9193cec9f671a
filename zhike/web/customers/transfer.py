"""Files in and out: choose, look, let it run, see how far it is; take out what the list shows."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.customers import importing
from zhike.customers.access import NoSuchCustomer, imports_for
from zhike.customers.exporting import export_customers
from zhike.customers.lines import Field, Line, fields_at
from zhike.customers.models import ImportRun
from zhike.customers.own_filter import asked_fields
from zhike.customers.profile import CustomerRefused
from zhike.customers.tasks import import_customers
from zhike.journal.outbox import defer
from zhike.lib.tables import TableRefused
from zhike.records.access import disposition
from zhike.web.case_page.page import say
from zhike.web.context import Request
from zhike.web.customers.listing import read_filter

MOST_EXPORTED = 20_000
"""Rows a page waits for; more go by `zhike export customers`."""
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def imports(request: Request) -> HttpResponseBase:
    """The latest imports; POST receives a file."""
    rows, wrong = _runs(request).order_by("-pk")[:20], ""
    if request.method == "POST":
        sent = request.FILES.get("file")
        try:
            if sent is None:
                raise TableRefused("请选择文件。", "Choose a file.")
            run = importing.receive_import(sent, sent.name or "", by=request.viewer.principal, now=request.now)
            return HttpResponseRedirect(reverse("customers:import", args=[run.pk]))
        except TableRefused as error:
            wrong = error.en if (get_language() or "").startswith("en") else error.zh
    return render(request, "customers/imports.html", {"rows": rows, "wrong": wrong}, status=422 if wrong else 200)


def one_import(request: Request, number: int) -> HttpResponseBase:
    """GET: the mapping with a look at the first lines, or how far it is. POST: start, pause or resume."""
    run = _run(request, number)
    if request.method == "POST":
        return _do(request, run)
    return _page(request, run)


def faults(request: Request, number: int) -> HttpResponse:
    """The lines that were not taken, as CSV."""
    run, target = _run(request, number), io.StringIO()
    importing.copy_faults(run, target)
    return _download(target.getvalue().encode("utf-8-sig"), f"未导入-{run.pk}.csv", "text/csv; charset=utf-8")


def export(request: Request) -> HttpResponse:
    """What the list with this filter shows, as an Excel file with masked numbers."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "customers.xlsx"
        try:
            export_customers(
                request.viewer,
                read_filter(request, asked_fields(request.now)),
                target,
                now=request.now,
                limit=MOST_EXPORTED,
            )
        except CustomerRefused as error:
            raise Http404 from error
        return _download(target.read_bytes(), "客户.xlsx", SHEET)


def _do(request: Request, run: ImportRun) -> HttpResponseBase:
    deed, here = request.POST.get("deed"), HttpResponseRedirect(reverse("customers:import", args=[run.pk]))
    if deed == "pause":
        importing.pause_import(run)
        return here
    with transaction.atomic():
        if deed == "start":
            sent = {str(n): request.POST.get(f"column-{n}", "") for n in range(len(run.head))}
            known = fields_at(request.now)
            columns = {number: field for number, field in sent.items() if field in known}
            if len(set(columns.values())) < len(columns):
                messages.error(request, gettext("同一项选了两列，请改正。"))
                return here
            try:
                importing.start_import(run, columns, now=request.now)
            except importing.BadMapping as error:
                messages.error(request, error.en if (get_language() or "").startswith("en") else error.zh)
                return here
        else:
            importing.resume_import(run)
        defer(import_customers, lock=f"import:{run.pk}", run_id=run.pk)
    return here


def _page(request: Request, run: ImportRun) -> HttpResponse:
    waits, fields = run.state == "waiting", fields_at(request.now)
    shown = {
        "run": run,
        "columns": [(n, name, run.columns.get(str(n), "")) for n, name in enumerate(run.head)] if waits else [],
        "fields": [(key, say(field.title)) for key, field in fields.items()],
        "looks": [(line, _said(line, run, fields)) for line in importing.preview(run, now=request.now)]
        if waits
        else [],
    }
    return render(request, "customers/import.html", shown)


def _said(line: Line, run: ImportRun, fields: Mapping[str, Field]) -> list[tuple[str, str]]:
    """What the line says of the handbooks' own fields, as it stands in the file: (field, words)."""
    own = sorted((int(number), key) for number, key in run.columns.items() if "." in key and key in fields)
    return [(say(fields[key].title), line.cells[n]) for n, key in own if n < len(line.cells) and line.cells[n].strip()]


def _runs(request: Request) -> QuerySet[ImportRun]:
    try:
        return imports_for(request.viewer)
    except NoSuchCustomer:
        raise Http404


def _run(request: Request, number: int) -> ImportRun:
    found = _runs(request).filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _download(content: bytes, name: str, kind: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = disposition("attachment", name)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
