"""How often somebody may try to sign in: 5 times in 5 minutes from one address, 10 times in 15 minutes for one account.

Counted in the database, so that several web processes count together, and in the machine's time: guessing happens in
real time even where the product's time stands still. A try is written before the password is looked at, one address and
one account at a time: a hundred tries at once are counted like a hundred in a row. An account is counted whether it
exists or not, and the answer is the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db import connection, transaction
from django.db.models.functions import Now

from zhike.journal.outbox import defer
from zhike.org.credentials import tell
from zhike.org.events import LockLifted
from zhike.org.models import Staff
from zhike.web.models import SignInAttempt

BY_ADDRESS = (5, dt.timedelta(minutes=5))
BY_ACCOUNT = (10, dt.timedelta(minutes=15))
KEPT_FOR = dt.timedelta(days=1)
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


def account_key(username: str) -> str:
    """What an account is counted under: no typed name is stored, people type passwords into that field."""
    return hashlib.sha256(username.strip().lower().encode()).hexdigest()


def claim_try(address: str, username: str) -> int | None:
    """Take one of the tries that are left; None while either limit is used up. It counts until it is given back."""
    account = account_key(username)
    with transaction.atomic():
        with connection.cursor() as cursor:  # the address first, always: two that need both never wait for each other
            cursor.execute(ONE_AT_A_TIME, [f"sign-in address {address}"])
            cursor.execute(ONE_AT_A_TIME, [f"sign-in account {account}"])
        if _used("address", address, BY_ADDRESS[1]) >= BY_ADDRESS[0] or is_locked(username):
            return None
        SignInAttempt.objects.filter(at__lt=Now() - KEPT_FOR).delete()
        return SignInAttempt.objects.create(address=address, account=account).pk


def give_back_try(number: int) -> None:
    """It was no failure."""
    SignInAttempt.objects.filter(pk=number).delete()


def note_failure(address: str, username: str) -> None:
    """The try stays counted. When it was the account's last one, a job writes the lock down: finding out here whether
    there is such an account would take time that tells.
    """
    from zhike.web.tasks import note_lock

    if is_locked(username):
        with transaction.atomic():
            defer(note_lock, account=account_key(username), address=address)


def forget_failures(address: str, username: str) -> None:
    """After a success nobody's typing mistakes count any longer, from that address for that account."""
    SignInAttempt.objects.filter(address=address, account=account_key(username)).delete()


def is_locked(username: str) -> bool:
    """Whether the account's tries are used up, wherever they came from."""
    return _used("account", account_key(username), BY_ACCOUNT[1]) >= BY_ACCOUNT[0]


def lift_lock(staff: Staff, *, by: str, now: dt.datetime) -> None:
    """Let somebody try again at once."""
    with transaction.atomic():
        if SignInAttempt.objects.filter(account=account_key(staff.username)).delete()[0]:
            tell(staff, LockLifted(), by=by, now=now)


def _used(field: str, value: str, window: dt.timedelta) -> int:
    return SignInAttempt.objects.filter(**{field: value}, at__gt=Now() - window).count()
