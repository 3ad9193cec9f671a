"""What changed in a handbook for the work of the person who reads, and his confirmation that he has read it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.adoption.access import NotFound, receipt_for
from zhike.adoption.content import book_of_proposal
from zhike.adoption.models import Receipt
from zhike.adoption.reading import changes_for, comparison_of, confirm_read
from zhike.web.context import Request
from zhike.web.handbook_admin.told import PartView, change_view, say


def changes(request: Request, number: int) -> HttpResponseBase:
    """The changes that touch the reader's roles, sentence before and after; a press of the button confirms."""
    try:
        receipt = receipt_for(request.viewer, number)
    except NotFound as missing:
        raise Http404 from missing
    if receipt.proposal.installed is None:
        raise Http404
    if request.method == "POST":
        if confirm_read(receipt.proposal, receipt.staff, request.now):
            messages.success(request, gettext("谢谢，已记下您读过了。"))
        return HttpResponseRedirect(reverse("handbook_page:changes", args=[number]))
    shown = {
        "receipt": receipt,
        "version": receipt.proposal.installed,
        "title": say(receipt.proposal.title),
        "parts": _parts(receipt),
    }
    return render(request, "handbook_page/changes.html", shown)


def _parts(receipt: Receipt) -> list[PartView]:
    found, book = comparison_of(receipt.proposal), book_of_proposal(receipt.proposal)
    if found is None:
        return []
    titles = {role.id: say(role.title) for role in book.handbook.roles}
    mine = {id(one) for one in changes_for(found, frozenset(receipt.roles))}
    parts = ((part, title, [one for one in all_ if id(one) in mine]) for part, title, all_ in found.parts)
    return [
        PartView(part, say(title), [change_view(one, titles) for one in some]) for part, title, some in parts if some
    ]
