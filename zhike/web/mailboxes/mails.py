"""Mails: those kept aside with their reasons, one as it came, and those of ours that did not go out."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.channels.email import access, actions, raw
from zhike.channels.email.framing import framed, pictures_elsewhere
from zhike.channels.email.judging import words_of
from zhike.channels.email.models import Mail, Outgoing
from zhike.channels.email.parsing import Mail as Letter
from zhike.channels.email.parsing import parse
from zhike.conversations.refusals import ConversationRefused
from zhike.records.access import AttachmentIsHeld, NoSuchAttachment, attachments_of, download_headers, open_attachment
from zhike.web.context import Request
from zhike.web.middleware import POLICY

PAGE = 50
LONGEST_NUMBER = 18
MOST_SHOWN = 200_000
"""Characters of a raw mail that the page shows; the whole of it can be saved."""


def states() -> dict[str, str]:
    return {
        "accepted": gettext("已进入会话"), "spam": gettext("垃圾邮件"), "auto": gettext("自动邮件"), "report": gettext("退信与回执"),
        "own": gettext("本单位发出"), "broken": gettext("处理出错"),
    }  # fmt: skip


def folder(request: Request) -> HttpResponse:
    """Mails kept aside, the newest first; `state` picks one kind, `all` shows those in conversations too."""
    state = request.GET.get("state", "")
    rows = access.visible_mails(request.viewer, request.now)
    if state in Mail.State.values:
        rows = rows.filter(state=state)
    elif state != "all":
        state, rows = "", rows.filter(state__in=Mail.HELD, conversation=None)
    begins = _number(request.GET.get("before", ""))
    if begins:
        rows = rows.filter(pk__lt=begins)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    known = states()
    shown_rows = [(row, known[row.state], _why(row)) for row in found[:PAGE]]
    kinds = [(name, known[name]) for name in ("spam", "auto", "own", "broken", "report")]
    picks = [("", gettext("拦下的")), *kinds, ("all", gettext("全部"))]
    following = found[PAGE - 1].pk if len(found) > PAGE else None
    return render(
        request,
        "mailboxes/folder.html",
        {"rows": shown_rows, "picks": picks, "state": state, "begins": begins, "next": following},
    )


def _why(row: Mail) -> str:
    return words_of(row.reasons, get_language() or "zh")


def show(request: Request, number: int) -> HttpResponse:
    """One mail: headers, words, files. `as=sent` shows it in a frame as it was sent, `pictures` with those from elsewhere."""
    row = _mail(request, number)
    known = {"row": row, "state": states()[row.state], "why": _why(row), **_contents(row)}
    response = render(request, "mailboxes/mail.html", {**known, **_look(request, known.get("mail"))})
    response.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return response


def _contents(row: Mail) -> dict[str, Any]:
    try:
        mail = parse(raw.kept(row.raw_digest), get_language() or "zh")
    except FileNotFoundError:
        return {"gone": True}
    bound = attachments_of(("message", row.message_id)) if row.message_id and row.state == Mail.State.ACCEPTED else []
    return {
        "mail": mail, "files": bound, "notes": [text.say(get_language() or "zh") for text in mail.notes],
        "names": [] if bound else [(file.name, len(file.content)) for file in mail.files],
    }  # fmt: skip


def _look(request: Request, mail: Letter | None) -> dict[str, Any]:
    """How the words are shown: as text, or as they were sent where the mail has HTML; there the pictures elsewhere wait to be asked for."""
    if mail is None or not mail.html:
        return {"looks": False}
    as_sent = request.GET.get("as") == "sent"
    fetch = as_sent and "pictures" in request.GET
    return {"looks": True, "as_sent": as_sent, "fetch": fetch, "remote": pictures_elsewhere(mail)}


def look(request: Request, number: int) -> HttpResponse:
    """The frame's document: nothing in it runs, and it has no origin. Pictures from elsewhere only with `pictures`."""
    row = _mail(request, number)
    try:
        found = framed(parse(raw.kept(row.raw_digest), get_language() or "zh"), fetch="pictures" in request.GET)
    except FileNotFoundError:
        raise Http404
    response = HttpResponse(found.document)
    response.headers["Content-Security-Policy"] = found.policy
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def source(request: Request, number: int) -> HttpResponseBase:
    """The raw mail: its beginning as text, or the whole of it to be saved."""
    row = _mail(request, number)
    try:
        data = raw.kept(row.raw_digest)
    except FileNotFoundError:
        raise Http404
    if "save" in request.GET:
        response = HttpResponse(data, content_type="application/octet-stream")
        response.headers["Content-Disposition"] = f'attachment; filename="mail-{row.pk}.eml"'
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
    text = data[: MOST_SHOWN * 2].decode("utf-8", "replace")
    cut = len(text) > MOST_SHOWN or len(data) > MOST_SHOWN * 2
    return render(request, "mailboxes/source.html", {"row": row, "text": text[:MOST_SHOWN], "cut": cut})


def file(request: Request, number: int, token: str) -> HttpResponseBase:
    """A file of the mail. Pictures may be shown in the page, everything else is saved."""
    row = _mail(request, number)
    try:
        opened = open_attachment(
            token, lambda each: (each.subject_kind, each.subject_id) == ("message", row.message_id)
        )
    except (NoSuchAttachment, AttachmentIsHeld):
        raise Http404
    headers = download_headers(opened.attachment, inline_picture="shown" in request.GET)
    response = FileResponse(opened.stream, content_type=headers["Content-Type"])
    for name, value in headers.items():
        response.headers[name] = value
    return response


def release(request: Request, number: int) -> HttpResponseBase:
    """Wanted after all: it becomes a conversation."""
    try:
        conversation = actions.release_mail(number, by=request.viewer, now=request.now, allow="allow" in request.POST)
    except (access.NotFound, FileNotFoundError):
        raise Http404
    except ConversationRefused as refused:
        messages.error(request, refused.words.say(get_language() or "zh"))
    else:
        messages.success(request, gettext("已放行，进入会话 %(number)s。") % {"number": conversation.number})
    return HttpResponseRedirect(reverse("mailboxes:mail", args=[number]))


def block(request: Request, number: int) -> HttpResponseBase:
    """Its sender's mails are kept aside from now on."""
    try:
        sender = actions.block_sender(number, by=request.viewer, now=request.now)
    except access.NotFound:
        raise Http404
    messages.success(request, gettext("以后 %(sender)s 的来信都会拦下。") % {"sender": sender})
    return HttpResponseRedirect(reverse("mailboxes:mail", args=[number]))


def out(request: Request) -> HttpResponse:
    """Mails of ours that failed, or of which nobody knows, in conversations he sees."""
    rows = Outgoing.objects.filter(
        state__in=(Outgoing.State.UNKNOWN, Outgoing.State.FAILED),
        message__conversation__audience__overlap=sorted(request.viewer.keys),
    ).select_related("message__conversation", "mailbox__inbox")
    begins = _number(request.GET.get("before", ""))
    found = list((rows.filter(pk__lt=begins) if begins else rows).order_by("-pk")[: PAGE + 1])
    following = found[PAGE - 1].pk if len(found) > PAGE else None
    return render(request, "mailboxes/out.html", {"rows": found[:PAGE], "begins": begins, "next": following})


def settle(request: Request, number: int) -> HttpResponseBase:
    """Decide: it went out, or it is to be sent again."""
    how = request.POST.get("how", "")
    try:
        actions.settle_outgoing(number, how, by=request.viewer, now=request.now)
    except access.NotFound:
        raise Http404
    messages.success(request, gettext("已排队重发。") if how == "again" else gettext("已记为已发出。"))
    return HttpResponseRedirect(reverse("mailboxes:out"))


def _mail(request: Request, number: int) -> Mail:
    try:
        return access.mail_for(request.viewer, number, request.now)
    except access.NotFound:
        raise Http404


def _number(text: str) -> int:
    """0 for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_NUMBER else 0
