"""The page of deletions: what is due in the next thirty days, what was deleted by which clause, what could not be."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

from zhike.cases.access import visible_cases
from zhike.clocks.nightly import night_of
from zhike.journal.outbox import defer
from zhike.keeping.queries import Coming, coming, deleted, failures, latest_run
from zhike.keeping.rules import Rule
from zhike.keeping.running import HOUR
from zhike.keeping.tasks import delete_now
from zhike.org.handbooks import book_of
from zhike.web.context import Request
from zhike.web.handbook_page.amounts import duration

AHEAD = dt.timedelta(days=30)


def show(request: Request) -> HttpResponse:
    """One query for each rule and kind of thing, and six more."""
    due = coming(request.now, AHEAD)
    run = latest_run()
    numbers = {one.number for each in due for one in each.soonest if one.kind == "case"}
    shown: dict[str, Any] = {
        "rules": [_rule(each) for each in due],
        "rows": sorted((one for each in due for one in each.soonest), key=lambda one: (one.due_at, one.number)),
        "open": set(visible_cases(request.viewer).filter(number__in=numbers).values_list("number", flat=True)),
        "run": run,
        "running": run is not None and run.finished_at is None,
        "queued": ProcrastinateJob.objects.filter(task_name="keeping.now", status__in=("todo", "doing")).exists(),
        "next": night_of(request.now, HOUR) + dt.timedelta(days=1),
        "deleted": [(row, _title(row["version"], row["of"], row["name"])) for row in deleted()],
        "failures": failures(),
        "in_sandbox": settings.SANDBOX,
    }
    return render(request, "keeping/show.html", shown)


def now(request: Request) -> HttpResponse:
    """A run at once; pressed twice it is made once."""
    try:
        with transaction.atomic():
            defer(delete_now, once="keeping.now", by=request.viewer.principal)
    except AlreadyEnqueued:
        messages.info(request, gettext("已经在排队。"))
    else:
        messages.success(request, gettext("马上开始，这一页会显示进度。"))
    return HttpResponseRedirect(reverse("keeping:show"))


def _rule(each: Coming) -> dict[str, Any]:
    rule = each.rule
    return {
        "rule": rule,
        "what": what_of(rule),
        "keep": duration(book_of(rule.versions[-1]), rule.keep),
        "coming": each,
    }


def what_of(rule: Rule) -> str:
    """What the rule is about, in the reader's language."""
    return _title(rule.versions[-1], rule.of, rule.name)


def _title(version: int, of: str, name: str) -> str:
    language = get_language() or "zh"
    if of == "conversation":
        return gettext("会话")
    book = book_of(version)
    if of == "record":
        return gettext("表单“%(form)s”") % {"form": book.record(name).title.say(language)}
    return book.process(name).title.say(language)
