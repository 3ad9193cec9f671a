"""The handbook's forms within a conversation: the customer's particulars, what came of it, what was done for an absent colleague."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext

from zhike.conversations.facts import facts_of, of_actor
from zhike.conversations.forms import fill, forms_for, locks_on
from zhike.conversations.refusals import ConversationRefused
from zhike.handbook.structure import Record
from zhike.records.forms import first_values
from zhike.records.models import Attachment, Filling
from zhike.records.posting import parse_post
from zhike.web.base.fields import Told, field_views
from zhike.web.base.names import Names
from zhike.web.case_page.files import file_fields, receive
from zhike.web.case_page.forms import Choices
from zhike.web.case_page.page import say
from zhike.web.case_page.timeline.filled import lacks
from zhike.web.case_page.versions import versions_of
from zhike.web.context import Request
from zhike.web.workbench.deeds import done, form
from zhike.web.workbench.finding import Talk, refusals_of, with_talk


@with_talk
def choose(request: Request, talk: Talk) -> HttpResponseBase:
    """Which form; the only one is opened at once."""
    found = forms_for(request.viewer, talk.book) if talk.rights.forms else []
    if len(found) == 1:
        return fill_in(request, talk.number, record=found[0].id)
    filled = set(_fillings(talk).values_list("record", flat=True))
    offers = [(reverse("workbench:form", args=[talk.number, r.id]), say(r.title), r.id in filled) for r in found]
    return form(request, talk, "forms", offers=offers)


def _fillings(talk: Talk) -> Any:
    return Filling.objects.filter(subject_kind="conversation", subject_id=talk.conversation.pk)


@with_talk
def fill_in(request: Request, talk: Talk, record: str) -> HttpResponseBase:
    """GET: the form with what was filled in last. POST: fill it; a correction is another filling, the last one counts."""
    definition = next((each for each in forms_for(request.viewer, talk.book) if each.id == record), None)
    if definition is None or not talk.rights.forms:
        raise Http404
    if request.method == "POST":
        return _fill(request, talk, definition)
    last = _fillings(talk).filter(record=record).order_by("-pk").first()
    return _shown(request, talk, definition, dict(last.values) if last else _first(request, talk, definition))


def _first(request: Request, talk: Talk, definition: Record) -> dict[str, Any]:
    """What an empty form is offered with; texts no longer than the form takes them."""
    facts = facts_of(talk.conversation, talk.book, request.now, of_actor(request.viewer, talk.book))
    offered = first_values(talk.book, definition.id, facts)
    longest = {field.id: field.longest for field in definition.fields if field.longest}
    return {
        name: value[: longest[name]] if isinstance(value, str) and name in longest else value
        for name, value in offered.items()
    }


def _fill(request: Request, talk: Talk, definition: Record) -> HttpResponseBase:
    received = receive(request, file_fields(definition.fields), request.now)
    values = {**parse_post(definition, request.POST), **received.tokens}
    if received.errors:
        unfit = {name: [Told(say(text))] for name, text in received.errors.items()}
        return _shown(request, talk, definition, values, 422, errors=unfit, files=received.files)
    try:
        kept = fill(talk.conversation, definition.id, values, request.viewer, now=request.now)
    except ConversationRefused as error:
        errors = {name: [Told(say(error.words), talk.book.name, error.clause)] for name in error.fields}
        told = refusals_of(error, talk)
        return _shown(request, talk, definition, values, 422, errors=errors, refusals=told, files=received.files)
    missing = lacks(talk.book, definition.id, kept.values)
    words = gettext("已保存：%(form)s。还缺：%(what)s。") if missing else gettext("已保存：%(form)s")
    return done(request, talk, words % {"form": say(definition.title), "what": missing})


def _shown(
    request: Request,
    talk: Talk,
    definition: Record,
    values: dict[str, Any],
    status: int = 200,
    *,
    errors: dict[str, list[Told]] | None = None,
    refusals: Any = (),
    files: Sequence[tuple[str, Attachment]] = (),
) -> HttpResponse:
    """`files`: (field, row) of those uploaded with an attempt that was refused; they need not be chosen again."""
    views = field_views(
        talk.book, definition.id, values, errors=errors or {}, options=Choices(talk.book, request.viewer),
        locks=locks_on(talk.conversation, talk.book, definition, request.viewer, request.now),
    )  # fmt: skip
    of = ("conversation", talk.conversation.pk)
    known = {
        "versions": versions_of(talk.book, of, [definition.id], Names(request.now), request.now),
        "record": definition, "title": say(definition.title), "fields": views, "refusals": list(refusals),
        "uploaded": [row for _, row in files], "uploaded_tokens": [(name, row.token) for name, row in files],
    }  # fmt: skip
    return form(request, talk, "form", status, **known)
