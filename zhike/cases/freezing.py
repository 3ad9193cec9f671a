"""What follows is that something may not be used (`freeze`) until it is released (`unfreeze`): a waybill, a customer.

The hold is the case's that set it; a gate with that `scope` refuses in every case of the handbook about the same one, and names the
clause and, to those who may see it, the case that holds it. It outlasts the end of its case: only `unfreeze` there, or in the case
it was merged into, releases it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q

from zhike.cases.deed import Deed
from zhike.cases.events import CaseFroze, CaseUnfroze
from zhike.cases.facts import Facts
from zhike.cases.frozen import CUSTOMER, frozen_things, key_of, keys_of, things_of, value_of
from zhike.cases.models import Case, Freeze
from zhike.cases.written import fact_of
from zhike.customers.models import Customer
from zhike.handbook.clauses import Gate
from zhike.handbook.common import Text
from zhike.handbook.decision import Refusal
from zhike.journal.actions import record
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM

HOLDER = Text(zh="{words}（{number} 依 {clause} 冻结。）", en="{words} (Frozen by {number} under {clause}.)")
UNNAMED = Text(zh="{words}（另一张工单冻结的。）", en="{words} (Frozen by another case.)")
BY_ACTION = Text(zh="{words}（{number} 冻结的。）", en="{words} (Frozen by {number}.)")
UNSEEN = Text(zh="{words}（另一张工单依 {clause} 冻结。）", en="{words} (Frozen by another case under {clause}.)")


def freeze(case: Case, thing: str, clause: str, *, at: dt.datetime) -> None:
    """The case, which the caller holds, freezes the thing of that name; nothing where it is about none, or has frozen it already."""
    book = book_of(case.handbook_version_id)
    key = "" if thing == CUSTOMER else key_of(book.name, thing, value_of(case, book, thing))
    known = case.customer_id is not None if thing == CUSTOMER else bool(key)
    if not known or Freeze.objects.filter(case=case, thing=thing, ended_at=None).exists():
        return
    hold_still(book.name, {thing: key}, case.customer_id if thing == CUSTOMER else None)
    Freeze.objects.create(case=case, handbook=book.name, thing=thing, key=key, clause=clause, at=at)
    record([fact_of(case, CaseFroze(thing), at=at, actor=SYSTEM, clauses=(clause,) if clause else ())])


def unfreeze(case: Case, thing: str, clause: str, *, at: dt.datetime) -> None:
    """Whatever of that name the case froze, or one that was merged into it, may be used again."""
    mine = Freeze.objects.filter(Q(case=case) | Q(case__merged_into=case), thing=thing, ended_at=None)
    if Freeze.objects.filter(pk__in=list(mine.values_list("pk", flat=True))).update(ended_at=at, key=""):
        record([fact_of(case, CaseUnfroze(thing), at=at, actor=SYSTEM, clauses=(clause,) if clause else ())])


def follow(deed: Deed) -> None:
    """A number that was put right on the form of the case that froze it: what it says now is frozen."""
    if not deed.opening and not things_of(deed.book).isdisjoint(deed.values):
        rekey(deed.case)


def rekey(case: Case) -> None:
    """What the case froze is what its forms say now. One query where the handbook freezes anything."""
    book = book_of(case.handbook_version_id)
    rows = Freeze.objects.filter(case=case, ended_at=None).exclude(thing=CUSTOMER) if things_of(book) else ()
    for row in rows:
        key = key_of(book.name, row.thing, value_of(case, book, row.thing))
        if key and key != row.key:
            hold_still(book.name, {row.thing: key}, None)
            row.key = key
            row.save(update_fields=["key"])


def hold_still(handbook: str, keys: Mapping[str, str], customer: int | None) -> None:
    """Until the caller's transaction ends nobody else freezes these things or asks whether they are frozen. One query.

    Without it a deed and a freeze that begin in the same moment would not see each other. Always in one order, so that two who hold
    several wait for one another and never both.
    """
    names = [f"{handbook}/{thing}/{key}" for thing, key in keys.items() if key and thing != CUSTOMER]
    names += [f"{handbook}/{CUSTOMER}/{customer}"] if customer is not None else []
    locks = sorted({int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True) for name in names})
    if locks:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(one) FROM unnest(%s::bigint[]) AS one", [locks])


def scopes_asked(deed: Deed, events: Sequence[str]) -> set[str]:
    """What gates of these events ask about."""
    gates = [gate for event in events for gate in deed.book.speaking_of("gate", deed.process.id, event)]
    return {gate.scope for gate in gates if isinstance(gate, Gate) and gate.scope}


def facts_asked(deed: Deed, events: Sequence[str], form: Mapping[str, Any], named: Customer | None) -> Facts:
    """`held.<scope>` for what gates of these events ask about, the form at hand on top, kept with the deed. Two queries where any asks."""
    scopes = scopes_asked(deed, events)
    if not scopes:
        return {}
    customer = (named.pk if named else deed.case.customer_id) if CUSTOMER in scopes else None
    keys = keys_of(deed.case, deed.book, scopes, form)
    hold_still(deed.book.name, keys, customer)
    deed.frozen = frozen_things(deed.book.name, keys, customer)
    return {f"held.{scope}": scope in deed.frozen for scope in scopes}


def words_of(deed: Deed, refusal: Refusal) -> Text:
    """The words of a refusal; of something frozen with who holds it, as far as the reader may know."""
    clause = deed.book.clause(refusal.decision.clause_id)
    rows = deed.frozen.get(clause.scope or "", []) if isinstance(clause, Gate) else []
    if not rows or not refusal.decision.facts.get("open_hold"):
        return refusal.words
    row = next((each for each in rows if deed.viewer.holds(each.case.audience)), rows[0])
    seen = deed.viewer.holds(row.case.audience)
    how = (HOLDER if row.clause else BY_ACTION) if seen else (UNSEEN if row.clause else UNNAMED)
    said = {"number": row.case.number, "clause": row.clause}
    return Text(
        zh=how.zh.format(words=refusal.words.zh, **said), en=how.say("en").format(words=refusal.words.say("en"), **said)
    )
