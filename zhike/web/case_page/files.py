"""Files at a case: received with a form, shown and saved through the case's own gate."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase

from zhike.cases.access import case_for
from zhike.cases.refusals import Forbidden, NotFound
from zhike.handbook.common import Text
from zhike.handbook.structure import FieldDef
from zhike.org.principals import Viewer
from zhike.records.access import AttachmentIsHeld, NoSuchAttachment, download_headers, open_attachment
from zhike.records.attachments import AttachmentRefused, store_attachment
from zhike.records.models import Attachment
from zhike.web.context import Request

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
KEPT = "kept_file"
"""Hidden input: `field:token` of a file that came with an attempt before."""


@dataclass(slots=True)
class Received:
    """Files of one form: stored ones by field, and why others were not taken."""

    tokens: dict[str, list[str]] = field(default_factory=dict)
    files: list[tuple[str, Attachment]] = field(default_factory=list)
    """(field, row) of each, to be shown again when the form comes back."""
    errors: dict[str, Text] = field(default_factory=dict)

    @property
    def all_tokens(self) -> list[str]:
        return [token for tokens in self.tokens.values() for token in tokens]


def receive(request: Request, names: Iterable[str], now: dt.datetime) -> Received:
    """Store every file posted under `names`, and take over those of an attempt before. Refused ones become errors."""
    received = Received()
    for name in names:
        _take_over(request, name, received)
        for upload in request.FILES.getlist(name):
            _store(upload, name, request.viewer, now, received)
    return received


def _take_over(request: Request, name: str, received: Received) -> None:
    """Only files the same person uploaded and nobody used yet; anything else that is posted is passed over."""
    posted = [value.partition(":") for value in request.POST.getlist(KEPT)]
    tokens = [token for field_id, _, token in posted if field_id == name and TOKEN.fullmatch(token)]
    own = Attachment.objects.filter(token__in=tokens, subject_kind="", uploaded_by=request.viewer.principal)
    for row in own if tokens else ():
        received.tokens.setdefault(name, []).append(row.token)
        received.files.append((name, row))


def _store(upload: UploadedFile[Any], name: str, viewer: Viewer, now: dt.datetime, received: Received) -> None:
    try:
        row = store_attachment(upload.open(), upload.name or "", by=viewer.principal, now=now)
    except AttachmentRefused as refused:
        received.errors[name] = refused.words
        return
    received.tokens.setdefault(name, []).append(row.token)
    received.files.append((name, row))


def file_fields(fields: Iterable[FieldDef]) -> list[str]:
    return [definition.id for definition in fields if definition.type == "files"]


def file(request: Request, number: str, token: str) -> HttpResponseBase:
    """A file of the case. Pictures may be shown in the page, everything else is saved."""
    try:
        case = case_for(request.viewer, number, now=request.now)
        opened = open_attachment(token, lambda row: (row.subject_kind, row.subject_id) == ("case", case.pk))
    except (NotFound, Forbidden, NoSuchAttachment, AttachmentIsHeld):
        raise Http404
    headers = download_headers(opened.attachment, inline_picture="shown" in request.GET)
    response = FileResponse(opened.stream, content_type=headers["Content-Type"])
    for name, value in headers.items():
        response.headers[name] = value
    return response
