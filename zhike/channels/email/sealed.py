"""Passwords of mailboxes: kept encrypted under the keys of identity numbers, opened only to sign in."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from zhike.channels.email.models import Mailbox
from zhike.lib.sealed import Sealed
from zhike.org.keys import keyring, seals

CONTEXT = "mailbox password"
BATCH = 200


def sealed(password: str) -> tuple[str, bytes]:
    """(id of the key, the sealed password)."""
    made = keyring().seal(password, CONTEXT)
    return made.key_id, made.data


def imap_password(row: Mailbox) -> str:
    """Raises lib.sealed.CannotOpen."""
    return _open(row.imap_key, row.imap_sealed)


def smtp_password(row: Mailbox) -> str:
    """ "" where none is kept. Raises lib.sealed.CannotOpen."""
    return _open(row.smtp_key, row.smtp_sealed) if row.smtp_key else ""


def _open(key: str, data: bytes | memoryview[int]) -> str:
    return keyring().open(Sealed(key, bytes(data), ""), CONTEXT)


@seals
def seal_again() -> int:
    """Seal what stands under an older key under the newest; answers how many mailboxes, 0 when none is left."""
    newest = keyring().newest
    with transaction.atomic():
        older = Q(smtp_key__gt="") & ~Q(smtp_key=newest)
        rows = Mailbox.objects.select_for_update().filter(~Q(imap_key=newest) | older).order_by("pk")[:BATCH]
        for row in rows:
            row.imap_key, row.imap_sealed = sealed(imap_password(row))
            if row.smtp_key:
                row.smtp_key, row.smtp_sealed = sealed(smtp_password(row))
            row.save(update_fields=["imap_key", "imap_sealed", "smtp_key", "smtp_sealed"])
        return len(rows)
