"""The daily run: everything that is due, one transaction each, so that a run that is killed is simply gone on with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError

from zhike.clocks.nightly import alone, night_of
from zhike.keeping.due import Due, due_by
from zhike.keeping.erasing import erase
from zhike.keeping.models import Failure, Run
from zhike.keeping.rules import every_rule
from zhike.keeping.sweeping import sweep

log = structlog.get_logger("zhike.keeping")
LOCK = 7_401_017
"""Key of the advisory lock: one run at a time. It dies with the connection of a run that is killed."""
HOUR = 3
"""From this hour of the night on, the product's time zone."""
Clock = Callable[[], dt.datetime]


def is_due(now: dt.datetime) -> bool:
    """Whether this night's run has not begun, or has not come to its end."""
    newest = Run.objects.order_by("-started_at", "-pk").first()
    return newest is None or newest.finished_at is None or newest.started_at < night_of(now, HOUR)


def delete_due(*, by: str, now: Clock) -> Run | None:
    """Delete everything that is due; a run that did not come to its end is gone on with. None while another one is at it."""
    with alone(LOCK) as free:
        if not free:
            return None
        run = Run.objects.filter(finished_at=None).order_by("-pk").first()
        run = run or Run.objects.create(started_at=now(), by=by)
        failed = set(run.failures.values_list("subject_kind", "subject_id"))
        for rule in every_rule():
            for due in due_by(rule, now(), waiting=False):
                if (due.kind, due.id) not in failed:
                    _try(due, run, now)
        sweep(now)
        run.finished_at = now()
        run.save(update_fields=["finished_at"])
        return run


def _try(due: Due, run: Run, now: Clock) -> None:
    """One that cannot be deleted does not keep the others; a database that went away ends the run."""
    try:
        erase(due, run, now=now())
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # No traceback and no words of the error: they may quote what was to be deleted.
        why = type(error).__name__
        log.warning("contents were not deleted", kind=due.kind, number=due.number, error=why)
        Failure.objects.get_or_create(
            run=run,
            subject_kind=due.kind,
            subject_id=due.id,
            defaults={"at": now(), "number": due.number, "why": why},
        )
