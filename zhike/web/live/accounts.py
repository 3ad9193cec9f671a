"""Whose session it is. Everything here talks to the database and is called in a thread of the feed's own."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.http import HttpRequest

from zhike.org.models import Staff
from zhike.org.principals import keys_of
from zhike.web.live.client import Account


def account_of(session_key: str) -> Account | None:
    """The account of a session; None when it is signed out, run out, made before the password changed, or disabled."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    if not isinstance(user, Staff) or not user.is_active:
        return None
    return Account(session_key, user.pk, keys_of(user.pk, user.assignments.all()))


def open_sessions(session_keys: Iterable[str]) -> set[str]:
    """Those of the sessions that are still signed in, by the database's time. One query."""
    rows = Session.objects.filter(session_key__in=list(session_keys), expire_date__gt=Now())
    return set(rows.values_list("session_key", flat=True))
