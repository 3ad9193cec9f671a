"""Whose request it is: `request.user` from the session's row, which brings its person along.

In place of Django's AuthenticationMiddleware, which reads the person with a query of his own. The rules are those of
`django.contrib.auth.get_user`, check by check; tests/test_session.py holds them against it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, load_backend
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from zhike.org.backend import StaffBackend
from zhike.org.models import Staff
from zhike.org.sessions import SessionStore

Answer = Callable[[HttpRequest], HttpResponseBase]


class SignedIn:
    """Gives the request its `user`; nothing is read before somebody asks who it is."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.user = SimpleLazyObject(lambda: person_of(request.session))  # type: ignore[assignment]
        return self.get_response(request)


def person_of(session: SessionBase) -> Staff | AnonymousUser:
    """The member of staff the session belongs to; nobody where it is nobody's, he may not sign in (any more), or his password
    is another one since."""
    try:
        number, path = int(session[SESSION_KEY]), session[BACKEND_SESSION_KEY]
    except KeyError:
        return AnonymousUser()
    if path not in settings.AUTHENTICATION_BACKENDS:
        return AnonymousUser()
    person = _read(session, number, cast(StaffBackend, load_backend(path)))
    return person if person is not None and _still_his(session, person) else AnonymousUser()


def _read(session: SessionBase, number: int, backend: StaffBackend) -> Staff | None:
    """The row that came with the session, asked the backend's question; another's is read anew."""
    known = session.person if isinstance(session, SessionStore) else None
    if known is None or known.pk != number:
        return backend.get_user(number)
    return known if backend.user_can_authenticate(known) else None


def _still_his(session: SessionBase, person: Staff) -> bool:
    """Whether the session was made with the password he has now. One that was not is ended; one sealed with a secret the
    product had before gets a new id and the present seal."""
    sealed, now = session.get(HASH_SESSION_KEY), person.get_session_auth_hash()
    if sealed and constant_time_compare(sealed, now):
        return True
    if sealed and any(constant_time_compare(sealed, before) for before in person.get_session_auth_fallback_hash()):
        session.cycle_key()
        session[HASH_SESSION_KEY] = now
        return True
    session.flush()
    return False
