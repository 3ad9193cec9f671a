"""The portal's pages. Whoever is signed in as staff in the same browser is nobody here, or the customer."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.cases.access import case_by_token
from zhike.cases.actions import add_note, open_case, take_action
from zhike.cases.facts import facts_of
from zhike.cases.locks import locks_of
from zhike.cases.models import Case
from zhike.cases.queries import offered
from zhike.cases.refusals import CaseError, NotFound
from zhike.channels.models import OutgoingMessage
from zhike.handbook.structure import Action
from zhike.lib import clock
from zhike.lib.text import narrow
from zhike.org.handbooks import book_of
from zhike.org.principals import ANONYMOUS_VIEWER
from zhike.records.access import AttachmentIsHeld, NoSuchAttachment, download_headers, open_attachment
from zhike.records.attachments import AttachmentRefused, bind_attachments
from zhike.records.forms import parse_post
from zhike.web.context import Request
from zhike.web.portal import codes, limits
from zhike.web.portal.entries import NoSuchEntry, entries, entry_for
from zhike.web.portal.forms import files_field, form_of
from zhike.web.portal.pictures import FIELD, Received, receive
from zhike.web.portal.progress import mark_of, progress
from zhike.web.portal.session import NotFollowing, follow_case, followed, follower, stop_following
from zhike.web.proxies import address_of

MESSAGE_LIMIT = 2000
PLAIN_MESSAGE = "plain-message"
"""No action of a handbook has a hyphen in its name."""


def index(request: Request) -> HttpResponse:
    """What can be filed, and where something filed is followed."""
    return render(request, "portal/index.html", {"entries": entries(request.now)})


def file(request: Request, handbook: str, process: str, action: str) -> HttpResponseBase:
    """File something. A press of the button sent twice opens one case."""
    try:
        entry = entry_for(handbook, process, action, request.now)
    except NoSuchEntry as error:
        raise Http404 from error
    draft = f"portal/{handbook}/{process}/{action}"
    if request.method != "POST":
        return _form_page(request, entry.book, process, entry.action, {"draft": draft})
    if not limits.FILE.allows(address_of(request)):
        return _too_many(request)
    got = _received(request, entry.book, entry.action, ANONYMOUS_VIEWER.principal)
    values = _values(request, entry.book, entry.action, got)
    again: dict[str, Any] = {
        "draft": draft,
        "values": values,
        "faults": got.faults,
        "kept": got.files,
        "key": _key(request),
    }
    if got.faults:
        return _form_page(request, entry.book, process, entry.action, again, status=422)
    try:
        case = open_case(
            entry.version, process, action, values, by=ANONYMOUS_VIEWER, now=request.now, key=again["key"],
            attachments=got.tokens, source="portal",
        )  # fmt: skip
    except CaseError as error:
        return _form_page(request, entry.book, process, entry.action, {**again, "error": error}, status=422)
    follow_case(request, case, clock.wall())
    return HttpResponseRedirect(reverse("portal:filed"))


def filed(request: Request) -> HttpResponseBase:
    """The number, and the link to follow it by."""
    case = _followed(request)
    if case is None:
        return HttpResponseRedirect(reverse("portal:follow"))
    address = request.build_absolute_uri(reverse("portal:link", args=[case.portal_token]))
    return render(request, "portal/filed.html", {"case": case, "link": address})


def link(request: Request, token: str) -> HttpResponseBase:
    """The link given when the case was filed."""
    try:
        case = case_by_token(token)
    except NotFound:
        return render(request, "portal/gone.html", status=404)
    follow_case(request, case, clock.wall())
    return HttpResponseRedirect(reverse("portal:case"))


def follow(request: Request) -> HttpResponseBase:
    """Ask for a code by number and phone. The answer is the same whether or not there is such a case."""
    if request.method != "POST":
        return render(request, "portal/follow.html", {"number": request.GET.get("number", "")[:40]})
    number, phone = narrow(request.POST.get("number", "")[:40]), narrow(request.POST.get("phone", "")[:40])
    if not number or not phone:
        told = {"number": number, "phone": phone, "wrong": gettext("请填写编号和手机号码。")}
        return render(request, "portal/follow.html", told, status=422)
    try:
        row, message = codes.request_code(number, phone, address_of(request), clock.wall(), request.now)
    except codes.TooMany:
        return _too_many(request)
    request.session["portal_code"] = {"id": row.pk, "message": message.pk if message else None}
    return HttpResponseRedirect(reverse("portal:code"))


def code(request: Request) -> HttpResponseBase:
    """Enter the code."""
    asked = request.session.get("portal_code")
    if not asked:
        return HttpResponseRedirect(reverse("portal:follow"))
    wrong = ""
    if request.method == "POST":
        try:
            case = codes.enter_code(asked["id"], request.POST.get("code", "")[:12], address_of(request), clock.wall())
        except codes.TooMany:
            return _too_many(request)
        if case is not None:
            del request.session["portal_code"]
            follow_case(request, case, clock.wall())
            return HttpResponseRedirect(reverse("portal:case"))
        wrong = gettext("验证码不对，或者已经失效。请核对编号和手机号码，重新获取。")
    shown = {"wrong": wrong, "simulated": _simulated(asked.get("message"))}
    return render(request, "portal/code.html", shown, status=422 if wrong else 200)


def _simulated(message_id: int | None) -> OutgoingMessage | None:
    """In the sandbox, and only there, the message that would have been sent."""
    return OutgoingMessage.objects.filter(pk=message_id).first() if settings.SANDBOX and message_id else None


def case(request: Request) -> HttpResponseBase:
    """The followed case: steps, next date, what was said."""
    found = _followed(request)
    if found is None:
        return HttpResponseRedirect(reverse("portal:follow"))
    return render(request, "portal/case.html", _case_context(request, found))


def state(request: Request) -> HttpResponseBase:
    """The part of the page that changes, asked for every ten seconds: an empty 204 while it stands as it was `seen`."""
    found = _followed(request)
    if found is None:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("portal:follow")})
    if request.GET.get("seen") == mark_of(found, request.now):
        return HttpResponse(status=204)
    return render(request, "portal/_state.html", _case_context(request, found))


def _case_context(request: Request, found: Case) -> dict[str, Any]:
    book = book_of(found.handbook_version_id)
    viewer = follower(found, get_language() or "zh-hans")
    shown = {"case": found, "book": book, "mark": mark_of(found, request.now)}
    return {**shown, "p": progress(found, book, viewer, request.now)}


def act(request: Request, action: str) -> HttpResponseBase:
    """Confirm, dispute, add something: an action the handbook gives to customers, or a plain message."""
    found = _followed(request)
    if found is None:
        return HttpResponseRedirect(reverse("portal:follow"))
    if action == PLAIN_MESSAGE:
        return _message(request, found)
    book = book_of(found.handbook_version_id)
    viewer = follower(found, get_language() or "zh-hans")
    offer = next(
        (o for o in offered(found, viewer) if o.allowed and o.action.id == action and "customer" in o.action.by), None
    )
    if offer is None:
        return render(request, "portal/gone.html", {"later": True, "case": found}, status=409)
    draft = f"portal/{found.number}/{action}"
    if request.method != "POST":
        return _form_page(request, book, found.process, offer.action, {"draft": draft}, case=found)
    if not limits.WRITE.allows(address_of(request)):
        return _too_many(request)
    got = _received(request, book, offer.action, viewer.principal)
    values = _values(request, book, offer.action, got)
    again: dict[str, Any] = {
        "draft": draft,
        "values": values,
        "faults": got.faults,
        "kept": got.files,
        "key": _key(request),
    }
    if got.faults:
        return _form_page(request, book, found.process, offer.action, again, case=found, status=422)
    try:
        take_action(found.pk, action, values, by=viewer, now=request.now, key=again["key"], attachments=got.tokens)
    except CaseError as error:
        return _form_page(request, book, found.process, offer.action, {**again, "error": error}, case=found, status=422)
    return HttpResponseRedirect(f"{reverse('portal:case')}?sent={draft}")


def _message(request: Request, found: Case) -> HttpResponseBase:
    """A message in a process whose handbook has no action for it."""
    if request.method != "POST" or not limits.WRITE.allows(address_of(request)):
        return HttpResponseRedirect(reverse("portal:case")) if request.method != "POST" else _too_many(request)
    viewer = follower(found, get_language() or "zh-hans")
    words = request.POST.get("words", "")[: MESSAGE_LIMIT + 1]
    got = receive(request, [FIELD], viewer.principal, request.now)
    try:
        with transaction.atomic():
            bound = bind_attachments(got.tokens, subject=("case", found.pk), by=viewer.principal)
            add_note(found, words or (gettext("（照片）") if bound else ""), by=viewer, now=request.now, internal=False)
    except (CaseError, AttachmentRefused) as error:
        told = (
            error.words.say(get_language() or "zh")
            if isinstance(error, AttachmentRefused)
            else gettext("请写下要补充的内容。")
        )
        shown = {**_case_context(request, found), "wrong": [told, *got.faults], "words": words}
        return render(request, "portal/case.html", shown, status=422)
    return HttpResponseRedirect(f"{reverse('portal:case')}?sent=portal/{found.number}/message")


def attachment(request: Request, token: str) -> HttpResponseBase:
    """A file of the followed case, by its unguessable token; any other is not there."""
    found = _followed(request)
    if found is None:
        raise Http404
    try:
        opened = open_attachment(
            token, lambda row: (row.subject_kind, row.subject_id, row.internal) == ("case", found.pk, False)
        )
    except (NoSuchAttachment, AttachmentIsHeld) as error:
        raise Http404 from error
    response = FileResponse(opened.stream)
    for name, value in download_headers(opened.attachment, inline_picture=True).items():
        response.headers[name] = value
    return response


def leave(request: Request) -> HttpResponseBase:
    """Stop following, on a device that others use as well."""
    stop_following(request)
    return HttpResponseRedirect(reverse("portal:index"))


def _key(request: Request) -> str:
    """The key of this press of the button, made by our own page; anything else in it is passed over."""
    return re.sub(r"[^A-Za-z0-9_-]", "", request.POST.get("key", ""))[:40]


def _followed(request: Request) -> Case | None:
    try:
        return followed(request, clock.wall())
    except NotFollowing:
        return None


def _received(request: Request, book: Any, action: Action, by: str) -> Received:
    definition = files_field(book, action)
    return receive(request, [definition.id if definition else FIELD], by, request.now)


def _values(request: Request, book: Any, action: Action, got: Received) -> dict[str, Any]:
    """What was typed, with the tokens of the files in the form's field for them."""
    if action.record is None:
        return {}
    values = parse_post(book.record(action.record), request.POST)
    definition = files_field(book, action)
    if definition is not None:
        values[definition.id] = got.tokens
    return values


def _form_page(
    request: Request,
    book: Any,
    process: str,
    action: Action,
    form: dict[str, Any],
    *,
    case: Case | None = None,
    status: int = 200,
) -> HttpResponse:
    facts = facts_of(case, book) if case else {}
    viewer = follower(case, get_language() or "zh-hans") if case else ANONYMOUS_VIEWER
    locks = locks_of(book, process, action, viewer, case)
    shown = {
        "form": form_of(book, process, action, facts=facts, locks=locks, **form),
        "book": book,
        "case": case,
        "action": action,
    }
    return render(request, "portal/form.html", shown, status=status)


def _too_many(request: Request) -> HttpResponse:
    return render(request, "portal/too_many.html", status=429)
