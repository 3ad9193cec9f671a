"""The first page of the list, a deep one, and searches: of an agent who sees nearly all, of a store manager who sees 0.1 %."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import psycopg

from zhike.web.bench import driver
from zhike.web.bench.cases import CLIENTS, session
from zhike.web.bench.driver import Worker, together, workers
from zhike.web.bench.ground import ground
from zhike.web.bench.report import Report, Say, figure, load, percentile, slower_than

FEW = 1_000
"""Cases of the small department the big one is compared with."""
PAGE = 50
COMMON, RARE = "退款", "琉璃盏"
RAW = [
    "SELECT id, number, title, stage, opened_at FROM cases_case WHERE id > %s ORDER BY opened_at DESC, id DESC LIMIT 50"
]
RAW_OF_BAR = 24_559
"""Rows of fifty a second, bare, on the machine on which 200 pages a second were asked for."""
HELD = """
SELECT array_agg(key) FROM (
    SELECT 'staff:' || s.id AS key FROM org_staff s WHERE s.username = %(who)s
    UNION SELECT a.handbook || ':' || a.role FROM org_assignment a JOIN org_staff s ON s.id = a.staff_id WHERE s.username = %(who)s
    UNION SELECT a.handbook || ':' || a.role || '@' || a.department_id FROM org_assignment a JOIN org_staff s ON s.id = a.staff_id
        WHERE s.username = %(who)s AND a.department_id IS NOT NULL) AS keys
"""
SEEN = "SELECT number, opened_at, id FROM cases_case WHERE audience && %(keys)s::varchar[] AND title LIKE %(title)s ORDER BY opened_at DESC, id DESC"


@dataclass
class Ground:
    """A filled department that is served."""

    port: int
    crew: list[Worker]
    pages: dict[str, dict[str, Any]]
    hits: int = 0
    """Cases in whose title the rare word stands."""


@dataclass
class Times:
    """What was measured, a value a round."""

    values: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, value: float) -> None:
        self.values.setdefault(name, []).append(value)

    def of(self, name: str) -> list[float]:
        return self.values[name]

    def over(self, name: str, other: str) -> list[float]:
        """The ratio of two values, round by round."""
        return [one / two for one, two in zip(self.of(name), self.of(other), strict=True)]


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """`rounds` interleaved rounds: each page by eight clients or by one, on `rows` cases and on a thousand."""
    report, times = Report("list", rows, rounds), Times()
    with ExitStack() as stack:
        big = served(stack.enter_context(ground(rows, say, fresh=fresh, keep=keep)), stack)
        small = served(stack.enter_context(ground(FEW, say, fresh=fresh, keep=keep)), stack)
        for each in (big, small):
            for name in each.pages:
                alone(each, name, 0.5, Times())
        for number in range(rounds):
            one_round(big, small, seconds, times)
            report.load.append(load())
            said = ", ".join(f"{name} {values[-1]:.1f}" for name, values in times.values.items())
            say(f"round {number + 1}: {said}")
    for why in times.wrong[:3]:
        say(f"wrong: {why}")
    report.figures += figures(times)
    return report


def served(database: str, stack: ExitStack) -> Ground:
    crew = stack.enter_context(workers(CLIENTS, database))
    with psycopg.connect(database) as keeper:
        return Ground(stack.enter_context(driver.server(database)), crew, asked_of(keeper, crew[0]))


def asked_of(keeper: psycopg.Connection[Any], worker: Worker) -> dict[str, dict[str, Any]]:
    """Pages by name: the address, who asks, the numbers that must stand on it in their order."""
    agent, manager = session(worker, ["bench-agent-1", "bench-manager-7"])
    sees = {who: keeper.execute(HELD, {"who": f"bench-{who}"}).fetchone() for who in ("agent-1", "manager-7")}

    def seen(who: str, title: str = "%") -> list[Any]:
        keys = sees[who]
        assert keys is not None
        return keeper.execute(SEEN, {"keys": keys[0], "title": title}).fetchall()

    every = seen("agent-1")
    middle = len(every) // 2
    _, at, number = every[middle - 1]
    return {
        "first": page({"all": "1"}, agent, every),
        "deep": page({"all": "1", "after": f"{at.isoformat()}~{number}"}, agent, every[middle:]),
        "manager": page({"all": "1"}, manager, seen("manager-7")),
        "open": page({"status": "open"}, agent, None),
        "number": page({"q": every[middle][0]}, agent, every[middle : middle + 1]),
        "common": page({"q": COMMON}, agent, seen("agent-1", f"%{COMMON}%")),
        "rare": page({"q": RARE}, agent, seen("agent-1", f"%{RARE}%")),
        "rare_of_manager": page({"q": RARE}, manager, seen("manager-7", f"%{RARE}%")),
    }


def page(asked: dict[str, str], cookie: str, rows: list[Any] | None) -> dict[str, Any]:
    known = {"path": f"/cases?{urlencode(asked)}", "cookie": cookie}
    return known | ({"rows": [row[0] for row in rows[:PAGE]]} if rows is not None else {"words": ["data-row"]})


def one_round(big: Ground, small: Ground, seconds: float, times: Times) -> None:
    together_on(big, "first", seconds, times)
    answers, took = together(big.crew, "raw", [{"statements": RAW, "values": [[0]], "seconds": seconds / 2}] * CLIENTS)
    times.add("raw per second", sum(len(answer["times"]) for answer in answers) / took)
    together_on(big, "manager", seconds, times)
    for name in big.pages:
        times.add(f"{name} p50", alone(big, name, seconds / 4, times))
    for name in ("first", "manager"):
        times.add(f"{name} of few p50", alone(small, name, seconds / 4, times))


def together_on(ground_: Ground, name: str, seconds: float, times: Times) -> None:
    """Eight clients at once."""
    asked = {"port": ground_.port, "clients": CLIENTS, "pages": [ground_.pages[name]], "seconds": seconds}
    (answer,), took = together(ground_.crew[:1], "get", [asked])
    times.add(f"{name} per second", len(answer["times"]) / took)
    times.add(f"{name} p99", percentile(answer["times"], 99))
    times.wrong += answer["wrong"]


def alone(ground_: Ground, name: str, seconds: float, times: Times) -> float:
    """The median of one client; its 95th percentile is kept too."""
    asked = {"port": ground_.port, "clients": 1, "pages": [ground_.pages[name]], "seconds": max(seconds, 0.5)}
    answer = ground_.crew[0].do("get", **asked)
    times.add(f"{name} p95", percentile(answer["times"], 95))
    times.wrong += answer["wrong"]
    return percentile(answer["times"], 50)


def figures(times: Times) -> list[Any]:
    right = not times.wrong
    raw_is = "fifty rows of the newest, 8 clients"
    slower = slower_than(RAW_OF_BAR, times.of("raw per second"))
    return [
        figure(
            "list_per_second",
            "1/s",
            ">= 200",
            times.of("first per second"),
            times.of("raw per second"),
            right=right,
            raw_is=raw_is,
            slower=slower,
        ),
        figure("list_p99", "ms", "<= 100", times.of("first p99"), right=right, slower=slower),
        figure(
            "list_of_manager_per_second",
            "1/s",
            ">= 200",
            times.of("manager per second"),
            times.of("raw per second"),
            right=right,
            raw_is=raw_is,
            slower=slower,
        ),
        figure("list_of_manager_p99", "ms", "<= 100", times.of("manager p99"), right=right, slower=slower),
        figure("list_growth", "x", "<= 1.5", times.over("first p50", "first of few p50"), right=right),
        figure("deep_page_over_first", "x", "<= 2", times.over("deep p50", "first p50"), right=right),
        figure("list_p50", "ms", "", times.of("first p50"), right=right),
        figure("list_of_manager_p50", "ms", "", times.of("manager p50"), right=right),
        figure("list_of_open_p50", "ms", "", times.of("open p50"), right=right),
        figure("search_number_p95", "ms", "<= 20", times.of("number p95"), right=right),
        figure("search_common_word_p95", "ms", "<= 60", times.of("common p95"), right=right),
        figure("search_rare_word_p95", "ms", "<= 20", times.of("rare p95"), right=right),
        figure("search_rare_word_of_manager_p95", "ms", "<= 20", times.of("rare_of_manager p95"), right=right),
    ]
