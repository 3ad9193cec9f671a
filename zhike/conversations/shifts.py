"""Shifts of those who answer: until when somebody is on, and what happens to what he has in hand when his shift ends.

A route clause on `shift.ended` says where his open conversations go (releasing.py); the handbook's parameter `off_at_shift_end` says
whether he is off from then on. Where neither speaks he goes on for as long as he says he is ready: overtime is his own word.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from zhike.conversations.models import Presence
from zhike.conversations.presence import enter_state
from zhike.conversations.releasing import release
from zhike.org.handbooks import NoHandbook, book_of, current
from zhike.org.principals import SYSTEM
from zhike.org.rosters import on_shift

ENDED = "shift_ended"


def note_shifts(staff_ids: Collection[int], now: dt.datetime) -> None:
    """Keep until when these are on shift, where a shift is planned for them."""
    ends = on_shift(now, set(staff_ids))
    for held in Presence.objects.filter(staff__in=staff_ids):
        if held.shift_ends_at != ends.get(held.staff_id):
            Presence.objects.filter(pk=held.pk).update(shift_ends_at=ends.get(held.staff_id))


def end_shifts(now: dt.datetime) -> int:
    """Whose shift has ended by `now`: hand on what he has, once. Answers how many people."""
    ended = Presence.objects.filter(shift_ends_at__lte=now).exclude(state=Presence.State.OFF).select_related("staff")
    done = 0
    for held in ended:
        # The claim: whoever clears the moment goes on with it.
        claimed = Presence.objects.filter(pk=held.pk, shift_ends_at=held.shift_ends_at).update(shift_ends_at=None)
        if claimed:
            done += 1
            _end(held, now)
    return done


def _end(held: Presence, now: dt.datetime) -> None:
    if _goes_off(held, now):
        enter_state(held.staff, Presence.State.OFF, now=now, by=SYSTEM, handbook=held.handbook, reason=ENDED)
    release([held.staff_id], "shift.ended", now)


def _goes_off(held: Presence, now: dt.datetime) -> bool:
    try:
        book = book_of(current(held.handbook, now).pk)
    except NoHandbook:
        return False
    return book.parameters.get("off_at_shift_end") is True
