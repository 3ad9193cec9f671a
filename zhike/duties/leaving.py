"""What somebody owes in person goes to his successor when he leaves; what a role owes stays with the role."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from zhike.clocks.actions import reassign_clock
from zhike.clocks.models import Clock
from zhike.duties.models import Obligation
from zhike.handbook.common import Text
from zhike.org.handbooks import book_of
from zhike.org.holdings import Handover, Holding, Subject, register_holding
from zhike.org.principals import staff_key


def owed_by(staff_id: int, covered: Collection[Subject], _now: dt.datetime) -> Iterable[Holding]:
    """His open obligations, without those that move along with their subject. One query."""
    rows = Obligation.objects.filter(holders__contains=[staff_key(staff_id)], is_open=True).order_by("begins_at", "id")
    return [_holding(row) for row in rows if row.subject not in covered]


def _holding(row: Obligation) -> Holding:
    title = book_of(row.version_id).clause(row.clause).title
    period = "" if row.period == "once" else f" · {row.period}"
    words = Text(zh=f"{row.clause} {title.zh}{period}", en=f"{row.clause} {title.say('en')}{period}")
    return Holding("duty", row.pk, words)


def give_duties(rows: Sequence[Holding], handover: Handover) -> None:
    """The clock that watches an obligation is handed over and takes it along; one without a clock is handed over itself."""
    leaving = staff_key(handover.leaver.pk)
    owed = Obligation.objects.select_for_update().in_bulk([row.id for row in rows])
    watches = dict(
        Clock.objects.filter(key__in=[o.watch_key for o in owed.values()], state__in=Clock.UNDECIDED).values_list(
            "key", "pk"
        )
    )
    for number, row in sorted(owed.items()):
        taker = staff_key(handover.given[f"duty:{number}"].pk)
        holders = list(dict.fromkeys(taker if each == leaving else each for each in row.holders))
        if (clock := watches.get(row.watch_key)) is not None:
            reassign_clock(clock, holders, at=handover.now, by=handover.by)
        Obligation.objects.filter(pk=number).update(holders=holders)


register_holding("duty", Text(zh="例行事项", en="Duties"), rank=20, find=owed_by, give=give_duties)
