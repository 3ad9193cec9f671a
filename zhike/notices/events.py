"""What somebody is told."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("notice.told", tells=("notice", "kind"))
@dataclass(frozen=True)
class NoticeTold(Event):
    """The audience of the fact is whoever the notice is addressed to, so the live feed wakes exactly their pages."""

    notice: int
    kind: str
