"""The page of backups: when the last good one was made, when the next one comes, how long they are kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

from zhike.clocks.nightly import night_of
from zhike.journal.outbox import defer
from zhike.org.models import Staff
from zhike.web.backup import nightly
from zhike.web.backup.nightly import OVERDUE, change_plan, plan
from zhike.web.context import Request
from zhike.web.models import BackupPlan, BackupRun
from zhike.web.tasks import back_up

ROWS = 30
LONGEST_KEPT = 3650


def show(request: Request) -> HttpResponse:
    """Five queries, however many there were."""
    return _page(request, plan())


def change(request: Request) -> HttpResponse:
    """When, and for how long; numbers out of range come back with what would do."""
    hour, days = request.POST.get("hour", ""), request.POST.get("keep_days", "")
    is_on, wrong = request.POST.get("is_on") == "on", {}
    if not (hour.isdecimal() and hour.isascii() and len(hour) < 3 and int(hour) < 24):
        wrong["hour"] = gettext("请选择 0 到 23 点之间的整点。")
    if not (days.isdecimal() and days.isascii() and len(days) < 5 and 1 <= int(days) <= LONGEST_KEPT):
        wrong["keep_days"] = gettext("保留天数请填写 1 到 3650 之间的整数。")
    if wrong:
        return _page(request, plan(), wrong, {"is_on": is_on, "hour": hour, "keep_days": days})
    change_plan(is_on=is_on, hour=int(hour), keep_days=int(days), by=request.viewer.principal, now=request.now)
    messages.success(request, gettext("备份安排已保存。"))
    return HttpResponseRedirect(reverse("backup:show"))


def now(request: Request) -> HttpResponse:
    """A backup at once; pressed twice it is made once."""
    try:
        with transaction.atomic():
            defer(back_up, once="web.backup", by=request.viewer.principal)
    except AlreadyEnqueued:
        messages.info(request, gettext("备份已经在排队。"))
    else:
        messages.success(request, gettext("备份马上开始，这一页会显示进度。"))
    return HttpResponseRedirect(reverse("backup:show"))


def _page(
    request: Request, chosen: BackupPlan, wrong: dict[str, str] | None = None, typed: dict[str, Any] | None = None
) -> HttpResponse:
    """`wrong`, `typed`: a form that comes back."""
    runs = list(BackupRun.objects.order_by("-started_at", "-id")[:ROWS])
    names = _names(runs)
    good = BackupRun.objects.filter(state="done").order_by("-started_at", "-id").first()
    is_on = chosen.is_on and not settings.SANDBOX
    shown = {
        "plan": typed or {"is_on": chosen.is_on, "hour": str(chosen.hour), "keep_days": chosen.keep_days},
        "rows": [(run, names.get(run.by, "")) for run in runs],
        "good": good,
        "late": is_on and (good is None or request.now - good.started_at > OVERDUE),
        "next": night_of(request.now, chosen.hour) + dt.timedelta(days=1) if is_on else None,
        "running": next((run for run in runs if run.state == "running"), None),
        "folder": nightly.folder(),
        "queued": ProcrastinateJob.objects.filter(task_name="web.backup", status__in=("todo", "doing")).exists(),
        "hours": range(24),
        "wrong": wrong or {},
        "in_sandbox": settings.SANDBOX,
    }
    return render(request, "backup/show.html", shown, status=422 if wrong else 200)


def _names(runs: list[BackupRun]) -> dict[str, str]:
    """Who asked for one; the nightly ones are nobody's."""
    numbers = {int(run.by.removeprefix("staff:")) for run in runs if run.by.startswith("staff:")}
    return {f"staff:{pk}": name for pk, name in Staff.objects.filter(pk__in=numbers).values_list("pk", "name")}
