"""Fill a database with cases: the sample's history, made by the real engine, multiplied by SQL.

    python -m zhike.web.bench.fill 1000000        on DATABASE_URL, migrated and empty
    python -m zhike.web.bench.fill 100000 1       the same where every case has its whole history

98 of 100 are closed, one in five is a warning, 200 stores have the same share each: the manager of one sees 0.1 %. The newest 3 % (or the
share that is given) have their whole history: facts, fillings, clocks, duties and lines of the clause ledger. The facts stand in the
stream in the order of their moments and under seals, as the sequencer and the sealer of the product give them: the chain can be verified.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import django
from django.db import connection, models

CLOSED = (1, 4, 1, 4, 1, 4, 2, 3, 2, 3)
OPEN = (5, 13, 6, 7, 8, 9, 10, 11, 12, 14)
"""Sample cases in turn, by the order in which the history opens them; a warning stands behind its ticket."""
WITH_PARENT = (3, 7, 9, 11, 14)
OPEN_SHARE = 0.02
TOLD_SHARE = 0.03
STORES, DIVISIONS, AGENTS = 200, 20, 50
CASES_A_CUSTOMER = 10
HANDBOOK = "retail-hotline"
GOODS = (
    "电水壶 羽绒服 运动鞋 电饭煲 面霜 手机壳 床垫 行李箱 童车 保温杯 台灯 空调 洗衣机 眼镜 手表 围巾 米 油 牛奶 水果"
)
TROUBLES = (
    "要求退款 送货迟到 包装破损 尺码不符 漏发配件 价格有误 态度冷淡 排队太久 电话无人接 发票未开 积分未到 说明书缺失"
)


def fill(rows: int, told: float = TOLD_SHARE) -> None:
    """`told`: the share of cases, the newest, that have their whole history."""
    began = time.monotonic()
    for step in (start, company, customers):
        step(rows)
        say(step, began)
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 2")
        skip_foreign_keys(cursor)
        templates(cursor)
        with without_indexes(cursor, "cases_case"):
            cases(cursor, rows)
            say(cases, began)
        with without_indexes(cursor, "journal_fact", "records_filling", "clocks_clock"):
            history(cursor, round(rows * told))
            say(history, began)
        cursor.execute("UPDATE cases_case SET next_due_at = d.due FROM (SELECT subject_id, min(due_at) AS due FROM clocks_clock"
                       " WHERE subject_kind = 'case' AND state IN ('running', 'overdue') GROUP BY 1) d WHERE d.subject_id = id")  # fmt: skip
        chain(cursor)
        say(chain, began)
        cursor.execute("VACUUM (ANALYZE)")
    say(fill, began)


def say(step: Any, began: float) -> None:
    sys.stderr.write(f"  {step.__name__}: {time.monotonic() - began:.0f} s\n")


def start(rows: int) -> None:
    """Handbook, sample people and the sample's history."""
    from zhike.handbook import library
    from zhike.lib import clock
    from zhike.org.handbooks import install
    from zhike.web.first_run.sample import load_sample

    folder, now = library.find(HANDBOOK), clock.wall()
    load_sample(folder / "sample.yaml", install(folder, now), now, say=lambda words: None)


def company(rows: int) -> None:
    """Divisions, stores and their managers, agents."""
    from zhike.org.models import Department, Staff

    divisions = departments(
        [Department(code=f"bench-division-{n}", name=f"示例{n:02}部", kind="division") for n in range(DIVISIONS)]
    )
    stores = [
        Department(code=f"bench-store-{n}", name=f"示例{n:03}店", kind="store", parent=divisions[n % DIVISIONS])
        for n in range(STORES)
    ]
    stores = departments(stores)
    hotline = Department.objects.get(code="hotline")  # house-rule: one-gate, made-up rows of a scratch database
    staff(
        [Staff(username=f"bench-agent-{n}", name=f"示例接线员{n}") for n in range(AGENTS)],
        "hotline_agent",
        [hotline] * AGENTS,
    )
    staff(
        [Staff(username=f"bench-manager-{n}", name=f"示例{n:03}店店长") for n in range(STORES)], "store_manager", stores
    )


def departments(made: list[Any]) -> list[Any]:
    from zhike.org.models import Department

    found = Department.objects.bulk_create(made)
    for each in found:
        above = [each.parent] if each.parent else []
        each.path, each.kinds = [d.pk for d in (*above, each)], [d.kind for d in (*above, each)]
    Department.objects.bulk_update(found, ["path", "kinds"])
    return found


def staff(made: list[Any], role: str, places: list[Any]) -> None:
    from zhike.org.models import Assignment, Staff

    people = Staff.objects.bulk_create(made)
    Assignment.objects.bulk_create(
        Assignment(staff=person, handbook=HANDBOOK, role=role, department=place)
        for person, place in zip(people, places, strict=True)
    )


def customers(rows: int) -> None:
    """One to ten cases, each a copy of a customer of the sample with a name and a phone number of its own."""
    from zhike.customers.models import ContactPoint, Customer

    name = {"name": "'示例顾客' || n", "name_key": "'示例顾客' || n"}
    point = {"customer_id": "c.id", "kind": "'phone'", "value": "'+86139' || lpad(c.id::text, 8, '0')"}
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE known AS SELECT * FROM customers_customer; ANALYZE known")
        cursor.execute(
            f"{copied(Customer, 't', name)} FROM generate_series(1, %s) AS n,"
            " (SELECT * FROM known ORDER BY id LIMIT 1) AS t",
            [max(1, rows // CASES_A_CUSTOMER)],
        )
        cursor.execute(
            f"{copied(ContactPoint, 't', point)} FROM customers_customer c,"
            " (SELECT * FROM customers_contactpoint ORDER BY id LIMIT 1) AS t WHERE c.id NOT IN (SELECT id FROM known)"
        )


def skip_foreign_keys(cursor: Any) -> None:
    """Every reference is right by construction; checking five for each row would take as long as everything else. Needs a superuser."""
    cursor.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
    if cursor.fetchone()[0]:
        cursor.execute("SET session_replication_role = replica")


@contextmanager
def without_indexes(cursor: Any, *tables: str) -> Iterator[None]:
    """Build them once at the end, not row by row. Those of constraints stay."""
    cursor.execute(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = ANY(%s::regclass[]) AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid)"
        " AND NOT i.indisunique",
        [list(tables)],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _, definition in found:
        cursor.execute(definition)


def templates(cursor: Any) -> None:
    """The sample's cases with their places for store, division, customer and owner left open, and in which turn each is used."""
    fit = (
        "regexp_replace(regexp_replace(regexp_replace(replace(c.{0}::text, 'staff:' || coalesce(c.owner_id, 0), 'staff:O'),"
        " 'store([a-z_]*)@[0-9]+', 'store\\1@S', 'g'), 'division([a-z_]*)@[0-9]+', 'division\\1@D', 'g'), 'customer:[0-9]+', 'customer:C')"
    )
    cursor.execute(f"""
        CREATE TEMP TABLE template AS SELECT c.*, {fit.format("audience")} AS seen_by, {fit.format("holders")} AS held_by,
            replace(c.data::text, '"store": ' || coalesce(c.department_id, 0) || ',', '"store": {{S}},') AS said,
            d.name AS store_name FROM cases_case c LEFT JOIN org_department d ON d.id = c.department_id;
        CREATE TEMP TABLE turn (open bool, place int, template bigint, parented bool);
        CREATE TEMP TABLE store AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id, parent_id AS division, name
            FROM org_department WHERE code LIKE 'bench-store-%';
        CREATE TEMP TABLE agent AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id FROM org_staff WHERE username LIKE 'bench-agent-%';
        CREATE UNIQUE INDEX ON store (n); CREATE UNIQUE INDEX ON agent (n); ANALYZE store; ANALYZE agent; ANALYZE template;
    """)
    rows = [(False, place, number, number in WITH_PARENT) for place, number in enumerate(CLOSED)]
    rows += [(True, place, number, number in WITH_PARENT) for place, number in enumerate(OPEN)]
    cursor.executemany("INSERT INTO turn VALUES (%s, %s, %s, %s)", rows)


def copied(model: type[models.Model], source: str, given: Mapping[str, str]) -> str:
    """INSERT ... SELECT of every column of `model`: those given as expressions, the others from the alias `source`."""
    columns = [field.column for field in model._meta.concrete_fields if field.column != "id" or "id" in given]
    values = ", ".join(given.get(str(column), f'{source}."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT {values}"


def cases(cursor: Any, rows: int) -> None:
    from zhike.cases.models import Case

    principals = (
        "replace(replace(replace(replace(t.{0}, '@S', '@' || s.id), '@D', '@' || s.division), 'customer:C', 'customer:' || k.customer),"
        " 'staff:O', 'staff:' || a.id)::varchar[]"
    )
    given = {
        "id": "k.id",
        "number": "left(t.number, 2) || to_char(k.at, 'YYMMDD') || '-' || lpad(k.id::text, greatest(6, length(k.id::text)), '0')",
        "title": "left(replace(t.title, coalesce(t.store_name, '-'), s.name) || ' · ' || g.words, 200)",
        "customer_id": "k.customer",
        "department_id": "CASE WHEN t.department_id IS NULL THEN NULL ELSE s.id END",
        "owner_id": "CASE WHEN t.owner_id IS NULL THEN NULL ELSE a.id END",
        "parent_id": "CASE WHEN u.parented THEN k.id - 1 END",
        "holders": principals.format("held_by"),
        "audience": principals.format("seen_by"),
        "data": "replace(t.said, '{S}', s.id::text)::jsonb",
        "portal_token": "CASE WHEN t.portal_token = '' THEN '' ELSE md5(k.id::text) END",
        "opened_at": "k.at",
        "updated_at": "k.at + (t.updated_at - t.opened_at)",
        "closed_at": "k.at + (t.closed_at - t.opened_at)",
        "next_due_at": "NULL",
    }
    goods, troubles = GOODS.split(), TROUBLES.split()
    cursor.execute("SELECT max(id) FROM customers_customer")
    newest = cursor.fetchone()[0]
    cursor.execute(
        f"""{copied(Case, "t", given)}
        FROM (SELECT n, (SELECT max(id) FROM template) + 1 + n AS id, now() - (%(rows)s - n) * (interval '730 days' / %(rows)s) AS at,
                1 + (n / 2 * 7919) %% %(newest)s AS customer, n / 2 AS pair FROM generate_series(0::bigint, %(rows)s - 1) AS n) AS k
        JOIN turn u ON u.open = (k.n >= %(rows)s * (1 - {OPEN_SHARE})) AND u.place = k.n %% 10
        JOIN template t ON t.id = u.template
        JOIN store s ON s.n = abs(hashint8(k.pair)::bigint) %% {STORES} JOIN agent a ON a.n = k.pair %% {AGENTS}
        CROSS JOIN LATERAL (SELECT (%(goods)s::text[])[1 + abs(hashint8(k.n * 3 + 1)::bigint) %% {len(goods)}] || (%(troubles)s::text[])[1 + abs(hashint8(k.n * 7 + 2)::bigint) %% {len(troubles)}]
            || CASE WHEN k.n %% 9973 = 5 THEN '，琉璃盏碎裂' ELSE '' END AS words) AS g
        ORDER BY k.n""",
        {"rows": rows, "newest": newest, "goods": goods, "troubles": troubles},
    )
    cursor.execute("SELECT setval('cases_case_id_seq', (SELECT max(id) FROM cases_case))")


def history(cursor: Any, told: int) -> None:
    """Facts, fillings, clocks, duties and the clauses' lines of the newest `told` cases; facts in the order of their moments."""
    from zhike.clocks.models import Clock
    from zhike.duties.models import Obligation
    from zhike.journal.models import ClauseUse, Fact
    from zhike.records.models import Filling

    moved = "c.opened_at + (x.{0} - t.opened_at)"
    subject = {"subject_id": "c.id", "audience": "c.audience"}
    running = "x.state = 'running'"
    soon = "now() + (c.id %% 180) * interval '1 minute'"
    shift = {
        name: moved.format(name) for name in ("at", "started_at", "stopped_at", "begins_at", "ends_at", "settled_at")
    }
    clocks = {
        "key": "replace(x.key, 'case:' || t.id || '/', 'case:' || c.id || '/')",
        "slot": "replace(x.slot, 'case:' || t.id || '/', 'case:' || c.id || '/')",
        "due_at": f"CASE WHEN {running} THEN {soon} ELSE {moved.format('due_at')} END",
        "next_at": f"CASE WHEN {running} THEN {soon} END",
        "warn_at": "'{}'",
        "holders": "CASE WHEN c.status = 'open' THEN c.holders ELSE x.holders END",
    }
    facts = {"recorded_at": "now()", "payload": "replace(x.payload::text, t.number, c.number)::jsonb"}
    for model, given, only, order in (
        (Fact, facts, "", f"{moved.format('at')}, c.id, x.id"),
        (Filling, {}, "", "c.id, x.id"),
        (Clock, clocks, "AND x.watches = ''", "c.id, x.id"),
        (Obligation, {}, "", "c.id, x.id"),
        (ClauseUse, {}, "", "c.id, x.id"),
    ):
        cursor.execute(
            f"""{copied(model, "x", shift | subject | given)}
            FROM cases_case c JOIN turn u ON u.open = (c.status = 'open') AND u.place = (c.id - 1 - (SELECT max(id) FROM template)) %% 10
            JOIN template t ON t.id = u.template
            JOIN {model._meta.db_table} x ON x.subject_kind = 'case' AND x.subject_id = t.id {only}
            WHERE c.id > (SELECT max(id) FROM cases_case) - %s AND c.id > (SELECT max(id) FROM template) ORDER BY {order}""",
            [told],
        )


def chain(cursor: Any) -> None:
    """Facts that SQL wrote are told to the sequencer and the sealer as record() would have told them."""
    from zhike.journal.seals import seal_all
    from zhike.journal.stream import sequence_all

    cursor.execute("""
        INSERT INTO journal_pending (fact_id) SELECT id FROM journal_fact f
        WHERE NOT EXISTS (SELECT FROM journal_stream s WHERE s.fact_id = f.id)
            AND NOT EXISTS (SELECT FROM journal_pending p WHERE p.fact_id = f.id)
    """)
    cursor.execute("ANALYZE journal_pending")
    sequence_all()
    seal_all()


if __name__ == "__main__":
    django.setup()
    fill(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else TOLD_SHARE)
