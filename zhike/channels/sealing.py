"""Secrets of inboxes, in their settings under `sealed`: encrypted with the keys of identity numbers, sealed again when those change."""

from __future__ import annotations

import base64

from django.db import transaction

from zhike.conversations.models import Inbox
from zhike.lib.sealed import Sealed
from zhike.org.keys import keyring, seals

BATCH = 200


def seal_into(inbox: Inbox, name: str, secret: str) -> None:
    """Put a secret into the inbox's settings; the caller saves the row."""
    made = keyring().seal(secret, _context(name))
    kept = {"key": made.key_id, "data": base64.b64encode(made.data).decode()}
    inbox.settings = {**inbox.settings, "sealed": {**inbox.settings.get("sealed", {}), name: kept}}


def open_from(inbox: Inbox, name: str) -> str:
    """The secret; "" where none was set. Raises lib.sealed.CannotOpen."""
    kept = inbox.settings.get("sealed", {}).get(name)
    if not kept:
        return ""
    return keyring().open(Sealed(kept["key"], base64.b64decode(kept["data"]), ""), _context(name))


@seals
def seal_inboxes_again() -> int:
    """Seal what stands under an older key under the newest; answers how many inboxes, 0 when none is left."""
    newest = keyring().newest
    with transaction.atomic():
        rows = Inbox.objects.select_for_update().filter(settings__has_key="sealed").order_by("pk")
        stale = [row for row in rows if any(kept["key"] != newest for kept in row.settings["sealed"].values())][:BATCH]
        for row in stale:
            for name in list(row.settings["sealed"]):
                seal_into(row, name, open_from(row, name))
            row.save(update_fields=["settings"])
    return len(stale)


def _context(name: str) -> str:
    return f"inbox {name}"
