"""What happens to backups."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("backup.made")
@dataclass(frozen=True)
class BackupMade(Event):
    name: str
    """The name of the file, without its folder."""
    rows: int
    files: int
    size: int
    """Bytes."""
    with_keys: bool = False


@event("backup.failed")
@dataclass(frozen=True)
class BackupFailed(Event):
    why: str


@event("backup.restored")
@dataclass(frozen=True)
class BackupRestored(Event):
    name: str
    made_at: str
    rows: int


@event("backup.plan_changed")
@dataclass(frozen=True)
class BackupPlanChanged(Event):
    changed: tuple[str, ...]
