"""What the caller is told: warnings, breaches, arrivals."""

from __future__ import annotations

import datetime as dt

from ninja import Router
from ninja.params.functions import Query
from pydantic import ConfigDict, Field

from zhike.cases.access import visible_cases
from zhike.notices.queries import notices_of
from zhike.web.api.cursors import cursor, read_cursor
from zhike.web.api.guard import Call
from zhike.web.api.shapes import PROBLEMS, Shape
from zhike.web.api.telling import language

router = Router(tags=["notices"])


class NoticeOut(Shape):
    id: int
    at: dt.datetime
    kind: str = Field(description="warned, breached, missed, told or arrived")
    words: str
    handbook: str
    clause: str
    case: str = Field(description="Its number, where the caller may see it.")
    read: bool


class NoticeList(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": 5, "at": "2025-06-10T09:24:00+08:00", "kind": "warned", "words": "预警上报还剩 6 分钟",
                            "handbook": "retail-hotline", "clause": "WARN-05", "case": "YJ250610000008", "read": False,
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )  # fmt: skip

    items: list[NoticeOut]
    next: str | None


@router.get("/notices", url_name="notices", response={200: NoticeList, **PROBLEMS}, summary="Notices")
def list_notices(
    request: Call, after: str = Query("", max_length=120), size: int = Query(50, ge=1, le=100)
) -> NoticeList:
    """Addressed to the caller or to one of his roles, newest first."""
    begin = read_cursor(after)
    found = notices_of(request.viewer, limit=size + 1, before=begin[1] if begin else None)
    more, found = len(found) > size, found[:size]
    ids = {notice.subject_id for notice in found if notice.subject_kind == "case"}
    numbers = dict(visible_cases(request.viewer).filter(pk__in=ids).values_list("pk", "number")) if ids else {}
    items = [
        NoticeOut(
            id=n.pk, at=n.at, kind=n.kind, words=_say(n.words), handbook=n.handbook, clause=n.clause,
            case=numbers.get(n.subject_id, "") if n.subject_kind == "case" else "", read=bool(getattr(n, "read", False)),
        )
        for n in found
    ]  # fmt: skip
    return NoticeList(items=items, next=cursor(found[-1].at, found[-1].pk) if more else None)


def _say(words: dict[str, str]) -> str:
    return (words.get("en") if language().startswith("en") else "") or words.get("zh", "")
