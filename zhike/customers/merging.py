"""Two customers who are one: everything of the second goes to the first, and back again if that was wrong.

The fact of the merge names every row that moved; undoing reads it. Rooms above (cases) move what is theirs by reacting
to the same two facts. What the first customer had or got on his own stays his.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from zhike.customers.actions import tell_of
from zhike.customers.events import CustomersMerged, MergeUndone
from zhike.customers.identifiers import SORTS
from zhike.customers.models import Consent, ContactPoint, Customer, CustomerCard, Identifier, Relation
from zhike.customers.naming import name_key
from zhike.customers.profile import CustomerRefused
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.models import Fact

SAME = Text(
    zh="请选择另一位客户；同一位、已合并的不能合并。", en="Choose another customer, one that is not merged yet."
)
CLASH = Text(
    zh="两位客户登记了不同的{title}，看来不是同一位。确实是同一位时，先删去错的号码再合并。",
    en="The two have different numbers ({title}), so they are hardly the same. If they are, remove the wrong one first.",
)
GONE = Text(
    zh="这次合并已经撤销，或之后又合并过；请先撤销后一次。",
    en="This merge was undone already, or another followed; undo that one first.",
)


def merge_customers(kept: Customer, dropped: Customer, *, by: str, now: dt.datetime) -> int:
    """Everything of `dropped` becomes `kept`'s; answers the id of the fact to undo it by. Raises CustomerRefused."""
    with transaction.atomic():
        kept, dropped = _held(kept.pk, dropped.pk)
        _refuse_a_clash(kept, dropped)
        ended = _end_what_would_double(kept, dropped, now)
        filled = [name for name in ("name", "tier", "remark") if not getattr(kept, name) and getattr(dropped, name)]
        tags = sorted(set(dropped.tags) - set(kept.tags))
        event = CustomersMerged(
            dropped=dropped.pk,
            contact_points=_move(ContactPoint.objects.filter(customer=dropped), kept),
            identifiers=_move(Identifier.objects.filter(customer=dropped), kept),
            consents=_move(Consent.objects.filter(customer=dropped), kept),
            cards=_move(_cards_for(kept, dropped), kept),
            relations_from=_move(Relation.objects.filter(customer=dropped).exclude(other=kept), kept),
            relations_to=_move(Relation.objects.filter(other=dropped).exclude(customer=kept), kept, "other"),
            relations_ended=ended,
            tags=tags,
            filled=filled,
        )
        _fill(kept, dropped, filled, tags)
        Customer.objects.filter(pk=dropped.pk).update(merged_into=kept, version=F("version") + 1)
        (fact,) = record([NewFact(event, at=now, subject=("customer", kept.pk), actor=by)])
    return fact.id


def undo_merge(kept: Customer, fact_id: int, *, by: str, now: dt.datetime) -> Customer:
    """What moved goes back; answers the customer who is one again. Raises CustomerRefused."""
    fact = Fact.objects.filter(
        pk=fact_id, type=CustomersMerged.event_type, subject_kind="customer", subject_id=kept.pk
    ).first()
    if fact is None or last_merge(kept) != fact:
        raise CustomerRefused({"merge": GONE})
    told: dict[str, Any] = fact.payload
    with transaction.atomic():
        both = {row.pk: row for row in _locked(kept.pk, told["dropped"])}
        kept, dropped = both[kept.pk], both[told["dropped"]]
        if dropped.merged_into_id != kept.pk or kept.merged_into_id is not None:
            raise CustomerRefused({"merge": GONE})
        for model, name in ((ContactPoint, "contact_points"), (Identifier, "identifiers"), (Consent, "consents")):
            model._default_manager.filter(pk__in=told[name], customer=kept).update(customer=dropped)
        # Merges of before cards came in tell of none.
        CustomerCard.objects.filter(pk__in=told.get("cards", []), customer=kept).update(customer=dropped)
        Relation.objects.filter(pk__in=told["relations_from"], customer=kept).update(customer=dropped)
        Relation.objects.filter(pk__in=told["relations_to"], other=kept).update(other=dropped)
        Relation.objects.filter(pk__in=told["relations_ended"]).update(ended_at=None)
        _empty(kept, dropped, told)
        Customer.objects.filter(pk=dropped.pk).update(merged_into=None, version=F("version") + 1)
        tell_of(kept, [MergeUndone(dropped=dropped.pk, merge=fact.pk)], now, by)
    dropped.refresh_from_db()
    return dropped


MERGES = (CustomersMerged.event_type, MergeUndone.event_type)


def last_merge(kept: Customer) -> Fact | None:
    """The merge that can be undone now: the last one into this customer not undone yet."""
    return standing_merge(Fact.objects.filter(subject_kind="customer", subject_id=kept.pk, type__in=MERGES))


def standing_merge(merges: Iterable[Fact]) -> Fact | None:
    """The last of these merges that was not undone; facts of undoing are among them."""
    undone = set()
    for fact in sorted(merges, key=lambda fact: fact.pk, reverse=True):
        if fact.type == MergeUndone.event_type:
            undone.add(fact.payload["merge"])
        elif fact.pk not in undone:
            return fact
    return None


def _held(kept_id: int, dropped_id: int) -> tuple[Customer, Customer]:
    rows = {row.pk: row for row in _locked(kept_id, dropped_id)}
    if len(rows) != 2 or any(row.merged_into_id for row in rows.values()):
        raise CustomerRefused({"other": SAME})
    return rows[kept_id], rows[dropped_id]


def _locked(*ids: int) -> QuerySet[Customer]:
    """In the order of their ids, so that two merges the opposite way round wait instead of blocking each other."""
    return Customer.objects.select_for_update().filter(pk__in=ids).order_by("pk")


def _refuse_a_clash(kept: Customer, dropped: Customer) -> None:
    kinds = set(kept.identifiers.values_list("kind", flat=True)) & set(
        dropped.identifiers.values_list("kind", flat=True)
    )
    for kind in sorted(kinds):
        title = SORTS[kind].title
        raise CustomerRefused(
            {"other": Text(zh=CLASH.zh.format(title=title.zh), en=CLASH.en.format(title=title.en.lower()))}
        )


def _end_what_would_double(kept: Customer, dropped: Customer, now: dt.datetime) -> list[int]:
    """End relations between the two, and those of `dropped` that `kept` has as well."""
    of_kept = Relation.objects.filter(customer=kept, ended_at=None)
    to_kept = Relation.objects.filter(other=kept, ended_at=None)
    have = set(of_kept.values_list("other_id", "kind"))
    had = set(to_kept.values_list("customer_id", "kind"))
    doubled = [
        row.pk
        for row in Relation.objects.filter(customer=dropped, ended_at=None)
        if row.other_id == kept.pk or (row.other_id, row.kind) in have
    ] + [
        row.pk
        for row in Relation.objects.filter(other=dropped, ended_at=None)
        if row.customer_id == kept.pk or (row.customer_id, row.kind) in had
    ]
    Relation.objects.filter(pk__in=doubled).update(ended_at=now)
    return sorted(doubled)


def _cards_for(kept: Customer, dropped: Customer) -> QuerySet[CustomerCard]:
    """Those of handbooks that keep nothing of `kept` yet; where both have one his own stands."""
    return CustomerCard.objects.filter(customer=dropped).exclude(handbook__in=kept.cards.values("handbook"))


def _move(rows: QuerySet[Any], kept: Customer, column: str = "customer") -> list[int]:
    ids = sorted(rows.values_list("pk", flat=True))
    rows.model._default_manager.filter(pk__in=ids).update(**{column: kept})
    return ids


def _fill(kept: Customer, dropped: Customer, filled: list[str], tags: list[str]) -> None:
    values: dict[str, Any] = {name: getattr(dropped, name) for name in filled}
    if "name" in values:
        values["name_key"] = name_key(dropped.name)
    Customer.objects.filter(pk=kept.pk).update(**values, tags=sorted({*kept.tags, *tags}), version=F("version") + 1)


def _empty(kept: Customer, dropped: Customer, told: dict[str, Any]) -> None:
    """Take back what was filled, unless somebody has changed it since."""
    values: dict[str, Any] = {name: "" for name in told["filled"] if getattr(kept, name) == getattr(dropped, name)}
    if "name" in values:
        values["name_key"] = ""
    Customer.objects.filter(pk=kept.pk).update(
        **values, tags=[tag for tag in kept.tags if tag not in told["tags"]], version=F("version") + 1
    )
