"""A case as flat facts for the engine.

Names, as docs/handbook-format.md lists them: `<field>` of the form at hand, then of the main form; `<record>.<field>` of the latest
filling; `case.<property>`; `case.taken.<action>`; `customer.<field>`; `parent.<any of these>`; `actor.<property>`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from zhike.cases.models import Case
from zhike.customers.facts import asks_for_customers
from zhike.customers.facts import facts_of as facts_of_customer
from zhike.handbook.book import Book
from zhike.handbook.named import asks_for
from zhike.org.principals import Viewer
from zhike.org.rosters import on_shift
from zhike.records.completeness import complete_facts
from zhike.records.facts import facts_of as typed_facts

Facts = dict[str, Any]


def facts_of(case: Case, book: Book, form: Mapping[str, Any] | None = None) -> Facts:
    """Every fact of `case`, with `form` (the values at hand) on top. The parent's facts come prefixed with `parent.`."""
    facts = _own(case, book)
    if case.parent_id is not None and case.parent is not None:
        parent_book = book
        facts.update({f"parent.{name}": value for name, value in _own(case.parent, parent_book).items()})
    facts.update(form or {})
    return facts


def with_moment(facts: Facts, book: Book, viewer: Viewer, now: dt.datetime, roles: Iterable[str] = ()) -> Facts:
    """`facts` with who acts and when.

    `actor.principal`, `actor.roles`, `actor.role` (the first of `roles` he holds), `actor.is_customer`, `today`,
    `weekday` (1 = Monday), `hour`, `now` (ISO, in the handbook's zone). Parameters of the handbook come as
    `param.<id>`, for conditions that compare with one.
    """
    local = now.astimezone(ZoneInfo(book.handbook.zone))
    with_actor(facts, book, viewer, roles)
    if asks_for(book, "actor.on_shift", "case.owner_on_shift"):
        _add_shifts(facts, viewer, now)
    facts["today"] = local.date().isoformat()
    facts["weekday"] = local.isoweekday()
    facts["hour"] = local.hour
    facts["now"] = local.isoformat()
    facts.update({f"param.{name}": value for name, value in book.parameters.items()})
    return facts


def with_actor(facts: Facts, book: Book, viewer: Viewer, roles: Iterable[str] = ()) -> Facts:
    """`facts` with who acts, as far as no table has to be asked."""
    held = [role for handbook, role, _ in viewer.roles if handbook == book.name]
    facts["actor.roles"] = held
    facts["actor.role"] = next((role for role in roles if role in held), None)
    facts["actor.principal"] = viewer.principal
    facts["actor.is_customer"] = viewer.principal.startswith("customer:")
    return facts


def _add_shifts(facts: Facts, viewer: Viewer, now: dt.datetime) -> None:
    """Who of the actor and the owner works at this moment, by the shift tables. Five queries."""
    actor, owner = viewer.staff.pk if viewer.staff is not None else None, facts.get("case.owner")
    working = on_shift(now, {number for number in (actor, owner) if number is not None})
    facts["actor.on_shift"] = actor in working
    facts["case.owner_on_shift"] = owner in working


def _own(case: Case, book: Book) -> Facts:
    facts: Facts = {}
    process = book.process(case.process)
    for record, values in case.data.items():
        kept = typed_facts(book.record(record), values)
        facts.update({f"{record}.{name}": value for name, value in kept.items()})
        if record == process.record:
            facts.update(kept)
    if asks_for(book, "record."):
        facts.update(complete_facts(book, case.data))
    facts.update(
        {
            "case.number": case.number,
            "case.process": case.process,
            "case.stage": case.stage,
            "case.status": case.status,
            "case.round": case.round,
            "case.source": case.source,
            "case.has_customer": case.customer_id is not None,
            "case.department": case.department_id,
        }
    )
    if asks_for_customers(book) and case.customer_id is not None and case.customer is not None:
        facts.update(facts_of_customer(case.customer, book))
    if asks_for(book, "case.owner_on_shift"):
        facts["case.owner"] = case.owner_id
    if asks_for(book, "case.department_kind") and case.department is not None:
        facts["case.department_kind"] = case.department.kind
    for action, times in case.tally.items():
        facts[f"case.taken.{action}"] = times
    return facts
