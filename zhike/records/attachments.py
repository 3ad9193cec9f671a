"""Files people send: read once into a file of our own, judged by their content, kept under their digest, bound to one
subject.

    ZHIKE_HOME/files/incoming/      being received; nothing here is acknowledged
    ZHIKE_HOME/files/ab/abcdef...   kept; the name is the SHA-256 of the content, so the same file is stored once

A file is acknowledged only after its bytes and its folder are on the disk and its row is committed.
docs/decisions/0040-attachments.md says why.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import io
import os
import re
import secrets
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib.content import EXTENSIONS, PICTURE_EXTENSIONS, NotAccepted, is_picture, media_type_of
from zhike.lib.images import NotAPicture
from zhike.lib.names import clean_file_name, extension
from zhike.org.principals import ANONYMOUS
from zhike.records import words
from zhike.records.events import AttachmentHeld
from zhike.records.models import Attachment

MEGABYTE = 1024 * 1024
UNBOUND_KEPT = dt.timedelta(hours=24)
"""How long a file waits for the action it was uploaded for."""
_CHUNK = 256 * 1024
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
# The industry's harmless test for virus scanners, in two parts so that no scanner takes this file for it.
_EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass(frozen=True, slots=True)
class Limits:
    """What is accepted. `bytes` a file; `files` an action; `pictures_only` for portals that want photographs."""

    bytes: int = 10 * MEGABYTE
    files: int = 9
    pictures_only: bool = False


LIMITS = Limits()


class AttachmentRefused(Exception):
    """The file cannot be taken. `code` for programs, `words` for people: what is wrong and what would do."""

    def __init__(self, code: str, words: Text) -> None:
        super().__init__(f"{code}: {words.zh}")
        self.code = code
        self.words = words


def _refused(code: str, name: str, zh: str, en: str) -> AttachmentRefused:
    return AttachmentRefused(code, Text(zh=f"“{name}”{zh}", en=f"“{name}” {en}"))


_PICTURE_FAULTS = {
    "not_a_picture": ("不是图片。请上传 JPG、PNG、GIF 或 WebP 图片。", "is no picture. Send a JPG, PNG, GIF or WebP."),
    "heic": (
        "是 HEIC 照片，多数电脑打不开。请在手机“设置→相机→格式”中选“兼容性最佳”后重拍，或上传截图。",
        "is an HEIC photo, which few computers open. Set the camera to “Most Compatible”, or send a screenshot.",
    ),
    "broken": (
        "已损坏，打不开。请重新拍摄或截图后再上传。",
        "is damaged and does not open. Take it again, or send a screenshot.",
    ),
    "too_many_pixels": (
        "尺寸太大。请缩小后再上传，或上传截图。",
        "has too many pixels. Make it smaller, or send a screenshot.",
    ),
}
_CONTENT_FAULTS = {
    "unknown": (
        "的类型不支持。请上传图片、PDF、Word（docx）、Excel（xlsx）或文本文件。",
        "is of a kind that is not accepted. Send pictures, PDF, Word (docx), Excel (xlsx) or plain text.",
    ),
    "unsafe": (
        "内含宏、加密内容或异常的压缩数据，不能接收。请另存为不带宏、不加密的文件后再上传。",
        "holds macros, encrypted parts or suspicious packing. Save it without macros or password and send it again.",
    ),
}


def store_attachment(
    content: bytes | IO[bytes],
    name: str,
    *,
    by: str,
    now: dt.datetime,
    limits: Limits = LIMITS,
    internal: bool = False,
) -> Attachment:
    """Receive one file from the principal `by`; the row's token is what a form sends back. Not bound to anything yet.

    `content` is read to its end, or to one byte over the limit. Raises AttachmentRefused.
    """
    shown = clean_file_name(name)
    with _received(content, shown, limits) as incoming:
        media_type = _judge(incoming.path, shown, limits)
        held = "eicar" if incoming.suspicious else ""
        with transaction.atomic():
            _lock(incoming.digest)
            _keep(incoming)
            attachment = Attachment.objects.create(
                token=secrets.token_urlsafe(32),
                name=_with_extension(shown, media_type),
                media_type=media_type,
                size=incoming.size,
                digest=incoming.digest,
                uploaded_at=now,
                uploaded_by=by,
                internal=internal,
                held=held,
            )
            if held:
                _tell_held(attachment, by, now)
    return attachment


def bind_attachments(
    tokens: Sequence[str],
    *,
    subject: tuple[str, int],
    by: str,
    limits: Limits = LIMITS,
    internal: bool | None = None,
) -> list[Attachment]:
    """Give uploaded files to the subject they were uploaded for, once, in the caller's transaction.

    Answers in the order of `tokens`. A file already bound to this very subject stays as it is. Raises AttachmentRefused
    for one that is unknown, expired, bound elsewhere, uploaded by somebody else or held, and for too many.
    """
    wanted = list(dict.fromkeys(tokens))
    if len(wanted) > limits.files:
        most = words.too_many(limits.files, "个文件", "files")
        raise AttachmentRefused("too_many", most)
    if not all(map(is_token, wanted)):
        raise AttachmentRefused("gone", words.FILES_GONE)
    kind, number = subject
    rows = {row.token: row for row in Attachment.objects.select_for_update().filter(token__in=wanted)}
    if len(rows) != len(wanted):
        raise AttachmentRefused("gone", words.FILES_GONE)
    for row in rows.values():
        bound_here = (row.subject_kind, row.subject_id) == subject
        if not bound_here and (row.subject_kind or row.uploaded_by not in (by, ANONYMOUS)):
            raise AttachmentRefused("gone", words.FILES_GONE)
        if row.held:
            raise AttachmentRefused("held", words.FILE_HELD)
    fresh = [row.pk for row in rows.values() if not row.subject_kind]
    changes = {"subject_kind": kind, "subject_id": number} | ({} if internal is None else {"internal": internal})
    Attachment.objects.filter(pk__in=fresh).update(**changes)
    bound = {row.token: row for row in Attachment.objects.filter(token__in=wanted)}
    return [bound[token] for token in wanted]


def release_attachments(tokens: Sequence[str], *, subject: tuple[str, int]) -> None:
    """Take files of a subject back to where they were before: uploaded, for whoever binds them next in the same transaction."""
    kind, number = subject
    Attachment.objects.filter(token__in=list(tokens), subject_kind=kind, subject_id=number).update(
        subject_kind="", subject_id=None
    )


def check_tokens(tokens: Collection[str], *, by: str, kept: Collection[str] = ()) -> Text | None:
    """Why these tokens cannot stand in a form, None when they can: uploaded by `by` or before signing in, or `kept`
    from before."""
    if not tokens:
        return None
    if not all(map(is_token, tokens)):
        return words.NOT_FILES
    rows = list(Attachment.objects.filter(token__in=tokens))
    if any(row.held for row in rows):
        return words.FILE_HELD
    usable = {row.token for row in rows if not row.subject_kind and row.uploaded_by in (by, ANONYMOUS)}
    return None if set(tokens) <= usable | set(kept) & {row.token for row in rows} else words.FILES_GONE


def discard_unbound(now: dt.datetime, limit: int = 500) -> int:
    """Throw away what was uploaded and never used within a day; the number of rows.

    Held files stay for whoever looks into them.
    """
    stale = Q(subject_kind="", held="", uploaded_at__lt=now - UNBOUND_KEPT)
    rows = list(Attachment.objects.filter(stale).values_list("pk", "digest")[:limit])
    gone = 0
    for pk, digest in rows:
        with transaction.atomic():
            _lock(digest)
            gone += Attachment.objects.filter(stale, pk=pk).delete()[0]
            if not Attachment.objects.filter(digest=digest).exists():
                place_of(digest).unlink(missing_ok=True)
    return gone


def delete_attachments(kind: str, ids: Collection[int]) -> int:
    """Delete what is bound to these subjects, rows and bytes, in the caller's transaction; how many.

    The bytes go first: broken off here, the rows are still there and it is done again.
    """
    return _delete(Attachment.objects.filter(subject_kind=kind, subject_id__in=ids))


def discard_named(kind: str, number: int, tokens: Collection[str]) -> int:
    """The same of those of one subject that a form names."""
    named = [token for token in tokens if is_token(token)]
    return _delete(Attachment.objects.filter(subject_kind=kind, subject_id=number, token__in=named))


def _delete(chosen: QuerySet[Attachment]) -> int:
    rows = list(chosen.values_list("pk", "digest"))
    for digest in sorted({digest for _, digest in rows}):
        _lock(digest)
        ours = [pk for pk, of in rows if of == digest]
        if not Attachment.objects.filter(digest=digest).exclude(pk__in=ours).exists():
            place_of(digest).unlink(missing_ok=True)
    Attachment.objects.filter(pk__in=[pk for pk, _ in rows]).delete()
    return len(rows)


def is_token(text: str) -> bool:
    """Whether a text has the shape of a token; nothing else is ever asked of the database."""
    return _TOKEN.fullmatch(text) is not None


def place_of(digest: str) -> Path:
    """Where content of that SHA-256 is kept. Made of the digest alone, never of anything a sender chose."""
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError(f"not a SHA-256: {digest[:80]!r}")
    return Path(settings.MEDIA_ROOT) / digest[:2] / digest


@dataclass(frozen=True, slots=True)
class _Incoming:
    path: Path
    size: int
    digest: str
    suspicious: bool


@contextmanager
def _received(content: bytes | IO[bytes], name: str, limits: Limits) -> Iterator[_Incoming]:
    """The content in a temporary file, synced; gone afterwards unless it was kept."""
    folder = Path(settings.MEDIA_ROOT) / "incoming"
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    path: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, made = tempfile.mkstemp(dir=folder)
        path = Path(made)
        with os.fdopen(descriptor, "wb") as target:
            size, digest, suspicious = _copy(stream, target, name, limits)
            target.flush()
            os.fsync(target.fileno())
        yield _Incoming(path, size, digest, suspicious)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _refused("no_room", name, "暂时无法保存，请稍后再试。", "cannot be kept just now. Try again later.")
        raise
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


def _copy(stream: IO[bytes], target: IO[bytes], name: str, limits: Limits) -> tuple[int, str, bool]:
    """(size, digest, whether it holds the scanners' test string)."""
    size, digest, suspicious, tail = 0, hashlib.sha256(), False, b""
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limits.bytes:
            most = f"{limits.bytes / MEGABYTE:g} MB"
            raise _refused(
                "too_large",
                name,
                f"超过 {most}。请压缩后再上传，或换一个小一些的文件。",
                f"is larger than {most}. Send a smaller one.",
            )
        suspicious = suspicious or _EICAR in tail + chunk
        tail = chunk[-len(_EICAR) :]
        digest.update(chunk)
        target.write(chunk)
    if not size:
        raise _refused("empty", name, "是空文件。请重新选择。", "is empty. Choose another file.")
    return size, digest.hexdigest(), suspicious


def _judge(path: Path, name: str, limits: Limits) -> str:
    """The media type by content. A name that says picture must be one."""
    claims_picture = extension(name) in PICTURE_EXTENSIONS
    try:
        with path.open("rb") as stream:
            media_type = media_type_of(stream)
    except NotAPicture as fault:
        raise _refused(fault.fault, name, *_PICTURE_FAULTS[fault.fault])
    except NotAccepted as fault:
        if claims_picture or limits.pictures_only:
            raise _refused("not_a_picture", name, *_PICTURE_FAULTS["not_a_picture"])
        raise _refused("not_accepted" if fault.fault == "unknown" else fault.fault, name, *_CONTENT_FAULTS[fault.fault])
    if (claims_picture or limits.pictures_only) and not is_picture(media_type):
        raise _refused("not_a_picture", name, *_PICTURE_FAULTS["not_a_picture"])
    return media_type


def _with_extension(name: str, media_type: str) -> str:
    """`page.html` that is text becomes `page.html.txt`: what is saved opens as what it is."""
    allowed = EXTENSIONS[media_type]
    return name if extension(name) in allowed else clean_file_name(f"{name[:110]}.{allowed[0]}")


def _keep(incoming: _Incoming) -> None:
    """Move the content to its place and sync the folders, so that it is there after a power cut."""
    place = place_of(incoming.digest)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not place.exists():
        incoming.path.replace(place)
    for folder in (place.parent, place.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _lock(digest: str) -> None:
    """One at a time for one content: storing it again must not meet its being thrown away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [0x66696C65, int(digest[:8], 16) - 2**31])


def _tell_held(attachment: Attachment, by: str, now: dt.datetime) -> None:
    event = AttachmentHeld(name=attachment.name, digest=attachment.digest, because=attachment.held)
    record([NewFact(event, at=now, subject=("attachment", attachment.pk), actor=by)])
