"""What happens by itself while the virtual clock moves: limits run out, the router looks, people fall silent, members grow into a class."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db.models import Q

from zhike.clocks.actions import fire_due
from zhike.clocks.models import Clock
from zhike.clocks.moments import next_of_others
from zhike.conversations.draining import look_after
from zhike.conversations.models import Conversation, Presence
from zhike.conversations.presence import hear, silence_of
from zhike.customers.models import Customer
from zhike.duties.populations import duties_over, look_at_populations
from zhike.handbook.book import Book
from zhike.handbook.named import asks_for
from zhike.journal.seals import seal_all
from zhike.journal.stream import sequence_pending
from zhike.keeping.due import ended_under
from zhike.keeping.rules import Rule, rules_of
from zhike.keeping.running import delete_due
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM
from zhike.rehearsal.vocabulary import StepFailed

if TYPE_CHECKING:
    from zhike.rehearsal.world import World

INSTANT = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)
JOB = dt.timedelta(minutes=10)
"""How often the job looks at populations in a running house."""
MOST_MOMENTS = 20_000
QUIET_LOOKS, QUIET_TIME = {True: 200, False: 2_000}, dt.timedelta(hours=2)
"""With offers on the way (True) or without any, such as places told again and again. After so many looks of the router, over so long, that
led to nothing that was not there before, it goes round in a circle: an offer that nobody takes comes back for ever. Its looks are passed
over then, until something else changes what waits or who is there.
"""
MOST_REPEATS = 5
"""Looks at one and the same instant after which nothing new is expected of it."""
GROWING = ("customer.known_days", "joined_days")
"""What changes of a member while nobody does anything."""


@dataclass
class Passing:
    """One move of time. `beyond`: of each kind of moment, the instant at which nothing comes of it any more."""

    world: World
    until: dt.datetime
    beyond: dict[str, dt.datetime] = field(default_factory=dict)
    repeats: int = 0
    known: set[object] = field(default_factory=set)
    """How what waits and who is there have stood in this move."""
    looks: int = 0
    offers: bool = False
    """Whether something was on offer to somebody while it went on so."""
    new_at: dt.datetime = field(init=False)
    talks: bool = field(init=False)
    """Whether there is anything for the router; a department of cases alone is not asked again and again."""
    last: tuple[dt.datetime, str] | None = None

    def __post_init__(self) -> None:
        self.new_at = self.world.now
        self.talks = is_talking()

    @property
    def goes_round(self) -> bool:
        return self.looks >= QUIET_LOOKS[self.offers] and self.world.now - self.new_at >= QUIET_TIME

    def run(self) -> None:
        """Everything due on the way, each at its own moment. Raises StepFailed where it never ends."""
        for _ in range(MOST_MOMENTS):
            coming = self.next()
            if coming is None or coming[0] > self.until:
                return
            self.meet(*coming)
        raise StepFailed(
            f"到 {self.world.shown(self.until)} 之前，时限、派送和排队自己发生了 {MOST_MOMENTS} 次以上，没有走完。"
            "请让人接起或结束会话，或把时间分成几步"
        )

    def next(self) -> tuple[dt.datetime, str] | None:
        after = self.beyond.get
        asked = self.talks and not self.goes_round
        moments = (
            (clock_moment(after("clock")), "clock"), (router_moment(after("router")) if asked else None, "router"),
            (silence_moment(self.world), "router"), (growth_moment(self.world), "population"),
            (keeping_moment(self.world, after("keeping")), "keeping"),
        )  # fmt: skip
        return min(((max(at, self.world.now), what) for at, what in moments if at is not None), default=None)

    def meet(self, at: dt.datetime, what: str) -> None:
        self.world.now = at
        self.repeats = self.repeats + 1 if self.last == (at, what) else 0
        self.last = (at, what)
        fired = what == "clock" and fire_due(min(at + INSTANT, self.until)) > 0
        if (what == "clock" and not fired) or self.repeats >= MOST_REPEATS:
            self.beyond[what] = at
        if what == "population":
            look_at_populations(at)
        if what == "keeping":
            self.beyond[what] = at
            delete_what_is_due(at)
        self.talks = look_around(self.world, at)
        if self.talks:
            self.note(at, what)

    def note(self, at: dt.datetime, what: str) -> None:
        """Whether anything stands as it did not stand before."""
        if what != "router" and not self.known:
            return
        standing = how_it_stands()
        self.offers = self.offers or Conversation.objects.filter(state=Conversation.State.OFFERED).exists()
        if standing not in self.known:
            self.known.add(standing)
            self.looks, self.new_at = 0, at
        elif what == "router":
            self.looks += 1


def how_it_stands() -> object:
    """What waits and with whom, and who is doing what."""
    live = Conversation.objects.exclude(state=Conversation.State.CLOSED).order_by("id")
    people = Presence.objects.order_by("staff_id")
    return (
        tuple(live.values_list("id", "state", "queue", "offered_to", "owner")),
        tuple(people.values_list("staff_id", "state", "reason")),
    )


def is_talking() -> bool:
    return Conversation.objects.exists() or Presence.objects.exists()


def look_around(world: World, at: dt.datetime) -> bool:
    """What the worker does after each transaction and at its moments. Whoever is there is heard of, unless he was cut off.

    Answers whether there is anything for the router at all.
    """
    if not is_talking():
        return False
    there = set(Presence.objects.exclude(state=Presence.State.OFF).values_list("staff_id", flat=True))
    hear(sorted(there - world.cut_off), at)
    look_after(at, listening=True)
    return True


def clock_moment(after: dt.datetime | None) -> dt.datetime | None:
    """When the next limit warns or runs out, or something that lasts is over."""
    coming = Clock.objects.filter(next_at__isnull=False) if after is None else Clock.objects.filter(next_at__gt=after)
    first = coming.order_by("next_at").values_list("next_at", flat=True).first()
    return min((at for at in (first, next_of_others(after)) if at is not None), default=None)


def router_moment(after: dt.datetime | None) -> dt.datetime | None:
    """When the router has something to do by itself, the end of a shift among it."""
    waiting = Q(state="waiting", look_at__isnull=False) if after is None else Q(state="waiting", look_at__gt=after)
    offered = (
        Q(state="offered", offer_ends_at__isnull=False)
        if after is None
        else Q(state="offered", offer_ends_at__gt=after)
    )
    talks, people = Conversation.objects.all(), Presence.objects.exclude(state=Presence.State.OFF)
    wrapped = people.filter(state=Presence.State.WRAP_UP, until__isnull=False)
    on_shift = people.filter(shift_ends_at__isnull=False)
    rows = (
        talks.filter(waiting).order_by("look_at").values_list("look_at", flat=True),
        talks.filter(offered).order_by("offer_ends_at").values_list("offer_ends_at", flat=True),
        (wrapped if after is None else wrapped.filter(until__gt=after)).order_by("until").values_list("until", flat=True),
        (on_shift if after is None else on_shift.filter(shift_ends_at__gt=after))
        .order_by("shift_ends_at").values_list("shift_ends_at", flat=True),
    )  # fmt: skip
    return min((at for row in rows if (at := row.first()) is not None), default=None)


def keeping_moment(world: World, after: dt.datetime | None) -> dt.datetime | None:
    """When something has next been kept as long as the handbook says; none where it says of nothing how long."""
    rules = keeping_rules(world.version.pk, world.book)
    ended = [one for rule in rules for one in ended_under(rule)]
    return min((at for at in ended if after is None or at > after), default=None)


@lru_cache(maxsize=64)
def keeping_rules(version: int, book: Book) -> tuple[Rule, ...]:
    return tuple(rules_of(version, book))


def delete_what_is_due(at: dt.datetime) -> None:
    """The run of the night, at the very moment; what was told until then is sealed as it would have been long ago."""
    sequence_pending()
    seal_all()
    delete_due(by=SYSTEM, now=lambda: at)


def silence_moment(world: World) -> dt.datetime | None:
    """When somebody who was cut off counts as gone."""
    if not world.cut_off:
        return None
    silence = silence_of(world.book.name, {world.book.name: world.book})
    silent = Presence.objects.filter(staff__in=world.cut_off).exclude(state=Presence.State.OFF)
    heard = silent.order_by("heard_at").values_list("heard_at", flat=True).first()
    return heard + silence + INSTANT if heard is not None else None


def growth_moment(world: World) -> dt.datetime | None:
    """When the job next finds a member who has been known a day longer; None where no clause asks for days."""
    if not duties_over(world.book) or not asks_for(world.book, *GROWING):
        return None
    joined = [
        *Customer.objects.values_list("created_at", flat=True),
        *Staff.objects.values_list("created_at", flat=True),
    ]
    return min(
        (_at_the_job(at + ((world.now - at) // DAY + 1) * DAY) for at in set(joined) if at <= world.now), default=None
    )


def _at_the_job(moment: dt.datetime) -> dt.datetime:
    """The next turn of the job, at the full ten minutes."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -(-(moment - midnight) // JOB) * JOB
