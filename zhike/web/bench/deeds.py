"""What an agent of the bench does: real deeds, through the real engine."""

from __future__ import annotations

from typing import Any

from django.db import connection

from zhike.cases.actions import open_case
from zhike.cases.models import Case
from zhike.lib import clock
from zhike.org.handbooks import current, viewer
from zhike.org.models import Department, Staff
from zhike.web.bench.fill import HANDBOOK


class Agent:
    """Opens complaint tickets and warnings, as one of the agents of the filled department."""

    def __init__(self, place: int) -> None:
        name = f"bench-agent-{place}"
        self.staff = Staff.objects.get(username=name)  # house-rule: one-gate, made-up staff of a scratch database
        self.stores = list(Department.objects.filter(code__startswith="bench-store-").order_by("pk"))
        self.place = place
        self.ticket: Case | None = None

    def open_next(self, n: int) -> str | None:
        """A ticket, then a warning under it, then a ticket ...: the number of the case, None when it is not as it should be."""
        now = clock.wall()
        version, by = current(HANDBOOK, now), viewer(self.staff)
        if self.ticket is None:
            case = open_case(
                version,
                "service_ticket",
                "register",
                self.complaint(n),
                by=by,
                now=now,
                key=f"{self.place}/{now.timestamp()}",
            )
            self.ticket = case
            return case.number if case.stage == "complaint_handling" and case.owner_id == self.staff.pk else None
        ticket, self.ticket = self.ticket, None
        values = {"customer_mobile": "13900000001", "reported_issue": "示例：态度不好", "reason": "hard"}
        case = open_case(
            version,
            "complaint_warning",
            "open_warning",
            values,
            by=by,
            now=now,
            parent=ticket,
            key=f"{self.place}/{now.timestamp()}",
        )
        return case.number if case.stage == "draft" and case.parent_id == ticket.pk else None

    def complaint(self, n: int) -> dict[str, Any]:
        return {
            "caller_name": "示例顾客", "caller_phone": f"139{(self.place * 9_999_991 + n * 7919) % 100_000_000:08}",
            "service_class": "complaint", "complaint_item": "service_quality", "store": self.stores[n % len(self.stores)].pk,
            "content": f"示例投诉 {n}：收银员态度冷淡，要求退款。",
        }  # fmt: skip


def left_behind(numbers: list[str]) -> tuple[int, int, int, int, int]:
    """What these cases left: (cases, facts, lines of the ledger, forms, running clocks)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH made AS (SELECT id FROM cases_case WHERE number = ANY(%s)) SELECT (SELECT count(*) FROM made),"
            " (SELECT count(*) FROM journal_fact WHERE subject_kind = 'case' AND subject_id IN (SELECT id FROM made) AND type LIKE 'case.%%'),"
            " (SELECT count(*) FROM journal_clauseuse WHERE subject_kind = 'case' AND subject_id IN (SELECT id FROM made)),"
            " (SELECT count(*) FROM records_filling WHERE subject_kind = 'case' AND subject_id IN (SELECT id FROM made)),"
            " (SELECT count(*) FROM clocks_clock WHERE subject_kind = 'case' AND subject_id IN (SELECT id FROM made) AND state = 'running')",
            [numbers],
        )
        found: tuple[int, int, int, int, int] = cursor.fetchone()
        return found
