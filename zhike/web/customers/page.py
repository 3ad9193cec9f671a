"""One customer: who he is, how he is reached, what he agreed to, and everything that happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.cases.access import visible_cases
from zhike.cases.models import Case, Note
from zhike.cases.titles import title_in
from zhike.customers import consents, identifiers, unmasking
from zhike.customers.access import NoSuchCustomer, customer_for
from zhike.customers.duplicates import might_be
from zhike.customers.kept import kept_of
from zhike.customers.models import Consent, Customer, Relation
from zhike.customers.profile import CustomerRefused
from zhike.journal.models import Fact
from zhike.org.handbooks import book_of
from zhike.web.base.names import names_of
from zhike.web.case_page.frozen import frozen_of_customer
from zhike.web.case_page.page import say
from zhike.web.context import Request
from zhike.web.customers.own_fields import shown_cards

CASES = 20
NOTES = 20
FACTS = 50
WORDS = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline; `number` is the case it belongs to."""

    at: dt.datetime
    who: str
    what: str
    words: str = ""
    number: str = ""


def show(request: Request, number: int) -> HttpResponseBase:
    """`/customers/9`; one that was merged leads to the customer it turned out to be."""
    customer = find(request, number)
    if customer.merged_into_id is not None:
        return HttpResponseRedirect(reverse("customers:page", args=[customer.merged_into_id]))
    return page(request, customer)


def find(request: Request, number: int) -> Customer:
    """The customer, or 404 for one this viewer may not see."""
    try:
        return customer_for(request.viewer, number)
    except NoSuchCustomer as error:
        raise Http404 from error


def standing(request: Request, number: int) -> Customer:
    """As `find`, and not merged: one that deeds are done to."""
    customer = find(request, number)
    if customer.merged_into_id is not None:
        raise Http404
    return customer


def page(request: Request, customer: Customer, status: int = 200, **more: Any) -> HttpResponse:
    """The page; `wrong`, `typed` and `revealed` come from deeds that answer with it."""
    kept = kept_of(customer, facts=FACTS)
    merge, cases = kept.merge, cases_of(request, customer)
    dropped = Customer.objects.filter(pk=merge.payload["dropped"]).first() if merge else None
    shown = {
        "customer": customer,
        "cards": shown_cards(customer, request.now),
        "contacts": kept.contacts,
        "identifiers": [identifiers.shown(row) for row in kept.identifiers],
        "sorts": [(kind, sort.title) for kind, sort in identifiers.SORTS.items() if sort.owner == customer.kind],
        "consents": consents_of(kept.consents, request.now),
        "purposes": consents.PURPOSES.items(),
        "channels": consents.CHANNELS.items(),
        "looking_for": unmasking.PURPOSES.items(),
        "relations": relations_of(customer),
        "relation_kinds": relation_titles().items(),
        "hints": might_be(customer),
        "merge": merge,
        "dropped": dropped,
        "entries": entries(cases, kept.facts),
        "frozen": frozen_of_customer(customer.pk, cases, request.viewer),
        **more,
    }
    return render(request, "customers/page.html", shown, status=status)


def refused(request: Request, customer: Customer, error: CustomerRefused) -> HttpResponse:
    """The page again, with what is wrong in words; `typed` holds what was sent under the name of the deed's route."""
    customer.refresh_from_db()
    words = {name: text.say(get_language() or "zh") for name, text in error.problems.items()}
    typed = {request.resolver_match.url_name: request.POST} if request.resolver_match else {}
    return page(request, customer, 422, wrong=words, owner=error.owner, typed=typed)


@dataclass(frozen=True, slots=True)
class Agreed:
    """A purpose and where it stands: the consent in force, or the last one."""

    purpose: str
    title: Any
    consent: Consent | None
    holds: bool


def consents_of(given: Sequence[Consent], now: dt.datetime) -> list[Agreed]:
    """One line a purpose; the latest of those given at the end."""
    latest = {row.purpose: row for row in given}
    holding = {row.purpose for row in given if consents.holds(row, now)}
    return [Agreed(key, title, latest.get(key), key in holding) for key, title in consents.PURPOSES.items()]


@dataclass(frozen=True, slots=True)
class Related:
    """A relation from this customer's side; `ours` when it was written on his page."""

    id: int
    other: Customer
    title: str
    ours: bool


def relations_of(customer: Customer) -> list[Related]:
    """Relations that hold, from either side."""
    titles = relation_titles()
    rows = Relation.objects.filter(Q(customer=customer) | Q(other=customer), ended_at=None)
    found = []
    for row in rows.select_related("customer", "other").order_by("pk"):
        ours = row.customer_id == customer.pk
        found.append(Related(row.pk, row.other if ours else row.customer, titles[row.kind], ours))
    return found


def relation_titles() -> dict[str, str]:
    return {
        "contact_person": gettext("联系人"),
        "authorised_agent": gettext("委托代理人"),
        "family": gettext("家属"),
        "parent_company": gettext("上级单位"),
    }


def cases_of(request: Request, customer: Customer) -> list[Case]:
    """His newest cases as far as this viewer may see them."""
    return list(visible_cases(request.viewer).filter(customer=customer).order_by("-opened_at", "-id")[:CASES])


def entries(cases: Sequence[Case], about: Sequence[Fact]) -> list[Entry]:
    """These cases of his and their notes, and what happened to the archive; newest first."""
    notes = list(Note.objects.filter(case__in=cases).select_related("case").order_by("-at", "-pk")[:NOTES])
    facts = [fact for fact in about if fact.type in told()]
    names = names_of({fact.actor for fact in facts} | {note.author for note in notes})
    found = [_case_entry(case) for case in cases]
    found += [
        Entry(note.at, names.get(note.author, note.author), gettext("备注"), note.words[:WORDS], note.case.number)
        for note in notes
    ]
    found += [Entry(fact.at, names.get(fact.actor, fact.actor), told()[fact.type], _detail(fact)) for fact in facts]
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _case_entry(case: Case) -> Entry:
    stage = book_of(case.handbook_version_id).stage(case.process, case.stage)
    return Entry(case.opened_at, "", title_in(case, get_language() or "zh"), say(stage.title), case.number)


def _detail(fact: Fact) -> str:
    """What may be told of a fact beside its title; numbers are never in a payload."""
    return str(fact.payload.get("words", ""))[:WORDS]


def told() -> dict[str, str]:
    """The facts a timeline tells, in words."""
    return {
        "customer.added": gettext("建立档案"),
        "customer.imported": gettext("由文件导入"),
        "customer.contact_added": gettext("增加联系方式"),
        "customer.contact_removed": gettext("删除联系方式"),
        "customer.renamed": gettext("更正姓名"),
        "customer.edited": gettext("修改资料"),
        "customer.card_kept": gettext("修改资料"),
        "customer.identifier_added": gettext("登记证件号码"),
        "customer.identifier_removed": gettext("删除证件号码"),
        "customer.related": gettext("建立关系"),
        "customer.relation_ended": gettext("解除关系"),
        "customer.consented": gettext("同意"),
        "customer.consent_withdrawn": gettext("撤回同意"),
        "customer.unmasked": gettext("查看完整号码"),
        "customer.phone_shown": gettext("查看完整号码"),
        "customer.merged": gettext("合并客户"),
        "customer.merge_undone": gettext("撤销合并"),
    }
