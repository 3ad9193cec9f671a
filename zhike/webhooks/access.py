"""The only way a page or the API gets a subscription: administrators keep them, nobody else opens them."""

from __future__ import annotations

from zhike.org.principals import Viewer
from zhike.webhooks.models import Delivery, Subscription


class NotFound(LookupError):
    """No such subscription or delivery, or not for this viewer: the same answer for both."""


def check_right(viewer: Viewer) -> None:
    """Raises NotFound for who keeps no subscriptions."""
    if not viewer.is_admin:
        raise NotFound("webhooks")


def subscription_for(viewer: Viewer, number: int, *, lock: bool = False) -> Subscription:
    """The subscription, with its owner; not one that was removed. Raises NotFound."""
    check_right(viewer)
    rows = Subscription.objects.select_related("owner", "department").exclude(state=Subscription.State.REMOVED)
    found = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=number).first()
    if found is None:
        raise NotFound(number)
    return found


def delivery_for(viewer: Viewer, number: int, delivery: int) -> Delivery:
    """A delivery of that subscription. Raises NotFound."""
    found = subscription_for(viewer, number).deliveries.filter(pk=delivery).first()
    if found is None:
        raise NotFound(delivery)
    return found
