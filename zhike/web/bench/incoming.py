"""A file of customers coming in: how long and in how much memory, and that killing it again and again changes nothing.

Each import is `zhike import customers` in a process of its own on a database of its own. The end state is compared as a hash over what
the archive says, without ids, times and ciphertexts, which differ from run to run by nature.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from zhike.web.bench.archive import GIVEN, SURNAMES, TAGS, TIERS
from zhike.web.bench.report import Figure, Report, Say, figure, load
from zhike.web.cli.scratch import scratch_database

HEAD = ["姓名", "手机号", "邮箱", "身份证号", "等级", "标签", "备注"]
SEED = 20_260_701
FAULTY, AGAIN = 500, 50
"""One line in so many cannot be taken; one in so many says more of a customer who came before."""
BARS = {100_000: ("<= 60", "<= 300"), 1_000_000: ("<= 600", "<= 300")}
STATE = """
SELECT md5(string_agg(line, '' ORDER BY line COLLATE "C")) FROM (
    SELECT md5(concat_ws('|', c.name, c.kind, c.name_key, c.tier, array_to_string(c.tags, ','), c.remark,
        (SELECT string_agg(p.kind || p.value, ',' ORDER BY p.kind, p.value) FROM customers_contactpoint p WHERE p.customer_id = c.id),
        (SELECT string_agg(i.kind || i.blind, ',' ORDER BY i.kind) FROM customers_identifier i WHERE i.customer_id = c.id),
        (SELECT count(*) FROM journal_fact f WHERE f.subject_kind = 'customer' AND f.subject_id = c.id))) AS line
    FROM customers_customer c
    UNION ALL
    SELECT md5(concat_ws('|', 'fault', line, field, words_zh)) FROM customers_importfault
    UNION ALL
    SELECT md5(concat_ws('|', 'run', state, added, filled, unchanged, refused)) FROM customers_importrun
) AS lines
"""


def bench(
    rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True, kills: int = 0
) -> Report:
    """`rounds` imports of `rows` lines; with `kills`, one more that is killed so many times at random moments."""
    report = Report("import", rows, rounds)
    took: list[float] = []
    worked: list[float] = []
    memory: list[float] = []
    states: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "customers.csv"
        write_file(file, rows)
        for number in range(rounds):
            with scratch_database("bench_import") as database:
                span, busy, peak = run(file, database)
                states.add(state_of(database))
                sound = count_of(database) == expected(rows)
            took.append(span)
            worked.append(busy)
            memory.append(peak)
            report.load.append(load())
            say(f"round {number + 1}: {rows:,} lines in {span:.1f} s ({busy:.1f} s of them at work), {peak:.0f} MB")
        right = len(states) == 1 and sound
        span_bar, memory_bar = BARS.get(rows, ("", "<= 300"))
        report.figures += [
            figure("import_seconds", "s", span_bar, took, right=right),
            figure("import_lines_per_second", "1/s", "", [rows / each for each in took], right=right),
            figure("import_work_seconds", "s", "", worked, right=right),
            figure("import_memory", "MB", memory_bar, memory, right=right),
        ]
        if kills:
            report.figures.append(killed(file, kills, rows, states, say))
    return report


def killed(file: Path, kills: int, rows: int, states: set[str], say: Say) -> Figure:
    """The same file, killed `kills` times at random points of the way: 1 when it ended in the same state, else 0."""
    chance = random.Random(SEED)
    points = sorted(chance.uniform(0.0, 0.97) for _ in range(kills))
    with scratch_database("bench_import") as database:
        for number, point in enumerate(points):
            kill_at(file, database, point * 2 * rows, chance.uniform(0, 0.5))
            say(f"kill {number + 1}: {progress(database)}")
        run(file, database)
        same = {state_of(database)} == states
    return figure("same_state_after_kills", "", ">= 1", [float(same)], right=same, raw_is=f"killed {kills} times")


def command(file: Path) -> list[str]:
    return [sys.executable, "-m", "zhike", "import", "customers", str(file), "--json", "--tag", "示例"]


def apart(file: Path, database: str) -> dict[str, str]:
    """A data folder of its own: files that are coming in into the real one are nobody's to overwrite."""
    return {**os.environ, "DATABASE_URL": database, "ZHIKE_HOME": str(file.parent)}


def run(file: Path, database: str) -> tuple[float, float, float]:
    """Seconds, seconds of the processor (PostgreSQL's not among them), and the most memory it had, in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command(file), env=apart(file, database), stdout=subprocess.DEVNULL)
    _, code, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise RuntimeError(f"the import ended with code {process.returncode}")
    busy = used.ru_utime + used.ru_stime
    return time.perf_counter() - began, busy, used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def kill_at(file: Path, database: str, lines: float, more: float) -> None:
    """Begin or go on, and kill it as a power cut would: `more` seconds after so many lines were read and applied."""
    process = subprocess.Popen(command(file), env=apart(file, database), stdout=subprocess.DEVNULL)
    with psycopg.connect(database, autocommit=True) as look:
        while process.poll() is None and lines_done(look) <= lines:
            time.sleep(0.02)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(more)
    if process.returncode is not None:
        raise RuntimeError("the import had ended before it could be killed")
    process.send_signal(signal.SIGKILL)
    process.wait()


def lines_done(look: psycopg.Connection[tuple[object, ...]]) -> int:
    row = look.execute("SELECT coalesce(max(staged + applied), 0) FROM customers_importrun").fetchone()
    assert row is not None
    return int(str(row[0]))


def progress(database: str) -> str:
    with psycopg.connect(database) as look:
        row = look.execute("SELECT staged, applied, state FROM customers_importrun ORDER BY id LIMIT 1").fetchone()
    return f"{row[0]:,} read, {row[1]:,} applied, {row[2]}" if row else "not begun"


def state_of(database: str) -> str:
    with psycopg.connect(database) as look:
        row = look.execute(STATE).fetchone()
    assert row is not None
    return str(row[0])


def count_of(database: str) -> int:
    with psycopg.connect(database) as look:
        row = look.execute("SELECT count(*) FROM customers_customer").fetchone()
    assert row is not None
    return int(row[0])


# the file


def write_file(place: Path, rows: int) -> None:
    """`rows` lines that are the same every time: new customers, some who come twice, some that cannot be taken."""
    with place.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(HEAD)
        writer.writerows(line_of(n) for n in range(rows))


def line_of(n: int) -> list[str]:
    if n % FAULTY == FAULTY - 1:
        return [f"示例{n}", "12345", "", "", "", "", ""]
    who = n - 7 if n % AGAIN == AGAIN - 1 else n
    seed = hash_of(who)
    name = SURNAMES[seed % len(SURNAMES)] + GIVEN[seed // 37 % len(GIVEN)] + GIVEN[seed // 4099 % len(GIVEN)]
    phone = f"1{3 + who % 7}{who * 736_338_717 % 999_999_937:09}"
    email = f"sample{who}@example.com" if who % 5 == 0 else ""
    number = resident_number(who) if who % 4 == 0 else ""
    tags = ",".join(tag for k, (tag, share) in enumerate(TAGS) if hash_of(who * 10 + k) % 100 < share)
    return [name, phone, email, number, TIERS[seed % len(TIERS)][0], tags, "示例" if who != n else ""]


def expected(rows: int) -> int:
    """How many customers these lines are."""
    return sum(1 for n in range(rows) if n % FAULTY != FAULTY - 1 and n % AGAIN != AGAIN - 1)


def hash_of(n: int) -> int:
    return int.from_bytes(hashlib.blake2b(str(n).encode(), digest_size=6).digest(), "big")


def resident_number(n: int) -> str:
    """A number with a right check digit, another for each n; born before 1960."""
    body = f"1101{1 + n // 420_000:02}{1900 + n % 60}{1 + n % 12:02}{1 + n % 28:02}{n // 420 % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]
