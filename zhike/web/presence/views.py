"""The control: what I am doing and how long I may, what else I can be, refusals with their clause. No address names anybody."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language, gettext

from zhike.clocks.queries import open_clocks
from zhike.conversations.models import Conversation, Presence
from zhike.conversations.presence import CHOSEN, SILENT, ask_state, hear, presence_of, queues_answered, reasons_of
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.releasing import hand_over_all
from zhike.handbook.book import Book
from zhike.handbook.structure import Queue
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion, Staff
from zhike.web.base import times
from zhike.web.context import Request
from zhike.web.workbench.words import presence_word

State = Presence.State
Desks = list[tuple[HandbookVersion, Queue]]


def control(request: Request) -> HttpResponseBase:
    """The control as things are now; nothing for who answers no queue."""
    return _drawn(request)


def enter(request: Request) -> HttpResponseBase:
    """POST state, reason, to: I am this from now on. A refusal comes back in the control, with its clause."""
    staff = request.viewer.staff
    state = request.POST.get("state", "")
    if staff is None or state not in CHOSEN:
        return HttpResponse(status=400)
    reason = request.POST.get("reason", "").strip()[:40] if state == State.NOT_READY else ""
    try:
        ask_state(
            staff, state, now=request.now, by=request.viewer.principal, reason=reason, seat=request.POST.get("seat", "")
        )
    except ConversationRefused as refused:
        return _drawn(request, refused)
    colleague = _colleague(request, staff)
    if state == State.OFF and colleague is not None:
        hand_over_all(staff, colleague, now=request.now, by=request.viewer.principal)
    return _drawn(request)


def beat(request: Request) -> HttpResponse:
    """A sign of life. The header says what state he is in, so that a page whose control says otherwise draws it anew."""
    staff = request.viewer.staff
    if staff is None:
        return HttpResponse(status=204)
    hear([staff.pk], request.now)
    held = presence_of(staff)
    state = f"{held.state} {held.since.isoformat()}" if held is not None else State.OFF
    return HttpResponse(status=204, headers={"X-Presence": state})


def _colleague(request: Request, staff: Staff) -> Staff | None:
    wanted = request.POST.get("to", "")
    if not wanted.isascii() or not wanted.isdigit() or len(wanted) > 18:
        return None
    return next((one for one in _colleagues(staff, queues_answered(staff, request.now)) if one.pk == int(wanted)), None)


def _drawn(request: Request, refused: ConversationRefused | None = None) -> HttpResponseBase:
    staff = request.viewer.staff
    desks = queues_answered(staff, request.now) if staff is not None else []
    if staff is None or not desks:
        return HttpResponse("")
    known = _known(request, staff, desks)
    if refused is not None:
        known |= {"refusal": refused.words.say(get_language() or "zh"), "clause": refused.clause}
    return render(request, "presence/control.html", known, status=422 if refused else 200)


def _known(request: Request, staff: Staff, desks: Desks) -> dict[str, Any]:
    held = presence_of(staff) or Presence(staff=staff, since=request.now, heard_at=request.now)
    book = book_of(next((v for v, _ in desks if v.name == held.handbook), desks[0][0]).pk)
    in_hand = Conversation.objects.filter(owner=staff, state=Conversation.State.OPEN).count() if held.pk else 0
    limits = open_clocks(("presence", held.pk)) if held.until else []
    return {
        "held": held,
        "word": presence_word(held.state),
        "mark": f"{held.state} {held.since.isoformat()}" if held.pk else State.OFF,
        "reason": _reason(book, held.reason),
        "silent": held.state == State.OFF and held.reason == SILENT,
        "for": times.span(request.now - held.since) if held.state != State.OFF else "",
        "limit": limits[0] if limits else None,
        "late": bool(held.until and held.until < request.now),
        "choices": [
            (state, presence_word(state)) for state in CHOSEN if state != held.state and state != State.NOT_READY
        ],
        "not_ready": State.NOT_READY,
        "not_ready_word": presence_word(State.NOT_READY),
        "reasons": [(each.id, each.title.say(get_language() or "zh")) for each in reasons_of(book)],
        "handbook": book.name,
        "in_hand": in_hand,
        "colleagues": _colleagues(staff, desks) if in_hand else [],
        "seats": [seat for _, queue in desks for seat in queue.seats],
    }


def _reason(book: Book, reason: str) -> str:
    """In words: the handbook's, or those of what the house did by itself."""
    language = get_language() or "zh"
    listed = {each.id: each.title.say(language) for each in reasons_of(book)}
    own = {
        SILENT: gettext("久未收到您浏览器的消息"),
        "no_answer": gettext("派来的会话没有接"),
        "signed_out": gettext("已退出登录"),
        "shift_ended": gettext("已下班"),
    }
    return listed.get(reason) or own.get(reason) or reason


def _colleagues(staff: Staff, desks: Desks) -> list[Staff]:
    """Who is ready and answers one of the same queues. One query."""
    roles = {role for _, queue in desks for role in queue.answered_by}
    names = {version.name for version, _ in desks}
    ready = Staff.objects.filter(is_active=True, presence__state=State.READY)
    answering = ready.filter(assignments__handbook__in=names, assignments__role__in=roles)
    return list(answering.exclude(pk=staff.pk).distinct().order_by("name", "pk")[:50])
