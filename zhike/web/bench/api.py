"""The REST API as other software uses it: opening cases under idempotency keys, and reading one whole, over HTTP."""

from __future__ import annotations

import json
import secrets
from typing import Any

import psycopg

from zhike.web.bench import driver
from zhike.web.bench.cases import CLIENTS, RAW_CREATE, RAW_OF_BAR, RAW_READ, RAW_TABLES, not_stored
from zhike.web.bench.driver import Worker, together, workers
from zhike.web.bench.ground import ground
from zhike.web.bench.report import Report, Say, figure, load, percentile, slower_than

TOKENS = 400
"""So that none comes near its 600 calls a minute."""
BODIES = 2_000
READ = 400
"""Different cases that are read."""
OWNERS = [f"bench-agent-{number}" for number in range(CLIENTS)]
RAW_IS = "a row like ours, an event, a timer in three statements of one transaction"


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """Create and read through the served product. `rounds` interleaved rounds of `seconds` each."""
    report = Report("api", rows, rounds)
    with (
        ground(rows, say, fresh=fresh, keep=keep) as database,
        psycopg.connect(database, autocommit=True) as keeper,
        workers(CLIENTS, database) as crew,
        driver.server(database) as port,
    ):
        tokens: list[str] = crew[0].do("make_tokens", count=TOKENS, people=OWNERS)["tokens"]
        creates(keeper, crew, port, creating(keeper, crew[0], tokens), report, seconds, say)
        reads(keeper, crew, port, reading(keeper, tokens), report, seconds, say)
    return report


def creating(keeper: psycopg.Connection[Any], worker: Worker, tokens: list[str]) -> list[dict[str, Any]]:
    """Calls that open complaints about the filled department's stores."""
    rows = keeper.execute("SELECT id FROM org_department WHERE code LIKE 'bench-store-%' ORDER BY id").fetchall()
    bodies: list[str] = worker.do("complaints", count=BODIES, stores=[number for (number,) in rows])["bodies"]
    return [
        {"method": "POST", "path": "/api/cases", "token": tokens[n % len(tokens)], "body": body, "words": ['"number"']}
        for n, body in enumerate(bodies)
    ]


def creates(
    keeper: psycopg.Connection[Any], crew: list[Worker], port: int, calls: list[dict[str, Any]], report: Report,
    seconds: float, say: Say,
) -> None:  # fmt: skip
    """Eight clients, then one, beside bare PostgreSQL; every case that was answered for must be there whole."""
    keeper.execute(RAW_TABLES)
    source = keeper.execute("SELECT max(id) FROM cases_case").fetchone()
    raw_values = {"statements": RAW_CREATE, "values": [[source and source[0]]], "seconds": seconds / 2}
    many: list[float] = []
    slow: list[float] = []
    alone: list[float] = []
    raw: list[float] = []
    raw_alone: list[float] = []
    wrong: list[str] = []

    def opened(clients: int, span: float) -> tuple[list[float], float]:
        asked = {"port": port, "seconds": span, "clients": clients, "calls": calls, "round_key": secrets.token_hex(4)}
        (answer,), took = together(crew[:1], "call", [asked])
        wrong.extend(answer["wrong"])
        if missing := not_stored(keeper, [answer]):
            wrong.append(f"{missing} cases were answered for and are not there whole")
        return answer["times"], took

    opened(CLIENTS, min(2.0, seconds))
    for number in range(report.rounds):
        times, took = opened(CLIENTS, seconds)
        many.append(len(times) / took)
        slow.append(percentile(times, 99))
        beside, took = together(crew, "raw", [raw_values] * CLIENTS)
        raw.append(sum(len(answer["times"]) for answer in beside) / took)
        alone.append(percentile(opened(1, seconds / 2)[0], 50))
        raw_alone.append(percentile(crew[0].do("raw", **raw_values)["times"], 50))
        report.load.append(load())
        say(
            f"create, round {number + 1}: {many[-1]:.0f}/s, p99 {slow[-1]:.0f} ms; 1 client p50 {alone[-1]:.1f} ms; raw {raw[-1]:.0f}/s"
        )
    right, slower = _told(wrong, say), slower_than(RAW_OF_BAR, raw)
    report.figures += [
        figure("api_create_per_second", "1/s", ">= 300", many, raw, right=right, raw_is=RAW_IS, slower=slower),
        figure("api_create_p99", "ms", "<= 60", slow, right=right, slower=slower),
        figure("api_create_p50_1_client", "ms", "<= 8", alone, raw_alone, right=right, raw_is=RAW_IS, slower=slower),
    ]


def reading(keeper: psycopg.Connection[Any], tokens: list[str]) -> list[dict[str, Any]]:
    """Calls that read cases with a history; each answer must have its number and title."""
    rows = keeper.execute(
        "SELECT number, title FROM cases_case c WHERE (SELECT count(*) FROM journal_fact WHERE subject_kind = 'case' AND subject_id = c.id) > 2"
        " ORDER BY id DESC LIMIT %s",
        [READ],
    ).fetchall()
    return [
        {
            "method": "GET", "path": f"/api/cases/{number}", "token": tokens[n % len(tokens)],
            "words": [number, json.dumps(title)[1:20]],
        }
        for n, (number, title) in enumerate(rows)
    ]  # fmt: skip


def reads(
    keeper: psycopg.Connection[Any], crew: list[Worker], port: int, calls: list[dict[str, Any]], report: Report,
    seconds: float, say: Say,
) -> None:  # fmt: skip
    """Eight clients beside bare PostgreSQL."""
    ids = keeper.execute("SELECT id FROM cases_case ORDER BY random() LIMIT 1000").fetchall()
    each = {"statements": RAW_READ, "values": ids, "seconds": seconds / 2}
    rate: list[float] = []
    slow: list[float] = []
    raw: list[float] = []
    wrong: list[str] = []
    asked = {"port": port, "clients": CLIENTS, "calls": calls}
    crew[0].do("call", seconds=min(2.0, seconds), **asked)
    for number in range(report.rounds):
        (answer,), took = together(crew[:1], "call", [{"seconds": seconds, **asked}])
        rate.append(len(answer["times"]) / took)
        slow.append(percentile(answer["times"], 99))
        wrong += answer["wrong"]
        beside, took = together(crew, "raw", [each] * CLIENTS)
        raw.append(sum(len(one["times"]) for one in beside) / took)
        report.load.append(load())
        say(f"read, round {number + 1}: {rate[-1]:.0f}/s, p99 {slow[-1]:.0f} ms; raw {raw[-1]:.0f}/s")
    right = _told(wrong, say)
    report.figures += [
        figure(
            "api_read_per_second",
            "1/s",
            ">= 150",
            rate,
            raw,
            right=right,
            raw_is="the row of a case by its id, 8 clients",
        ),
        figure("api_read_p99", "ms", "<= 120", slow, right=right),
    ]


def _told(wrong: list[str], say: Say) -> bool:
    for why in wrong[:3]:
        say(f"wrong: {why}")
    return not wrong
