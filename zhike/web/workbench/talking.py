"""What is said: sent, fetched as it comes, corrected, recalled, sent again; how far somebody has read."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from zhike.conversations.actions import edit_message, mark_read, recall_message, settle_questions
from zhike.conversations.actions import say as say_it
from zhike.conversations.consulting import note_used
from zhike.conversations.models import Message
from zhike.conversations.passing import tell_passing
from zhike.conversations.reading import NEWEST, PAGE, messages_after, messages_before, thread_of
from zhike.conversations.refusals import NOT_YOURS, ConversationRefused
from zhike.conversations.retrying import send_again
from zhike.conversations.rights import change_limit
from zhike.records.attachments import AttachmentRefused
from zhike.web.base.refusals import Refusal
from zhike.web.case_page.page import key_of, new_key
from zhike.web.case_page.page import say as words_in
from zhike.web.context import Request
from zhike.web.workbench.finding import Talk, refusals_of, with_talk
from zhike.web.workbench.timeline import Place, said

DAY = re.compile(r"\d{4}-\d\d-\d\d")


@with_talk
def tail(request: Request, talk: Talk) -> HttpResponseBase:
    """`?after=<message>`: what came since, to be put at the end."""
    return _tail(request, talk)


def _tail(request: Request, talk: Talk, status: int = 200) -> HttpResponse:
    thread = thread_of(talk.conversation, request.viewer)
    messages = messages_after(list(thread), _number(_given(request, "after")))
    entries = said(messages, thread, request.viewer, request.now, _place(request))
    return render(
        request, "workbench/messages.html", {"talk": talk, "entries": entries, "rights": talk.rights}, status=status
    )


@with_talk
def earlier(request: Request, talk: Talk) -> HttpResponseBase:
    """`?before=<message>`: a page of what was said before, to be put at the beginning."""
    thread = thread_of(talk.conversation, request.viewer)
    messages = messages_before(list(thread), _number(request.GET.get("before", "")) or NEWEST)
    shown = messages[1:] if len(messages) > PAGE else messages
    known: dict[str, Any] = {"talk": talk, "entries": said(shown, thread, request.viewer, request.now)}
    known |= {"earlier": shown[0].pk if len(messages) > PAGE else 0, "thread": sorted(thread), "rights": talk.rights}
    return render(request, "workbench/earlier.html", known)


@with_talk
def say(request: Request, talk: Talk) -> HttpResponseBase:
    """Send to the customer, or keep a note; answers with everything since `after`, without scripts with the page. The same key again
    sends nothing again.
    """
    internal = request.POST.get("internal") == "1"
    if not (talk.rights.note if internal else talk.rights.write):
        return _refused(request, [Refusal(words_in(NOT_YOURS))])
    try:
        say_it(
            talk.conversation, request.viewer, words=request.POST.get("words", ""), key=key_of(request) or new_key(),
            now=request.now, internal=internal, files=request.POST.getlist("file")[:20],
            answers=_number(request.POST.get("answers", "")) or None, corrects=_corrected(request, talk),
        )  # fmt: skip
        _used(request, talk, internal)
    except ConversationRefused as error:
        return _refused(request, refusals_of(error, talk))
    except AttachmentRefused as refused:
        return _refused(request, [Refusal(words_in(refused.words))])
    if not request.htmx and "text/html" in request.headers.get("Accept", ""):
        return HttpResponseRedirect(reverse("workbench:one", args=[talk.number]) + "?plain=1")
    return _tail(request, talk)


def _used(request: Request, talk: Talk, internal: bool) -> None:
    """The entries of the knowledge he took words from, where these are an answer."""
    entries = [number for given in request.POST.getlist("entry")[:20] if (number := _number(given))]
    if entries and not internal:
        note_used(talk.conversation, entries, request.POST.get("words", ""), request.viewer, now=request.now)


def _corrected(request: Request, talk: Talk) -> int | None:
    """The answer it puts right: one of ours in this very conversation."""
    seq = _number(request.POST.get("corrects", ""))
    ours = Message.objects.filter(conversation=talk.conversation, seq=seq, side=Message.Side.STAFF, internal=False)
    return seq if seq and ours.exists() else None


def _refused(request: Request, refusals: list[Refusal]) -> HttpResponse:
    return render(request, "base/refusals.html", {"refusals": refusals}, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@with_talk
def read(request: Request, talk: Talk) -> HttpResponseBase:
    """Everything up to `seq` has been before his eyes."""
    seq = min(_number(request.POST.get("seq", "")), talk.conversation.last_seq)
    mark_read(talk.conversation, request.viewer.principal, seq, request.now)
    if talk.rights.write:
        tell_passing(talk.conversation, "read", request.viewer.principal, name=request.viewer.name, seq=seq)
    return HttpResponse(status=204)


@with_talk
def typing(request: Request, talk: Talk) -> HttpResponseBase:
    """He is writing to the customer: said in passing."""
    if talk.rights.write:
        tell_passing(talk.conversation, "typing", request.viewer.principal, name=request.viewer.name)
    return HttpResponse(status=204)


@with_talk
def message(request: Request, talk: Talk, seq: int) -> HttpResponseBase:
    """GET: one message as it is now. POST: correct it (`words`), recall it (`deed=recall`), send it again (`deed=again`)."""
    found = Message.objects.filter(conversation=talk.conversation, seq=seq).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        try:
            found = _change(request, talk, found)
        except ConversationRefused as error:
            return _refused(request, refusals_of(error, talk))
    known = {talk.conversation.pk: talk.conversation}
    before = Place(_given(request, "day"), talk.number)
    (entry,) = said([found], known, request.viewer, request.now, before)
    return render(request, "workbench/message.html", {"talk": talk, "entry": entry, "rights": talk.rights})


def _change(request: Request, talk: Talk, found: Message) -> Message:
    deed = request.POST.get("deed", "")
    within, clause = change_limit(talk.book)
    if deed == "settle":
        return _settle(request, talk, found)
    try:
        if deed == "recall":
            return recall_message(found, request.viewer, now=request.now, within=within)
        if deed == "again" and talk.rights.write:
            return send_again(found, request.viewer, now=request.now)
        return edit_message(found, request.viewer, request.POST.get("words", ""), now=request.now, within=within)
    except ConversationRefused as error:
        error.clause = error.clause or clause
        raise


def _settle(request: Request, talk: Talk, found: Message) -> Message:
    """Thanks, a greeting: no answer is owed."""
    if not talk.rights.write:
        raise ConversationRefused(NOT_YOURS)
    settle_questions(talk.conversation, [found.seq], request.viewer, now=request.now)
    talk.conversation.refresh_from_db()
    return found


def _given(request: Request, name: str) -> str:
    return request.POST.get(name) or request.GET.get(name, "")


def _place(request: Request) -> Place:
    day, number = _given(request, "day"), _given(request, "talk")
    return Place(day if DAY.fullmatch(day) else "", number[:32])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
