"""The only way to a file: its unguessable token, and the gate of the subject it is bound to."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote

from zhike.lib.content import is_picture
from zhike.records.attachments import is_token, place_of
from zhike.records.models import Attachment

Gate = Callable[[Attachment], bool]
"""Whether the viewer may see this file: asks the subject's own gate; for an unbound file, whether he uploaded it."""


class NoSuchAttachment(LookupError):
    """Unknown, not for this viewer, or gone: the same answer for each, so that nobody learns which."""


class AttachmentIsHeld(Exception):
    """A safety check keeps the file; nobody gets it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file to send; whoever sends it closes `stream`."""

    attachment: Attachment
    stream: IO[bytes]


def open_attachment(token: str, viewer_gate: Gate) -> Opened:
    """The file of a token. Raises NoSuchAttachment or AttachmentIsHeld."""
    attachment = Attachment.objects.filter(token=token).first() if is_token(token) else None
    if attachment is None or not viewer_gate(attachment):
        raise NoSuchAttachment(token[:43])
    if attachment.held:
        raise AttachmentIsHeld(attachment.held)
    try:
        descriptor = os.open(place_of(attachment.digest), os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise NoSuchAttachment(token)
    return Opened(attachment, os.fdopen(descriptor, "rb"))


def attachments_of(subject: tuple[str, int], *, internal: bool = True) -> list[Attachment]:
    """The files of a subject the viewer may see, oldest first; without internal ones for a customer. One query."""
    kind, number = subject
    found = Attachment.objects.filter(subject_kind=kind, subject_id=number).order_by("id")
    return list(found if internal else found.filter(internal=False))


def download_headers(attachment: Attachment, inline_picture: bool = False) -> dict[str, str]:
    """The headers a file is sent with. Only a verified picture may be shown in the page; everything else is saved.

    The browser is told not to guess the type, not to run anything (sandbox) and not to tell others the address (the
    token).
    """
    inline = inline_picture and is_picture(attachment.media_type)
    return {
        "Content-Type": attachment.media_type,
        "Content-Length": str(attachment.size),
        "Content-Disposition": disposition("inline" if inline else "attachment", attachment.name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }


def disposition(kind: str, name: str) -> str:
    """RFC 6266: an ASCII name for old programs, the real one in UTF-8 (RFC 8187).

    >>> disposition("attachment", "现场 1.jpg")
    'attachment; filename="__ 1.jpg"; filename*=UTF-8\\'\\'%E7%8E%B0%E5%9C%BA%201.jpg'
    """
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
