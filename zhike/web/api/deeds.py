"""Writing: opening a case, taking an action, adding a note. The verbs are those the pages call, with their gates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from ninja.responses import Status
from pydantic import ConfigDict, Field

from zhike.cases.access import case_for, case_seen
from zhike.cases.actions import NOTE_LIMIT, add_note, open_case
from zhike.cases.asking import take_or_ask
from zhike.cases.models import AskedDeed, Case
from zhike.cases.notes import add_files
from zhike.cases.queries import entries
from zhike.handbook.book import Book
from zhike.handbook.structure import Action
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import HandbookVersion
from zhike.web.api.cases import CaseOut, case_out, etag_of, router
from zhike.web.api.guard import Call
from zhike.web.api.problems import Problem, invalid, not_found
from zhike.web.api.reading import unknown_fields
from zhike.web.api.shapes import WRITE_PROBLEMS, Asked, ProblemOut, Shape

ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')
Tokens = list[str]


class NewCase(Asked):
    """What opens a case. `values` are the fields of the action's form; `attachments` tokens of files uploaded before."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "handbook": "retail-hotline", "process": "service_ticket", "action": "register",
                    "values": {
                        "caller_name": "示例顾客", "caller_phone": "13800000101", "service_class": "complaint",
                        "complaint_item": "service_quality", "store": 3, "content": "退货时收银员态度不好",
                    },
                    "attachments": [],
                }
            ]
        }
    )  # fmt: skip

    handbook: str = Field(max_length=64)
    process: str = Field(max_length=40)
    action: str = Field(max_length=40)
    values: dict[str, Any] = {}
    attachments: Tokens = Field([], max_length=20)


class Deed(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"values": {"reason": "hard"}, "attachments": []}]})

    values: dict[str, Any] = {}
    attachments: Tokens = Field([], max_length=20)


class NewNote(Asked):
    """`internal: false` is a message the customer reads."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"words": "已电话联系示例顾客", "internal": True}]})

    words: str = Field(min_length=1, max_length=NOTE_LIMIT)
    internal: bool = True
    attachments: Tokens = Field([], max_length=20)


class Done(Shape):
    """`case` is null when it went where the caller may not follow."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": "FW250610000007", "case": None, "consent": None}]}
    )

    number: str
    case: CaseOut | None
    consent: int | None = Field(description="The request, where the action waits for consent (answer 202); else null.")


class NoteOut(Shape):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": 12, "number": "FW250610000007", "internal": True}]}
    )

    id: int
    number: str
    internal: bool


@router.post("/cases", url_name="cases", response={201: Done, **WRITE_PROBLEMS}, summary="Open a case")
def create_case(request: Call, asked: NewCase, response: HttpResponse) -> Any:
    """By an entry action of a process that the caller may open. 403: his roles do not open it. 422: a clause refuses it or
    the form cannot be taken; every reason at once, each with its clause."""
    version, action = _entry(request, asked)
    book = book_of(version.pk)
    request.handbook = book.name  # type: ignore[attr-defined]
    _check_values(book, action, asked.values)
    case = open_case(
        version, asked.process, action.id, asked.values, by=request.viewer, now=request.now,
        attachments=asked.attachments, source="api",
    )  # fmt: skip
    response.headers["Location"] = reverse("api:case", args=[case.number])
    return Status(201, _done(case, request, response))


def _entry(request: Call, asked: NewCase) -> tuple[HandbookVersion, Action]:
    """What the caller asks to open. Raises Problem: 422 nobody opens that, 403 he does not."""
    versions = {version.name: version for version in in_force(request.now)}
    version = versions.get(asked.handbook)
    if version is None:
        raise invalid({"handbook": [gettext("没有这部制度。")]})
    book = book_of(version.pk)
    processes = {process.id: process for process in book.handbook.processes if process.related is None}
    if asked.process not in processes:
        raise invalid({"process": [gettext("没有可以直接新建的这种工单。")]})
    known = {action.id: action for action in book.entry_actions(asked.process)}
    if asked.action not in known:
        raise invalid({"action": [gettext("这不是新建工单的动作。")]})
    offered = {(process, action.id) for _, process, action in entries(request.viewer, [version])}
    if (asked.process, asked.action) not in offered:
        raise Problem(403, "forbidden", gettext("您的岗位不能新建这种工单。"))
    return version, known[asked.action]


def _check_values(book: Book, action: Action, values: Mapping[str, Any]) -> None:
    fields = book.record(action.record).fields if action.record else ()
    wrong = unknown_fields(fields, values)
    if wrong:
        raise invalid(wrong)


@router.post(
    "/cases/{slug:number}/actions/{slug:action}",
    url_name="act",
    response={200: Done, 202: Done, **WRITE_PROBLEMS, 412: ProblemOut},
    summary="Take an action",
    openapi_extra={
        "parameters": [
            {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}, "example": '"3"',
             "description": "The ETag of the case as it was read; 412 when it changed since."}
        ]
    },
)  # fmt: skip
def act(request: Call, number: str, action: str, asked: Deed, response: HttpResponse) -> Any:
    """`values` are the fields of the action's form. 202: it waits for the consent a clause wants (/consents). 403: not this stage or not
    the caller's role. 412: the case changed since. 422: a clause refuses it or the form cannot be taken; every reason at once, each with
    its clause."""
    case = case_for(request.viewer, number, now=request.now)
    book = book_of(case.handbook_version_id)
    request.handbook = book.name  # type: ignore[attr-defined]
    try:
        definition = book.action(case.process, action)
    except LookupError:
        raise not_found()
    version = expected(request)
    _check_values(book, definition, asked.values)
    done = take_or_ask(
        case.pk,
        action,
        asked.values,
        by=request.viewer,
        now=request.now,
        version=version,
        attachments=asked.attachments,
    )
    if isinstance(done, AskedDeed):
        told = _done(done.case, request, response)
        told.consent = done.pk
        return Status(202, told)
    return _done(done, request, response)


def expected(request: Call) -> int | None:
    """The version the caller has read; None where he does not say."""
    said = request.headers.get("If-Match", "*").strip()
    if said == "*":
        return None
    found = ETAG.fullmatch(said)
    if found is None or not said.isascii():
        raise Problem(400, "unreadable", gettext('If-Match 应为读到的 ETag，例如 "3"。'))
    return int(found[1])


@router.post(
    "/cases/{slug:number}/notes", url_name="notes", response={201: NoteOut, **WRITE_PROBLEMS}, summary="Add a note"
)
def write_note(request: Call, number: str, asked: NewNote) -> Any:
    """An internal note, or a message to the customer, with files uploaded before."""
    case = case_for(request.viewer, number, now=request.now)
    with transaction.atomic():
        note = add_note(case, asked.words, by=request.viewer, now=request.now, internal=asked.internal)
        if asked.attachments:
            add_files(case, asked.attachments, by=request.viewer, now=request.now, internal=asked.internal, told=True)
    return Status(201, NoteOut(id=note.pk, number=case.number, internal=note.internal))


def _done(case: Case, request: Call, response: HttpResponse) -> Done:
    """The case as it is now; it is not in the answer where the deed took it out of the caller's sight."""
    seen = case_seen(request.viewer, case.pk)
    if seen is None:
        return Done(number=case.number, case=None, consent=None)
    response.headers["ETag"] = etag_of(seen)
    return Done(number=case.number, case=case_out(seen, request), consent=None)
