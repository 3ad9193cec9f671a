"""The chain's page: the newest seals, a check on demand, and what a broken link looks like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.journal.models import Pending, Seal, Stream
from zhike.journal.outbox import defer
from zhike.web.audit.checking import begin_check
from zhike.web.audit.words import finding_of
from zhike.web.base.names import names_of
from zhike.web.context import Request
from zhike.web.models import ChainCheck
from zhike.web.tasks import check_chain

SHOWN, CHECKS = 10, 10
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Link:
    """A seal in the picture of the chain."""

    first: int
    last: int
    count: int
    digest: str
    is_broken: bool = False
    words: str = ""


def show(request: Request) -> HttpResponse:
    """GET: the state. POST: begin a check; its progress is on the page."""
    wrong = ""
    if request.method == "POST":
        expect = request.POST.get("expect", "").strip().lower()
        if not expect or DIGEST.fullmatch(expect):
            return _begin(request, expect)
        wrong = gettext("摘要是 64 位的十六进制数，请完整复制记下的那一串。")
    checks = list(ChainCheck.objects.order_by("-started_at", "-id")[:CHECKS])
    names = names_of({check.by for check in checks})
    newest = checks[0] if checks else None
    shown: dict[str, Any] = {
        "wrong": wrong,
        "expect": request.POST.get("expect", ""),
        "checks": [(check, names.get(check.by, check.by)) for check in checks],
        "newest": newest,
        "share": _share(newest),
        "broken": _broken(newest) if newest is not None and newest.findings else [],
        "facts": Stream.objects.order_by("-position").values_list("position", flat=True).first() or 0,
        "pending": Pending.objects.count(),
        "seals": Seal.objects.order_by("-last")[:SHOWN],
    }
    return render(request, "audit/chain.html", shown, status=422 if wrong else 200)


def _begin(request: Request, expect: str) -> HttpResponse:
    with transaction.atomic():
        check = begin_check(by=request.viewer.principal, expect=expect, now=request.now)
        defer(check_chain, check=check.pk)
    return HttpResponseRedirect(reverse("audit:chain"))


def _share(check: ChainCheck | None) -> int:
    return 100 * check.done // check.total if check is not None and check.total else 0


def _broken(check: ChainCheck) -> list[list[Link]]:
    """For each finding the seal before, the broken one, and the one after it. Two queries a finding, for the first few."""
    return [_around(first, last, finding_of(kind, message)) for first, last, kind, message in check.findings[:5]]


def _around(first: int, last: int, words: str) -> list[Link]:
    if not last:
        return [Link(0, 0, 0, "", True, words)]
    before = Seal.objects.filter(last__lt=first).order_by("-last")[:1]
    after = Seal.objects.filter(first__gt=last).order_by("last")[:1]
    here = Seal.objects.filter(last=last)[:1]
    broken = [_link(seal, words) for seal in here] or [Link(first, last, 0, "", True, words)]
    return [*map(_link, before), *broken, *map(_link, after)]


def _link(seal: Seal, words: str = "") -> Link:
    return Link(seal.first, seal.last, seal.count, seal.digest, bool(words), words)
