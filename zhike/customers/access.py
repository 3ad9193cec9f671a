"""The only way to a customer: staff whose role opens the archive, and he himself."""

from __future__ import annotations

from django.db.models import QuerySet

from zhike.customers.models import Customer, ImportRun
from zhike.customers.queries import PAGE, search
from zhike.org.principals import Viewer, customer_key

SCREEN = "customers"
"""The archive. Who only works on cases sees the customer beside his case, through the case's own gate."""
REVIEWERS = frozenset({"board", "quality"})
"""Screens of those who answer for others' work; with the archive open to them, they look over unmaskings."""


class NoSuchCustomer(LookupError):
    """Unknown, or not for this viewer: the same answer for both."""


def may_see_customers(viewer: Viewer) -> bool:
    """Never a partner's, whatever screens his role names."""
    return viewer.staff is not None and viewer.staff.is_active and not viewer.is_external and SCREEN in viewer.screens


def may_review(viewer: Viewer) -> bool:
    """Whether he looks over who looked behind masks, and may take data out in full."""
    return may_see_customers(viewer) and not REVIEWERS.isdisjoint(viewer.screens)


def customer_for(viewer: Viewer, customer_id: int) -> Customer:
    """One customer; one that was merged is given as itself, its `merged_into` says where to go. Raises NoSuchCustomer."""
    if may_see_customers(viewer) or viewer.principal == customer_key(customer_id):
        found = Customer.objects.select_related("merged_into").filter(pk=customer_id).first()
        if found is not None:
            return found
    raise NoSuchCustomer(customer_id)


def visible_customers(viewer: Viewer) -> QuerySet[Customer]:
    """Every customer this viewer may see, unordered, without merged ones: for lists, counts and exports."""
    everyone = Customer.objects.filter(merged_into=None)
    return everyone if may_see_customers(viewer) else everyone.none()


def find_customers(viewer: Viewer, text: str, *, limit: int = PAGE) -> list[Customer]:
    """`queries.search` for those who may see customers; nobody else finds anyone."""
    return search(text, limit=limit) if may_see_customers(viewer) else []


def imports_for(viewer: Viewer) -> QuerySet[ImportRun]:
    """Files that came in, for those who may bring some: whoever answers for the archive. Raises NoSuchCustomer for anybody else."""
    if not may_review(viewer):
        raise NoSuchCustomer
    return ImportRun.objects.all()
