"""The only way to a customer: staff who work with cases, and he himself."""

from __future__ import annotations

from zhike.customers.models import Customer
from zhike.customers.queries import PAGE, search
from zhike.org.principals import Viewer, customer_key

SCREENS = frozenset({"desk", "cases", "board", "floor"})
"""Screens of roles that speak with customers or follow their cases."""


class NoSuchCustomer(LookupError):
    """Unknown, or not for this viewer: the same answer for both."""


def may_see_customers(viewer: Viewer) -> bool:
    return viewer.staff is not None and not SCREENS.isdisjoint(viewer.screens)


def customer_for(viewer: Viewer, customer_id: int) -> Customer:
    """One customer. Raises NoSuchCustomer."""
    if may_see_customers(viewer) or viewer.principal == customer_key(customer_id):
        found = Customer.objects.filter(pk=customer_id).first()
        if found is not None:
            return found
    raise NoSuchCustomer(customer_id)


def find_customers(viewer: Viewer, text: str, *, limit: int = PAGE) -> list[Customer]:
    """`queries.search` for those who may see customers; nobody else finds anyone."""
    return search(text, limit=limit) if may_see_customers(viewer) else []
