"""A named cast on the retail hotline's handbook: who works where, who looks in from outside, and the deeds most tests begin with.

    people = cast()                                     needs the test database
    ticket = people.ticket(at("2025-06-10 08:30"))      a service complaint about store one, taken by the agent
    warning = people.warning(at("2025-06-10 09:00"))    a warning of it, to be filed within 30 minutes

Two divisions: store one and store two belong to the first, store three (which keeps opening hours) to the second. Everything is
made up (示例).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from zhike.cases.actions import open_case, take_action
from zhike.cases.models import Case
from zhike.customers.actions import find_or_add_customer
from zhike.handbook import library
from zhike.handbook.book import Book
from zhike.handbook.load import load
from zhike.journal.models import ClauseUse, Fact
from zhike.org.actions import add_department, add_staff, assign_role, disable_staff
from zhike.org.handbooks import book_of
from zhike.org.handbooks import viewer as viewer_of
from zhike.org.models import Department, HandbookVersion, Staff
from zhike.org.principals import ANONYMOUS_VIEWER, SYSTEM, Viewer, customer_viewer

ZONE = ZoneInfo("Asia/Shanghai")
RETAIL = "retail-hotline"


def at(text: str) -> dt.datetime:
    """`at("2025-06-10 09:00")`: that moment in Shanghai. 10 June 2025 is a Tuesday."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE)


BEGINNING = at("2025-06-01 08:00")

COMPLAINT = {
    "caller_name": "示例顾客",
    "caller_phone": "13800000001",
    "service_class": "complaint",
    "complaint_item": "service_quality",
    "content": "示例：收银员态度不好。",
}
SIX = {
    "customer_mobile": "13800000001",
    "district": "sample_east",
    "reported_issue": "示例：收银员态度不好。",
    "verification_status": "示例：已看录像。",
    "dissatisfaction_point": "示例：要求当面道歉。",
    "difficulty": "示例：顾客情绪激动。",
}

PLACES = (
    # code, name, kind, parent, calendar
    ("hotline", "示例热线中心", "hotline_center", "", ""),
    ("subcenter", "示例分中心", "service_subcenter", "", ""),
    ("division-1", "示例第一事业部", "division", "", ""),
    ("store-1", "示例一店", "store", "division-1", ""),
    ("store-2", "示例二店", "store", "division-1", ""),
    ("division-2", "示例第二事业部", "division", "", ""),
    ("store-3", "示例三店", "store", "division-2", "store_day"),
)
PEOPLE = (
    # who, role, department
    ("agent", "hotline_agent", "hotline"),
    ("colleague", "hotline_agent", "hotline"),
    ("followup", "hotline_center", "hotline"),
    ("supervisor", "hotline_supervisor", "hotline"),
    ("center_supervisor", "hotline_center_supervisor", "hotline"),
    ("subcenter", "service_subcenter", "subcenter"),
    ("manager", "store_manager", "store-1"),
    ("service", "store_service_center", "store-1"),
    ("other_manager", "store_manager", "store-2"),
    ("other_service", "store_service_center", "store-2"),
    ("far_manager", "store_manager", "store-3"),
    ("far_service", "store_service_center", "store-3"),
    ("deputy", "division_deputy_gm", "division-1"),
    ("general", "division_gm", "division-1"),
    ("other_deputy", "division_deputy_gm", "division-2"),
    ("other_general", "division_gm", "division-2"),
    ("disabled", "hotline_agent", "hotline"),
    ("outsider", "", ""),
    ("admin", "", ""),
)


@dataclass
class Cast:
    """The company of a test. `people.agent` is a viewer, `people.staff["agent"]` the person, `people.place["store-1"]` a department."""

    version: HandbookVersion
    place: dict[str, Department]
    staff: dict[str, Staff]
    viewers: dict[str, Viewer]

    def __getattr__(self, name: str) -> Viewer:
        if name in ("viewers", "staff") or name not in self.viewers:
            raise AttributeError(name)
        return self.viewers[name]

    @property
    def book(self) -> Book:
        return book_of(self.version.pk)

    def ticket(self, now: dt.datetime, store: str = "store-1", by: str = "agent", **values: Any) -> Case:
        """A complaint by phone, registered."""
        values = {**COMPLAINT, "store": self.place[store].pk, **values}
        return open_case(self.version, "service_ticket", "register", values, by=self.viewers[by], now=now)

    def warning(self, now: dt.datetime, store: str = "store-1", ticket: Case | None = None) -> Case:
        """A warning that the agent has just judged to be one, of a complaint registered half an hour before."""
        ticket = ticket or self.ticket(now - dt.timedelta(minutes=30), store)
        take_action(ticket.pk, "raise_warning", {"reason": "hard"}, by=self.agent, now=now)
        return Case.objects.get(parent=ticket)

    def do(self, case: Case, action: str, by: str, now: dt.datetime, /, **values: Any) -> Case:
        """An action on a case, as its page would take it; `submit` and `daily_report` come with the six items."""
        if action in ("submit", "daily_report"):
            values = {**SIX, **values}
        return take_action(case.pk, action, values, by=self.viewers[by], now=now)

    def at_store(self, now: dt.datetime, store: str = "store-1") -> Case:
        """A warning that reaches its store at `now`."""
        warning = self.warning(now - dt.timedelta(minutes=40), store)
        self.do(warning, "submit", "agent", now - dt.timedelta(minutes=20))
        return self.do(warning, "review", "supervisor", now, result="pass")

    def fed_back(self, now: dt.datetime) -> Case:
        """A warning whose opinion the manager has given half an hour before `now` and feeds back at `now`."""
        warning = self.at_store(now - dt.timedelta(hours=2))
        self.do(warning, "store_handle", "service", now - dt.timedelta(hours=1), action="示例：已约顾客。")
        self.do(warning, "give_opinion", "manager", now - dt.timedelta(minutes=30), opinion="示例：当面道歉。")
        return self.do(warning, "feed_back", "manager", now)

    def unsatisfied(self, now: dt.datetime) -> Case:
        """A warning whose customer says at `now` that he is not satisfied: the daily loop begins the next day."""
        warning = self.fed_back(now - dt.timedelta(hours=1))
        return self.do(warning, "recontact", "center_supervisor", now, content="示例：不接受。", satisfied=False)

    def portal_ticket(self, now: dt.datetime, **values: Any) -> Case:
        """Filed by a customer on the portal, waiting to be classified."""
        values = {
            "caller_name": "示例顾客", "caller_phone": "13800000001", "request_kind": "complaint", "content": "示例：排队太久。",
            "store": self.place["store-1"].pk, **values,
        }  # fmt: skip
        return open_case(self.version, "service_ticket", "file", values, by=ANONYMOUS_VIEWER, now=now, source="portal")


def cast() -> Cast:
    """The company, made through the same actions as a real one."""
    version = install_retail()
    places: dict[str, Department] = {}
    for code, name, kind, parent, calendar in PLACES:
        places[code] = add_department(
            code=code, name=name, kind=kind, parent=places.get(parent), calendar=calendar, by=SYSTEM, now=BEGINNING
        )
    staff = {who: _person(who, role, places.get(code)) for who, role, code in PEOPLE}
    disable_staff(staff["disabled"], by=SYSTEM, now=BEGINNING)
    staff["disabled"].refresh_from_db()
    viewers = {who: viewer_of(person) for who, person in staff.items()}
    for who, phone in (("customer", "13800000001"), ("stranger", "13800000002")):
        viewers[who] = customer_viewer(find_or_add_customer(phone=phone, name="示例顾客", now=BEGINNING).pk)
    return Cast(version, places, staff, {**viewers, "anonymous": ANONYMOUS_VIEWER})


def _person(who: str, role: str, place: Department | None) -> Staff:
    person = add_staff(
        username=who.replace("_", "-"), name=f"示例{who}", is_admin=who == "admin", by=SYSTEM, now=BEGINNING
    )
    if role:
        assign_role(person, RETAIL, role, place, by=SYSTEM, now=BEGINNING)
    return person


@lru_cache(maxsize=1)
def _retail() -> tuple[dict[str, Any], str, str]:
    """Read and checked once for all tests: that takes a second, and the file does not change meanwhile."""
    book = load(library.find(RETAIL))
    return book.handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True), book.text, book.version


def install_retail() -> HandbookVersion:
    """The shipped handbook, in force since long before any test."""
    source, text, version = _retail()
    return HandbookVersion.objects.create(
        name=RETAIL, version=version, effective_from=at("2025-01-01 00:00"), source=source, text=text, digest="0" * 64
    )


def state_of(case: Case) -> Mapping[str, Any]:
    """Every column of the row, to be compared with itself later."""
    return Case.objects.filter(pk=case.pk).values().get()


def ledger(case: Case | None = None, **wanted: Any) -> list[tuple[str, str]]:
    """(clause, outcome) of the ledger's lines, oldest first; of one case, or of everything."""
    lines = ClauseUse.objects.filter(**wanted).order_by("id")
    if case is not None:
        lines = lines.filter(subject_kind="case", subject_id=case.pk)
    return list(lines.values_list("clause", "outcome"))


def facts(kind: str, case: Case | None = None) -> list[Fact]:
    """The journal's facts of one type, oldest first."""
    rows = Fact.objects.filter(type=kind).order_by("id")
    return list(rows.filter(subject_kind="case", subject_id=case.pk) if case is not None else rows)
