"""The nightly deletion killed for real, in the middle of a case and in the middle of the journal: what was begun is gone on with,
nothing is deleted twice, nothing is forgotten, and the chain holds.
"""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from tests.properties.test_clocks_exactly_once import hear, say, wait_for_the_dead, worker, workers
from tests.world import cast
from zhike.cases.models import Case, Note
from zhike.journal.models import Fact
from zhike.journal.seals import seal_all, verify_chain
from zhike.journal.stream import sequence_all
from zhike.keeping.models import Deletion, Run
from zhike.keeping.running import delete_due
from zhike.keeping.tests.test_deleting import CLOSED, DUE, SECRET, closed, kept_two_years

pytestmark = pytest.mark.django_db(transaction=True)
workers = workers
CASES = 24

# Stands still with everything of one case written and nothing committed, or with facts listed and not yet committed.
STAND_STILL = """
import datetime as dt, sys
import django
django.setup()
from zhike.journal import redactions
from zhike.keeping import erasing, running
now = dt.datetime.fromisoformat("{now}")
print("ready", flush=True)
where, nth = sys.stdin.readline().split()
seen = []
def still(real):
    def then(*some, **named):
        done = real(*some, **named)
        seen.append(1)
        if len(seen) == int(nth):
            print("in the middle", flush=True)
            sys.stdin.readline()
        return done
    return then
if where == "case":
    erasing.empty_fillings = still(erasing.empty_fillings)
else:
    redactions._tell = still(redactions._tell)
running.delete_due(by="system", now=lambda: now)
"""


@pytest.fixture
def home(tmp_path: Path) -> Any:
    with override_settings(ZHIKE_HOME=tmp_path, MEDIA_ROOT=tmp_path / "files"):
        yield


def test_killed_three_times_it_deletes_each_case_once(home: None, workers: list[subprocess.Popen[str]]) -> None:
    people = kept_two_years(cast())
    cases = [closed(people) for _ in range(CASES)]
    for where in ("case 2", "case 9", "journal 1"):
        victim = worker(STAND_STILL.format(now=DUE.isoformat()))
        workers.append(victim)
        assert hear(victim) == "ready"
        say(victim, where)
        assert hear(victim) == "in the middle"
        victim.send_signal(signal.SIGKILL)
        victim.wait(timeout=60)
        wait_for_the_dead()
    delete_due(by="system", now=lambda: DUE)
    sequence_all()
    seal_all()
    assert sorted(Deletion.objects.values_list("subject_id", "rest")) == [(case.pk, False) for case in cases]
    assert Fact.objects.filter(type="contents.deleted").count() == CASES
    assert Case.objects.filter(emptied_at=DUE, closed_at=CLOSED, data={}).count() == CASES
    assert Note.objects.exclude(words="").count() == 0
    assert [run.finished_at for run in Run.objects.all()] == [DUE]
    assert not Fact.objects.filter(payload__icontains=SECRET).exists()
    assert verify_chain().ok
