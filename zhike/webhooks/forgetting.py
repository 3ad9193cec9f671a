"""Old deliveries go: the journal keeps the facts, the receivers have the rest."""

from __future__ import annotations

import datetime as dt

from zhike.webhooks.models import Delivery

BATCH = 5000


def forget_old(before: dt.datetime) -> int:
    """Remove what was written before that moment and does not wait any more; answers how many deliveries."""
    total = 0
    while True:
        old = Delivery.objects.filter(at__lt=before).exclude(state=Delivery.State.WAITING).order_by("at")[:BATCH]
        numbers = list(old.values_list("pk", flat=True))
        if not numbers:
            return total
        Delivery.objects.filter(pk__in=numbers).delete()
        total += len(numbers)
