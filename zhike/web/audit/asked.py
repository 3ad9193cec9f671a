"""What the form of the journal asks for, read from an address; what cannot be read is said, not passed over."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db.models import Q
from django.utils.translation import gettext

from zhike.cases.models import Case
from zhike.journal.searching import Sought
from zhike.lib.text import clean_line, narrow
from zhike.org.models import Staff
from zhike.web.base.typed import day_of, midnight
from zhike.web.context import Request

FIELDS = ("who", "about", "type", "clause", "since", "until", "positions")
LONGEST = 120
MOST_PEOPLE = 50
PRINCIPAL = re.compile(r"(staff|customer):[0-9]{1,18}|system|anonymous")
SUBJECT = re.compile(r"([a-z_]{2,16})[:#\s]\s*([0-9]{1,18})")
POSITIONS = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")
KINDS = {"客户": "customer", "工单": "case", "员工": "staff", "部门": "department", "导入": "import"}
NOBODY = Sought(actors=["-"])
"""Finds nothing: a person or a case that was asked for does not exist."""


@dataclass(frozen=True, slots=True)
class Asked:
    """As it was typed, what it means, and what is wrong with it."""

    typed: dict[str, str]
    sought: Sought
    wrong: list[str] = field(default_factory=list)

    def address(self, **more: object) -> str:
        return urlencode({**{name: value for name, value in self.typed.items() if value}, **more})


def read(request: Request) -> Asked:
    """Two queries at most: for a name, for the number of a case."""
    typed = {name: clean_line(request.GET.get(name, "")[:LONGEST]) for name in FIELDS}
    wrong: list[str] = []
    actors = _people(typed["who"])
    subject = _subject(typed["about"])
    since, until = _day(typed["since"], wrong), _day(typed["until"], wrong)
    if typed["who"] and not actors:
        wrong.append(
            gettext("没有这个人：%(who)s。请填写姓名、用户名，或 staff:5 这样的编号。") % {"who": typed["who"]}
        )
    if typed["about"] and subject is None:
        wrong.append(gettext("没有这个对象：%(about)s。请填写工单号，或“客户 9”。") % {"about": typed["about"]})
    if wrong:
        return Asked(typed, NOBODY, wrong)
    match = POSITIONS.fullmatch(typed["positions"])
    sought = Sought(
        actors=actors, subject=subject, type=typed["type"], clause=typed["clause"].upper(), since=since,
        until=until + dt.timedelta(days=1) if until else None,
        positions=(int(match[1]), int(match[2])) if match else None,
    )  # fmt: skip
    return Asked(typed, sought)


def _people(text: str) -> list[str]:
    """A principal as it is, else everybody of that name or user name."""
    if not text:
        return []
    if PRINCIPAL.fullmatch(text):
        return [text]
    named = Staff.objects.filter(Q(name=text) | Q(username=text)).values_list("pk", flat=True)
    return [f"staff:{number}" for number in named[:MOST_PEOPLE]]


def _subject(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    plain = narrow(text)
    for word, kind in KINDS.items():
        plain = re.sub(rf"^{word}\s*[:#]?\s*(?=[0-9])", f"{kind} ", plain)
    if match := SUBJECT.fullmatch(plain):
        return match[1], int(match[2])
    number = Case.objects.filter(number=plain.upper()).values_list("pk", flat=True).first()
    return ("case", number) if number is not None else None


def _day(text: str, wrong: list[str]) -> dt.datetime | None:
    if not text:
        return None
    if found := day_of(text):
        return midnight(found)
    wrong.append(gettext("日期读不懂：%(text)s。请写成 2026-07-01。") % {"text": text})
    return None
