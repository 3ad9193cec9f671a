"""A proposal looked into, as a background job: its impact on open work, and the scenarios under both versions.

The scenarios are played by `zhike rehearse` in a process and a database of their own, so that neither the clock nor a row of the
department is touched. What is asked: which scenarios of the version in force fail under the new one, though they pass now; and
whether the new version's own scenarios pass.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from django.db import connection

from zhike.adoption.content import book_of_proposal, files_of_version, folder_files
from zhike.adoption.impact import impact
from zhike.adoption.models import Proposal
from zhike.handbook.archive import Files, write_folder
from zhike.handbook.compare import compare
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion

log = structlog.get_logger(__name__)

LONGEST = 1800.0
"""Seconds after which a rehearsal is given up."""
MOST_FAILURES = 50
Json = dict[str, Any]
Tick = Callable[[int, int], None]
Rehearse = Callable[[Files, Tick], Json]


class RehearsalFailed(RuntimeError):
    """The rehearsal itself could not run; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Run:
    """One rehearsal to make: the rules of one version with the scenarios of one."""

    name: str
    files: Files


def study(number: int, now: dt.datetime, rehearse: Rehearse | None = None) -> None:
    """Write what would change into the proposal. A study that fails says so; it can be asked for again."""
    proposal = Proposal.objects.select_related("base").get(pk=number)
    _keep(proposal, study_state=Proposal.Study.RUNNING, study_done=0)
    try:
        found = _impact(proposal, now)
        _keep(proposal, study=found)
        found["scenarios"] = _scenarios(proposal, rehearse or rehearse_apart)
        _keep(proposal, study=found, study_state=Proposal.Study.DONE, studied_at=now)
    except Exception as error:
        log.exception("a proposal could not be looked into", proposal=number)
        _keep(proposal, study={**proposal.study, "error": str(error)[:500]}, study_state=Proposal.Study.FAILED)


def _impact(proposal: Proposal, now: dt.datetime) -> Json:
    after = book_of_proposal(proposal)
    if proposal.base_id is None:
        return {"at": now.isoformat()}
    before = book_of(proposal.base_id)
    return impact(proposal.name, before, after, compare(before, after), now)


def _scenarios(proposal: Proposal, rehearse: Rehearse) -> Json:
    """`{"before": {...}, "after": {...}, "own": {...}, "now_failing": [...]}`; each run `{"passed", "failed", "failures"}`.

    `after` are the old version's scenarios under the new rules; `own` the new version's, where it brought others.
    """
    runs = runs_of(proposal)
    done, total = 0, 0
    told: Json = {}

    def tick(played: int, of: int) -> None:
        expected = max(total + of * (len(runs) - len(told)), 1)
        Proposal.objects.filter(pk=proposal.pk).update(study_done=done + played, study_total=expected)

    for run in runs:
        report = rehearse(run.files, tick)
        count = report["scenarios"]["passed"] + report["scenarios"]["failed"]
        done, total = done + count, total + count
        told[run.name] = {**report["scenarios"], "failures": report["failures"][:MOST_FAILURES]}
    return {**told, "now_failing": now_failing(told)}


def runs_of(proposal: Proposal) -> list[Run]:
    """Up to three rehearsals; those that would only say the same again are left out."""
    own = dict(proposal.files)
    base = HandbookVersion.objects.get(pk=proposal.base_id) if proposal.base_id else None
    kept = files_of_version(base) if base else {}

    def after(files: Files) -> Files:
        return folder_files(proposal.source, proposal.text, proposal.parameters, files)

    runs = []
    if base is not None and _has_scenarios(kept):
        runs.append(Run("before", folder_files(base.source, base.text, base.parameters, kept)))
        runs.append(Run("after", after(kept)))
    if _has_scenarios(own) and _scenario_files(own) != _scenario_files(kept):
        runs.append(Run("own", after(own)))
    return runs


def now_failing(told: Mapping[str, Json]) -> list[Json]:
    """Scenarios that pass today and fail under the new rules."""
    failed_before = {_key(one) for one in told.get("before", {}).get("failures", ())}
    return [one for one in told.get("after", {}).get("failures", ()) if _key(one) not in failed_before]


def _key(failure: Json) -> tuple[str, str]:
    return failure["file"], failure["scenario"]


def _has_scenarios(files: Files) -> bool:
    return any(name.endswith(".feature") for name in files)


def _scenario_files(files: Files) -> Files:
    return {name: text for name, text in files.items() if name.endswith(".feature") or name == "sample.yaml"}


def rehearse_apart(files: Files, tick: Tick) -> Json:
    """`zhike rehearse` on a folder with these files; answers what it prints. Raises RehearsalFailed."""
    with tempfile.TemporaryDirectory(prefix="zhike-rehearsal-") as place:
        folder = Path(place) / "handbook"
        write_folder(files, folder)
        command = [sys.executable, "-m", "zhike", "rehearse", str(folder), "--json", "--progress"]
        environ = {**os.environ, **_same_server(), "DJANGO_SETTINGS_MODULE": "zhike.settings"}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environ) as child:
            try:
                return _heard(child, tick)
            finally:
                child.kill()


def _same_server() -> dict[str, str]:
    """The server this process works on, so that the rehearsal neither starts nor stops one."""
    known = connection.settings_dict
    if os.environ.get("DATABASE_URL") or not str(known["HOST"]).startswith("/"):
        return {}
    port = f"&port={known['PORT']}" if known["PORT"] else ""
    return {"DATABASE_URL": f"postgresql://{known['USER']}@/{known['NAME']}?host={quote(known['HOST'], safe='')}{port}"}


def _heard(child: subprocess.Popen[str], tick: Tick) -> Json:
    """Progress comes line by line on the error stream, the report at the end on the other."""
    said: list[str] = []
    assert child.stderr is not None
    assert child.stdout is not None
    for line in child.stderr:
        done, _, total = line.strip().partition("/")
        if done.isdecimal() and total.isdecimal():
            tick(int(done), int(total))
        else:
            said.append(line)
    printed = child.stdout.read()
    child.wait(LONGEST)
    with contextlib.suppress(ValueError, StopIteration):
        report: Json = next(iter(json.loads(printed).values()))
        if "scenarios" in report:
            return report
    raise RehearsalFailed("".join(said[-5:]).strip() or printed[:300] or "the rehearsal said nothing")


def _keep(proposal: Proposal, **values: Any) -> None:
    for name, value in values.items():
        setattr(proposal, name, value)
    proposal.save(update_fields=list(values))
