"""Identity numbers: their check rules, sealed when kept, found by a blind index, masked when shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zhike.customers.models import Customer, Identifier
from zhike.handbook.common import Text
from zhike.lib import identity
from zhike.lib.sealed import CannotOpen
from zhike.org.keys import keyring, rotates, sealed_of


@dataclass(frozen=True, slots=True)
class Sort:
    """A kind of number: whose it is, how it is read and hidden, what to say when it is wrong."""

    title: Text
    owner: str
    normalise: Callable[[str], str]
    mask: Callable[[str], str]
    wrong: Text


SORTS: dict[str, Sort] = {
    "resident_id": Sort(
        Text(zh="居民身份证号", en="Resident identity number"),
        "person",
        identity.normalise,
        identity.mask,
        Text(
            zh="身份证号不对：应为18位，末位是校验码。请核对后重新填写。",
            en="Not an identity number: it has 18 characters, the last one a check digit. Compare it and write it again.",
        ),
    ),
    "credit_code": Sort(
        Text(zh="统一社会信用代码", en="Unified social credit code"),
        "company",
        identity.normalise_credit_code,
        identity.mask_code,
        Text(
            zh="统一社会信用代码不对：应为18位，末位是校验码。请对照营业执照重新填写。",
            en="Not a credit code: it has 18 characters, the last one a check character. Compare it with the licence.",
        ),
    ),
    "organisation_code": Sort(
        Text(zh="组织机构代码", en="Organisation code"),
        "company",
        identity.normalise_organisation_code,
        identity.mask_code,
        Text(
            zh="组织机构代码不对：应为8位加1位校验码。请核对后重新填写。",
            en="Not an organisation code: it has eight characters and a check character. Compare it and write it again.",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An identifier on a page: never its value."""

    id: int
    kind: str
    title: Text
    masked: str


def normalise(kind: str, raw: str) -> str:
    """The stored form. Raises lib.identity.NotAnIdNumber; KeyError for a kind there is not."""
    return SORTS[kind].normalise(raw)


def value_of(row: Identifier) -> str:
    """The number itself, only for somebody whose look is logged. Raises lib.sealed.CannotOpen."""
    return keyring().open(sealed_of(row), row.kind)


def shown(row: Identifier) -> Shown:
    """For pages; a number whose key is gone is said to be unreadable, the page still comes."""
    sort = SORTS[row.kind]
    try:
        masked = sort.mask(value_of(row))
    except CannotOpen:
        masked = "—"
    return Shown(row.pk, row.kind, sort.title, masked)


def owner_of(kind: str, value: str) -> Customer | None:
    """Whose number this is (in its stored form)."""
    found = Identifier.objects.select_related("customer").filter(kind=kind, blind__in=keyring().blinds(value, kind))
    row = found.first()
    return row.customer if row else None


def by_identifier(raw: str) -> Customer | None:
    """The customer with this identity number, of whatever kind."""
    for kind, sort in SORTS.items():
        try:
            value = sort.normalise(raw)
        except identity.NotAnIdNumber:
            continue
        if customer := owner_of(kind, value):
            return customer
    return None


rotates(Identifier, context_of=lambda row: row.kind)
