"""What the widget asks for. Every address is behind `doors.door`; nothing here looks at who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

from zhike.cases.refusals import CaseError
from zhike.channels.webchat import surveys, talking, trail
from zhike.channels.webchat.forms import FormRefused, introduction
from zhike.channels.webchat.hours import Hours, hours_of
from zhike.channels.webchat.offline import Left, leave_message, promised_by
from zhike.channels.webchat.settings import Offline, WebchatSettings
from zhike.channels.webchat.visitors import BadToken, digest_of
from zhike.conversations.models import Conversation, Message
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.written import book_for
from zhike.journal.stream import last_position
from zhike.org.principals import ANONYMOUS
from zhike.records.access import AttachmentIsHeld, NoSuchAttachment, download_headers, open_attachment
from zhike.records.attachments import LIMITS, AttachmentRefused, store_attachment
from zhike.records.models import Attachment
from zhike.web.proxies import address_of
from zhike.web.webchat.doors import Visiting, door, language, refusal, say, too_many
from zhike.web.webchat.limits import BEGIN, FILE, PASS, READ, WRITE

KEY_LENGTH = 60
WORDS_KEPT = 4000
"""Characters of one message a visitor may write."""
MULTIPART_SPARE = 64 * 1024
"""What a form adds to the bytes of its file."""


@door("GET", limit=READ, secret=False)
def settings(request: Visiting) -> HttpResponseBase:
    """What the widget shows before anybody has written; the same for everybody."""
    told, inbox = request.visit.settings, request.visit.inbox
    return JsonResponse(
        {"inbox": inbox.key, **_look(told), **_opening(told), **_hours(hours_of(inbox, {}, request.now))}
    )


def _look(told: WebchatSettings) -> dict[str, Any]:
    invitations = [{"after": each.after, "pages": each.pages, "words": say(each.words)} for each in told.invitations]
    return {
        "title": say(told.title), "welcome": say(told.welcome), "colour": told.colour, "side": told.side, "files": told.files,
        "most": LIMITS.bytes, "invitations": invitations, "trail": told.trail, "question": say(told.survey_question),
        "longest": WORDS_KEPT,
    }  # fmt: skip


def _opening(told: WebchatSettings) -> dict[str, Any]:
    consent = told.consent_words
    return {
        "fields": [{"id": each.id, "title": say(each.title), "required": each.required} for each in told.fields],
        "topics": [{"id": name, "title": say(title)} for name, title in told.topics],
        "consent": {"version": told.consent_version, "words": say(consent)} if consent is not None else None,
        "offline": told.offline is not None,
    }


def _hours(hours: Hours) -> dict[str, Any]:
    why = say(hours.refused.words) if hours.refused is not None else ""
    return {"open": hours.is_open, "opens_at": hours.opens_at.isoformat() if hours.opens_at else None, "why": why}


@door("GET", limit=READ)
def state(request: Visiting) -> HttpResponseBase:
    """His conversation as it stands, with messages after a seq, before one, or one alone; where his stream goes on from."""
    position = last_position()
    conversation = talking.newest_of(request.visit)
    if conversation is None:
        return JsonResponse({"conversation": None, "messages": [], "position": position})
    place = {name: _number(request.GET.get(name)) for name in ("after", "before", "only")}
    if request.GET.get("number") != conversation.number:
        place = {}
    return JsonResponse({**_told(request, conversation, place), "position": position})


def _told(request: Visiting, conversation: Conversation, place: dict[str, int]) -> dict[str, Any]:
    messages = talking.messages_of(conversation, **place)
    return {
        "conversation": talking.shown_of(conversation, request.now),
        "messages": messages,
        "more": len(messages) == talking.PAGE,
        "survey": _survey(request, conversation),
    }


def _survey(request: Visiting, conversation: Conversation) -> dict[str, Any] | None:
    if conversation.state != Conversation.State.CLOSED:
        return None
    survey = surveys.open_survey(conversation, request.now)
    if survey is None:
        return None
    return {"reminder": surveys.is_reminder_due(survey, request.visit.settings, request.now)}


def _number(text: Any) -> int:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 10 else 0


@door("POST", limit=WRITE)
def write(request: Visiting) -> HttpResponseBase:
    """A message; the first one brings the form. Sent again under its key it is the same message."""
    said = said_of(request.told, language())
    if said is None:
        return refusal(400, "unreadable", gettext("内容读不懂，没有收下。"))
    if talking.live_of(request.visit) is None and (wait := BEGIN.wait(address_of(request))):
        return too_many(wait)
    try:
        received = talking.write(request.visit, said, request.now)
    except talking.NobodyThere as closed:
        return refusal(409, "closed", gettext("现在没有人值班。"), **_hours(closed.hours))
    except (FormRefused, talking.OtherPerson, BadToken, ConversationRefused, AttachmentRefused) as error:
        return _refused(error)
    message = received.message
    kept = talking.messages_of(received.conversation, only=message.seq) if message is not None else []
    received.conversation.refresh_from_db()
    return JsonResponse(
        {"conversation": talking.shown_of(received.conversation, request.now), "messages": kept}, status=201
    )


def said_of(told: Mapping[str, Any], tongue: str) -> talking.Said | None:
    """The message in a body that was read; None where it is none."""
    words, key, files, form = told.get("words", ""), told.get("key"), told.get("files", []), told.get("form", {})
    if not (isinstance(words, str) and isinstance(key, str) and isinstance(files, list) and isinstance(form, dict)):
        return None
    if not 8 <= len(key) <= KEY_LENGTH or not all(isinstance(each, str) for each in files) or len(files) > LIMITS.files:
        return None
    source = {name: str(told.get(name) or "") for name in ("page", "referrer")}
    return talking.Said(
        words=words[:WORDS_KEPT], key=key, files=files, form=form, token=str(told.get("token") or ""), source=source,
        language=tongue,
    )  # fmt: skip


def _refused(error: Exception) -> JsonResponse:
    match error:
        case FormRefused():
            problems = {name: say(text) for name, text in error.problems.items()}
            return refusal(422, "form", gettext("请补充或更正标出的内容。"), problems=problems)
        case talking.OtherPerson():
            return refusal(409, "other_person", gettext("您已换了账号，将重新开始会话。"))
        case BadToken():
            return refusal(422, "token", say(error.words))
        case ConversationRefused() | AttachmentRefused():
            return refusal(422, "refused", say(error.words))
        case _:
            raise error


@door("POST", limit=FILE, body=False)
def send_file(request: Visiting) -> HttpResponseBase:
    """A file or a pasted picture, before the message it goes with. Answers the token the message names."""
    if not request.visit.settings.files:
        return refusal(403, "no_files", gettext("这里不收文件。"))
    length = int(request.headers.get("Content-Length") or 0)
    if length > LIMITS.bytes + MULTIPART_SPARE:
        return refusal(413, "too_big", _too_big())
    upload = request.FILES.get("file")
    if upload is None or upload.file is None:
        return refusal(400, "unreadable", gettext("没有收到文件。"))
    is_left = request.visit.address is None or bool(request.GET.get("left"))
    by = ANONYMOUS if is_left or request.visit.address is None else f"address:{request.visit.address.pk}"
    try:
        kept = store_attachment(upload.file, upload.name or "", by=by, now=request.now)
    except AttachmentRefused as refused:
        return refusal(413 if refused.code == "too_big" else 422, refused.code, say(refused.words))
    return JsonResponse({"token": kept.token, "name": kept.name, "size": kept.size}, status=201)


def _too_big() -> str:
    return gettext("文件太大，最多 %(most)d MB。请压缩后再发。") % {"most": LIMITS.bytes // (1024 * 1024)}


@door("GET", limit=READ)
def get_file(request: Visiting, token: str) -> HttpResponseBase:
    """A file of one of his own conversations."""
    try:
        opened = open_attachment(token, lambda row: _is_his(request, row))
    except (NoSuchAttachment, AttachmentIsHeld):
        return refusal(404, "gone", gettext("文件不在了。"))
    response = FileResponse(opened.stream)
    for name, value in download_headers(opened.attachment, inline_picture=True).items():
        response.headers[name] = value
    return response


def _is_his(request: Visiting, row: Attachment) -> bool:
    if row.subject_kind != "message" or row.internal or request.visit.address is None:
        return False
    message = Message.objects.select_related("conversation").filter(pk=row.subject_id or 0, internal=False).first()
    if message is None or message.recalled_at is not None:
        return False
    held = message.conversation
    return held.address_id == request.visit.address.pk and held.inbox_id == request.visit.inbox.pk


@door("POST", limit=PASS)
def typing(request: Visiting) -> HttpResponseBase:
    talking.type_on(request.visit)
    return JsonResponse({})


@door("POST", limit=PASS)
def read(request: Visiting) -> HttpResponseBase:
    """He has seen everything up to `seq`."""
    seq = request.told.get("seq")
    if isinstance(seq, int) and not isinstance(seq, bool) and 0 < seq < 2**31:
        talking.read(request.visit, seq, request.now)
    return JsonResponse({})


@door("POST", limit=WRITE)
def end(request: Visiting) -> HttpResponseBase:
    """He ends it. Ended again, nothing happens."""
    talking.end(request.visit, request.now)
    conversation = talking.newest_of(request.visit)
    return JsonResponse(_told(request, conversation, {"after": conversation.last_seq}) if conversation else {})


@door("POST", limit=WRITE)
def survey(request: Visiting) -> HttpResponseBase:
    """His answer, once; `later` only notes that he was reminded."""
    conversation = talking.newest_of(request.visit)
    found = surveys.open_survey(conversation, request.now) if conversation is not None else None
    if found is None:
        return refusal(409, "answered", gettext("这次评价已经收到，或者已过期。谢谢！"))
    if request.told.get("later"):
        surveys.note_reminder(found, request.now)
        return JsonResponse({})
    score = request.told.get("score")
    try:
        surveys.answer(
            found, score if isinstance(score, int) else 0, str(request.told.get("comment") or ""), request.now
        )
    except ValueError:
        return refusal(422, "score", gettext("请选择一到五颗星。"))
    return JsonResponse({"words": gettext("谢谢您的评价！")}, status=201)


@door("POST", limit=PASS)
def pages(request: Visiting) -> HttpResponseBase:
    """Pages of the site he was on. Kept only of somebody who has agreed, which is said in the notice."""
    address = request.visit.address
    told = request.told.get("pages")
    if address is not None and request.visit.settings.trail and isinstance(told, list):
        trail.add_pages(address, [page for page in told if isinstance(page, dict)], request.now)
        if request.told.get("left"):
            trail.leave_page(address, request.now)
    return JsonResponse({})


@door("POST", limit=WRITE)
def identity(request: Visiting) -> HttpResponseBase:
    """The site has signed him in while he was here."""
    try:
        talking.identify(request.visit, str(request.told.get("token") or ""), request.now)
    except (BadToken, talking.OtherPerson) as error:
        return _refused(error)
    return JsonResponse({})


@door("POST", limit=BEGIN)
def offline(request: Visiting) -> HttpResponseBase:
    """While nobody answers: what he leaves becomes a case; the answer tells its number and by when a clause has it dealt with."""
    visit, told = request.visit, request.told
    form, key, files = told.get("form"), told.get("key"), told.get("files", [])
    if visit.settings.offline is None or not isinstance(form, dict) or not isinstance(key, str) or len(key) < 8:
        return refusal(400, "unreadable", gettext("这里不能留言。"))
    if not isinstance(files, list) or len(files) > LIMITS.files or not all(isinstance(each, str) for each in files):
        return refusal(400, "unreadable", gettext("附件不对，请重新选择文件。"))
    try:
        customer = talking.known_customer(visit, str(told.get("token") or ""), request.now)
        intro = introduction(visit.inbox, visit.settings, form, known=customer is not None, source={})
        words = str(form.get("words") or "")[:WORDS_KEPT]
        values = {"words": words, "name": intro.name, **intro.contact, **_named(intro.facts)}
        left = Left(values, key[:KEY_LENGTH], files, digest_of(visit.inbox, visit.secret), customer)
        case = leave_message(visit.inbox, visit.settings.offline, left, now=request.now)
    except (FormRefused, AttachmentRefused, BadToken, talking.OtherPerson) as error:
        return _refused(error)
    except CaseError as error:
        return _case_refused(error, visit.settings.offline)
    due = promised_by(case)
    return JsonResponse({"number": case.number, "due": due.isoformat() if due else None}, status=201)


def _named(facts: Any) -> dict[str, str]:
    return {name: str(facts[name]) for name in ("topic", "order") if facts.get(name)}


def _case_refused(error: CaseError, offline: Offline) -> JsonResponse:
    """The process's words at the fields the visitor knows; what it asks for beyond them, he cannot give here."""
    known = {process: mine for mine, process in offline.fields.items()}
    problems = {known[name]: say(reason.words) for name, reason in error.fields.items() if name in known}
    others = [say(reason.words) for reason in error.reasons if not any(name in known for name in reason.fields)]
    words = "".join(dict.fromkeys(others)) or gettext("请补充或更正标出的内容。")
    return refusal(422, "case", words, problems=problems)


@door("GET", limit=READ)
def transcript(request: Visiting) -> HttpResponseBase:
    """The conversation as a text file."""
    conversation = talking.newest_of(request.visit)
    if conversation is None:
        return refusal(404, "gone", gettext("还没有会话。"))
    zone = ZoneInfo(book_for(conversation).handbook.zone)
    text = talking.transcript(conversation, language(), zone)
    response = HttpResponse("\ufeff" + text, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{conversation.number}.txt"'
    return response
