"""The archive of so many customers: the list with its filters, searches, and the look for duplicates while somebody types."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import psycopg

from zhike.web.bench import driver
from zhike.web.bench.archive import NEVER_TOGETHER, OWN, RARE_TAG
from zhike.web.bench.cases import session
from zhike.web.bench.driver import workers
from zhike.web.bench.ground import ground
from zhike.web.bench.report import Report, Say, figure, load, percentile

PAGE = 50
SAMPLES = 40
"""Different customers whose numbers and names are asked for."""
AGENT = "bench-agent-1"
LIST = """
SELECT id FROM customers_customer WHERE merged_into_id IS NULL AND (%(kind)s = '' OR kind = %(kind)s)
AND (%(tier)s = '' OR tier = %(tier)s) AND (%(tag)s = '' OR %(tag)s::varchar = ANY(tags))
AND (%(own)s = '' OR %(own)s = ANY(kept)) ORDER BY id DESC LIMIT 50
"""
ENDING = """
SELECT DISTINCT customer_id FROM customers_contactpoint WHERE kind = 'phone' AND value LIKE '%%' || %(digits)s
OR value LIKE '+' || %(digits)s || '%%' OR value LIKE '+86' || %(digits)s || '%%' ORDER BY 1 DESC LIMIT 50
"""
FILTERS = {
    "list": ("", "", "", ""),
    "three_filters_common": ("person", "普通", "老客户", ""),
    "three_filters_some": ("company", "金卡", "投诉过", ""),
    "three_filters_few": ("company", "钻石", RARE_TAG, ""),
    "three_filters_none": ("person", *NEVER_TOGETHER, ""),
    "own_field_common": ("", "", "", "morning"),
    "own_field_few": ("", "", "", "evening"),
    "own_field_and_two_some": ("company", "金卡", "", "afternoon"),
    "own_field_and_three_none": ("person", *NEVER_TOGETHER, "morning"),
}
BARS = {"list": "<= 100", "three": "<= 100", "own": "<= 100", "search": "<= 100", "duplicates": "<= 50"}

Pages = dict[str, list[dict[str, Any]]]


def bench(rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool = False, keep: bool = True) -> Report:
    """`rounds` interleaved rounds, one client; what each page must show was asked of PostgreSQL in other words."""
    report = Report("customers", rows, rounds)
    found: dict[str, list[float]] = {}
    wrong: dict[str, list[str]] = {}
    with (
        ground(rows, say, fresh=fresh, keep=keep, of="customers") as database,
        workers(1, database) as (worker,),
        psycopg.connect(database) as keeper,
        driver.server(database) as port,
    ):
        pages = pages_of(keeper, session(worker, [AGENT])[0])
        for name, asked in pages.items():
            wrong[name] = worker.do("get", port=port, clients=1, seconds=0.5, pages=asked)["wrong"]
        for number in range(rounds):
            for name, asked in pages.items():
                answer = worker.do("get", port=port, clients=1, seconds=seconds / 2, pages=asked)
                found.setdefault(f"{name}_p95", []).append(percentile(answer["times"], 95))
                found.setdefault(f"{name}_p50", []).append(percentile(answer["times"], 50))
                wrong[name] += answer["wrong"]
            report.load.append(load())
            said = ", ".join(f"{name} {values[-1]:.1f}" for name, values in found.items() if name.endswith("p95"))
            say(f"round {number + 1}: {said}")
    for why in [each for said in wrong.values() for each in said][:3]:
        say(f"wrong: {why}")
    for name, values in found.items():
        bar = BARS[name.partition("_")[0]] if name.endswith("p95") else ""
        report.figures.append(figure(name, "ms", bar, values, right=not wrong[name.rpartition("_")[0]]))
    return report


def pages_of(keeper: psycopg.Connection[Any], cookie: str) -> Pages:
    """By name, the addresses and what must stand on each."""
    pages = {name: [listed(keeper, cookie, *asked)] for name, asked in FILTERS.items()}
    people = keeper.execute(
        "SELECT c.id, c.name, p.value FROM customers_customer c JOIN customers_contactpoint p ON p.customer_id = c.id AND p.kind = 'phone'"
        " WHERE c.kind = 'person' AND c.id %% 25013 = 7 ORDER BY c.id LIMIT %s",
        [SAMPLES],
    ).fetchall()
    pages["search_last_four_digits"] = [searched(keeper, cookie, value[-4:]) for _, _, value in people]
    pages["search_number"] = [searched(keeper, cookie, value[3:]) for _, _, value in people]
    pages["search_name"] = [
        {"path": f"/customers?{urlencode({'q': n})}", "cookie": cookie, "words": [n]} for _, n, _ in people
    ]
    hint = {"path": "/customers/hints", "cookie": cookie}
    pages["duplicates_by_number"] = [
        hint | {"form": {"phone": v[3:]}, "words": [f"/customers/{i}"]} for i, _, v in people
    ]
    pages["duplicates_by_name"] = [hint | {"form": {"name": n}, "words": [n]} for _, n, _ in people]
    pages["duplicates_by_all"] = [
        hint | {"form": {"name": n, "phone": v[3:], "email": f"new{i}@example.com"}, "words": [f"/customers/{i}"]}
        for i, n, v in people
    ]
    pages["duplicates_none"] = [hint | {"form": {"name": f"示例没有{i}", "phone": "13000000000"}} for i, _, _ in people]
    return pages


def listed(keeper: psycopg.Connection[Any], cookie: str, kind: str, tier: str, tag: str, own: str) -> dict[str, Any]:
    asked = {"kind": kind, "tier": tier, "tag": tag}
    rows = [str(row[0]) for row in keeper.execute(LIST, asked | {"own": own and f"{OWN}={own}"}).fetchall()]
    wish = {f"own.{OWN}": own} if own else {}
    return {"path": f"/customers?{urlencode(asked | wish)}", "cookie": cookie, "rows": rows}


def searched(keeper: psycopg.Connection[Any], cookie: str, digits: str) -> dict[str, Any]:
    rows = [str(row[0]) for row in keeper.execute(ENDING, {"digits": digits}).fetchall()]
    return {"path": f"/customers?{urlencode({'q': digits})}", "cookie": cookie, "rows": rows}
