"""Fill a database with customers by SQL: names, kinds, tiers, tags, numbers and addresses as an archive of years has them.

    python -m zhike.web.bench.archive 1000000        on DATABASE_URL, migrated and empty

One in ten is a company; tiers and tags go from common to rare, and one tag never goes with one tier. Identity numbers are rows whose
blind index is random: looking one up costs what it costs, reading it is no part of the measurement.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import django
from django.db import connection

from zhike.web.bench.fill import company, say, skip_foreign_keys, start, without_indexes

SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
GIVEN = "伟芳娜敏静强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红玲丽建国文辉力新宇航子轩浩然雨欣梓涵思远嘉怡若曦一诺"
TIERS = ("普通", 70), ("银卡", 20), ("金卡", 8), ("钻石", 2)
TAGS = ("老客户", 50), ("会员", 30), ("投诉过", 10), ("团购", 3)
RARE_TAG, RARE_SHARE = "媒体", 1000
NEVER_TOGETHER = ("钻石", "团购")
"""A tier and a tag that no customer has both of: a filter that finds nothing however long it looks."""
OWN = "retail-hotline.best_time"
"""A handbook's own field, as cards leave it on the customer: half of them morning, a tenth afternoon, one in a thousand evening."""
EMAILS, NUMBERS, COMPANIES = 5, 20, 10
"""One customer in so many has an address, an identity number, is a company."""

CUSTOMERS = f"""
INSERT INTO customers_customer (name, kind, name_key, tier, tags, kept, remark, version, created_at, is_sample)
SELECT CASE WHEN company THEN '示例' || g1 || g2 || n || '有限公司' ELSE s || g1 || g2 END,
    CASE WHEN company THEN 'company' ELSE 'person' END,
    CASE WHEN company THEN '示例' || g1 || g2 || n ELSE s || g1 || g2 END,
    tier, (SELECT coalesce(array_agg(t ORDER BY t COLLATE "C"), '{{}}') FROM unnest(tags) AS t WHERE t IS NOT NULL AND
        NOT (tier = '{NEVER_TOGETHER[0]}' AND t = '{NEVER_TOGETHER[1]}')),
    CASE WHEN own IS NULL THEN '{{}}' ELSE array['{OWN}=' || own] END,
    '', 1, now() - (%(rows)s - n) * (interval '1500 days' / %(rows)s), true
FROM (
    SELECT n, n %% {COMPANIES} = 3 AS company,
        substr('{SURNAMES}', 1 + pg_temp.h(n, 1, {len(SURNAMES)}), 1) AS s, substr('{GIVEN}', 1 + pg_temp.h(n, 2, {len(GIVEN)}), 1) AS g1,
        substr('{GIVEN}', 1 + pg_temp.h(n, 3, {len(GIVEN)}), 1) AS g2,
        (SELECT name FROM tiers WHERE pg_temp.h(n, 4, 100) < upto ORDER BY upto LIMIT 1) AS tier,
        array[{", ".join(f"CASE WHEN pg_temp.h(n, {10 + k}, 100) < {share} THEN '{tag}' END" for k, (tag, share) in enumerate(TAGS))},
            CASE WHEN pg_temp.h(n, 9, {RARE_SHARE}) = 0 THEN '{RARE_TAG}' END] AS tags,
        CASE WHEN pg_temp.h(n, 20, 1000) < 500 THEN 'morning' WHEN pg_temp.h(n, 20, 1000) < 600 THEN 'afternoon'
            WHEN pg_temp.h(n, 20, 1000) = 600 THEN 'evening' END AS own
    FROM generate_series(1::bigint, %(rows)s) AS n) AS made
"""
POINTS = """
INSERT INTO customers_contactpoint (customer_id, kind, value, created_at)
SELECT id, 'phone', '+861' || 3 + id %% 7 || lpad((id * 736338717 %% 999999937)::text, 9, '0'), created_at
FROM customers_customer WHERE id > %(known)s
UNION ALL
SELECT id, 'email', 'sample' || id || '@mail' || id %% 50 || '.example.com', created_at
FROM customers_customer WHERE id > %(known)s AND id %% %(emails)s = 0
"""
IDENTIFIERS = """
INSERT INTO customers_identifier (customer_id, kind, key_id, sealed, blind, created_at)
SELECT id, CASE kind WHEN 'company' THEN 'credit_code' ELSE 'resident_id' END, %(key)s, '\\x00', md5(id::text) || md5('b' || id), created_at
FROM customers_customer WHERE id > %(known)s AND id %% %(numbers)s = 0
"""


def fill(rows: int) -> None:
    """The sample company, then so many customers beside its own."""
    from zhike.org.keys import keyring

    began = time.monotonic()
    start(rows)
    company(rows)
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'; SET max_parallel_maintenance_workers = 2")
        skip_foreign_keys(cursor)
        shares(cursor)
        cursor.execute("SELECT coalesce(max(id), 0) FROM customers_customer")
        given = {
            "rows": rows,
            "known": cursor.fetchone()[0],
            "emails": EMAILS,
            "numbers": NUMBERS,
            "key": keyring().newest,
        }
        with without_indexes(cursor, "customers_customer", "customers_contactpoint", "customers_identifier"):
            for statement in (CUSTOMERS, POINTS, IDENTIFIERS):
                cursor.execute(statement, given)
        cursor.execute("VACUUM (ANALYZE)")
    say(fill, began)


def shares(cursor: Any) -> None:
    """`h(n, salt, size)`: a number below `size` that looks random and is the same every time; the tiers with where each ends."""
    ends, upto = [], 0
    for name, share in TIERS:
        upto += share
        ends.append(f"('{name}', {upto})")
    cursor.execute(f"""
        CREATE FUNCTION pg_temp.h(n bigint, salt int, size int) RETURNS int LANGUAGE sql IMMUTABLE AS
            'SELECT (abs(hashint8(n * 31 + salt * 1000003)::bigint) % size)::int';
        CREATE TEMP TABLE tiers (name text, upto int); INSERT INTO tiers VALUES {", ".join(ends)};
    """)


if __name__ == "__main__":
    django.setup()
    fill(int(sys.argv[1]))
