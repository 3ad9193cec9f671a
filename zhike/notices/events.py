"""What somebody is told."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("notice.told", tells=("notice", "kind"))
@dataclass(frozen=True)
class NoticeTold(Event):
    """The subject of the fact is the notice, its audience whoever it is addressed to: the live feed wakes their pages,
    whether or not they may open what the notice is about.

    One for all notices that a batch addresses to the same principals: it names the last of them.
    """

    notice: int
    kind: str
    count: int = 1
