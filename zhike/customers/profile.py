"""Keeping a customer's page: who he is, how he is reached, his numbers, his relations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import F

from zhike.customers.actions import claim_contact, tell_of
from zhike.customers.events import (
    ContactAdded,
    ContactRemoved,
    CustomerAdded,
    CustomerEdited,
    CustomersRelated,
    IdentifierAdded,
    IdentifierRemoved,
    RelationEnded,
)
from zhike.customers.identifiers import SORTS, owner_of
from zhike.customers.models import ContactPoint, Customer, Identifier, Relation
from zhike.customers.naming import NAME_LENGTH, name_key
from zhike.customers.queries import normalise_email, normalise_phone
from zhike.handbook.common import Text
from zhike.lib.identity import NotAnIdNumber
from zhike.lib.text import clean_line, clean_text
from zhike.org.keys import keyring

TAG_LENGTH = 20
MOST_TAGS = 20
MOST_CONTACTS = 20
REMARK_LENGTH = 2000


class CustomerRefused(ValueError):
    """What is wrong with what was typed, all of it at once: {field: words}; `owner` is whoever has the number already."""

    def __init__(self, problems: dict[str, Text], owner: Customer | None = None) -> None:
        super().__init__("; ".join(f"{name}: {words.zh}" for name, words in problems.items()))
        self.problems = problems
        self.owner = owner


class StaleCustomer(Exception):
    """Somebody else saved this customer meanwhile."""

    words = Text(
        zh="别人刚刚修改过这位客户。请看一下最新内容，再保存一次。",
        en="Somebody has just edited this customer. Look at what it says now and save again.",
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """What a form or a file says of a customer, as it was typed."""

    name: str = ""
    kind: str = "person"
    tier: str = ""
    remark: str = ""
    tags: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    identifiers: dict[str, str] = field(default_factory=dict)
    """{kind of identifier: number}"""


@dataclass(slots=True)
class Checked:
    """A draft in its stored forms, and what is wrong with it."""

    name: str
    kind: str
    tier: str
    remark: str
    tags: list[str]
    contacts: list[tuple[str, str]] = field(default_factory=list)
    identifiers: list[tuple[str, str]] = field(default_factory=list)
    problems: dict[str, Text] = field(default_factory=dict)


def check(draft: Draft) -> Checked:
    """Normalise everything; nothing is asked of the database."""
    found = Checked(
        name=clean_line(draft.name)[:NAME_LENGTH],
        kind=draft.kind if draft.kind in Customer.Kind.values else "person",
        tier=clean_line(draft.tier)[:TAG_LENGTH],
        remark=clean_text(draft.remark[: 2 * REMARK_LENGTH])[:REMARK_LENGTH],
        tags=clean_tags(draft.tags),
    )
    for kind, typed in (("phone", draft.phones), ("email", draft.emails)):
        read = normalise_phone if kind == "phone" else normalise_email
        for raw in typed[:MOST_CONTACTS]:
            if not clean_line(raw[:200]):
                continue
            if value := read(raw):
                found.contacts.append((kind, value))
            else:
                found.problems[kind] = WRONG_CONTACT[kind]
    for kind, raw in draft.identifiers.items():
        if clean_line(raw[:200]):
            try:
                found.identifiers.append((kind, SORTS[kind].normalise(raw)))
            except NotAnIdNumber:
                found.problems[kind] = SORTS[kind].wrong
    found.contacts = list(dict.fromkeys(found.contacts))
    return found


WRONG_CONTACT = {
    "phone": Text(
        zh="电话号码读不懂。请填写11 位手机号，或带区号的座机号。",
        en="Not a phone number. Write a mobile number, or a landline with its area code.",
    ),
    "email": Text(zh="邮箱地址读不懂，例如 name@example.com。", en="Not an e-mail address, e.g. name@example.com."),
}
NOBODY = Text(zh="请填写姓名或单位名称，或者一个联系方式。", en="Write a name, or a way to reach the customer.")
TAKEN = Text(
    zh="已经属于另一位客户。请打开那位客户核对；是同一位就合并。",
    en="Another customer has it already. Open that one and compare; merge them if they are the same.",
)


def add_customer(draft: Draft, *, by: str, now: dt.datetime, is_sample: bool = False) -> Customer:
    """A new customer with everything the draft says, or nothing at all. Raises CustomerRefused."""
    checked = check(draft)
    if not (checked.name or checked.contacts or checked.identifiers):
        checked.problems.setdefault("name", NOBODY)
    if checked.problems:
        raise CustomerRefused(checked.problems)
    with transaction.atomic():
        customer = Customer.objects.create(
            name=checked.name, name_key=name_key(checked.name), kind=checked.kind, tier=checked.tier,
            tags=checked.tags, remark=checked.remark, created_at=now, is_sample=is_sample,
        )  # fmt: skip
        for kind, value in checked.contacts:
            _claim(customer, kind, value, now)
        for kind, value in checked.identifiers:
            _keep_identifier(customer, kind, value, now)
        tell_of(customer, [CustomerAdded(kind="form")], now, by)
    return customer


def edit_customer(
    customer: Customer, draft: Draft, *, by: str, now: dt.datetime, version: int | None = None
) -> Customer:
    """Name, kind, tier, tags and remark; contacts and numbers have verbs of their own. Raises StaleCustomer."""
    checked = check(draft)
    new = {
        "name": checked.name, "kind": checked.kind, "tier": checked.tier, "tags": checked.tags,
        "remark": checked.remark,
    }  # fmt: skip
    with transaction.atomic():
        row = Customer.objects.select_for_update().get(pk=customer.pk)
        if version is not None and row.version != version:
            raise StaleCustomer
        changed = sorted(name for name, value in new.items() if getattr(row, name) != value)
        if changed:
            Customer.objects.filter(pk=row.pk).update(**new, name_key=name_key(checked.name), version=F("version") + 1)
            tell_of(row, [CustomerEdited(fields=changed)], now, by)
    customer.refresh_from_db()
    return customer


def add_contact(customer: Customer, raw: str, *, by: str, now: dt.datetime) -> None:
    """A further phone number or e-mail address. Raises CustomerRefused."""
    kind = "email" if "@" in raw else "phone"
    value = normalise_email(raw) if kind == "email" else normalise_phone(raw)
    if not value:
        raise CustomerRefused({"contact": WRONG_CONTACT[kind]})
    with transaction.atomic():
        if not ContactPoint.objects.filter(customer=customer, kind=kind, value=value).exists():
            _claim(customer, kind, value, now, "contact")
            tell_of(customer, [ContactAdded(kind=kind)], now, by)


def remove_contact(customer: Customer, point_id: int, *, by: str, now: dt.datetime) -> bool:
    """Take a contact point away; True when it was his."""
    with transaction.atomic():
        point = ContactPoint.objects.filter(customer=customer, pk=point_id).first()
        if point is None:
            return False
        point.delete()
        tell_of(customer, [ContactRemoved(kind=point.kind)], now, by)
    return True


def add_identifier(customer: Customer, kind: str, raw: str, *, by: str, now: dt.datetime) -> None:
    """Keep an identity number, sealed. One number of a kind: a second one replaces the first. Raises CustomerRefused."""
    sort = SORTS.get(kind)
    try:
        value = sort.normalise(raw) if sort else ""
    except NotAnIdNumber:
        value = ""
    if sort is None or not value:
        raise CustomerRefused({"identifier": (sort or SORTS["resident_id"]).wrong})
    with transaction.atomic():
        if owner_of(kind, value) == customer:
            return
        Identifier.objects.filter(customer=customer, kind=kind).delete()
        _keep_identifier(customer, kind, value, now, "identifier")
        tell_of(customer, [IdentifierAdded(kind=kind)], now, by)


def remove_identifier(customer: Customer, identifier_id: int, *, by: str, now: dt.datetime) -> bool:
    """Destroy an identity number; True when it was his."""
    with transaction.atomic():
        row = Identifier.objects.filter(customer=customer, pk=identifier_id).first()
        if row is None:
            return False
        row.delete()
        tell_of(customer, [IdentifierRemoved(kind=row.kind)], now, by)
    return True


def relate(customer: Customer, other: Customer, kind: str, *, by: str, now: dt.datetime) -> bool:
    """`other` becomes the contact person, agent ... of `customer`; False when he is already. Raises CustomerRefused."""
    if kind not in Relation.Kind.values or customer.pk == other.pk:
        raise CustomerRefused(
            {"other": Text(zh="请选择另一位客户和关系。", en="Choose another customer and a relation.")}
        )
    with transaction.atomic():
        same = Relation.objects.filter(customer=customer, other=other, kind=kind, ended_at=None)
        if same.exists():
            return False
        Relation.objects.create(customer=customer, other=other, kind=kind, since=now)
        tell_of(customer, [CustomersRelated(kind=kind, other=other.pk)], now, by)
    return True


def end_relation(customer: Customer, relation_id: int, *, by: str, now: dt.datetime) -> bool:
    """The relation holds no longer; True when it held."""
    with transaction.atomic():
        row = Relation.objects.filter(customer=customer, pk=relation_id).first()
        if row is None or not Relation.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now):
            return False
        tell_of(customer, [RelationEnded(kind=row.kind, other=row.other_id)], now, by)
    return True


def clean_tags(typed: Iterable[str]) -> list[str]:
    """Each once, sorted, without blanks at the ends."""
    tags = {clean_line(raw[:200]).strip("# ")[:TAG_LENGTH] for raw in typed}
    return sorted(tags - {""})[:MOST_TAGS]


def _claim(customer: Customer, kind: str, value: str, now: dt.datetime, name: str = "") -> None:
    if not claim_contact(customer, kind, value, now):
        owner = Customer.objects.filter(contact_points__kind=kind, contact_points__value=value).first()
        raise CustomerRefused({name or kind: TAKEN}, owner)


def _keep_identifier(customer: Customer, kind: str, value: str, now: dt.datetime, name: str = "") -> None:
    owner = owner_of(kind, value)
    if owner is not None:
        raise CustomerRefused({name or kind: TAKEN}, owner)
    sealed = keyring().seal(value, kind)
    try:
        with transaction.atomic():
            Identifier.objects.create(
                customer=customer, kind=kind, key_id=sealed.key_id, sealed=sealed.data, blind=sealed.blind,
                created_at=now,
            )  # fmt: skip
    except IntegrityError:
        raise CustomerRefused({name or kind: TAKEN}, owner_of(kind, value))
