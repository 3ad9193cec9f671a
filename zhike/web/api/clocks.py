"""Open clocks: what is due, of which clause, in whose hands."""

from __future__ import annotations

from django.db.models import Q
from ninja import Router
from ninja.params.functions import Query
from pydantic import ConfigDict

from zhike.cases.access import visible_cases
from zhike.clocks.models import Clock
from zhike.web.api.cursors import cursor, read_cursor
from zhike.web.api.guard import Call
from zhike.web.api.shapes import PROBLEMS, ClockOut, Shape
from zhike.web.api.telling import clocks_out

router = Router(tags=["clocks"])


class ClockList(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": 41, "handbook": "retail-hotline", "clause": "WARN-05", "title": "预警上报", "state": "running",
                            "shown": "warned", "holders": [{"principal": "staff:5", "name": "示例客服"}],
                            "started_at": "2025-06-10T09:00:00+08:00", "due_at": "2025-06-10T09:30:00+08:00",
                            "target_at": None, "stopped_at": None, "left": "还剩 5 分钟", "case": "YJ250610000008",
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )  # fmt: skip

    items: list[ClockOut]
    next: str | None


@router.get("/clocks", url_name="clocks", response={200: ClockList, **PROBLEMS}, summary="Open clocks")
def list_clocks(
    request: Call,
    mine: bool = Query(False, description="Only those the caller holds."),
    after: str = Query("", max_length=120),
    size: int = Query(50, ge=1, le=100),
) -> ClockList:
    """Of the cases the caller may see, and what else he may see or holds; soonest due first."""
    cases, keys = visible_cases(request.viewer).order_by(), sorted(request.viewer.keys)
    seen = Q(subject_kind="case", subject_id__in=cases.values("pk"))
    seen |= ~Q(subject_kind="case") & (Q(audience__overlap=keys) | Q(holders__overlap=keys))
    rows = Clock.objects.filter(seen, state__in=Clock.OPEN)
    if mine:
        rows = rows.filter(holders__overlap=keys)
    begin = read_cursor(after)
    if begin:
        due, number = begin
        rows = rows.filter(Q(due_at__gt=due) | Q(due_at=due, id__gt=number), due_at__gte=due)
    found = list(rows.order_by("due_at", "id")[: size + 1])
    more, found = len(found) > size, found[:size]
    ids = {clock.subject_id for clock in found if clock.subject_kind == "case"}
    numbers = dict(cases.filter(pk__in=ids).values_list("pk", "number")) if ids else {}
    following = cursor(found[-1].due_at, found[-1].pk) if more else None
    return ClockList(items=clocks_out(found, request.now, numbers), next=following)
