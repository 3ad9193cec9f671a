"""Keeping what was filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from zhike.journal.redactions import emptying
from zhike.journal.statements import insert
from zhike.records.models import Filling, UndoneFilling
from zhike.records.uniqueness import forget


def keep_filling(
    *,
    version_id: int,
    record: str,
    subject: tuple[str, int],
    values: Mapping[str, Any],
    actor: str,
    at: dt.datetime,
    action: str = "",
    round: int = 1,  # noqa: A002 - the rounds of a case
) -> Filling:
    """Keep one checked filling of a form, in the caller's transaction.

    A correction is another filling; the database refuses changes.
    """
    kind, number = subject
    return insert(
        Filling(
            at=at, version_id=version_id, record=record, subject_kind=kind, subject_id=number, action=action, round=round,
            actor=actor, values=dict(values),
        )
    )  # fmt: skip


def undo_filling(filling_id: int, *, by: str, at: dt.datetime) -> None:
    """The filling counts no more, in the caller's transaction; a second time changes nothing."""
    UndoneFilling.objects.get_or_create(filling_id=filling_id, defaults={"at": at, "by": by})


def empty_fillings(kind: str, number: int, record: str = "") -> int:
    """Take the values out of what was filled in, of one form only where it is named, in the caller's transaction; how many.

    The one change a filling ever sees: its time of keeping is over.
    """
    rows = Filling.objects.filter(subject_kind=kind, subject_id=number).exclude(values={})
    rows = rows.filter(record=record) if record else rows
    forget(kind, number, record)
    with emptying():
        return rows.update(values={})
