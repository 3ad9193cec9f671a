"""What `zhike bench clocks` measures: clocks fired in batches with the rules applied, and lateness of an idle worker.

Run it on a scratch database: it fills the journal, which forgets nothing. Beside each figure of ours stands a raw one
of the same rounds: the same rows claimed and written by bare SQL, without handbook, journal, ledger or reactions.
"""

from __future__ import annotations

import datetime as dt
import os
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from django.conf import settings
from django.db import connection, transaction

from zhike.clocks.actions import Start, start_clocks
from zhike.clocks.models import Clock
from zhike.clocks.watch import fire_all
from zhike.handbook.clauses import Deadline
from zhike.handbook.structure import Handbook
from zhike.lib import clock
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion

BATCH = 500
LONG_AGO = dt.datetime(2025, 6, 10, 1, 0, tzinfo=dt.UTC)
NOW = LONG_AGO + dt.timedelta(days=1)
PATIENCE = 30
"""Seconds after which a worker that should have fired is taken to be broken."""
MakeStarts = Callable[[int, int], Sequence[Start]]
"""(first, count) -> starts of clocks that are due at NOW, numbered from `first`."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a bench, as architecture.md section 6 shapes it."""

    name: str
    value: float
    unit: str
    raw: float
    ratio: float
    bar: str
    ok: bool


RAW_TABLES = """
CREATE TABLE IF NOT EXISTS bench_raw_clock (LIKE clocks_clock INCLUDING ALL);
CREATE TABLE IF NOT EXISTS bench_raw_event (id bigserial PRIMARY KEY, clock_id bigint, at timestamptz, payload jsonb);
TRUNCATE bench_raw_clock, bench_raw_event;
"""

RAW_FIRE = """
WITH due AS (
    SELECT id FROM bench_raw_clock WHERE next_at <= %(now)s ORDER BY next_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED),
fired AS (
    UPDATE bench_raw_clock AS c SET state = 'overdue', next_at = NULL, warn_at = '{}' FROM due WHERE c.id = due.id
    RETURNING c.id, c.due_at)
INSERT INTO bench_raw_event (clock_id, at, payload) SELECT id, due_at, jsonb_build_object('clock', id) FROM fired
"""


def bench_clocks(
    rows: int = 20_000, rounds: int = 3, make: MakeStarts | None = None, samples: int = 100
) -> list[Figure]:
    """Every figure of the bench: `rows` clocks a measurement, `rounds` interleaved rounds, `samples` moments of
    lateness.

    `make` gives the clocks, for example on real cases, so that the rules of the rooms above are applied to them.
    """
    # First, while the journal is short: afterwards the worker has hundreds of thousands of facts to seal.
    ours, raw = measure_lateness(samples)
    rates = measure_rates(rows, rounds, make or example_starts())
    return [
        _rate("fired_per_second_1_worker", rates["ours1"], rates["raw1"], 10_000),
        _rate("fired_per_second_2_workers", rates["ours2"], rates["raw2"], 15_000),
        _rate("started_per_second", rates["started"], rates["raw1"], 1_000),
        _lateness("lateness_p99", ours, raw, 20.0),
    ]


def _rate(name: str, ours: Sequence[float], raw: Sequence[float], bar: float) -> Figure:
    value, beside = statistics.median(ours), statistics.median(raw)
    ratio = round(value / beside, 3)
    return Figure(name, round(value, 1), "1/s", round(beside, 1), ratio, f">= {bar:.0f}", value >= bar)


def _lateness(name: str, ours: Sequence[float], raw: Sequence[float], bar: float) -> Figure:
    value, beside = percentile(ours, 99), percentile(raw, 99)
    return Figure(
        name, round(value, 2), "ms", round(beside, 2), round(value / beside, 3), f"<= {bar:.0f}", value <= bar
    )


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def figures_as_json(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    return [asdict(figure) for figure in figures]


def example_version() -> HandbookVersion:
    """A handbook of one deadline of 30 minutes with a warning, installed once."""
    clause = {
        "kind": "deadline", "id": "BENCH-01", "title": "示例时限", "cites": "1", "quote": "示例", "starts": ["case.opened"],
        "until": ["action.done"], "holder": ["agent"], "within": "30m",
    }  # fmt: skip
    source = {
        "name": "bench", "title": "示例", "version": "1", "effective": "2025-01-01", "defaults": {"warn": [80]},
        "roles": [{"id": "agent", "title": "示例"}], "clauses": [clause],
    }  # fmt: skip
    handbook = Handbook.model_validate(source).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    fields = {"version": "1", "effective_from": LONG_AGO, "source": handbook, "text": ""}
    version, _ = HandbookVersion.objects.get_or_create(name="bench", digest="0" * 64, defaults=fields)
    return version


def example_starts() -> MakeStarts:
    """Clocks of the example handbook, each on a subject of its own."""
    version = example_version()
    return lambda first, count: [_example(version.pk, number) for number in range(first, first + count)]


def _example(version_id: int, number: int, **fields: Any) -> Start:
    book = book_of(version_id)
    clause = book.clause("BENCH-01")
    assert isinstance(clause, Deadline)
    holder = f"bench:agent@{number % 50}"
    given: dict[str, Any] = {"at": LONG_AGO, "key": f"bench:{number}:{time.monotonic_ns()}"} | fields
    return Start(
        book=book,
        version_id=version_id,
        clause=clause,
        subject=("bench", number),
        holders=[holder],
        held_as="agent",
        audience=(holder, "bench:superior"),
        **given,
    )


def measure_rates(rows: int, rounds: int, make: MakeStarts) -> dict[str, list[float]]:
    """Clocks a second, a value for each round: ours and raw with one worker and with two, and how many were started."""
    found: dict[str, list[float]] = {name: [] for name in ("started", "ours1", "raw1", "ours2", "raw2")}
    for number in range(rounds):
        for workers in (1, 2):
            began = time.perf_counter()
            fill(make, (number * 2 + workers) * rows, rows)
            found["started"].append(rows / (time.perf_counter() - began))
            fill_raw()
            found[f"ours{workers}"].append(rows / run_workers("fire", workers))
            found[f"raw{workers}"].append(rows / run_workers("raw", workers))
            if left := Clock.objects.filter(next_at__lte=NOW).count():
                raise RuntimeError(f"{left} clocks did not fire")
    return found


def fill(make: MakeStarts, first: int, rows: int) -> None:
    """Start `rows` clocks through the product's own door."""
    for start in range(first, first + rows, 2_000):
        with transaction.atomic():
            start_clocks(make(start, min(2_000, first + rows - start)))


def fill_raw() -> None:
    """The same rows again, for the bare SQL; both tables with fresh statistics."""
    with connection.cursor() as cursor:
        cursor.execute(RAW_TABLES)
        cursor.execute("INSERT INTO bench_raw_clock SELECT * FROM clocks_clock WHERE next_at <= %s", [NOW])
        cursor.execute("VACUUM ANALYZE clocks_clock, bench_raw_clock")


def run_workers(what: str, workers: int) -> float:
    """Seconds that so many processes together need for all that is due; their start is not counted."""
    with ExitStack() as stack:
        children = [stack.enter_context(child(what)) for _ in range(workers)]
        began = time.perf_counter()
        for each in children:
            _say(each, "go")
        for each in children:
            _hear(each, "done")
        return time.perf_counter() - began


def surroundings() -> dict[str, str]:
    """The environment that puts a child on the database of this process."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "ZHIKE_HOME": str(settings.ZHIKE_HOME),
        "DJANGO_SETTINGS_MODULE": "zhike.settings",
    }


def database_url() -> str:
    """The database of this process, as a child has to name it."""
    known = connection.settings_dict
    query = {name: str(known[name.upper()]) for name in ("host", "port") if known[name.upper()]}
    who = quote(known["USER"], safe="") + (":" + quote(known["PASSWORD"], safe="") if known["PASSWORD"] else "")
    return f"postgresql://{who}@/{quote(known['NAME'], safe='')}?{urlencode(query)}"


@contextmanager
def child(what: str) -> Iterator[subprocess.Popen[str]]:
    """A process of its own on the same database, ready and waiting for the word."""
    program = "import django, sys; django.setup(); from zhike.clocks.bench import serve; serve(sys.argv[1])"
    process = subprocess.Popen(
        [sys.executable, "-c", program, what],
        env=surroundings(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            _hear(process, "ready")
            yield process
        finally:
            process.kill()


def _say(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()


def _hear(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    if said != word:
        raise RuntimeError(f"a bench process said {said!r} instead of {word!r}")


def serve(what: str) -> None:
    """What a child does: say that it is ready, wait for the word, work, say that it is done."""
    book_of(example_version().pk)
    _print("ready")
    sys.stdin.readline()
    {"fire": _fire, "raw": _fire_raw}[what]()
    _print("done")


def _print(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def _fire() -> None:
    fire_all(lambda: NOW, BATCH)


def _fire_raw() -> None:
    with connection.cursor() as cursor:
        fired = 1
        while fired:
            cursor.execute(RAW_FIRE, {"now": NOW, "limit": BATCH})
            fired = cursor.rowcount


def measure_lateness(samples: int) -> tuple[list[float], list[float]]:
    """Milliseconds from a clock's due time to the commit of its breach, by the product's own idle worker (`zhike
    work`); and those of a bare precise sleep that writes one row.
    """
    version, ours, raw = example_version(), [], []
    with connection.cursor() as cursor:
        cursor.execute(RAW_TABLES)
    with worker(), psycopg.connect(**connection.get_connection_params(), autocommit=True) as link:
        link.execute("LISTEN journal")
        first = int(clock.wall().timestamp()) * 1_000
        _late_once(version.pk, first, link)
        for number in range(first + 1, first + samples + 1):
            ours.append(_late_once(version.pk, number, link))
            raw.append(_late_bare(link))
    return ours, raw


@contextmanager
def worker() -> Iterator[None]:
    """The product's worker on this database, until the block ends."""
    command = [sys.executable, "-m", "zhike", "work"]
    process = subprocess.Popen(command, env=surroundings(), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _late_once(version_id: int, number: int, link: psycopg.Connection[Any]) -> float:
    """Start a clock that is due in a moment, and wait until its breach is committed."""
    due = clock.wall() + dt.timedelta(milliseconds=60 + number % 7 * 10)
    with transaction.atomic():
        start_clocks([_example(version_id, number, at=due - dt.timedelta(seconds=1), due_at=due)])
    while True:
        heard = _wait_for_news(link, 0.05)
        if heard > due and Clock.objects.filter(subject_id=number, state=Clock.State.OVERDUE).exists():
            return (heard - due).total_seconds() * 1000
        if heard > due + dt.timedelta(seconds=PATIENCE):
            raise RuntimeError("the worker does not fire")


def _wait_for_news(link: psycopg.Connection[Any], seconds: float) -> dt.datetime:
    """When something was announced, or the time was up."""
    select.select([link.fileno()], [], [], seconds)
    heard = clock.wall()
    link.pgconn.consume_input()
    while link.pgconn.notifies():
        continue
    return heard


def _late_bare(link: psycopg.Connection[Any]) -> float:
    """The floor: sleep to a moment on a listening connection, then write one row."""
    due = clock.wall() + dt.timedelta(milliseconds=60)
    while (left := (due - clock.wall()).total_seconds()) > 0:
        _wait_for_news(link, left)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_raw_event (at, payload) VALUES (%s, '{}')", [due])
    return (clock.wall() - due).total_seconds() * 1000
