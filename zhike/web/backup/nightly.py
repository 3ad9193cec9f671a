"""Backups by themselves: every night, kept for so many days, in a folder beside the data or wherever ZHIKE_BACKUPS says.

A failed one is tried again a few times the same night. The newest good one is never removed, however old it is.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from zhike.clocks.nightly import alone, night_of
from zhike.journal.actions import NewFact, record
from zhike.org.principals import SYSTEM
from zhike.web.backup import events
from zhike.web.backup.making import BackupFailed, Source, make_backup
from zhike.web.backup.manifest import Manifest
from zhike.web.backup.programs import NoProgram
from zhike.web.backup.swapping import Swap
from zhike.web.cli import environment
from zhike.web.cli.postgres import Embedded
from zhike.web.cli.scratch import with_name
from zhike.web.models import BackupPlan, BackupRun

SUBJECT = ("backup", 0)
LOCK = 7_401_004
"""Key of the advisory lock: one backup of ours at a time."""
ATTEMPTS = 3
"""A night."""
OVERDUE = dt.timedelta(hours=36)
"""Without a good backup for so long, the page of backups says so."""
Clock = Callable[[], dt.datetime]


def folder() -> Path:
    """Where backups go: ZHIKE_BACKUPS, else `backups` in the data folder."""
    return Path(os.environ.get("ZHIKE_BACKUPS") or Path(settings.ZHIKE_HOME) / "backups")


def name_at(now: dt.datetime) -> str:
    return f"zhike-{timezone.localtime(now):%Y%m%d-%H%M%S}.backup"


def plan() -> BackupPlan:
    return BackupPlan.objects.get_or_create(pk=1)[0]


def is_due(now: dt.datetime) -> bool:
    """Whether this night's backup is still to be made."""
    chosen = plan()
    if not chosen.is_on or settings.SANDBOX:
        return False
    tonight = list(BackupRun.objects.filter(started_at__gte=night_of(now, chosen.hour)).values_list("state", flat=True))
    return "done" not in tonight and tonight.count("failed") < ATTEMPTS


def run_backup(*, by: str, now: Clock) -> BackupRun | None:
    """Make one and remove those whose time is over. None when another one is being made."""
    with alone(LOCK) as free:
        if not free:
            return None
        _clear_up(now())
        began = now()
        run = BackupRun.objects.create(started_at=began, by=by, name=name_at(began))
        try:
            place = folder()
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            manifest = make_backup(source(), place / run.name, progress=_noting(run))
        except (BackupFailed, NoProgram, OSError) as error:
            _failed(run, str(error), now())
        else:
            _done(run, manifest, place / run.name, now())
            forget_old(now())
        return run


def source() -> Source:
    url = environment.external_database() or Embedded(Path(settings.ZHIKE_HOME)).url
    return Source(with_name(url, str(connection.settings_dict["NAME"])), Path(settings.ZHIKE_HOME), settings.SANDBOX)


def _clear_up(now: dt.datetime) -> None:
    """What a killed worker left: a run that says it goes on, and half a file."""
    BackupRun.objects.filter(state="running").update(state="failed", finished_at=now, why="cut off")
    for left in folder().glob(".zhike-*.unfinished"):
        left.unlink(missing_ok=True)


def _noting(run: BackupRun) -> Callable[[str, int, int], None]:
    said: list[tuple[str, int]] = [("", 0)]

    def note(step: str, done: int, total: int) -> None:
        share = 100 * done // max(total, 1)
        if (step, share // 10) != said[-1]:
            said[-1] = (step, share // 10)
            BackupRun.objects.filter(pk=run.pk).update(step=step, share=share)

    return note


def _done(run: BackupRun, manifest: Manifest, place: Path, now: dt.datetime) -> None:
    run.state, run.finished_at, run.step = "done", now, ""
    run.size, run.rows, run.files = place.stat().st_size, manifest.rows, len(manifest.files)
    run.why = f"{len(manifest.gone)} missing files" if manifest.gone else ""
    run.save(update_fields=["state", "finished_at", "step", "size", "rows", "files", "why"])
    tell_made(manifest, place, by=run.by, now=now)


def _failed(run: BackupRun, why: str, now: dt.datetime) -> None:
    run.state, run.finished_at, run.why = "failed", now, why[:400]
    run.save(update_fields=["state", "finished_at", "why"])
    with transaction.atomic():
        record([NewFact(events.BackupFailed(why[:400]), at=now, subject=SUBJECT, actor=run.by)])


def forget_old(now: dt.datetime) -> int:
    """Remove files whose days are over, but never the newest good one; how many."""
    good = BackupRun.objects.filter(state="done", removed_at=None).order_by("-started_at")
    newest = good.first()
    if newest is None:
        return 0
    old = good.filter(started_at__lt=now - dt.timedelta(days=plan().keep_days)).exclude(pk=newest.pk)
    for run in old:
        (folder() / run.name).unlink(missing_ok=True)
        run.removed_at = now
        run.save(update_fields=["removed_at"])
    return len(old)


def tell_made(manifest: Manifest, place: Path, *, by: str, now: dt.datetime) -> None:
    made = events.BackupMade(
        place.name, manifest.rows, len(manifest.files), place.stat().st_size, with_keys=manifest.with_keys
    )
    with transaction.atomic():
        record([NewFact(made, at=now, subject=SUBJECT, actor=by)])


def tell_restored(swap: Swap, *, now: dt.datetime) -> None:
    """Written into the restored journal; the run that made the backup stands in it as one that goes on, which it does not."""
    with transaction.atomic():
        BackupRun.objects.filter(state="running").update(state="failed", finished_at=now, why="restored from it")
        restored = events.BackupRestored(swap.file, swap.made_at, swap.rows)
        record([NewFact(restored, at=now, subject=SUBJECT, actor=SYSTEM)])


def change_plan(*, is_on: bool, hour: int, keep_days: int, by: str, now: dt.datetime) -> None:
    """Numbers are checked by the form; the table refuses others."""
    kept = plan()
    said = {"is_on": is_on, "hour": hour, "keep_days": keep_days}
    changed = tuple(name for name, value in said.items() if getattr(kept, name) != value)
    if not changed:
        return
    with transaction.atomic():
        BackupPlan.objects.filter(pk=1).update(**said)
        record([NewFact(events.BackupPlanChanged(changed), at=now, subject=SUBJECT, actor=by)])
