"""Secrets of subscriptions: made here, shown once, kept encrypted under the keys of identity numbers."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction

from zhike.lib.sealed import Sealed
from zhike.org.keys import keyring, seals
from zhike.webhooks.models import Subscription

PREFIX = "whsec_"
CONTEXT = "webhook secret"
BATCH = 200


def new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def sealed(secret: str) -> tuple[str, bytes]:
    """(id of the key, the sealed secret)."""
    made = keyring().seal(secret, CONTEXT)
    return made.key_id, made.data


def secrets_of(row: Subscription, now: dt.datetime) -> list[str]:
    """The secrets a delivery is signed with, the newest first: two while receivers change over. Raises lib.sealed.CannotOpen."""
    found = [_open(row.secret_key, row.secret_sealed)]
    if row.former_sealed is not None and row.former_until is not None and now < row.former_until:
        found.append(_open(row.former_key, row.former_sealed))
    return found


def _open(key: str, data: bytes | memoryview[int]) -> str:
    return keyring().open(Sealed(key, bytes(data), ""), CONTEXT)


@seals
def seal_again() -> int:
    """Seal what stands under an older key under the newest; answers how many subscriptions, 0 when none is left."""
    newest = keyring().newest
    with transaction.atomic():
        living = Subscription.objects.select_for_update().exclude(state=Subscription.State.REMOVED)
        stale = living.exclude(secret_key=newest, former_key__in=["", newest]).order_by("pk")[:BATCH]
        for row in stale:
            row.secret_key, row.secret_sealed = sealed(_open(row.secret_key, row.secret_sealed))
            if row.former_sealed is not None:
                row.former_key, row.former_sealed = sealed(_open(row.former_key, row.former_sealed))
            row.save(update_fields=["secret_key", "secret_sealed", "former_key", "former_sealed"])
        return len(stale)
