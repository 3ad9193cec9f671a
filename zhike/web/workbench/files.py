"""Files in a conversation: taken in as soon as they are pasted or dropped, shown and saved through the conversation's gate."""

from __future__ import annotations

from http import HTTPStatus

from django.http import FileResponse, Http404, JsonResponse
from django.http.response import HttpResponseBase

from zhike.conversations.models import Message
from zhike.lib.content import is_picture
from zhike.records.access import AttachmentIsHeld, NoSuchAttachment, download_headers, open_attachment
from zhike.records.attachments import LIMITS, AttachmentRefused, store_attachment
from zhike.records.models import Attachment
from zhike.web.case_page.page import say
from zhike.web.context import Request
from zhike.web.workbench.finding import Talk, with_talk


def upload(request: Request) -> JsonResponse:
    """One file, before the message it goes with: `{"token", "name", "size", "picture"}`, or 422 with the words why not."""
    given = request.FILES.get("file")
    if given is None:
        return JsonResponse({"why": ""}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        row = store_attachment(
            given.open(), given.name or "", by=request.viewer.principal, now=request.now, limits=LIMITS
        )
    except AttachmentRefused as refused:
        return JsonResponse({"why": say(refused.words)}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return JsonResponse({"token": row.token, "name": row.name, "size": row.size, "picture": is_picture(row.media_type)})


@with_talk
def file(request: Request, talk: Talk, token: str) -> HttpResponseBase:
    """A file of a message here. A picture may be shown in the page (`?shown`), everything else is saved."""

    def of_this(row: Attachment) -> bool:
        return (
            row.subject_kind == "message"
            and Message.objects.filter(pk=row.subject_id or 0, conversation=talk.conversation).exists()
        )

    try:
        opened = open_attachment(token, of_this)
    except (NoSuchAttachment, AttachmentIsHeld):
        raise Http404
    headers = download_headers(opened.attachment, inline_picture="shown" in request.GET)
    response = FileResponse(opened.stream, content_type=headers["Content-Type"])
    for name, value in headers.items():
        response.headers[name] = value
    return response
