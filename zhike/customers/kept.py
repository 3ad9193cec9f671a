"""All that is kept about one customer beside his row, read with one query."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.customers.merging import MERGES, standing_merge
from zhike.customers.models import Consent, ContactPoint, Customer, Identifier
from zhike.customers.queries import Contact, contacts_in
from zhike.journal.models import Fact
from zhike.journal.statements import array_of, together

HIS = "WHERE customer_id = %s"
ABOUT = "WHERE subject_kind = 'customer' AND subject_id = %s"


@dataclass(frozen=True, slots=True)
class Kept:
    """The oldest first, but `facts`: the newest of those about him, the newest first."""

    contacts: list[Contact]
    identifiers: list[Identifier]
    consents: list[Consent]
    facts: list[Fact]
    merge: Fact | None
    """The merge that can be undone now."""


def kept_of(customer: Customer, *, facts: int) -> Kept:
    """What the archive keeps of him, and the newest `facts` facts. One query."""
    points, numbers, given, newest, merges = together(
        (ContactPoint, HIS, [customer.pk]), (Identifier, HIS, [customer.pk]), (Consent, HIS, [customer.pk]),
        (Fact, f"{ABOUT} ORDER BY id DESC LIMIT %s", [customer.pk, facts]),
        (Fact, f"{ABOUT} AND type = ANY(%s::varchar[])", [customer.pk, array_of(MERGES)]),
    )  # fmt: skip
    return Kept(
        contacts=contacts_in(sorted(points, key=lambda point: point.pk)),
        identifiers=sorted(numbers, key=lambda row: row.pk),
        consents=sorted(given, key=lambda row: (row.given_at, row.pk)),
        facts=sorted(newest, key=lambda fact: fact.pk, reverse=True),
        merge=standing_merge(merges),
    )
