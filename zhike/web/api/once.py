"""Idempotency keys: a write sent again under its key is answered again, not done again.

The answer is kept in the transaction of the deed itself, so either both are there or neither. While a request is at work it
holds a lock that dies with its connection: a server killed half-way leaves a key that may be used again. Only answers of
success are kept: what was refused may be corrected and sent under the same key.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext

from zhike.journal.statements import insert, row
from zhike.web.api.problems import Problem
from zhike.web.models import ApiRequest, ApiToken

HEADER = "Idempotency-Key"
KEY = re.compile(r"[A-Za-z0-9_.:-]{8,128}")
KEPT_FOR = dt.timedelta(hours=24)
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "Content-Language")

FORGET_EVERY = 50
"""Writes between two removals of what is too old."""
FORGET = """
DELETE FROM web_apirequest WHERE id IN (
    SELECT id FROM web_apirequest WHERE at <= %s ORDER BY at LIMIT 500 FOR UPDATE SKIP LOCKED
)
"""


def once(
    request: HttpRequest, token: ApiToken, now: dt.datetime, deed: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """The answer of `deed`, or the one it gave before. Raises Problem: 400 a key that is none, 409 the first request is
    still at work, 422 the key was used for another request."""
    key = request.headers.get(HEADER)
    if key is None:
        return deed()
    if not KEY.fullmatch(key):
        raise Problem(400, "unreadable", gettext("Idempotency-Key 为 8 到 128 个字母、数字或 _ . : -。"))
    digest = digest_of(request)
    with transaction.atomic():
        if not _alone(token.pk, key):
            raise Problem(
                409,
                "busy",
                gettext("同一个 Idempotency-Key 的请求还在处理，请稍后再试。"),
                headers={"Retry-After": "1"},
            )
        kept = row(ApiRequest, "WHERE token_id = %s AND key = %s", [token.pk, key])
        if kept is not None and now - kept.at < KEPT_FOR:
            return _again(kept, digest)
        if kept is not None:
            kept.delete()
        answer = deed()
        if answer.status_code >= 500:
            transaction.set_rollback(True)
        elif answer.status_code < 300 and isinstance(answer, HttpResponse):
            _keep(token, key, digest, now, answer, getattr(request, "not_kept", ""))
        return answer


def digest_of(request: HttpRequest) -> str:
    """What was asked, so that a different request under the same key is noticed. Of an upload the files, not how they were
    packed: the boundary between the parts is different each time."""
    found = hashlib.sha256()
    for part in (request.method or "", request.get_full_path(), request.headers.get("If-Match", "")):
        found.update(part.encode() + b"\0")
    if request.content_type != "multipart/form-data":
        found.update(request.body)
        return found.hexdigest()
    for name, uploads in sorted(request.FILES.lists()):
        for upload in uploads:
            found.update(f"{name}\0{getattr(upload, 'name', '')}\0".encode("utf-8", "surrogatepass"))
            for chunk in upload.chunks():
                found.update(chunk)
            upload.seek(0)
    for name, values in sorted(request.POST.lists()):
        found.update(f"{name}\0{values}".encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def _alone(token: int, key: str) -> bool:
    """Whether nobody else is at work on this key; holds it until the transaction ends."""
    number = int.from_bytes(hashlib.sha256(f"api/{token}/{key}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def _again(kept: ApiRequest, digest: str) -> HttpResponse:
    if kept.digest != digest:
        raise Problem(422, "key_reused", gettext("这个 Idempotency-Key 已用于另一个请求，请换一个。"))
    answer = HttpResponse(kept.body, status=kept.status)
    for name, value in kept.headers.items():
        answer.headers[name] = value
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _keep(token: ApiToken, key: str, digest: str, now: dt.datetime, answer: HttpResponse, secret: str) -> None:
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    body = answer.content.decode()
    kept = ApiRequest(
        token=token, key=key, digest=digest, at=now, status=answer.status_code, headers=headers,
        body=body.replace(secret, "") if secret else body,
    )  # fmt: skip
    if insert(kept).pk % FORGET_EVERY == 0:
        with connection.cursor() as cursor:
            cursor.execute(FORGET, [now - KEPT_FOR])
