"""Clocks that somebody holds in person, beside those of his cases and duties, go to his successor when he leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from zhike.clocks.actions import reassign_clock
from zhike.clocks.models import Clock
from zhike.handbook.common import Text
from zhike.org.handbooks import book_of
from zhike.org.holdings import Handover, Holding, Subject, register_holding
from zhike.org.principals import staff_key


def held_by(staff_id: int, covered: Collection[Subject], _now: dt.datetime) -> Iterable[Holding]:
    """Two queries. Those that watch a duty are named with the duty."""
    his = Clock.objects.filter(holders__contains=[staff_key(staff_id)], watches="").order_by("due_at", "id")
    rows = [*his.filter(state__in=Clock.OPEN), *his.filter(state=Clock.State.WAITING)]
    return [_holding(row) for row in rows if row.subject not in covered]


def _holding(row: Clock) -> Holding:
    title = book_of(row.version_id).clause(row.clause).title
    return Holding("clock", row.pk, Text(zh=f"{row.clause} {title.zh}", en=f"{row.clause} {title.say('en')}"))


def give_clocks(rows: Sequence[Holding], handover: Handover) -> None:
    leaving = staff_key(handover.leaver.pk)
    held = dict(Clock.objects.filter(pk__in=[row.id for row in rows]).values_list("pk", "holders"))
    for number in sorted(held):
        taker = staff_key(handover.given[f"clock:{number}"].pk)
        holders = list(dict.fromkeys(taker if each == leaving else each for each in held[number]))
        reassign_clock(number, holders, at=handover.now, by=handover.by)


register_holding("clock", Text(zh="手里的时限", en="Clocks"), rank=30, find=held_by, give=give_clocks)
