"""Handbooks in force: clauses, processes, records, roles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from ninja import Router
from pydantic import ConfigDict, Field

from zhike.handbook.book import Book
from zhike.handbook.compare.touched import clauses_of_parameter
from zhike.handbook.parameters import type_of
from zhike.handbook.structure import Action, FieldDef, ParameterDef, Process
from zhike.org.handbooks import NoHandbook, book_of, current, in_force
from zhike.org.models import HandbookVersion
from zhike.records.values import is_filled_by_product
from zhike.web.api.guard import Call
from zhike.web.api.problems import not_found
from zhike.web.api.shapes import PROBLEMS, Named, Shape
from zhike.web.api.telling import named
from zhike.web.case_page.page import say

router = Router(tags=["handbooks"])


class HandbookRow(Shape):
    name: str = Field(examples=["retail-hotline"])
    title: str
    version: str
    effective_from: dt.datetime
    clauses: int


class Handbooks(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "name": "retail-hotline", "title": "零售客服热线", "version": "1.0",
                            "effective_from": "2025-05-01T00:00:00+08:00", "clauses": 28,
                        }
                    ]
                }
            ]
        }
    )  # fmt: skip

    items: list[HandbookRow]


class ClauseOut(Shape):
    id: str = Field(examples=["WARN-05"])
    kind: str = Field(examples=["deadline"])
    title: str
    cites: str = Field(description="The section of the text.")
    quote: str
    derived: bool


class ActionOut(Shape):
    id: str
    title: str
    by: list[str]
    at_stages: list[str] = Field(description="Empty: it opens a case. `*`: any stage that is not final.")
    record: str | None


class StageOut(Shape):
    id: str
    title: str
    final: bool


class ProcessOut(Shape):
    id: str
    title: str
    record: str
    opened_by_itself: bool = Field(description="False: such a case is only opened from another one.")
    stages: list[StageOut]
    actions: list[ActionOut]


class FieldOut(Shape):
    id: str
    title: str
    type: str
    required: bool
    filled_by_product: bool
    filled_by: list[str] = Field(description="Roles that may fill it; empty for whoever takes the action.")
    may_come_later: bool = Field(description="The form is saved without it, and complete only with it.")
    choices: list[Named]
    columns: list[FieldOut]


class RecordOut(Shape):
    id: str
    title: str
    kind: str
    fields: list[FieldOut]


class HandbookOut(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "retail-hotline", "title": "零售客服热线", "version": "1.0",
                    "effective_from": "2025-05-01T00:00:00+08:00",
                    "clauses": [
                        {"id": "WARN-05", "kind": "deadline", "title": "预警上报", "cites": "3.2", "quote": "……", "derived": False}
                    ],
                    "processes": [], "records": [], "roles": [{"id": "hotline_agent", "title": "客服专员"}],
                }
            ]
        }
    )  # fmt: skip

    name: str
    title: str
    version: str
    effective_from: dt.datetime
    clauses: list[ClauseOut]
    processes: list[ProcessOut]
    records: list[RecordOut]
    roles: list[Named]


class VersionOut(Shape):
    id: int
    version: str = Field(examples=["1.0.0"])
    effective_from: dt.datetime
    in_force: bool
    digest: str = Field(description="The fingerprint of text, clauses and values.")
    parameters: dict[str, str | int | float | bool | None] = Field(
        description="Values that differ from the handbook's own."
    )


class Versions(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": 3, "version": "1.0.0", "effective_from": "2025-05-01T00:00:00+08:00", "in_force": True,
                            "digest": "9f2c", "parameters": {"return_reminder": 5},
                        }
                    ]
                }
            ]
        }
    )  # fmt: skip

    items: list[VersionOut]


class ParameterOut(Shape):
    id: str
    title: str
    type: str = Field(description="choice, bool, int, decimal, duration, time or string.")
    value: str | int | float | bool | None
    default: str | int | float | bool | None
    least: float | str | None
    most: float | str | None
    derived: bool = Field(description="A default of the product where the text is silent.")
    clauses: list[str]


class Parameters(Shape):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "id": "return_reminder", "title": "第几次退回起告知主管", "type": "int", "value": 5, "default": 3,
                            "least": 1, "most": 20, "derived": True, "clauses": ["WARN-08"],
                        }
                    ]
                }
            ]
        }
    )  # fmt: skip

    items: list[ParameterOut]


@router.get("/handbooks", url_name="handbooks", response={200: Handbooks, **PROBLEMS}, summary="Handbooks in force")
def list_handbooks(request: Call) -> Handbooks:
    """One version of each installed handbook: the one in force now."""
    return Handbooks(items=[_row(version) for version in in_force(request.now)])


@router.get(
    "/handbooks/{slug:name}", url_name="handbook", response={200: HandbookOut, **PROBLEMS}, summary="One handbook"
)
def read_handbook(request: Call, name: str) -> HandbookOut:
    """Its clauses with their sentences, its processes with stages and actions, its forms with fields and choices."""
    version, book = handbook_of(request, name)
    return HandbookOut(
        name=book.name, title=say(book.handbook.title), version=book.version, effective_from=version.effective_from,
        clauses=[
            ClauseOut(id=c.id, kind=c.kind, title=say(c.title), cites=c.cites, quote=c.quote, derived=c.derived)
            for c in book.clauses()
        ],
        processes=[_process(process) for process in book.handbook.processes],
        records=[
            RecordOut(id=r.id, title=say(r.title), kind=r.kind, fields=[_field(book, f, r.complete) for f in r.fields])
            for r in book.handbook.records
        ],
        roles=[named(role) for role in book.handbook.roles],
    )  # fmt: skip


@router.get(
    "/handbooks/{slug:name}/versions",
    url_name="handbook_versions",
    response={200: Versions, **PROBLEMS},
    summary="Versions of a handbook",
)
def list_versions(request: Call, name: str) -> Versions:
    """Every version, the last to take effect first, with the values of its parameters that differ from the text's."""
    version, _ = handbook_of(request, name)
    rows = HandbookVersion.objects.filter(name=name).defer("source", "text").order_by("-effective_from", "-id")
    return Versions(
        items=[
            VersionOut(
                id=row.pk, version=row.version, effective_from=row.effective_from, in_force=row.pk == version.pk,
                digest=row.digest, parameters=row.parameters,
            )
            for row in rows
        ]
    )  # fmt: skip


@router.get(
    "/handbooks/{slug:name}/parameters",
    url_name="handbook_parameters",
    response={200: Parameters, **PROBLEMS},
    summary="Parameters of a handbook",
)
def list_parameters(request: Call, name: str) -> Parameters:
    """The values in force, each with the handbook's own, its bounds and the clauses that rest on it."""
    _, book = handbook_of(request, name)
    return Parameters(items=[_parameter(book, one) for one in book.handbook.parameters])


def _parameter(book: Book, one: ParameterDef) -> ParameterOut:
    return ParameterOut(
        id=one.id, title=say(one.title), type=type_of(one), value=book.parameters[one.id], default=one.value,
        least=one.least, most=one.most, derived=one.derived, clauses=[c.id for c in clauses_of_parameter(book, one.id)],
    )  # fmt: skip


def handbook_of(request: Call, name: str) -> tuple[HandbookVersion, Book]:
    """The version in force and its book. Raises Problem 404."""
    try:
        version = current(name, request.now)
    except NoHandbook:
        raise not_found()
    return version, book_of(version.pk)


def _row(version: HandbookVersion) -> HandbookRow:
    book = book_of(version.pk)
    return HandbookRow(
        name=book.name, title=say(book.handbook.title), version=book.version, effective_from=version.effective_from,
        clauses=len(book.clauses()),
    )  # fmt: skip


def _process(process: Process) -> ProcessOut:
    return ProcessOut(
        id=process.id, title=say(process.title), record=process.record, opened_by_itself=process.related is None,
        stages=[StageOut(id=s.id, title=say(s.title), final=s.final) for s in process.stages],
        actions=[_action(action) for action in process.actions],
    )  # fmt: skip


def _action(action: Action) -> ActionOut:
    return ActionOut(
        id=action.id, title=say(action.title), by=list(action.by), at_stages=list(action.from_), record=action.record
    )


def _field(book: Book, field: FieldDef, later: Collection[str] = ()) -> FieldOut:
    return FieldOut(
        id=field.id, title=say(field.title), type=field.type, required=field.required,
        filled_by_product=is_filled_by_product(field), filled_by=list(field.fills), may_come_later=field.id in later,
        choices=_choices(book, field), columns=[_field(book, column) for column in field.columns],
    )  # fmt: skip


def _choices(book: Book, field: FieldDef) -> list[Any]:
    return [named(choice) for choice in book.choices(field)] if field.type in ("enum", "multi") else []
