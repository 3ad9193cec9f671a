"""Whose session it is. Everything here talks to the database and is called in a thread of the feed's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare

from zhike.conversations.access import address_key
from zhike.conversations.models import Address, Medium
from zhike.org.handbooks import external_roles
from zhike.org.models import Session, Staff
from zhike.org.principals import keys_of
from zhike.web.live.client import Account

VISITOR = "visitor:"
"""How the key of a visitor's stream begins; the digest of his secret follows. No session has such a key."""


def accounts_of(session_keys: Collection[str]) -> dict[str, Account]:
    """The accounts behind sessions of the database, with four queries however many there are.

    Left out: sessions that are signed out, have run out, or were made before the password changed; disabled staff.
    The rules are those of `django.contrib.auth.get_user`. A visitor's key names no session but his address, one query more.
    """
    strangers = {key for key in session_keys if key.startswith(VISITOR)}
    return _staff(set(session_keys) - strangers) | (_visitors(strangers) if strangers else {})


def _visitors(keys: Collection[str]) -> dict[str, Account]:
    """Somebody who writes in a web chat hears what is addressed to his address, never what a customer is told elsewhere."""
    digests = [key.removeprefix(VISITOR) for key in keys]
    rows = Address.objects.filter(inbox_medium=Medium.WEBCHAT, value__in=digests).values_list("value", "pk")
    return {f"{VISITOR}{digest}": Account(f"{VISITOR}{digest}", 0, frozenset({address_key(pk)})) for digest, pk in rows}


def _staff(session_keys: Collection[str]) -> dict[str, Account]:
    sessions = Session.objects.filter(session_key__in=session_keys, expire_date__gt=Now())
    data = {session.session_key: session.get_decoded() for session in sessions}
    numbers = {int(each[SESSION_KEY]) for each in data.values() if str(each.get(SESSION_KEY, "")).isdigit()}
    staff = Staff.objects.filter(is_active=True).prefetch_related("assignments").in_bulk(numbers)
    external = external_roles() if staff else frozenset()
    found = {}
    for key, each in data.items():
        person = staff.get(int(each.get(SESSION_KEY, 0)))
        if person is not None and is_valid(each, person):
            found[key] = Account(key, person.pk, keys_of(person.pk, person.assignments.all(), external))
    return found


def is_valid(data: Mapping[str, Any], person: Staff) -> bool:
    """Made by a way of signing in that is still in use, with the password the person still has."""
    if data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    proof = data.get(HASH_SESSION_KEY, "")
    hashes = [person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()]
    return any(constant_time_compare(proof, each) for each in hashes)


def open_sessions(session_keys: Collection[str]) -> set[str]:
    """Those of the sessions that are still signed in, by the database's time; visitors stay. One query."""
    rows = Session.objects.filter(session_key__in=session_keys, expire_date__gt=Now())
    return {*rows.values_list("session_key", flat=True), *(key for key in session_keys if key.startswith(VISITOR))}
