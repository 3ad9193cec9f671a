"""The ledger of a clause: how often it applied, was kept, was broken, refused something, and where."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from ninja import Router
from ninja.params.functions import Query
from pydantic import ConfigDict, Field

from zhike.cases.access import visible_cases
from zhike.journal.queries import Tally, lines
from zhike.web.api.cursors import cursor, read_cursor
from zhike.web.api.guard import Call
from zhike.web.api.handbooks import handbook_of
from zhike.web.api.problems import invalid, not_found
from zhike.web.api.shapes import PROBLEMS, PrincipalOut, Shape
from zhike.web.api.telling import people
from zhike.web.base.names import names_of
from zhike.web.handbook_page.ledger import holders_of, minutes_of_uses, tallies_of
from zhike.web.handbook_page.period import Period

router = Router(tags=["handbooks"])
USUAL = dt.timedelta(days=30)


class UseOut(Shape):
    """One line: what the clause did, at which case."""

    id: int
    at: dt.datetime
    outcome: str = Field(description="applied, kept, broken or refused")
    case: str = Field(description="Empty where it is about no case.")
    holders: list[PrincipalOut]
    minutes: float | None
    late_minutes: float | None


class LedgerOut(Shape):
    """The figures, and the lines behind them, newest first. Only cases the caller may see are counted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "handbook": "retail-hotline", "clause": "WARN-05", "since": "2025-05-11T09:00:00+08:00",
                    "until": "2025-06-10T09:00:00+08:00", "applied": 12, "kept": 11, "broken": 1, "refused": 0,
                    "share_kept": 91.7, "minutes": 18.5, "late_minutes": 7.0, "items": [], "next": None,
                }
            ]
        }
    )  # fmt: skip

    handbook: str
    clause: str
    since: dt.datetime
    until: dt.datetime
    applied: int
    kept: int
    broken: int
    refused: int
    share_kept: float | None
    minutes: float | None
    late_minutes: float | None
    in_target: int | None = Field(None, description="Of those kept, done within the target; null without one.")
    items: list[UseOut]
    next: str | None


@router.get(
    "/handbooks/{slug:name}/clauses/{slug:clause}/ledger",
    url_name="ledger",
    response={200: LedgerOut, **PROBLEMS},
    summary="The ledger of a clause",
)
def read_ledger(
    request: Call,
    name: str,
    clause: str,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    outcome: Literal["applied", "kept", "broken", "refused"] | None = None,
    after: str = "",
    size: int = Query(50, ge=1, le=100),
) -> LedgerOut:
    """From `since` up to, not including, `until`; the last 30 days without them. `outcome` chooses among the lines."""
    _, book = handbook_of(request, name)
    try:
        book.clause(clause)
    except KeyError:
        raise not_found()
    period = _period(since, until, request.now)
    cases = visible_cases(request.viewer).order_by()
    visible = cases.values("pk")
    tally = tallies_of(book, period, visible).get(clause, Tally(clause))
    rows = lines(name, period.since, period.until, subjects=visible, clause=clause, outcome=outcome or "")
    begin = read_cursor(after)
    page = list((rows.filter(pk__lt=begin[1]) if begin else rows).order_by("-id")[: size + 1])
    more, page = len(page) > size, page[:size]
    ids = {use.subject_id for use in page if use.subject_kind == "case"}
    numbers = dict(cases.filter(pk__in=ids).values_list("pk", "number"))
    names = names_of({holder for use in page for holder in holders_of(use)}, [book])
    known = minutes_of_uses(page)
    items = []
    for use in page:
        found = known.get(use.detail.get("clock", 0)) if isinstance(use.detail, dict) else None
        items.append(
            UseOut(
                id=use.pk, at=use.at, outcome=use.outcome,
                case=numbers.get(use.subject_id, "") if use.subject_kind == "case" else "",
                holders=people(holders_of(use), names), minutes=found.used if found else use.minutes,
                late_minutes=found.late if found else use.late_minutes,
            )
        )  # fmt: skip
    return LedgerOut(
        handbook=name, clause=clause, since=period.since, until=period.until, applied=tally.applied, kept=tally.kept,
        broken=tally.broken, refused=tally.refused, share_kept=tally.share_kept, minutes=tally.minutes,
        late_minutes=tally.late_minutes, in_target=tally.in_target, items=items, next=cursor(page[-1].at, page[-1].pk) if more else None,
    )  # fmt: skip


def _period(since: dt.datetime | None, until: dt.datetime | None, now: dt.datetime) -> Period:
    end = until or now + dt.timedelta(microseconds=1)
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and (moment.tzinfo is None or not 1900 < moment.year < 9000):
            raise invalid({name: ["2025-06-10T09:00:00+08:00"]})
    return Period("", since or end - USUAL, end, "")
