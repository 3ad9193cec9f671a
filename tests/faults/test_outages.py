"""PostgreSQL goes away for ten seconds, the worker is killed while clocks fire: what was confirmed is there, once, and everything
goes on by itself.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests.faults.conftest import Breakable
from tests.served import Answer, Person, Served, text_of, until

pytestmark = [pytest.mark.slow, pytest.mark.embedded]

OPEN = "/desk/new/retail-hotline/service_ticket/register"
OUTAGE = 10.0
"""Seconds the database is away."""
BACK = 10.0
"""Seconds after which pages and worker must be back."""


@dataclass
class Sender:
    """A colleague who registers one enquiry after the other, sends each again until it is confirmed, and keeps his own list."""

    person: Person
    name: str
    confirmed: list[str] = field(default_factory=list)
    refusals: list[Answer] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            self.send_until_confirmed(f"示例 {self.name} 第 {number} 件")

    def send_until_confirmed(self, content: str) -> None:
        values = {"caller_phone": "13800000401", "service_class": "query", "query_item": "price", "content": content}
        values["key"] = content.replace(" ", "-")
        while True:
            answer = self.person.post(OPEN, values)
            if answer.status == 302:
                self.confirmed.append(content)
                return
            self.refusals.append(answer)


def a_program_asks(product: Served) -> Answer:
    person = Person(product)
    person.accept = "application/json"
    return person.get("/portal/")


def stored(product: Served) -> Counter[str]:
    """How often each enquiry is in the database."""
    query = "SELECT data->'service_ticket'->>'content' FROM cases_case WHERE data->'service_ticket' ? 'content'"
    return Counter(content for (content,) in product.rows(query) if "第" in content)


def jobs_go_on(product: Served) -> None:
    """A job that is queued after the outage is done."""
    job = product.run(
        "from zhike.journal.tasks import requeue_stalled\nprint(requeue_stalled.configure(queueing_lock=None).defer(timestamp=1))"
    )
    until(
        lambda: product.rows("SELECT status FROM procrastinate_jobs WHERE id = %s", job) == [("succeeded",)],
        "a job is done",
        BACK,
    )


def test_nothing_confirmed_is_lost_or_doubled_while_the_database_is_away_for_ten_seconds(breakable: Breakable) -> None:
    product, server = breakable.product, breakable.postgres
    senders = [Sender(Person(product, follows=False).sign_in(name), name) for name in ("agent1", "agent2")]
    threads = [threading.Thread(target=sender.run) for sender in senders]
    for thread in threads:
        thread.start()
    try:
        until(lambda: all(len(sender.confirmed) >= 3 for sender in senders), "the stream flows")
        server.stop()
        began = time.monotonic()
        until(lambda: time.monotonic() - began > OUTAGE, "ten seconds")
        assert not product.healthy()
        program = a_program_asks(product)
        server.start()
        counts = [len(sender.confirmed) for sender in senders]
        until(lambda: all(len(s.confirmed) > n for s, n in zip(senders, counts, strict=True)), "posts go on", BACK)
        until(product.healthy, "the worker is back", BACK)
    finally:
        if server.running() is None:
            server.start()
        for sender in senders:
            sender.stop.set()
        for thread in threads:
            thread.join(60)

    jobs_go_on(product)
    refusals = [answer for sender in senders for answer in sender.refusals]
    assert refusals != []
    for answer in refusals:
        assert answer.status == 503, answer.text
        assert "暂时连不上数据库" in text_of(answer.text)
        assert answer.headers["Retry-After"] == "3"
    assert (program.status, program.headers["Content-Type"]) == (503, "application/problem+json")
    confirmed = [content for sender in senders for content in sender.confirmed]
    assert stored(product) == Counter(confirmed)


WARNINGS = 40
OPEN_WARNINGS = """
import datetime as dt
from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.lib import clock
from zhike.org.handbooks import current, viewer
from zhike.org.models import Department, Staff
begins = clock.now() + dt.timedelta(seconds=float(sys.argv[2]))
agent, store = viewer(Staff.objects.get(username="agent1")), Department.objects.get(code="store-1").pk
version, found = current("retail-hotline", begins), []
for number in range(int(sys.argv[1])):
    at = begins - dt.timedelta(minutes=30) + dt.timedelta(seconds=number * 0.15)
    values = {"caller_phone": "13800000402", "service_class": "complaint", "complaint_item": "service_quality", "store": store,
              "content": "示例：到期。"}
    ticket = open_case(version, "service_ticket", "register", values, by=agent, now=at)
    take_action(ticket.pk, "raise_warning", {"reason": "hard"}, by=agent, now=at)
    found.append(Case.objects.get(parent=ticket).pk)
print(json.dumps(found))
"""
BREACHED = "SELECT subject_id FROM journal_fact WHERE type = 'clock.breached' AND subject_id = ANY(%s) ORDER BY 1"
BROKEN = """
SELECT subject_id FROM journal_clauseuse WHERE clause = 'WARN-05' AND outcome = 'broken' AND subject_id = ANY(%s) ORDER BY 1
"""
TOLD = "SELECT subject_id FROM notices_notice WHERE kind = 'breached' AND clause = 'WARN-05' AND subject_id = ANY(%s) ORDER BY 1"
OVERDUE = "SELECT subject_id FROM clocks_clock WHERE clause = 'WARN-05' AND state = 'overdue' AND subject_id = ANY(%s) ORDER BY 1"


def test_a_worker_killed_again_and_again_fires_every_clock_exactly_once(breakable: Breakable) -> None:
    product = breakable.product
    cases = sorted(product.run(OPEN_WARNINGS, str(WARNINGS), "8"))
    for killed in range(3):
        until(lambda least=killed * 8: len(product.rows(OVERDUE, cases)) > least, "clocks fire")
        victim = until(lambda: product.child("work"), "there is a worker")
        os.kill(victim, signal.SIGKILL)
        until(lambda dead=victim: product.child("work") not in (None, dead), "another worker takes over")
    until(lambda: len(product.rows(OVERDUE, cases)) == WARNINGS, "every clock has fired")
    for query in (OVERDUE, BREACHED, BROKEN, TOLD):
        assert [case for (case,) in product.rows(query, cases)] == cases, query
    until(product.healthy, "the product is well")
