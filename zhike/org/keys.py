"""The keys that seal identity numbers and secrets: ZHIKE_FIELD_KEYS, else the file ZHIKE_HOME/keys/fields, made on first use.

Every process reads the file again when it changed, so a rotation needs no restart. A room whose table holds sealed values
names it once, so that a rotation seals them again:

    rotates(Identifier, context_of=lambda row: row.kind)

and one whose table looks otherwise says itself how it is sealed again (`@seals`).
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models, transaction

from zhike.journal.actions import NewFact, record
from zhike.lib.sealed import Keyring, Sealed, make_key_file, new_key, parse_keys, replace_key_file
from zhike.org.events import KeysRotated
from zhike.org.principals import SYSTEM

VARIABLE = "ZHIKE_FIELD_KEYS"
BATCH = 1000
Progress = Callable[[int], None]
SealAgain = Callable[[], int]


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table with `key_id` and `sealed`, and with `blind` where values are looked up."""

    model: type[models.Model]
    context_of: Callable[[Any], str]
    """What kind of value a row holds; a value moved to another kind does not open there."""
    columns: tuple[str, ...]

    def unsealed_by(self, key_id: str) -> models.QuerySet[Any]:
        """Rows under any other key."""
        return self.model._default_manager.exclude(key_id=key_id)


_tables: dict[str, SealedTable] = {}
_others: dict[str, SealAgain] = {}


def rotates(model: type[models.Model], *, context_of: Callable[[Any], str]) -> None:
    """Let a rotation seal this table again. Named once, however often its module is imported."""
    columns = tuple(field.name for field in model._meta.fields if field.name in ("key_id", "sealed", "blind"))
    _tables[model._meta.label] = SealedTable(model, context_of, columns)


def seals(again: SealAgain) -> SealAgain:
    """Register what seals a batch of a room's values again under the newest key and answers how many, 0 when none is left."""
    _others[again.__module__] = again
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
    """Make a new key and seal everything again under it; answers how many. Stopped half-way, the next call goes on.

    With ZHIKE_FIELD_KEYS the operator has put the new key last himself. Old keys stay in the file, because a backup may
    need them, unless `forget_old`.
    """
    if not os.environ.get(VARIABLE):
        keyring()
        if not _unfinished():
            replace_key_file(key_file(), [*parse_keys(key_file().read_text()), new_key()])
    count = 0
    tables: list[SealAgain] = [partial(_seal_again, table) for table in _tables.values()]
    for again in [*tables, *_others.values()]:
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
    """A rotation was interrupted: some values are under the newest key, and some are not."""
    newest = keyring().newest
    done = any(table.model._default_manager.filter(key_id=newest).exists() for table in _tables.values())
    return done and any(table.unsealed_by(newest).exists() for table in _tables.values())


def _seal_again(table: SealedTable) -> int:
    ring = keyring()
    with transaction.atomic():
        rows = list(table.unsealed_by(ring.newest).select_for_update().order_by("pk")[:BATCH])
        for row in rows:
            context = table.context_of(row)
            again = ring.seal(ring.open(sealed_of(row), context), context)
            row.key_id, row.sealed, row.blind = again.key_id, again.data, again.blind
        table.model._default_manager.bulk_update(rows, table.columns)
    return len(rows)


def sealed_of(row: Any) -> Sealed:
    """What stands in a row's `key_id`, `sealed` and, where it has one, `blind`."""
    return Sealed(row.key_id, bytes(row.sealed), getattr(row, "blind", ""))
