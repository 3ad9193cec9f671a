"""Actions that wait for the consent of others: what waits for the caller, what he asked for, and his word on it."""

from __future__ import annotations

from typing import Any

from ninja import Router
from pydantic import ConfigDict, Field

from zhike.cases.asked_deeds import asked_by_viewer, awaiting, clauses_of, role_for
from zhike.cases.asking import decide_asked, withdraw_asked
from zhike.cases.models import AskedDeed
from zhike.org.handbooks import book_of
from zhike.web.api.guard import Call
from zhike.web.api.problems import not_found
from zhike.web.api.shapes import PROBLEMS, WRITE_PROBLEMS, Asked, Named, Shape
from zhike.web.api.telling import named

router = Router(tags=["cases"])


class ConsentOut(Shape):
    """`state`: waiting, done, declined, withdrawn, superseded, refused or expired. `values`: the form as it was read."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 4, "number": "FW250610000007", "action": {"id": "release", "title": "交付"}, "asked_by": "示例坐席",
                    "at": "2025-06-10T09:30:00+08:00", "waits_until": "2025-06-17T09:30:00+08:00", "values": {"rows": 20},
                    "clauses": ["REL-01"], "state": "waiting", "yours": True,
                }
            ]
        }
    )  # fmt: skip

    id: int
    number: str | None = Field(description="Of the case; null where the caller may not see it.")
    action: Named
    asked_by: str
    at: str
    waits_until: str
    values: dict[str, Any]
    clauses: list[str]
    state: str
    yours: bool = Field(description="It is the caller's turn to agree or decline.")


class ConsentsOut(Shape):
    """What waits for the caller first, then what he asked for, the latest first."""

    awaiting: list[ConsentOut]
    mine: list[ConsentOut]


class Word(Asked):
    """`words` are needed to decline."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"agree": True, "words": ""}]})

    agree: bool
    words: str = Field("", max_length=200)


def consent_out(row: AskedDeed, request: Call) -> ConsentOut:
    book, viewer = book_of(row.case.handbook_version_id), request.viewer
    return ConsentOut(
        id=row.pk, number=row.case.number if viewer.holds(row.case.audience) else None,
        action=named(book.action(row.case.process, row.action)), asked_by=row.staff.name, at=row.at.isoformat(),
        waits_until=row.waits_until.isoformat(), values=row.shown, clauses=list(clauses_of(row)), state=row.state,
        yours=role_for(row, viewer, request.now) is not None,
    )  # fmt: skip


@router.get("/consents", url_name="consents", response={200: ConsentsOut, **PROBLEMS}, summary="What waits for consent")
def read_consents(request: Call) -> ConsentsOut:
    """Actions that a clause lets nobody take alone: those waiting for the caller, and those he asked for."""
    waiting, own = awaiting(request.viewer, request.now), asked_by_viewer(request.viewer)
    return ConsentsOut(
        awaiting=[consent_out(row, request) for row in waiting], mine=[consent_out(row, request) for row in own]
    )


@router.post(
    "/consents/{int:number}",
    url_name="consent",
    response={200: ConsentOut, **WRITE_PROBLEMS},
    summary="Agree or decline",
)
def decide_consent(request: Call, number: int, asked: Word) -> ConsentOut:
    """404: it is not the caller's turn. 422: a reason is missing. The last consent carries the action out; `state` tells."""
    if number not in {row.pk for row in awaiting(request.viewer, request.now)}:
        raise not_found()
    row = decide_asked(number, agree=asked.agree, words=asked.words, by=request.viewer, now=request.now)
    return consent_out(row, request)


@router.post(
    "/consents/{int:number}/withdraw",
    url_name="withdraw_consent",
    response={200: ConsentOut, **WRITE_PROBLEMS},
    summary="Withdraw what one asked for",
)
def withdraw_consent(request: Call, number: int) -> ConsentOut:
    """404: it is not the caller's, or no longer waits."""
    if number not in {row.pk for row in asked_by_viewer(request.viewer) if row.state == AskedDeed.State.WAITING}:
        raise not_found()
    return consent_out(withdraw_asked(number, by=request.viewer, now=request.now), request)
