"""The page behind a link: looks use nothing up, and links that open nothing look alike."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from zhike.org.credentials import make_link, revoke_link
from zhike.org.models import PasswordLink
from zhike.web.tests.world import PASSWORD, World

GOOD = "harbour-lamp-41"


def link(world: World, username: str = "agent") -> str:
    _, secret = make_link(world.staff[username], by="staff:1", now=world.now)
    return f"/sign-in/link/{secret}"


def use(address: str, password: str = GOOD, again: str | None = None):
    return Client().post(address, {"password": password, "again": password if again is None else again})


def test_a_new_person_sets_his_password_and_signs_in(world: World) -> None:
    address = link(world)
    for _ in range(3):
        assert "agent" in Client().get(address).content.decode()
    done = use(address)
    assert (done.status_code, done["Location"]) == (302, "/sign-in?username=agent")
    client = Client()
    assert client.post("/sign-in", {"username": "agent", "password": GOOD}).status_code == 302
    assert client.get("/account").status_code == 200
    assert Client().post("/sign-in", {"username": "agent", "password": PASSWORD}).status_code == 422


def test_setting_a_password_ends_the_sessions_there_were(world: World) -> None:
    before = world.signed_in("agent")
    assert before.get("/account").status_code == 200
    use(link(world))
    assert before.get("/account").status_code == 302


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        (GOOD, "other", "两次输入"),
        ("short", "short", "请再加长"),
        ("agent-agent", "agent-agent", "与它们无关"),
        ("", "", "请再加长"),
    ],
)
def test_a_refused_password_says_what_to_do_and_the_link_stays_good(
    world: World, password: str, again: str, words: str
) -> None:
    address = link(world)
    answer = use(address, password, again)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert use(address).status_code == 302


def test_unknown_used_revoked_replaced_and_expired_links_and_those_of_the_disabled_look_alike(world: World) -> None:
    used, replaced, revoked, disabled, expired = (
        link(world, name) for name in ("agent", "manager1", "manager2", "deputy", "center")
    )
    use(used)
    link(world, "manager1")
    revoke_link(world.staff["manager2"], by="staff:1", now=world.now)
    world.staff["deputy"].is_active = False
    world.staff["deputy"].save(update_fields=["is_active"])
    PasswordLink.objects.filter(staff=world.staff["center"]).update(expires_at=world.now - dt.timedelta(seconds=1))
    made_up = "/sign-in/link/" + "x" * 43
    looks = set()
    for address in (used, replaced, revoked, disabled, expired, made_up):
        for answer in (Client().get(address), use(address), use(address, "short")):
            page = answer.content.decode()
            looks.add((answer.status_code, page[page.index('<main id="main"') : page.index("</main>")]))
    assert len(looks) == 1
    assert looks.pop()[0] == 404


def test_a_link_is_not_sent_on_to_other_sites_and_not_kept(world: World) -> None:
    answer = Client().get(link(world))
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "no-store"
