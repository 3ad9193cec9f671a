"""My account: one's own password, second factor and sessions; and nobody else's."""

from __future__ import annotations

import re

import pyotp
import pytest
from django.test import Client

from zhike.journal.models import Fact
from zhike.org.models import Session, Staff
from zhike.org.second_factor import codes_left, has_second_factor
from zhike.org.sessions import handle_of
from zhike.org.sign_in_rules import change_rules
from zhike.web.account.devices import device_words
from zhike.web.tests.telephone import Telephone
from zhike.web.tests.world import PASSWORD, World

GOOD = "harbour-lamp-41"


def signed_in(username: str = "agent", address: str = "127.0.0.1", word: str = PASSWORD) -> Client:
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": f"Firefox on Windows {address}"})
    assert client.post("/sign-in", {"username": username, "password": word}).status_code == 302
    return client


def key(client: Client) -> str:
    return client.cookies["sessionid"].value


def is_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def change(client: Client, current: str = PASSWORD, password: str = GOOD, again: str = GOOD):
    return client.post("/account/password", {"current": current, "password": password, "again": again})


def set_up(client: Client, telephone: Telephone) -> list[str]:
    """Switch the second factor on as a person does; answers the recovery codes."""
    assert client.post("/account/second-factor/begin", {"current": PASSWORD}).status_code == 302
    page = client.get("/account/second-factor").content.decode()
    found = re.search(r"data-secret>([A-Z2-7 ]+)<", page)
    assert found
    telephone.secret = found[1].replace(" ", "")
    done = client.post("/account/second-factor", {"code": telephone.code()})
    telephone.minutes_later(1)
    return re.findall(r"<code>([a-z2-9-]{17})</code>", done.content.decode())


def test_ones_own_password_changes_and_other_sessions_end(world: World) -> None:
    here, there = signed_in(), signed_in(address="192.0.2.8")
    before = key(here)
    assert change(here).status_code == 302
    assert Session.objects.filter(staff=world.staff["agent"]).count() == 1
    assert is_in(here)
    assert not is_in(there)
    assert key(here) != before
    assert Session.objects.get(staff=world.staff["agent"]).session_key == key(here)
    assert signed_in(word=GOOD)
    assert Fact.objects.filter(type="staff.password_set", actor=f"staff:{world.staff['agent'].pk}").count() == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"current": "wrong"}, "密码不对"),
        ({"again": "other"}, "两次输入"),
        ({"password": "short", "again": "short"}, "请再加长"),
        ({"password": PASSWORD, "again": PASSWORD}, "和原来的一样"),
    ],
)
def test_a_refused_change_says_why_and_changes_nothing(world: World, typed: dict[str, str], words: str) -> None:
    client = signed_in()
    answer = change(client, **typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Staff.objects.get(username="agent").check_password(PASSWORD)


def test_a_stolen_session_guesses_the_password_no_oftener_than_anybody(world: World) -> None:
    client = signed_in()
    for _ in range(5):
        change(client, current="wrong")
    assert "尝试次数过多" in change(client).content.decode()
    assert Staff.objects.get(username="agent").check_password(PASSWORD)


def test_the_second_factor_is_switched_on_with_password_and_first_code(world: World, telephone: Telephone) -> None:
    here, there = signed_in(), signed_in(address="192.0.2.8")
    before = key(here)
    codes = set_up(here, telephone)
    assert len(codes) == 10
    assert is_in(here)
    assert not is_in(there)
    assert key(here) != before
    assert Session.objects.get(session_key=key(here)).second_factor
    assert here.get("/account/second-factor")["Location"] == "/account"
    assert not any(code in here.get("/account").content.decode() for code in codes)


@pytest.mark.parametrize("path", ["begin", "remove", "codes"])
def test_nothing_about_the_second_factor_changes_without_the_password(
    world: World, telephone: Telephone, path: str
) -> None:
    client = signed_in()
    set_up(client, telephone)
    answer = client.post(f"/account/second-factor/{path}", {"current": "wrong"})
    assert answer.status_code == 422
    assert "密码不对" in answer.content.decode()
    assert has_second_factor(world.staff["agent"])
    assert codes_left(world.staff["agent"]) == 10
    assert client.get("/account/second-factor")["Location"] == "/account"


def test_a_wrong_first_code_switches_nothing_on(world: World, telephone: Telephone) -> None:
    client = signed_in()
    client.post("/account/second-factor/begin", {"current": PASSWORD})
    assert client.post("/account/second-factor", {"code": "000000"}).status_code == 422
    assert not has_second_factor(world.staff["agent"])


def test_a_secret_is_shown_to_the_session_that_began_and_to_no_other(world: World) -> None:
    here, there = signed_in(), signed_in(address="192.0.2.8")
    here.post("/account/second-factor/begin", {"current": PASSWORD})
    assert there.get("/account/second-factor")["Location"] == "/account"


def test_it_is_switched_off_by_whoever_need_not_have_it(world: World, telephone: Telephone) -> None:
    client = signed_in()
    set_up(client, telephone)
    rules = {"password_length": 10, "link_hours": 72, "roles": [], "by": None, "now": world.now}
    change_rules(second_factor="everybody", **rules)
    answer = client.post("/account/second-factor/remove", {"current": PASSWORD})
    assert (answer.status_code, "不能关闭" in answer.content.decode()) == (422, True)
    change_rules(second_factor="nobody", **rules)
    assert client.post("/account/second-factor/remove", {"current": PASSWORD}).status_code == 302
    assert not has_second_factor(world.staff["agent"])
    assert is_in(client)


def test_new_recovery_codes_are_shown_once(world: World, telephone: Telephone) -> None:
    client = signed_in()
    old = set_up(client, telephone)
    page = client.post("/account/second-factor/codes", {"current": PASSWORD}).content.decode()
    new = re.findall(r"<code>([a-z2-9-]{17})</code>", page)
    assert len(new) == 10
    assert not set(new) & set(old)


def test_a_session_is_ended_and_only_ones_own(world: World) -> None:
    here, there, other = signed_in(), signed_in(address="192.0.2.8"), signed_in("manager1", "192.0.2.9")
    here.post("/account/sessions/end", {"session": handle_of(key(other))})
    assert is_in(other)
    here.post("/account/sessions/end", {"session": handle_of(key(there))})
    assert not is_in(there)
    assert is_in(here)


def test_all_other_sessions_end(world: World) -> None:
    here, *others = (signed_in(address=f"192.0.2.{n}") for n in range(3))
    here.post("/account/sessions/end")
    assert [is_in(client) for client in (here, *others)] == [True, False, False]


def test_the_page_lists_sessions_without_their_keys(world: World) -> None:
    here, there = signed_in(), signed_in(address="192.0.2.8")
    page = here.get("/account").content.decode()
    assert page.count("Firefox · Windows") >= 2
    assert "192.0.2.8" in page
    assert key(here) not in page
    assert key(there) not in page


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""), ("post", "/password"), ("get", "/second-factor"), ("post", "/second-factor"),
        ("post", "/second-factor/begin"), ("post", "/second-factor/remove"), ("post", "/second-factor/codes"),
        ("post", "/sessions/end"),
    ],
)  # fmt: skip
def test_nobody_comes_here_without_signing_in(world: World, method: str, path: str) -> None:
    assert getattr(Client(), method)(f"/account{path}").status_code in (302, 401)


def test_the_page_costs_few_queries(world: World, telephone: Telephone, django_assert_max_num_queries) -> None:
    client = signed_in()
    set_up(client, telephone)
    client.get("/account")
    with django_assert_max_num_queries(12):
        assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0.0.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) MicroMessenger/8.0", "微信 · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0", "Firefox · Linux"),
        ("curl/8.5", "未知设备"), ("", "未知设备"), ("<script>alert(1)</script>", "未知设备"),
    ],
)  # fmt: skip
def test_devices_are_named_in_words(agent: str, words: str) -> None:
    assert device_words(agent) == words


def test_a_code_of_another_secret_confirms_nothing(world: World, telephone: Telephone) -> None:
    client = signed_in()
    client.post("/account/second-factor/begin", {"current": PASSWORD})
    other = pyotp.TOTP(pyotp.random_base32()).at(telephone.at)
    assert client.post("/account/second-factor", {"code": other}).status_code == 422
