"""Files: uploaded for a form or straight to a case, downloaded through the case's own gate."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext
from ninja import Router
from ninja.files import UploadedFile
from ninja.params.functions import File
from ninja.responses import Status

from zhike.cases.access import case_for
from zhike.cases.notes import add_files
from zhike.records.access import download_headers, open_attachment
from zhike.records.attachments import store_attachment
from zhike.records.models import Attachment
from zhike.web.api.guard import Call
from zhike.web.api.problems import invalid
from zhike.web.api.shapes import PROBLEMS, WRITE_PROBLEMS, FileOut
from zhike.web.api.telling import file_out

router = Router(tags=["attachments"])


@router.post(
    "/attachments",
    url_name="attachments",
    response={201: FileOut, **WRITE_PROBLEMS},
    summary="Upload a file for a form",
)
def upload(request: Call, file: UploadedFile = File(...)) -> Any:  # noqa: B008 - how django-ninja declares it
    """multipart/form-data with one part `file`. Its `token` goes into a field of files or into `attachments` of a deed
    within a day. 413: larger than 10 MB. 422: a kind of file that is not accepted."""
    return Status(201, file_out(_stored(request, file)))


@router.post(
    "/cases/{slug:number}/attachments",
    url_name="case_attachments",
    response={201: FileOut, **WRITE_PROBLEMS},
    summary="Upload a file to a case",
)
def upload_to_case(request: Call, number: str, file: UploadedFile = File(...)) -> Any:  # noqa: B008
    """The same, bound to the case at once, for the staff only."""
    case = case_for(request.viewer, number, now=request.now)
    with transaction.atomic():
        stored = _stored(request, file)
        add_files(case, [stored.token], by=request.viewer, now=request.now)
    return Status(201, file_out(stored))


def _stored(request: Call, file: UploadedFile) -> Attachment:
    unknown = [*request.POST, *(name for name in request.FILES if name != "file")]
    if unknown or len(request.FILES.getlist("file")) != 1:
        raise invalid({"file": [gettext("请只上传一个名为 file 的文件。")]})
    return store_attachment(file.open(), file.name or "", by=request.viewer.principal, now=request.now)


@router.get(
    "/cases/{slug:number}/attachments/{str:token}",
    url_name="attachment",
    response={200: None, **PROBLEMS},
    summary="Download a file",
)
def download(request: Call, number: str, token: str) -> Any:
    """The file's bytes, always to be saved, with a type that was found by looking at them."""
    case = case_for(request.viewer, number, now=request.now)
    opened = open_attachment(token, lambda row: (row.subject_kind, row.subject_id) == ("case", case.pk))
    headers = download_headers(opened.attachment)
    response: HttpResponseBase = FileResponse(opened.stream, content_type=headers["Content-Type"])
    for name, value in headers.items():
        response.headers[name] = value
    return response
