"""Four workers on the same clocks, and workers that die in the middle: every clock fires once, none twice, none never.

Real processes on the real database. Nothing here waits for time to pass: the children are told the moment to fire at.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction

from zhike.cases.models import Case
from zhike.clocks import queries
from zhike.clocks.actions import fire_due, start_clocks
from zhike.clocks.models import Clock
from zhike.clocks.tests.ground import at, count_facts, deadline, start_of, version_of
from zhike.journal.models import ClauseUse, Fact

pytestmark = pytest.mark.django_db(transaction=True)

CLOCKS = 2_000
NOON = at("06-10 12:00")

BEGIN = """
import datetime as dt, sys
import django
django.setup()
from django.db import connection
from zhike.clocks.actions import fire_due
from zhike.clocks.events import ClockBreached
from zhike.journal import reactions
from zhike.journal.reactions import reacts_to
reactions._reactions.clear()
now = dt.datetime.fromisoformat(sys.argv[1])
connection.ensure_connection()
print("ready", flush=True)
sys.stdin.readline()
"""

FIRE_ALL = BEGIN + "while fire_due(now, 50): pass\n"

# Stands still inside its third batch: rows changed, facts and ledger written, nothing committed.
STAND_STILL = (
    BEGIN
    + """
seen = []
@reacts_to(ClockBreached)
def stand_still(events):
    seen.append(len(events))
    if len(seen) == 3:
        print("in the middle", flush=True)
        sys.stdin.readline()
while fire_due(now, 50): pass
"""
)


def database_url() -> str:
    """The test database, as a child process has to name it."""
    at_ = connection.settings_dict
    query = {name: str(at_[name.upper()]) for name in ("host", "port") if at_[name.upper()]}
    who = quote(at_["USER"], safe="") + (":" + quote(at_["PASSWORD"], safe="") if at_["PASSWORD"] else "")
    return f"postgresql://{who}@/{quote(at_['NAME'], safe='')}?{urlencode(query)}"


def worker(program: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "ZHIKE_HOME": str(settings.ZHIKE_HOME),
        "DJANGO_SETTINGS_MODULE": "zhike.settings",
    }
    return subprocess.Popen(
        [sys.executable, "-c", program, NOON.isoformat()],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def workers() -> Iterator[list[subprocess.Popen[str]]]:
    """Children of this test; whatever is still alive at its end is killed."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for child in started:
        child.kill()
        child.communicate()


@pytest.fixture
def due_clocks() -> None:
    """2,000 clocks on 2,000 cases; every fourth has a warning to give and no breach yet at noon."""
    version = version_of(deadline(), deadline("WARN-16", within="210m"))
    starts = [
        start_of(version, "WARN-05" if n % 4 else "WARN-16", subject=("example", n), key=f"example:{n}")
        for n in range(CLOCKS)
    ]
    with transaction.atomic():
        start_clocks(starts)


def say(child: subprocess.Popen[str], word: str = "go") -> None:
    assert child.stdin is not None
    child.stdin.write(word + "\n")
    child.stdin.flush()


def hear(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def assert_each_fired_once() -> None:
    breached = Counter(Fact.objects.filter(type="clock.breached").values_list("subject_id", flat=True))
    warned = Counter(Fact.objects.filter(type="clock.warned").values_list("subject_id", flat=True))
    broken = Counter(ClauseUse.objects.filter(outcome="broken").values_list("subject_id", flat=True))
    assert breached == broken == {n: 1 for n in range(CLOCKS) if n % 4}
    assert warned == {n: 1 for n in range(CLOCKS) if n % 4 == 0}
    states = Counter(Clock.objects.values_list("state", flat=True))
    assert states == {"overdue": CLOCKS * 3 // 4, "running": CLOCKS // 4}


def test_four_workers_fire_the_same_clocks_each_exactly_once(due_clocks: None, workers: list[subprocess.Popen[str]]):
    workers += [worker(FIRE_ALL) for _ in range(4)]
    assert [hear(child) for child in workers] == ["ready"] * 4
    for child in workers:
        say(child)
    assert [child.wait(timeout=60) for child in workers] == [0] * 4
    assert_each_fired_once()


def test_a_worker_killed_in_the_middle_of_a_batch_loses_nothing_and_doubles_nothing(
    due_clocks: None, workers: list[subprocess.Popen[str]]
):
    for _ in range(3):
        victim = worker(STAND_STILL)
        workers.append(victim)
        assert hear(victim) == "ready"
        say(victim)
        assert hear(victim) == "in the middle"
        victim.send_signal(signal.SIGKILL)
        victim.wait(timeout=60)
    wait_for_the_dead()
    while fire_due(NOON):
        pass
    assert_each_fired_once()


def test_the_others_go_on_while_one_stands_still_in_its_batch(due_clocks: None, workers: list[subprocess.Popen[str]]):
    still, other = worker(STAND_STILL), worker(FIRE_ALL)
    workers += [still, other]
    assert hear(still) == "ready"
    say(still)
    assert hear(still) == "in the middle"
    assert hear(other) == "ready"
    say(other)
    assert other.wait(timeout=60) == 0
    assert queries.next_moment() is not None
    say(still)
    assert still.wait(timeout=60) == 0
    assert_each_fired_once()


def test_a_clock_fires_only_when_nobody_is_at_work_on_its_case():
    version = version_of(deadline())
    case = Case.objects.create(
        number="示例-1", handbook_version=version, handbook=version.name, process="example", stage="example", title="示例",
        opened_at=NOON, updated_at=NOON,
    )  # fmt: skip
    with transaction.atomic():
        start_clocks([start_of(version, subject=("case", case.pk))])
    with psycopg.connect(**connection.get_connection_params()) as somebody:
        somebody.execute("SELECT id FROM cases_case FOR UPDATE")
        assert fire_due(NOON) == 0
    assert fire_due(NOON) == 1
    assert count_facts("clock.breached") == 1


def wait_for_the_dead() -> None:
    """Until the server has undone what the killed ones held: a lock on every row is had only then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT id FROM clocks_clock FOR UPDATE) AS had")
