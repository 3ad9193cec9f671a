"""Colleagues who answer: session, form token, permission table, gate and rights as the page asks them, for many at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.crypto import constant_time_compare

from zhike.conversations.access import conversations_for
from zhike.conversations.messages import Outcome
from zhike.conversations.messages import Said as Saying
from zhike.conversations.models import Conversation
from zhike.conversations.rights import rights_in
from zhike.conversations.written import book_for
from zhike.journal.statements import array_of, rows
from zhike.org.handbooks import viewers
from zhike.org.models import Session, Staff
from zhike.org.principals import Viewer
from zhike.org.sessions import SessionStore
from zhike.web.case_page.page import KEY
from zhike.web.permissions import PERMISSIONS, may_open
from zhike.web.sign_in.session import person_of

ROUTE = "workbench:say"
FORMS = CsrfViewMiddleware(lambda _: HttpResponse())


@dataclass(frozen=True, slots=True)
class Answering:
    """A message of somebody who may use the page."""

    place: int
    request: WSGIRequest
    viewer: Viewer
    conversation: Conversation


def wanted(posted: Sequence[tuple[WSGIRequest, str]], now: dt.datetime) -> list[tuple[int, Saying]]:
    """What is to be written of requests to conversations, with their places; the others the page has to answer."""
    return [(each.place, _saying(each)) for each in _let_in(posted, now) if _may(each)]


def answers(writing: Sequence[tuple[int, Saying]], outcomes: Sequence[Outcome]) -> dict[int, HttpResponseBase]:
    """Where each stands, by the place of the request."""
    found = {place: _answer(outcome) for (place, _), outcome in zip(writing, outcomes, strict=True)}
    return {place: response for place, response in found.items() if response is not None}


def _let_in(posted: Sequence[tuple[WSGIRequest, str]], now: dt.datetime) -> list[Answering]:
    """Those with a session, a good form token, a role that opens the page, and the conversation itself. Three queries."""
    plain = [
        (n, request, number) for n, (request, number) in enumerate(posted) if _is_plain(request) and _is_form(request)
    ]
    people = _people([request for _, request, _ in plain])
    seen = viewers([person for person in people if person is not None], now)
    coming = [
        (n, request, number, seen[person.pk])
        for (n, request, number), person in zip(plain, people, strict=True)
        if person is not None and "POST" in PERMISSIONS[ROUTE].methods and may_open(seen[person.pk], ROUTE)
    ]
    gated = conversations_for([(viewer, number) for *_, number, viewer in coming])
    return [
        Answering(n, request, viewer, conversation)
        for (n, request, _, viewer), conversation in zip(coming, gated, strict=True)
        if conversation is not None
    ]


def _is_plain(request: WSGIRequest) -> bool:
    """Words alone: files, corrections and entries of the knowledge are looked into by the page."""
    form = request.POST
    held = form.getlist("file") or form.getlist("entry") or form.get("corrects")
    return bool(KEY.fullmatch(form.get("key", ""))) and not held


def _is_form(request: WSGIRequest) -> bool:
    """Whether it comes from a page of ours, as Django's own guard judges it."""
    FORMS.process_request(request)
    return FORMS.process_view(request, _no_view, (), {}) is None


def _no_view(request: WSGIRequest) -> HttpResponse:
    raise NotImplementedError


def _people(requests: Sequence[WSGIRequest]) -> list[Staff | None]:
    """Whose sessions they are; None where the page must look. One query."""
    keys = [request.COOKIES.get(settings.SESSION_COOKIE_NAME, "") for request in requests]
    where = "WHERE session_key = ANY(%s::varchar[]) AND expire_date > now()"
    found = (
        {row.session_key: row for row in rows(Session, where, [array_of(set(keys))], joined=("staff",))} if keys else {}
    )
    return [_person(found[key]) if key in found else None for key in keys]


def _person(row: Session) -> Staff | None:
    """Only where the session is as it was sealed: what has to be renewed or ended is the page's to do."""
    person, data = row.staff, row.get_decoded()
    if person is None or not constant_time_compare(data.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash()):
        return None
    session = SessionStore(row.session_key)
    session._session_cache = data  # type: ignore[attr-defined]  # as Django keeps what it has read
    session.person = person
    known = person_of(session)
    return known if isinstance(known, Staff) else None


def _may(each: Answering) -> bool:
    rights = rights_in(each.conversation, each.viewer, book_for(each.conversation))
    return rights.note if each.request.POST.get("internal") == "1" else rights.write


def _saying(each: Answering) -> Saying:
    form = each.request.POST
    quoted = form.get("answers", "")
    return Saying(
        conversation=each.conversation.pk, viewer=each.viewer, words=form.get("words", ""), key=form["key"],
        internal=form.get("internal") == "1", answers=int(quoted) if quoted.isascii() and quoted.isdigit() and len(quoted) < 10 else None,
    )  # fmt: skip


def _answer(outcome: Outcome) -> HttpResponseBase | None:
    """Where it stands; the page fetches its drawing with whatever else came."""
    if outcome.message is None:
        return None
    told = {"message": outcome.message.pk, "seq": outcome.message.seq, "again": outcome.again}
    return JsonResponse(told, headers={"Cache-Control": "no-store"})
