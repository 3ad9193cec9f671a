"""A department of the first tables, with its history, under the tables of today: nothing is lost, changed or in the way.

`first.sql.gz` is the sample department as the first version left it: its history, a customer with an identity number, an
import, an uploaded file, a sealed journal. Nobody can sign in to it. It is never made again: it is what is out there.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from zhike.web.backup.contents import SETTINGS, tables_of
from zhike.web.backup.nightly import source
from zhike.web.backup.swapping import maintenance
from zhike.web.cli.scratch import with_name

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

FIRST = Path(__file__).with_name("first.sql.gz")
KEYS = f"sample:{b64encode(b'example-key-of-a-test-not-secret').decode()}"
RENEWED = {"django_migrations", "django_content_type", "auth_permission"}
"""Tables that a migration itself writes into."""
REMOVED = {"django_session"}
"""Tables that are gone: sessions are of another kind now, so everybody signs in again."""
HASHED = "SELECT count(*), coalesce(sum(('x' || left(md5(ROW({columns})::text), 15))::bit(60)::bigint), 0) FROM {table}"
Columns = dict[str, list[str]]


@dataclass
class Upgraded:
    """The database, what stood in it before and what stands there now."""

    url: str
    home: Path
    columns: Columns
    before: dict[str, tuple[Any, ...]]
    after: dict[str, tuple[Any, ...]]

    def run(self, program: str) -> Any:
        """Python with the product on this database; what it prints as JSON."""
        done = subprocess.run(
            [sys.executable, "-c", f"import json, django\ndjango.setup()\n{program}"],
            env=environment(self.url, self.home), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def environment(url: str, home: Path) -> dict[str, str]:
    return {
        **os.environ, "DATABASE_URL": url, "ZHIKE_HOME": str(home), "ZHIKE_FIELD_KEYS": KEYS,
        "DJANGO_SETTINGS_MODULE": "zhike.settings",
    }  # fmt: skip


@pytest.fixture(scope="module")
def upgraded(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """The first version's database, brought up by `zhike migrate`."""
    name = f"zhike_test_upgrade_{secrets.token_hex(4)}"
    url, home = with_name(source().url, name), tmp_path_factory.mktemp("home")
    with maintenance(url) as keeper:
        keeper.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            with psycopg.connect(url, autocommit=True) as look:
                look.execute(gzip.decompress(FIRST.read_bytes()))
            with psycopg.connect(url) as look:
                columns = columns_of(look)
                before = hashes(look, columns)
            migrate = [sys.executable, "-m", "zhike", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, env=environment(url, home), check=True)
            with psycopg.connect(url) as look:
                after = hashes(look, columns)
            yield Upgraded(url, home, columns, before, after)
        finally:
            keeper.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def columns_of(look: psycopg.Connection[Any]) -> Columns:
    found: Columns = {}
    for table in set(tables_of(look)) - REMOVED:
        rows = look.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
            " ORDER BY ordinal_position",
            [table],
        )
        found[table] = [name for (name,) in rows]
    return found


def hashes(look: psycopg.Connection[Any], columns: Columns) -> dict[str, tuple[Any, ...]]:
    """{table: (rows, hash)} over the columns that there were at first; a table or column that is gone fails here."""
    look.execute(SETTINGS)
    found = {}
    for table, names in columns.items():
        statement = sql.SQL(HASHED).format(
            columns=sql.SQL(", ").join(map(sql.Identifier, names)), table=sql.Identifier("public", table)
        )
        row = look.execute(statement).fetchone()
        assert row is not None
        found[table] = tuple(row)
    return found


def test_the_first_version_left_what_a_department_leaves(upgraded: Upgraded) -> None:
    rows = {table: found[0] for table, found in upgraded.before.items()}
    wanted = {
        "cases_case": 14,
        "customers_identifier": 1,
        "customers_importrun": 1,
        "records_attachment": 2,
        "journal_fact": 241,
    }
    assert {table: rows[table] for table in wanted} == wanted


def test_every_row_and_every_value_of_before_is_there(upgraded: Upgraded) -> None:
    changed = [
        table for table, found in upgraded.before.items() if upgraded.after[table] != found and table not in RENEWED
    ]
    assert changed == []


def test_the_tables_are_those_of_an_installation_that_began_today(upgraded: Upgraded) -> None:
    with psycopg.connect(upgraded.url) as old, psycopg.connect(source().url) as new:
        assert tables_and_indexes(old) == tables_and_indexes(new)


def tables_and_indexes(look: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    columns = look.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public'"
        " ORDER BY 1, 2"
    ).fetchall()
    indexes = look.execute(
        "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
    ).fetchall()
    return [*columns, *indexes]


CHAIN = """
from zhike.journal.seals import verify_chain
report = verify_chain()
print(json.dumps([report.ok, report.sealed, [f.message for f in report.findings]]))
"""
NUMBERS = """
from zhike.customers.identifiers import by_identifier
from zhike.customers.queries import Asked, filtered, search
from zhike.customers.models import Customer
print(json.dumps([by_identifier("11010519491231002X").name, [c.name for c in search("8000")],
    [c.name for c in filtered(Customer.objects.all(), Asked(kind="person", tag="老客户"))]]))
"""
WORK = """
from zhike.cases.access import visible_cases
from zhike.cases.actions import open_case
from zhike.cases.models import Case
from zhike.cases.queries import offered
from zhike.clocks.watch import fire_all
from zhike.journal.models import ClauseUse
from zhike.lib import clock
from zhike.org.handbooks import current, viewer
from zhike.org.models import Department, Staff
agent = next(v for s in Staff.objects.filter(is_active=True).order_by("pk") if (v := viewer(s)).in_role("retail-hotline", "hotline_agent"))
store = Department.objects.filter(kind="store").order_by("pk").first()
values = {"caller_name": "示例顾客", "caller_phone": "13800138000", "service_class": "complaint", "complaint_item": "service_quality",
    "store": store.pk, "content": "示例：升级之后的投诉"}
now = clock.now()
case = open_case(current("retail-hotline", now), "service_ticket", "register", values, by=agent, now=now)
seen = visible_cases(agent)
fire_all(clock.now)
print(json.dumps([case.stage, case.customer.name, seen.filter(pk=case.pk).exists(), seen.count() > 5,
    any(offered(each, agent) for each in seen.filter(status="open")), ClauseUse.objects.filter(subject_id=case.pk).exists()]))
"""
PAGES = """
from django.conf import settings
from django.test import Client
settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
from zhike.cases.models import Case
from zhike.org.models import Staff
from zhike.org.handbooks import viewer
found = {}
for person in Staff.objects.filter(is_active=True).order_by("pk"):
    client = Client(headers={"Host": "localhost"})
    client.force_login(person, backend="zhike.org.backend.StaffBackend")
    numbers = Case.objects.filter(audience__overlap=list(viewer(person).keys)).values_list("number", flat=True)[:3]
    for path in ("/", "/cases?all=1", "/notices", *(f"/cases/{n}" for n in numbers)):
        status = client.get(path, follow=True).status_code
        found[status] = found.get(status, 0) + 1
print(json.dumps(sorted(found)))
"""


def test_the_journals_chain_holds(upgraded: Upgraded) -> None:
    assert upgraded.run(CHAIN) == [True, 241, []]


def test_customers_are_found_by_what_they_were_filed_under(upgraded: Upgraded) -> None:
    assert upgraded.run(NUMBERS) == ["示例王", ["示例王"], ["示例王"]]


def test_work_goes_on_with_the_cases_of_before(upgraded: Upgraded) -> None:
    assert upgraded.run(WORK) == ["complaint_handling", "示例王", True, True, True, True]


def test_everybodys_pages_open(upgraded: Upgraded) -> None:
    assert set(upgraded.run(PAGES)) <= {200, 403}
