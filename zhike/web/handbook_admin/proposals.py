"""One proposal: what changed, what it would mean, who decides; the text before it is in force; two versions side by side."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from zhike.adoption import access, queries
from zhike.adoption.access import NotFound
from zhike.adoption.content import book_of_proposal
from zhike.adoption.models import Proposal
from zhike.adoption.reading import comparison_of
from zhike.cases.access import visible_cases
from zhike.handbook.compare import compare
from zhike.journal.queries import Tally
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion
from zhike.web.context import Request
from zhike.web.handbook_admin import told
from zhike.web.handbook_page.pages import sections_of
from zhike.web.handbook_page.period import period_of

MOST_READERS = 200


def show(request: Request, number: int) -> HttpResponse:
    return render(request, "handbook_admin/proposal.html", view_of(request, proposal_or_404(request, number)))


def proposal_or_404(request: Request, number: int) -> Proposal:
    try:
        return access.proposal_for(request.viewer, number)
    except NotFound as missing:
        raise Http404 from missing


def view_of(request: Request, proposal: Proposal, **more: Any) -> dict[str, Any]:
    """Everything the page of a proposal shows. `more` is what came back with a refused deed."""
    book, found = book_of_proposal(proposal), comparison_of(proposal)
    before = book_of(proposal.base_id) if proposal.base_id else None
    visible = told.numbers_of(visible_cases(request.viewer), told.cases_named(proposal.study))
    has_begun = proposal.installed is not None and proposal.installed.effective_from <= request.now
    mine = proposal.prepared_by_id == (request.viewer.staff.pk if request.viewer.staff else None)
    return {
        "proposal": proposal,
        "title": told.say(proposal.title),
        "kind": told.kind_words(proposal.kind),
        "state": told.state_words(proposal.state),
        "book": book,
        "parts": told.parts_of(found, book) if found else [],
        "counts": told.counts_words(found) if found else "",
        "impact": told.impact_view(proposal.study, before, book, visible),
        "studying": proposal.study_state in (Proposal.Study.WAITING, Proposal.Study.RUNNING),
        "mine": mine,
        "has_begun": has_begun,
        "can_cancel": proposal.state == Proposal.State.APPROVED and proposal.installed is not None and not has_begun,
        "readers": queries.readers_of([proposal.pk]).get(proposal.pk),
        "wrong": "",
        "typed": {},
        **more,
    }


def preview(request: Request, number: int) -> HttpResponse:
    """The text beside its clauses, as it would be read."""
    proposal = proposal_or_404(request, number)
    book = book_of_proposal(proposal)
    empty: dict[str, Tally] = {}
    shown = {"proposal": proposal, "book": book, "sections": sections_of(book, empty, period_of({}, request.now))}
    return render(request, "handbook_admin/preview.html", shown)


def readers(request: Request, number: int) -> HttpResponse:
    """Who was told, who has confirmed, who has not."""
    proposal = proposal_or_404(request, number)
    titles = {role.id: told.say(role.title) for role in book_of_proposal(proposal).handbook.roles}
    found = queries.receipts(proposal)[:MOST_READERS]
    rows = [(one, gettext("、").join(titles.get(role, role) for role in one.roles)) for one in found]
    shown = {"proposal": proposal, "title": told.say(proposal.title), "rows": rows}
    counted = queries.readers_of([proposal.pk]).get(proposal.pk)
    return render(request, "handbook_admin/readers.html", {**shown, "readers": counted})


def compare_versions(request: Request) -> HttpResponse:
    """Two installed versions of one handbook, `?before=` and `?after=` their numbers."""
    before, after = (_version(request, request.GET.get(name, "")) for name in ("before", "after"))
    if before.name != after.name:
        raise Http404
    old, new = book_of(before.pk), book_of(after.pk)
    found = compare(old, new)
    shown = {
        "before": before,
        "after": after,
        "book": new,
        "versions": queries.versions_of(after.name),
        "parts": told.parts_of(found, new),
        "counts": told.counts_words(found),
    }
    return render(request, "handbook_admin/compare.html", shown)


def _version(request: Request, number: str) -> HandbookVersion:
    try:
        return access.version_for(request.viewer, int(number[:18]) if number.isdecimal() else 0)
    except NotFound as missing:
        raise Http404 from missing
