"""What is frozen, read: of a case's things, by whichever case of the same handbook; on a case's page, on a customer's.

Written in freezing.py.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from django.db.models import Q, QuerySet

from zhike.cases.models import Case, Freeze
from zhike.handbook.book import Book
from zhike.handbook.clauses import Gate
from zhike.handbook.common import Effect, models_in

CUSTOMER = "customer"


@lru_cache(maxsize=64)
def things_of(book: Book) -> frozenset[str]:
    """What the handbook freezes or asks about, by name; most freeze nothing."""
    frozen = {effect.freeze for effect in models_in(book.handbook, Effect) if effect.freeze}
    return frozenset(frozen | {gate.scope for gate in book.clauses("gate") if isinstance(gate, Gate) and gate.scope})


def value_of(case: Case, book: Book, thing: str, form: Mapping[str, Any] | None = None) -> Any:
    """What stands under that name: on the form at hand, on the case's own form, on any other filled for it."""
    own = book.process(case.process).record
    forms = [form or {}, case.data.get(own, {}), *(case.data[name] for name in sorted(case.data) if name != own)]
    return next((each[thing] for each in forms if each.get(thing) not in (None, "")), None)


def key_of(handbook: str, thing: str, value: Any) -> str:
    """The digest by which the same one is known again, however it is spaced or its letters are written; "" for nothing."""
    said = "".join(unicodedata.normalize("NFKC", str(value if value is not None else "")).split()).casefold()
    return hashlib.sha256(f"{handbook}/{thing}/{said}".encode()).hexdigest() if said else ""


def frozen_things(handbook: str, keys: Mapping[str, str], customer: int | None) -> dict[str, list[Freeze]]:
    """Of these things those that are frozen, each with what froze it, oldest first. `keys`: thing -> key. One query."""
    wanted = Q(pk__in=[])
    for thing, key in keys.items():
        wanted |= Q(thing=thing, key=key) if key else Q(pk__in=[])
    if customer is not None:
        wanted |= Q(thing=CUSTOMER, case__customer=customer)
    found: dict[str, list[Freeze]] = {}
    for row in _open(handbook).filter(wanted).select_related("case"):
        found.setdefault(row.thing, []).append(row)
    return found


def keys_of(case: Case, book: Book, things: Iterable[str], form: Mapping[str, Any] | None = None) -> dict[str, str]:
    return {thing: key_of(book.name, thing, value_of(case, book, thing, form)) for thing in things if thing != CUSTOMER}


def frozen_for(book: Book, ids: Collection[int]) -> Iterator[tuple[int, str]]:
    """(case, thing) of what is frozen of the things these cases are about. Two queries where the handbook freezes anything."""
    things = things_of(book)
    if not things or not ids:
        return
    cases = list(Case.objects.filter(pk__in=ids).only("process", "data", "customer_id"))
    keys = {case.pk: keys_of(case, book, things) for case in cases}
    every = {key for each in keys.values() for key in each.values() if key}
    customers = {case.customer_id for case in cases if case.customer_id is not None and CUSTOMER in things}
    rows = _open(book.name).filter(Q(key__in=every) | Q(thing=CUSTOMER, case__customer__in=customers))
    held = {
        (thing, key or str(customer)) for thing, key, customer in rows.values_list("thing", "key", "case__customer")
    }
    for case in cases:
        wanted = {**keys[case.pk], CUSTOMER: str(case.customer_id)}
        yield from ((case.pk, thing) for thing in sorted(things) if (thing, wanted[thing]) in held)


def on_case(case: Case, book: Book) -> list[Freeze]:
    """What this case froze, and what others froze of the things it is about, oldest first. One query where anything may be frozen."""
    things = things_of(book)
    if not things:
        return []
    keys = keys_of(case, book, things)
    wanted = Q(case=case) | Q(case__merged_into=case)
    for thing, key in keys.items():
        if key:
            wanted |= Q(thing=thing, key=key)
    if case.customer_id is not None:
        wanted |= Q(thing=CUSTOMER, case__customer=case.customer_id)
    return list(_open(book.name).filter(wanted).select_related("case"))


def of_customer(customer: int, keys: Collection[str]) -> list[Freeze]:
    """What is frozen by this customer's cases that these keys open, oldest first. One query."""
    rows = Freeze.objects.filter(case__customer=customer, case__audience__overlap=sorted(keys), ended_at=None)
    return list(rows.select_related("case").order_by("at", "id"))


def _open(handbook: str) -> QuerySet[Freeze]:
    return Freeze.objects.filter(handbook=handbook, ended_at=None).order_by("at", "id")
