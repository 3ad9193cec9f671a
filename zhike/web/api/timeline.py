"""Everything that happened to a case, told as its page tells it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from ninja import Router
from ninja.params.functions import Query
from pydantic import ConfigDict, Field

from zhike.cases.access import case_for
from zhike.cases.links import around
from zhike.cases.queries import story
from zhike.org.handbooks import book_of
from zhike.web.api.cursors import cursor, read_cursor
from zhike.web.api.guard import Call
from zhike.web.api.shapes import PROBLEMS, FileOut, Shape
from zhike.web.api.telling import file_out
from zhike.web.case_page.timeline.entry import Entry
from zhike.web.case_page.timeline.teller import Teller

router = Router(tags=["cases"])


class ClauseRef(Shape):
    handbook: str
    id: str


class FilledOut(Shape):
    title: str
    shown: str


class MovedClock(Shape):
    state: str
    words: str
    clause: str


class EntryOut(Shape):
    """`kind`: deed, note, file, warned, overdue, refused, moved or clock. `internal`: no customer ever sees it."""

    at: dt.datetime
    kind: str
    who: str
    what: str
    words: str
    internal: bool
    clauses: list[ClauseRef]
    filled: list[FilledOut]
    clocks: list[MovedClock]
    files: list[FileOut]


class TimelineOut(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": "FW250610000007",
                    "items": [
                        {
                            "at": "2025-06-10T09:00:00+08:00", "kind": "deed", "who": "示例客服", "what": "登记", "words": "",
                            "internal": False, "clauses": [{"handbook": "retail-hotline", "id": "CC-01"}],
                            "filled": [{"title": "来电内容", "shown": "退货时收银员态度不好"}], "clocks": [], "files": [],
                        }
                    ],
                    "next": None,
                }
            ]
        }
    )  # fmt: skip

    number: str
    items: list[EntryOut]
    next: str | None = Field(description="Begins the following page; null: this was the last.")


@router.get(
    "/cases/{slug:number}/timeline",
    url_name="timeline",
    response={200: TimelineOut, **PROBLEMS},
    summary="The timeline",
)
def read_timeline(
    request: Call,
    number: str,
    after: str = Query("", max_length=120),
    size: int = Query(50, ge=1, le=100),
) -> TimelineOut:
    """Newest first. What happens meanwhile is on no later page, and nothing is told twice."""
    begin = read_cursor(after)
    case = case_for(request.viewer, number, now=request.now)
    absorbed = around(case, request.viewer).absorbed
    told = Teller(case, book_of(case.handbook_version_id), story(case, request.viewer), request.now, absorbed)
    entries = _following(told.entries(), begin)
    page, rest = entries[:size], entries[size:]
    following = _place(page[-1], rest) if rest else None
    return TimelineOut(number=case.number, items=[_entry(entry) for entry in page], next=following)


def _place(last: Entry, rest: Sequence[Entry]) -> str:
    """Where the next page begins: the moment of the last entry, and how many of that moment are still to be told. They are counted from
    the old end, where nothing is added."""
    return cursor(last.at, 1 + sum(entry.at == last.at for entry in rest))


def _following(entries: list[Entry], begin: tuple[dt.datetime, int] | None) -> list[Entry]:
    """The entries after a place, newest first."""
    if begin is None:
        return entries
    at, untold = begin[0], begin[1] - 1
    same = [entry for entry in entries if entry.at == at]
    return same[max(0, len(same) - untold) :] + [entry for entry in entries if entry.at < at]


def _entry(entry: Entry) -> EntryOut:
    return EntryOut(
        at=entry.at, kind=entry.kind, who=entry.who, what=entry.what, words=entry.words, internal=entry.internal,
        clauses=[ClauseRef(handbook=c.handbook, id=c.id) for c in entry.clauses],
        filled=[FilledOut(title=title, shown=shown) for title, shown in entry.filled],
        clocks=[MovedClock(state=state, words=words, clause=clause) for state, words, clause in entry.moved],
        files=[file_out(file) for file in entry.files],
    )  # fmt: skip
