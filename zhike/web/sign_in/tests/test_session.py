"""Whose request it is. Every sentence is asked of our reader and of Django's own, which have to answer alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import auth
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from zhike.org.models import Session, Staff
from zhike.org.sessions import SessionStore
from zhike.web.sign_in.session import person_of
from zhike.web.tests.world import World

Read = Callable[[SessionStore], Staff | AnonymousUser]
NOBODY = AnonymousUser()


def by_django(session: SessionStore) -> Staff | AnonymousUser:
    request = HttpRequest()
    request.session = session
    return auth.get_user(request)


@pytest.fixture(params=[person_of, by_django], ids=["ours", "django"])
def read(request: pytest.FixtureRequest) -> Read:
    return request.param


@pytest.fixture
def key(world: World) -> str:
    """The key of the agent's session."""
    return world.signed_in("agent").cookies["sessionid"].value


def with_data(key: str, **changed: str | None) -> SessionStore:
    """The session after its data were changed; None takes a part away. Read anew, as the next request reads it."""
    session = SessionStore(key)
    for name, value in changed.items():
        if value is None:
            del session[name]
        else:
            session[name] = value
    session.save()
    return SessionStore(key)


def is_there(key: str) -> bool:
    return Session.objects.filter(session_key=key).exists()


@pytest.mark.django_db
def test_the_session_of_somebody_is_his(read: Read, world: World, key: str) -> None:
    assert read(SessionStore(key)) == world.staff["agent"]


@pytest.mark.django_db
def test_no_session_is_nobody(read: Read) -> None:
    assert read(SessionStore(None)) == NOBODY
    assert read(SessionStore("0" * 32)) == NOBODY


@pytest.mark.django_db
@pytest.mark.parametrize("missing", [SESSION_KEY, BACKEND_SESSION_KEY])
def test_a_session_without_a_person_is_nobody(read: Read, key: str, missing: str) -> None:
    assert read(with_data(key, **{missing: None})) == NOBODY
    assert is_there(key)


@pytest.mark.django_db
def test_a_backend_that_is_no_longer_in_the_settings_lets_nobody_in(read: Read, key: str) -> None:
    # It exists and would let him in: only the settings keep it out.
    assert read(with_data(key, **{BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend"})) == NOBODY
    assert is_there(key)


@pytest.mark.django_db
def test_whoever_is_disabled_is_nobody_with_the_next_request(read: Read, world: World, key: str) -> None:
    Staff.objects.filter(pk=world.staff["agent"].pk).update(is_active=False)
    assert read(SessionStore(key)) == NOBODY


@pytest.mark.django_db
def test_another_password_ends_the_session(read: Read, world: World, key: str) -> None:
    Staff.objects.filter(pk=world.staff["agent"].pk).update(password="another")
    session = SessionStore(key)
    assert read(session) == NOBODY
    assert (is_there(key), dict(session)) == (False, {})


@pytest.mark.django_db
@pytest.mark.parametrize("seal", [None, "", "0" * 64])
def test_a_session_with_a_wrong_seal_or_none_is_ended(read: Read, key: str, seal: str | None) -> None:
    assert read(with_data(key, **{HASH_SESSION_KEY: seal})) == NOBODY
    assert not is_there(key)


@pytest.mark.django_db
def test_a_seal_made_with_the_secret_before_is_renewed_under_a_new_id(read: Read, world: World) -> None:
    with override_settings(SECRET_KEY="the-secret-before"):
        key = world.signed_in("agent").cookies["sessionid"].value
        data = dict(SessionStore(key))
    with override_settings(SECRET_KEY_FALLBACKS=["the-secret-before"]):
        session = SessionStore(key)
        # What is kept is signed with the secret too, and Django reads it with the one before.
        assert dict(session) == data
        assert read(session) == world.staff["agent"]
        assert session[HASH_SESSION_KEY] == world.staff["agent"].get_session_auth_hash()
        assert session.session_key != key
    assert not is_there(key)


@pytest.mark.django_db
def test_the_data_of_a_session_say_whose_it_is_not_its_column(read: Read, world: World, key: str) -> None:
    Session.objects.filter(session_key=key).update(staff=world.staff["boss"])
    assert read(SessionStore(key)) == world.staff["agent"]


@pytest.mark.django_db
def test_session_and_person_are_one_query(key: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        person_of(SessionStore(key))
    assert len(asked) == 1
