"""Files a customer sends: stored one by one, each refusal said in words, what was taken is not asked for again."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import IO, Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import get_language, gettext

from zhike.records.attachments import LIMITS, AttachmentRefused, check_tokens, store_attachment
from zhike.records.models import Attachment

FIELD = "pictures"
KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Received:
    """Files of one attempt, with those that came with an attempt before, and why others were refused."""

    files: list[Attachment] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def tokens(self) -> list[str]:
        return [attachment.token for attachment in self.files]


def receive(request: HttpRequest, names: list[str], by: str, now: dt.datetime) -> Received:
    """Store the files sent under `names`; tokens under `kept` come from an attempt before and are checked again."""
    kept = [token for token in request.POST.getlist(KEPT)[: LIMITS.files] if check_tokens([token], by=by) is None]
    found = Received(list(Attachment.objects.filter(token__in=kept, subject_kind="").order_by("id")))
    uploads = [upload for name in names for upload in request.FILES.getlist(name) if upload]
    for upload in uploads[: LIMITS.files - len(found.files)]:
        _take(found, upload, by, now)
    if len(uploads) + len(kept) > LIMITS.files:
        found.faults.append(_most())
    return found


def _take(found: Received, upload: UploadedFile[Any], by: str, now: dt.datetime) -> None:
    try:
        found.files.append(store_attachment(cast("IO[bytes]", upload.file), upload.name or "", by=by, now=now))
    except AttachmentRefused as refused:
        found.faults.append(refused.words.say(get_language() or "zh"))


def _most() -> str:
    return gettext("一次最多 %(count)d 个文件，多出的没有收。") % {"count": LIMITS.files}
