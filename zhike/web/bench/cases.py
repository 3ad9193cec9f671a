"""Opening cases through the real action, and the page of a case with its history, at so many cases."""

from __future__ import annotations

from typing import Any

import psycopg

from zhike.web.bench import driver
from zhike.web.bench.driver import Worker, together, workers
from zhike.web.bench.ground import ground
from zhike.web.bench.report import Report, Say, figure, load, percentile, slower_than

CLIENTS = 8
PAGES = 400
"""Different cases whose pages are asked for."""

RAW_TABLES = """
DROP TABLE IF EXISTS bench_raw_case, bench_raw_event, bench_raw_timer;
CREATE TABLE bench_raw_case (LIKE cases_case INCLUDING ALL);
CREATE TABLE bench_raw_event (id bigserial PRIMARY KEY, case_id bigint, at timestamptz, payload jsonb);
CREATE TABLE bench_raw_timer (id bigserial PRIMARY KEY, case_id bigint, due_at timestamptz);
CREATE INDEX ON bench_raw_timer (due_at);
CREATE SEQUENCE IF NOT EXISTS bench_raw_seq;
"""
RAW_CREATE = [
    "INSERT INTO bench_raw_case SELECT (jsonb_populate_record(c, jsonb_build_object('id', nextval('bench_raw_seq'), 'number',"
    " left(gen_random_uuid()::text, 32)))).* FROM cases_case c WHERE c.id = %s",
    "INSERT INTO bench_raw_event (case_id, at, payload) VALUES (%s, now(), '{\"opened\": true}')",
    "INSERT INTO bench_raw_timer (case_id, due_at) VALUES (%s, now() + interval '30 minutes')",
]
RAW_OF_BAR = 5_409
"""Rows, events and timers a second, bare, on the machine on which 300 cases a second were asked for."""
RAW_READ = ["SELECT * FROM cases_case WHERE id = %s"]


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """Create and case page. `rounds` interleaved rounds of `seconds` each."""
    report = Report("cases", rows, rounds)
    with ground(rows, say, fresh=fresh, keep=keep) as database:
        creates(database, report, seconds, say)
        pages(database, report, seconds, say)
    return report


def creates(database: str, report: Report, seconds: float, say: Say) -> None:
    many: list[float] = []
    slow: list[float] = []
    alone: list[float] = []
    raw: list[float] = []
    raw_alone: list[float] = []
    wrong = 0
    with psycopg.connect(database, autocommit=True) as keeper, workers(CLIENTS, database) as crew:
        keeper.execute(RAW_TABLES)
        source = keeper.execute("SELECT max(id) FROM cases_case").fetchone()
        raw_values = {"statements": RAW_CREATE, "values": [[source and source[0]]], "seconds": seconds / 2}
        for number in range(report.rounds):
            answers, took = together(crew, "create", [{"seconds": seconds, "place": n} for n in range(CLIENTS)])
            times = [t for answer in answers for t in answer["times"]]
            many.append(len(times) / took)
            slow.append(percentile(times, 99))
            wrong += sum(answer["wrong"] for answer in answers) + not_stored(keeper, answers)
            beside, took = together(crew, "raw", [raw_values] * CLIENTS)
            raw.append(sum(len(answer["times"]) for answer in beside) / took)
            single = crew[0].do("create", seconds=seconds / 2, place=0)
            alone.append(percentile(single["times"], 50))
            wrong += single["wrong"] + not_stored(keeper, [single])
            raw_alone.append(percentile(crew[0].do("raw", **raw_values)["times"], 50))
            report.load.append(load())
            say(
                f"create, round {number + 1}: {many[-1]:.0f}/s, p99 {slow[-1]:.0f} ms; 1 client p50 {alone[-1]:.1f} ms; raw {raw[-1]:.0f}/s"
            )
    right, raw_is = wrong == 0, "a row like ours, an event, a timer in three statements of one transaction"
    slower = slower_than(RAW_OF_BAR, raw)
    report.figures += [
        figure("create_per_second", "1/s", ">= 300", many, raw, right=right, raw_is=raw_is, slower=slower),
        figure("create_p99", "ms", "<= 60", slow, right=right, slower=slower),
        figure("create_p50_1_client", "ms", "<= 8", alone, raw_alone, right=right, raw_is=raw_is, slower=slower),
    ]


def not_stored(keeper: psycopg.Connection[Any], answers: list[dict[str, Any]]) -> int:
    """Cases that were answered for and are not there whole: the row, its two facts, its form, lines of the ledger, a warning's clock."""
    numbers = [number for answer in answers for number in answer["created"]]
    found = keeper.execute(
        "SELECT count(*) FROM cases_case c WHERE number = ANY(%s)"
        " AND (SELECT count(*) FROM journal_fact WHERE subject_kind = 'case' AND subject_id = c.id AND type LIKE 'case.%%') = 2"
        " AND (SELECT count(*) FROM records_filling WHERE subject_kind = 'case' AND subject_id = c.id) = 1"
        " AND EXISTS (SELECT 1 FROM journal_clauseuse WHERE subject_kind = 'case' AND subject_id = c.id)"
        " AND (SELECT count(*) FROM clocks_clock WHERE subject_kind = 'case' AND subject_id = c.id AND state = 'running')"
        "     = CASE c.process WHEN 'complaint_warning' THEN 1 ELSE 0 END",
        [numbers],
    ).fetchone()
    assert found is not None
    return len(numbers) - int(found[0])


def pages(database: str, report: Report, seconds: float, say: Say) -> None:
    rate: list[float] = []
    slow: list[float] = []
    raw: list[float] = []
    wrong: list[str] = []
    with workers(CLIENTS, database) as crew, driver.server(database) as port, psycopg.connect(database) as keeper:
        asked = {"port": port, "clients": CLIENTS, "pages": case_pages(keeper, crew[0])}
        ids = keeper.execute("SELECT id FROM cases_case ORDER BY random() LIMIT 1000").fetchall()
        crew[0].do("get", seconds=min(2.0, seconds), **asked)
        for number in range(report.rounds):
            (answer,), took = together(crew[:1], "get", [{"seconds": seconds, **asked}])
            rate.append(len(answer["times"]) / took)
            slow.append(percentile(answer["times"], 99))
            wrong += answer["wrong"]
            each = {"statements": RAW_READ, "values": ids, "seconds": seconds / 2}
            beside, took = together(crew, "raw", [each] * CLIENTS)
            raw.append(sum(len(one["times"]) for one in beside) / took)
            report.load.append(load())
            say(f"case page, round {number + 1}: {rate[-1]:.0f}/s, p99 {slow[-1]:.0f} ms; raw {raw[-1]:.0f}/s")
    for why in wrong[:3]:
        say(f"wrong: {why}")
    report.figures += [
        figure(
            "case_page_per_second",
            "1/s",
            ">= 150",
            rate,
            raw,
            right=not wrong,
            raw_is="the row of a case by its id, 8 clients",
        ),
        figure("case_page_p99", "ms", "<= 120", slow, right=not wrong),
    ]


def case_pages(keeper: psycopg.Connection[Any], worker: Worker) -> list[dict[str, Any]]:
    """Open and closed cases with their history, of an agent who may see them; each answer must show number, title and every action taken."""
    cookie = session(worker, ["bench-agent-1"])[0]
    rows = keeper.execute(
        "SELECT number, title FROM cases_case c WHERE (SELECT count(*) FROM journal_fact WHERE subject_kind = 'case' AND subject_id = c.id) > 2"
        " ORDER BY id DESC LIMIT %s",
        [PAGES],
    ).fetchall()
    return [{"path": f"/cases/{number}", "cookie": cookie, "words": [number, title[:20]]} for number, title in rows]


def session(worker: Worker, people: list[str]) -> list[str]:
    """A cookie for each."""
    return [f"sessionid={key}" for key in worker.do("sign_in", people=people)["keys"]]
