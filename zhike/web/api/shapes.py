"""What goes out and comes in, where more than one resource speaks of it. Times are ISO 8601 with their offset."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """Base of what is answered. Plain pydantic: what a view has built is not read a second time through ninja's getter."""

    model_config = ConfigDict(from_attributes=True)


class Asked(Schema):
    """Base of what is asked: a field nobody declared is refused, and nothing is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Named(Shape):
    """An id of the handbook with its title in the caller's language."""

    id: str
    title: str


class PrincipalOut(Shape):
    """Somebody: a person, or everybody with a role."""

    principal: str = Field(examples=["staff:5"])
    name: str


class DepartmentOut(Shape):
    id: int
    name: str


class FileOut(Shape):
    """A file. `token` opens it at the case it belongs to, and puts it into a form."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"token": "kV3..._43 characters", "name": "现场.jpg", "media_type": "image/jpeg", "size": 48213}
            ]
        }
    )

    token: str
    name: str
    media_type: str
    size: int


class ReasonOut(Shape):
    """Why a deed was turned away."""

    words: str
    clause: str = Field("", examples=["WARN-06"])
    handbook: str = ""
    fields: list[str] = []


class ProblemOut(Shape):
    """Problem details (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:zhike:problem:refused", "title": "制度不允许", "status": 422, "code": "refused",
                    "detail": "请写明处理难点。",
                    "reasons": [
                        {"words": "请写明处理难点。", "clause": "WARN-06", "handbook": "retail-hotline", "fields": ["difficulty"]}
                    ],
                    "fields": {"difficulty": ["请写明处理难点。"]},
                }
            ]
        }
    )  # fmt: skip

    type: str
    title: str
    status: int
    code: str
    detail: str
    reasons: list[ReasonOut] = []
    fields: dict[str, list[str]] = {}


class ClockOut(Shape):
    """A deadline: which clause, who holds it, how it stands."""

    id: int
    handbook: str
    clause: str = Field(examples=["WARN-05"])
    title: str
    state: str = Field(description="running, paused, overdue, kept, late, cancelled or missed", examples=["running"])
    shown: str = Field(description="How a person sees it: running, warned, overdue or stopped.")
    holders: list[PrincipalOut]
    started_at: dt.datetime
    due_at: dt.datetime
    target_at: dt.datetime | None = Field(None, description="A softer limit that is only measured.")
    stopped_at: dt.datetime | None
    left: str = Field(examples=["还剩 25 分钟"])
    case: str = Field("", description="The case it is about, where the caller may see it.")


PROBLEMS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 405, 422, 429), ProblemOut)
"""What any request may meet."""
WRITE_PROBLEMS: dict[int, Any] = PROBLEMS | dict.fromkeys((409, 413, 415), ProblemOut)
