"""How often somebody may try to sign in: 5 times in 5 minutes from one address, 10 times in 15 minutes for one account.

Counted in the database, so that several web processes count together, and in the machine's time: guessing happens in
real time even where the product's time stands still. An account is counted whether it exists or not, and the answer is
the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest

from zhike.web.models import SignInAttempt

BY_ADDRESS = (5, dt.timedelta(minutes=5))
BY_ACCOUNT = (10, dt.timedelta(minutes=15))
KEPT_FOR = dt.timedelta(days=1)


def address_of(request: HttpRequest) -> str:
    """The address the connection came from; never a header the client may set."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def account_key(username: str) -> str:
    """What an account is counted under: no typed name is stored, people type passwords into that field."""
    return hashlib.sha256(username.strip().lower().encode()).hexdigest()


def may_try(address: str, username: str) -> bool:
    """False while either limit is used up. Only failures count."""
    return _room("address", address, BY_ADDRESS) and _room("account", account_key(username), BY_ACCOUNT)


def _room(field: str, value: str, limit: tuple[int, dt.timedelta]) -> bool:
    most, window = limit
    return SignInAttempt.objects.filter(**{field: value}, at__gt=Now() - window).count() < most


def write_failure(address: str, username: str) -> None:
    """Count a failure and drop what no limit looks at any more."""
    SignInAttempt.objects.create(address=address, account=account_key(username))
    SignInAttempt.objects.filter(at__lt=Now() - KEPT_FOR).delete()


def forget_failures(address: str, username: str) -> None:
    """After a success nobody's typing mistakes count any longer, from that address or for that account."""
    SignInAttempt.objects.filter(Q(address=address, account=account_key(username))).delete()
