"""What is installed, what is proposed, and how a handbook comes in: a ZIP file, a folder shipped with the product, or one that was."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby

from django.contrib import messages
from django.db.models import Count, F, Func, IntegerField
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.adoption import actions, queries
from zhike.adoption.access import NotFound, version_for
from zhike.adoption.actions import ProposalRefused
from zhike.adoption.content import Content, of_archive, of_folder
from zhike.adoption.models import Proposal
from zhike.adoption.queries import Readers
from zhike.cases.models import Case
from zhike.handbook import library
from zhike.handbook.archive import LARGEST_ARCHIVE
from zhike.org.handbooks import in_force
from zhike.org.models import HandbookVersion
from zhike.web.context import Request
from zhike.web.handbook_admin.told import kind_words, state_words

CLOSED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One installed version in the chain of its handbook."""

    version: HandbookVersion
    ends: dt.datetime | None
    """When the next one takes over."""
    state: str
    """past, now, coming"""
    clauses: int
    open: int
    proposal: int | None
    kind: str
    readers: Readers | None


@dataclass(frozen=True, slots=True)
class Row:
    """A proposal in a list."""

    proposal: Proposal
    kind: str
    state: str


def show_list(request: Request) -> HttpResponse:
    return _list(request)


def _list(request: Request, content: Content | None = None, refused: str = "", status: int = 200) -> HttpResponse:
    """The page, with what an upload came to."""
    shown = {
        "handbooks": _handbooks(request.now),
        "open": [_row(one) for one in queries.proposals(closed=False)],
        "closed": [_row(one) for one in queries.proposals(closed=True)[:CLOSED_SHOWN]],
        "shipped": library.names(),
        "content": content,
        "errors": content.errors if content else [],
        "refused": refused,
        "most": LARGEST_ARCHIVE // 2**20,
    }
    return render(request, "handbook_admin/list.html", shown, status=status)


def _handbooks(now: dt.datetime) -> list[tuple[str, list[VersionRow]]]:
    """Every handbook with its versions, the last to take effect first. Four queries."""
    counts = dict(Case.objects.filter(status="open").values_list("handbook_version").annotate(n=Count("id")).order_by())
    versions = HandbookVersion.objects.defer("source", "text").order_by("name", "-effective_from", "-id")
    length = Func(F("source__clauses"), function="jsonb_array_length", output_field=IntegerField())
    versions = versions.annotate(clauses=length, title=F("source__title"))
    installed = list(Proposal.objects.exclude(installed=None).values_list("installed_id", "pk", "kind"))
    proposed = {version: number for version, number, _ in installed}
    kinds = {version: kind for version, _, kind in installed}
    readers = queries.readers_of(list(proposed.values()))
    current = {version.pk for version in in_force(now)}
    found = []
    for name, group in groupby(versions, key=lambda version: version.name):
        rows: list[VersionRow] = []
        ends: dt.datetime | None = None
        for version in group:
            state = "now" if version.pk in current else "coming" if version.effective_from > now else "past"
            proposal = proposed.get(version.pk)
            rows.append(
                VersionRow(
                    version, ends, state, version.clauses, counts.get(version.pk, 0), proposal,
                    kind_words(kinds[version.pk]) if version.pk in kinds else gettext("首次装入"),
                    readers.get(proposal) if proposal else None,
                )
            )  # fmt: skip
            ends = version.effective_from
        found.append((name, rows))
    return found


def _row(proposal: Proposal) -> Row:
    return Row(proposal, kind_words(proposal.kind), state_words(proposal.state))


def upload(request: Request) -> HttpResponseBase:
    """A ZIP file: checked whole; nothing is kept where one thing is wrong."""
    sent = request.FILES.get("file")
    if sent is None:
        return _list(request, refused=gettext("请选择一个 ZIP 文件。"), status=422)
    data = sent.read(LARGEST_ARCHIVE + 1)
    return _proposed(request, of_archive(data))


def shipped(request: Request) -> HttpResponseBase:
    """A folder that came with the product."""
    try:
        content = of_folder(request.POST.get("name", ""))
    except library.NoSuchHandbook:
        return _list(request, refused=gettext("没有这份制度，请从列表里选。"), status=422)
    return _proposed(request, content)


def _proposed(request: Request, content: Content) -> HttpResponseBase:
    if content.book is None:
        return _list(request, content, status=422)
    assert request.viewer.staff is not None
    try:
        proposal = actions.draft_content(content, by=request.viewer.staff, now=request.now)
    except ProposalRefused as refused:
        return _list(request, refused=refused.words.say(get_language() or "zh"), status=422)
    messages.success(request, gettext("检查通过，已存为拟稿。请看过改动和影响，再提交批准。"))
    return HttpResponseRedirect(reverse("handbook_admin:proposal", args=[proposal.pk]))


def restore(request: Request, number: int) -> HttpResponseBase:
    """Propose that an earlier version comes into force again."""
    assert request.viewer.staff is not None
    try:
        version = version_for(request.viewer, number)
        proposal = actions.restore(version, by=request.viewer.staff, now=request.now)
    except NotFound as missing:
        raise Http404 from missing
    except ProposalRefused as refused:
        return _list(request, refused=refused.words.say(get_language() or "zh"), status=422)
    return HttpResponseRedirect(reverse("handbook_admin:proposal", args=[proposal.pk]))
