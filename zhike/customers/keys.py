"""The keys that seal identity numbers: ZHIKE_FIELD_KEYS, else the file ZHIKE_HOME/keys/fields, made on first use.

Every process reads the file again when it changed, so a rotation needs no restart.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from zhike.customers.events import KeysRotated
from zhike.customers.models import Identifier
from zhike.journal.actions import NewFact, record
from zhike.lib.sealed import Keyring, Sealed, make_key_file, new_key, parse_keys, replace_key_file
from zhike.org.principals import SYSTEM

VARIABLE = "ZHIKE_FIELD_KEYS"
BATCH = 1000
Progress = Callable[[int], None]
SealAgain = Callable[[], int]

_others: list[SealAgain] = []


def seals(again: SealAgain) -> SealAgain:
    """Register a room above that keeps sealed values of its own: it seals a batch of them again under the newest key, and answers how
    many; 0 when none is left under an older one."""
    _others[:] = [known for known in _others if known.__module__ != again.__module__] + [again]
    return again


def keyring() -> Keyring:
    """The keys in force. Raises lib.sealed.BadKeys for ones that cannot be read."""
    if text := os.environ.get(VARIABLE):
        return _of_text(text)
    place = key_file()
    if not place.exists():
        make_key_file(place)
    state = place.stat()
    return _of_file(place, state.st_mtime_ns, state.st_ino)


def key_file() -> Path:
    return Path(settings.ZHIKE_HOME) / "keys" / "fields"


@lru_cache(maxsize=2)
def _of_text(text: str) -> Keyring:
    return Keyring(parse_keys(text))


@lru_cache(maxsize=2)
def _of_file(place: Path, changed: int, number: int) -> Keyring:  # noqa: ARG001 - they tell one state of it from another
    return Keyring(parse_keys(place.read_text()))


def rotate_keys(*, now: dt.datetime, forget_old: bool = False, progress: Progress | None = None) -> int:
    """Make a new key and seal every identifier, and what rooms above keep sealed, again under it; answers how many.

    Stopped half-way, the next call goes on.

    With ZHIKE_FIELD_KEYS the operator has put the new key last himself. Old keys stay in the file, because a backup may
    need them, unless `forget_old`.
    """
    if not os.environ.get(VARIABLE):
        keyring()
        if not _unfinished():
            replace_key_file(key_file(), [*parse_keys(key_file().read_text()), new_key()])
    count = 0
    for again in (_seal_again, *_others):
        while moved := again():
            count += moved
            if progress:
                progress(count)
    newest = keyring().newest
    with transaction.atomic():
        fact = KeysRotated(key=newest, count=count)
        record([NewFact(fact, at=now, subject=("keys", 0), actor=SYSTEM)])
    if forget_old and not os.environ.get(VARIABLE):
        replace_key_file(key_file(), [key for key in parse_keys(key_file().read_text()) if key.id == newest])
    return count


def _unfinished() -> bool:
    """A rotation was interrupted: some identifiers are under the newest key, and some are not."""
    newest = keyring().newest
    return Identifier.objects.filter(key_id=newest).exists() and Identifier.objects.exclude(key_id=newest).exists()


def _seal_again() -> int:
    ring = keyring()
    with transaction.atomic():
        rows = list(Identifier.objects.select_for_update().exclude(key_id=ring.newest).order_by("pk")[:BATCH])
        for row in rows:
            again = ring.seal(ring.open(sealed_of(row), row.kind), row.kind)
            row.key_id, row.sealed, row.blind = again.key_id, again.data, again.blind
        Identifier.objects.bulk_update(rows, ["key_id", "sealed", "blind"])
    return len(rows)


def sealed_of(row: Identifier) -> Sealed:
    return Sealed(row.key_id, bytes(row.sealed), row.blind)
