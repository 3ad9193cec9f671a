"""A small handbook and short ways to say things, for tests of clocks and duties. All of it is made up (示例)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from zhike.clocks.actions import Start, start_clocks
from zhike.clocks.models import Clock
from zhike.handbook.structure import Handbook
from zhike.journal.models import ClauseUse, Fact
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion

CHINA = ZoneInfo("Asia/Shanghai")
CASE = ("case", 7)
AGENT = "retail-hotline:hotline_agent"
MANAGER = "retail-hotline:store_manager@12"
DEPUTY = "retail-hotline:division_deputy_gm"
GENERAL = "retail-hotline:division_gm"

OFFICE = {"id": "office", "title": "示例办公时间", "weekly": {"mon-fri": ["09:00-12:00", "13:00-18:00"]}}


def at(text: str) -> dt.datetime:
    """`at("06-10 09:30:01")`: that moment of 2025 in Shanghai. 10 June 2025 is a Tuesday."""
    return dt.datetime.fromisoformat(f"2025-{text.replace(' ', 'T')}").replace(tzinfo=CHINA)


def deadline(clause_id: str = "WARN-05", **fields: Any) -> dict[str, Any]:
    common = {"kind": "deadline", "id": clause_id, "title": "示例时限", "cites": "1", "quote": "示例"}
    return (
        common | {"starts": ["case.opened"], "until": ["action.submit"], "holder": ["agent"], "within": "30m"} | fields
    )


def duty(clause_id: str = "WARN-18", **fields: Any) -> dict[str, Any]:
    common = {
        "kind": "duty",
        "id": clause_id,
        "title": "示例例行",
        "cites": "1",
        "quote": "示例",
        "starts": ["action.recontact"],
    }
    return common | {"owes": ["action.daily_report"], "holder": ["agent"]} | fields


def version_of(*clauses: dict[str, Any], warn: tuple[float, ...] = (80,), **fields: Any) -> HandbookVersion:
    """An installed handbook of these clauses, with the calendar `office`."""
    handbook = Handbook.model_validate(
        {
            "name": "retail-hotline",
            "title": "示例制度",
            "version": "1",
            "effective": "2025-01-01",
            "defaults": {"warn": list(warn)},
            "roles": [{"id": role, "title": role} for role in ("agent", "manager", "deputy", "general")],
            "calendars": [OFFICE],
            "clauses": list(clauses),
        }
        | fields
    )
    number = HandbookVersion.objects.count()
    return HandbookVersion.objects.create(
        name=handbook.name,
        version="1",
        effective_from=at("01-01 00:00"),
        source=handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        text="",
        digest=f"{number:064}",
    )


def start_of(version: HandbookVersion, clause_id: str = "WARN-05", **fields: Any) -> Start:
    """A start of that clause on case 7 at 09:00, held by the agent, unless `fields` say otherwise."""
    book = book_of(version.pk)
    given: dict[str, Any] = {
        "subject": CASE,
        "holders": [AGENT],
        "held_as": "agent",
        "key": f"case:7/{clause_id}/1",
        "at": at("06-10 09:00"),
        "audience": (AGENT, MANAGER),
    }
    return Start(book=book, version_id=version.pk, clause=book.clause(clause_id), **given | fields)  # type: ignore[arg-type]


def started(version: HandbookVersion, clause_id: str = "WARN-05", **fields: Any) -> Clock:
    """The clock of such a start."""
    (clock,) = start_clocks([start_of(version, clause_id, **fields)])
    return clock


def facts(kind: str) -> list[tuple[dt.datetime, str]]:
    """(when, by whom) of every fact of that type, in the order written."""
    return [(fact.at, fact.actor) for fact in Fact.objects.filter(type=kind).order_by("id")]


def count_facts(kind: str) -> int:
    return Fact.objects.filter(type=kind).count()


def ledger(clause_id: str) -> list[str]:
    """The outcomes noted for a clause, in the order written."""
    return list(ClauseUse.objects.filter(clause=clause_id).order_by("id").values_list("outcome", flat=True))
