"""A conversation becomes a case through the usual form, filled in with what is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.actions import open_case
from zhike.cases.proposing import proposed_owner
from zhike.cases.queries import entries
from zhike.cases.refusals import CaseError, Unreadable
from zhike.conversations.converting import became_case, offered_values
from zhike.handbook.structure import Action
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import HandbookVersion
from zhike.records.posting import parse_post
from zhike.web.case_page.files import file_fields, receive
from zhike.web.case_page.forms import ActionForm, action_form
from zhike.web.case_page.page import key_of, say
from zhike.web.context import Request
from zhike.web.desk.views import drawn
from zhike.web.workbench.deeds import form
from zhike.web.workbench.finding import Talk, with_talk


@with_talk
def convert(request: Request, talk: Talk) -> HttpResponseBase:
    """What can be opened from it; one possibility is opened at once."""
    found = _ways(request, talk)
    if len(found) == 1:
        target = _address(talk, *found[0])
        return HttpResponse(headers={"HX-Redirect": target}) if request.htmx else HttpResponseRedirect(target)
    offers = [(_address(talk, v, p, a), say(book_of(v.pk).process(p).title), say(a.title)) for v, p, a in found]
    return form(request, talk, "convert", offers=offers)


def _ways(request: Request, talk: Talk) -> list[tuple[HandbookVersion, str, Action]]:
    """Entry actions he may take: those of the conversation's own handbook first."""
    found = entries(request.viewer, in_force(request.now)) if talk.rights.convert else []
    return sorted(found, key=lambda way: way[0].name != talk.book.name)


def _address(talk: Talk, version: HandbookVersion, process: str, action: Action) -> str:
    return reverse("workbench:open_case", args=[talk.number, version.name, process, action.id])


@with_talk
def open_case_from(request: Request, talk: Talk, handbook: str, process: str, action: str) -> HttpResponseBase:
    """The form of an entry action, filled in from the conversation; POST opens the case and keeps its number."""
    wanted = (handbook, process, action)
    way = next((way for way in _ways(request, talk) if (way[0].name, way[1], way[2].id) == wanted), None)
    if way is None:
        raise Http404
    version, process, definition = way
    if request.method == "POST":
        return _open(request, talk, version, process, definition)
    book = book_of(version.pk)
    fields = book.record(definition.record).fields if definition.record else ()
    values = offered_values(talk.conversation, book.process(process), fields)
    customer = talk.conversation.customer_id
    shown = action_form(
        book, process, definition, url=_address(talk, *way), viewer=request.viewer, values=values, back="workbench",
        proposal=proposed_owner(book, process, definition, case=None, customer=customer, now=request.now),
    )  # fmt: skip
    return drawn(request, version, process, _here(shown, talk))


def _here(shown: ActionForm, talk: Talk) -> ActionForm:
    """Given up, the form leads back to the conversation; what is typed is kept for this conversation alone."""
    return replace(shown, cancel=reverse("workbench:one", args=[talk.number]), draft=f"{shown.draft}/{talk.number}")


def _open(request: Request, talk: Talk, version: HandbookVersion, process: str, action: Action) -> HttpResponse:
    book = book_of(version.pk)
    record = book.record(action.record) if action.record else None
    received = receive(request, file_fields(record.fields) if record else (), request.now)
    values: dict[str, Any] = {**(parse_post(record, request.POST) if record else {}), **received.tokens}
    key = key_of(request)
    try:
        if received.errors:
            raise Unreadable.of(received.errors)
        with transaction.atomic():
            case = open_case(
                version,
                process,
                action.id,
                values,
                by=request.viewer,
                now=request.now,
                key=key,
                attachments=received.all_tokens,
            )
            became_case(talk.conversation, case.number, by=request.viewer.principal, now=request.now)
    except CaseError as error:
        shown = action_form(
            book, process, action, url=_address(talk, version, process, action), viewer=request.viewer, values=values,
            error=error, key=key, files=received.files, back="workbench",
        )  # fmt: skip
        return drawn(request, version, process, _here(shown, talk), status=422)
    messages.success(request, gettext("已建单 %(number)s，单号记在会话上。") % {"number": case.number})
    target = reverse("workbench:one", args=[talk.number])
    return HttpResponse(headers={"HX-Redirect": target}) if request.htmx else HttpResponseRedirect(target)
