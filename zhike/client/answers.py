"""The shapes of answers, as openapi.json gives them. Times are ISO 8601 strings with their offset."""

from __future__ import annotations

from typing import Any, TypedDict


class Named(TypedDict):
    id: str
    title: str


class Principal(TypedDict):
    principal: str
    name: str


class Department(TypedDict):
    id: int
    name: str


class Reason(TypedDict):
    words: str
    clause: str
    handbook: str
    fields: list[str]


class Me(TypedDict):
    principal: str
    name: str
    language: str
    is_admin: bool
    screens: list[str]
    roles: list[dict[str, Any]]
    token: str
    scopes: list[str]
    expires_at: str


class HandbookRow(TypedDict):
    name: str
    title: str
    version: str
    effective_from: str
    clauses: int


class Clock(TypedDict):
    id: int
    handbook: str
    clause: str
    title: str
    state: str
    shown: str
    holders: list[Principal]
    started_at: str
    due_at: str
    target_at: str | None
    stopped_at: str | None
    left: str
    case: str


class CaseRow(TypedDict):
    number: str
    title: str
    handbook: str
    handbook_version: str
    process: Named
    stage: Named
    status: str
    department: Department | None
    owner: Principal | None
    opened_at: str
    updated_at: str
    closed_at: str | None
    next_due_at: str | None
    version: int


class Offer(TypedDict):
    id: str
    title: str
    allowed: bool
    clauses: list[str]
    why: str
    record: str | None


class Case(CaseRow):
    """`etag` of a case is its version in quotes: f'"{case["version"]}"'."""

    round: int
    holders: list[Principal]
    parent: str | None
    children: list[str]
    merged_into: str | None
    follows: bool
    contents_deleted_at: str | None
    contents_deleted_by: str
    customer: dict[str, Any] | None
    records: list[dict[str, Any]]
    clocks: list[Clock]
    actions: list[Offer]


class Tie(TypedDict):
    """Another case, and how it stands to the one that was asked about."""

    tie: str
    link: int
    number: str
    title: str
    stage: Named
    status: str


class Merged(TypedDict):
    number: str
    status: str
    merged_into: str | None


class Done(TypedDict):
    number: str
    case: Case | None
    consent: int | None


class Note(TypedDict):
    id: int
    number: str
    internal: bool


class File(TypedDict):
    token: str
    name: str
    media_type: str
    size: int


class Entry(TypedDict):
    at: str
    kind: str
    who: str
    what: str
    words: str
    internal: bool
    clauses: list[dict[str, str]]
    filled: list[dict[str, str]]
    clocks: list[dict[str, str]]
    files: list[File]


class Card(TypedDict):
    """What one handbook keeps of a customer; `version` 0: nothing yet."""

    handbook: str
    record: str
    title: str
    version: int
    fields: list[dict[str, Any]]


class Customer(TypedDict, total=False):
    id: int
    name: str
    contacts: list[dict[str, str]]
    created_at: str
    merged_into: int | None
    cases: list[str]
    cards: list[Card]


class Notice(TypedDict):
    id: int
    at: str
    kind: str
    words: str
    handbook: str
    clause: str
    case: str
    read: bool
