"""Mails as they came and as they went: compressed files beside the attachments, each under the SHA-256 of what the file holds, so
that a backup copies and checks them like every other file.

Written to the disk before the row that names them is committed. The same mail is kept once.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import zlib

from zhike.records.attachments import place_of

LEVEL = 6
MOST_SHOWN = 100 * 1024 * 1024
"""Bytes that are unpacked; more was never taken."""


def keep(raw: bytes) -> str:
    """Keep it; answers the name it is found by again."""
    packed = zlib.compress(raw, LEVEL)
    digest = hashlib.sha256(packed).hexdigest()
    place = place_of(digest)
    if place.exists():
        return digest
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.write(packed)
            target.flush()
            os.fsync(target.fileno())
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return digest


def kept(digest: str) -> bytes:
    """The mail. Raises FileNotFoundError; also for "", of a mail that was deleted when its time was over."""
    if not digest:
        raise FileNotFoundError("the mail was deleted")
    return zlib.decompressobj().decompress(place_of(digest).read_bytes(), MOST_SHOWN)


def discard(digest: str) -> None:
    """Throw it away, unless another mail is this very same one."""
    from zhike.channels.email.models import Mail, Outgoing

    if not any(model.objects.filter(raw_digest=digest).exists() for model in (Mail, Outgoing)):
        place_of(digest).unlink(missing_ok=True)
