"""Cases: the list with the filters of its page, and one case with its forms, clocks and the actions on offer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

from django.http import HttpResponse
from ninja import Router
from ninja.params.functions import Query
from pydantic import ConfigDict, Field

from zhike.cases.access import case_for
from zhike.cases.links import around
from zhike.cases.models import Case
from zhike.cases.queries import Cursor, filtered, offered, page_of
from zhike.customers.queries import contacts_of
from zhike.handbook.book import Book
from zhike.org.handbooks import book_of
from zhike.org.principals import staff_key
from zhike.records.display import display
from zhike.records.references import NameOf, load_names
from zhike.web.api.cursors import cursor, read_cursor
from zhike.web.api.guard import Call
from zhike.web.api.shapes import PROBLEMS, ClockOut, DepartmentOut, Named, PrincipalOut, Shape
from zhike.web.api.telling import clocks_out, language, named, people, raw
from zhike.web.base.names import names_of
from zhike.web.case_page.page import clocks_of, say

router = Router(tags=["cases"])
EXAMPLE_ROW: dict[str, Any] = {
    "number": "FW250610000007", "title": "退货时收银员态度不好", "handbook": "retail-hotline", "handbook_version": "1.0",
    "process": {"id": "service_ticket", "title": "服务工单"}, "stage": {"id": "recorded", "title": "已登记"},
    "status": "open", "department": {"id": 3, "name": "示例一店"}, "owner": {"principal": "staff:5", "name": "示例客服"},
    "opened_at": "2025-06-10T09:00:00+08:00", "updated_at": "2025-06-10T09:00:00+08:00", "closed_at": None,
    "next_due_at": "2025-06-10T09:30:00+08:00", "version": 1,
}  # fmt: skip


class CaseRow(Shape):
    number: str = Field(examples=["FW250610000007"])
    title: str
    handbook: str
    handbook_version: str
    process: Named
    stage: Named
    status: Literal["open", "closed"]
    department: DepartmentOut | None
    owner: PrincipalOut | None
    opened_at: dt.datetime
    updated_at: dt.datetime
    closed_at: dt.datetime | None
    next_due_at: dt.datetime | None
    version: int = Field(description="Counts writes; the ETag of the case.")


class CaseList(Shape):
    """Newest first. `next` begins the following page; null: this was the last."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [EXAMPLE_ROW], "next": None}]})

    items: list[CaseRow]
    next: str | None


class FactOut(Shape):
    """A field that has a value. What the page masks is masked here."""

    id: str
    title: str
    value: Any
    shown: str


class RecordFilled(Shape):
    record: str
    title: str
    fields: list[FactOut]


class Offered(Shape):
    """An action of this stage: may it be taken, which clauses speak of it, and if not, why."""

    id: str
    title: str
    allowed: bool
    clauses: list[str]
    why: str
    record: str | None


class ContactOut(Shape):
    kind: str
    masked: str = Field(examples=["138****8000"])


class CustomerOfCase(Shape):
    id: int
    name: str
    contacts: list[ContactOut]


class CaseOut(CaseRow):
    """One case, whole. The timeline and the files have addresses of their own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **EXAMPLE_ROW, "round": 1, "holders": [{"principal": "staff:5", "name": "示例客服"}], "parent": None,
                    "children": [], "merged_into": None, "follows": False, "contents_deleted_at": None, "contents_deleted_by": "",
                    "customer": {"id": 9, "name": "示例顾客", "contacts": []}, "records": [], "clocks": [],
                    "actions": [
                        {"id": "classify", "title": "定级", "allowed": True, "clauses": ["CC-03"], "why": "", "record": "triage"}
                    ],
                }
            ]
        }
    )  # fmt: skip

    round: int
    holders: list[PrincipalOut]
    parent: str | None = Field(description="The number of the case it came from, where the caller may see that.")
    children: list[str]
    merged_into: str | None = Field(description="The number of the case that leads, where the caller may see that.")
    follows: bool
    contents_deleted_at: dt.datetime | None = Field(
        description="When what was filled in, written and attached was deleted, because it had been kept as long as the handbook says."
    )
    contents_deleted_by: str = Field(description="The clause that says how long; empty while the contents are there.")
    customer: CustomerOfCase | None
    records: list[RecordFilled]
    clocks: list[ClockOut]
    actions: list[Offered]


@router.get("/cases", url_name="cases", response={200: CaseList, **PROBLEMS}, summary="Cases")
def list_cases(
    request: Call,
    q: str = Query(
        "", max_length=80, description="A number, the beginning of one, a phone number, words of the title."
    ),
    handbook: str = Query("", max_length=64),
    process: str = Query("", max_length=40),
    stage: str = Query("", max_length=40),
    status: Literal["open", "closed"] | None = None,
    department: int | None = Query(None, ge=1, lt=2**63),
    mine: bool = False,
    after: str = Query("", max_length=120),
    size: int = Query(50, ge=1, le=100),
) -> CaseList:
    """Every case the caller may see, newest first. A row that is opened meanwhile appears on no later page, and none is
    shown twice."""
    wanted = {
        "text": q.strip(), "handbook": handbook, "process": process, "stage": stage, "status": status,
        "department": department, "mine": mine,
    }  # fmt: skip
    begin = read_cursor(after)
    page = page_of(
        filtered(request.viewer, wanted), Cursor(*begin) if begin else None, size, joined=("department", "owner")
    )
    following = cursor(page.next.at, page.next.id) if page.next else None
    return CaseList(items=[row_of(case) for case in page.rows], next=following)


@router.get("/cases/{slug:number}", url_name="case", response={200: CaseOut, 304: None, **PROBLEMS}, summary="One case")
def read_case(request: Call, number: str, response: HttpResponse) -> Any:
    """Forms as last filled, clocks, and what the caller may do now. `ETag` is the version; with `If-None-Match` an
    unchanged case answers 304."""
    case = case_for(request.viewer, number, now=request.now)
    etag = etag_of(case)
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return case_out(case, request)


def etag_of(case: Case) -> str:
    return f'"{case.version}"'


def row_of(case: Case) -> CaseRow:
    return CaseRow(**_row(case))


def _row(case: Case) -> dict[str, Any]:
    book = book_of(case.handbook_version_id)
    owner, department = case.owner, case.department
    return {
        "number": case.number, "title": case.title, "handbook": case.handbook, "handbook_version": book.version,
        "process": named(book.process(case.process)), "stage": named(book.stage(case.process, case.stage)),
        "status": case.status, "opened_at": case.opened_at, "updated_at": case.updated_at, "closed_at": case.closed_at,
        "next_due_at": case.next_due_at, "version": case.version,
        "owner": PrincipalOut(principal=staff_key(owner.pk), name=owner.name) if owner else None,
        "department": DepartmentOut(id=department.pk, name=department.name) if department else None,
    }  # fmt: skip


def case_out(case: Case, request: Call) -> CaseOut:
    """The case as its page shows it to this viewer."""
    book = book_of(case.handbook_version_id)
    found = around(case, request.viewer)
    return CaseOut(
        **_row(case), round=case.round, holders=people(case.holders, names_of(case.holders, [book])),
        parent=next((each.number for each in found.of("parent")), None),
        children=[each.number for each in found.of("child")],
        merged_into=found.leading.number if found.leading else None, follows=found.follows,
        contents_deleted_at=case.emptied_at, contents_deleted_by=case.emptied_by,
        customer=_customer(case), records=_records(case, book, request.now),
        clocks=clocks_out(clocks_of(case.pk), request.now, {case.pk: case.number}),
        actions=[
            Offered(
                id=o.action.id, title=say(o.action.title), allowed=o.allowed, clauses=list(o.clauses),
                why=say(o.why) if o.why else "", record=o.action.record,
            )
            for o in offered(case, request.viewer)
        ],
    )  # fmt: skip


def _customer(case: Case) -> CustomerOfCase | None:
    if case.customer is None:
        return None
    contacts = [ContactOut(kind=c.kind, masked=c.masked) for c in contacts_of(case.customer)]
    return CustomerOfCase(id=case.customer.pk, name=case.customer.name, contacts=contacts)


def _records(case: Case, book: Book, now: dt.datetime) -> list[RecordFilled]:
    known = {record.id: record for record in book.handbook.records}
    filled = [(known[name], values) for name, values in case.data.items() if name in known]
    names = load_names(book, [(record.fields, values) for record, values in filled])
    return [
        RecordFilled(
            record=record.id, title=say(record.title), fields=facts_out(book, record.fields, values, names, now)
        )
        for record, values in filled
    ]


def facts_out(book: Book, fields: Any, values: Mapping[str, Any], names: NameOf, now: dt.datetime) -> list[FactOut]:
    """The fields the page shows: those with a value, without what the product fills in; files have their own address."""
    return [
        FactOut(
            id=field.id, title=say(field.title), value=raw(field, values[field.id]),
            shown=display(book, field, values[field.id], language(), name_of=names, now=now),
        )
        for field in fields
        if values.get(field.id) not in (None, "", [], {}) and field.automatic is None and field.type != "files"
    ]  # fmt: skip
