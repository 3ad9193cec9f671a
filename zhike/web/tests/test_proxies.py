"""Where a request comes from, behind proxies of the house and in front of those who pretend to be one."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.test import Client

from zhike.web.cli import environment
from zhike.web.models import SignInAttempt
from zhike.web.tests.world import World

OURS = [ip_network("10.0.0.0/24"), ip_network("::1")]


@pytest.mark.parametrize(
    ("came_from", "forwarded", "counted"),
    [
        ("10.0.0.5", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first one is the client's own invention
        ("10.0.0.5", "203.0.113.9, 10.0.0.7", "203.0.113.9"),  # through two of ours
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "203.0.113.9, nonsense", "10.0.0.5"),
        ("10.0.0.5", "10.0.0.7", "10.0.0.5"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # no proxy of ours: the header means nothing
    ],
)
def test_tries_are_counted_where_they_come_from(
    world: World, settings, came_from: str, forwarded: str, counted: str
) -> None:
    settings.PROXIES = OURS
    client = Client(REMOTE_ADDR=came_from, headers={"X-Forwarded-For": forwarded} if forwarded else {})
    client.post("/sign-in", {"username": "agent", "password": "wrong"})
    assert SignInAttempt.objects.get().address == counted


def test_networks_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIKE_PROXIES", "127.0.0.1, 10.0.0.0/24")
    assert environment.proxies() == [ip_network("127.0.0.1"), ip_network("10.0.0.0/24")]
    monkeypatch.setenv("ZHIKE_PROXIES", "the-proxy")
    with pytest.raises(environment.BadEnvironment, match="ZHIKE_PROXIES"):
        environment.proxies()
