"""Between password and second factor: nobody is in before both, and a known password buys no more tries."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from zhike.journal.models import Fact
from zhike.org.models import SecondFactor, Session
from zhike.org.second_factor import codes_left, has_second_factor, remove_second_factor
from zhike.org.sign_in_rules import change_rules
from zhike.web.models import SignInAttempt
from zhike.web.tests.telephone import Telephone
from zhike.web.tests.world import PASSWORD, World


def password(client: Client, username: str = "agent", word: str = PASSWORD, **more: str):
    return client.post("/sign-in", {"username": username, "password": word, **more})


def code(client: Client, typed: str):
    return client.post("/sign-in/code", {"code": typed})


def is_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def require(world: World, who: str = "everybody") -> None:
    change_rules(password_length=10, link_hours=72, second_factor=who, roles=[], by=None, now=world.now)


def test_a_password_alone_opens_nothing(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["agent"])
    client = Client()
    assert password(client, next="/cases?q=1")["Location"] == "/sign-in/code"
    assert not is_in(client)
    assert client.get("/desk").status_code == 302
    answer = code(client, telephone.code())
    assert (answer.status_code, answer["Location"]) == (302, "/cases?q=1")
    assert is_in(client)


def test_the_session_id_changes_at_both_steps(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["agent"])
    client = Client()
    keys = []
    client.get("/sign-in")
    for step in (lambda: password(client), lambda: code(client, telephone.code())):
        step()
        keys.append(client.cookies["sessionid"].value)
    assert len(set(keys)) == 2
    assert Session.objects.get().session_key == keys[1]


@pytest.mark.parametrize("typed", ["000000", "", "abc", "1" * 5000, "\0"])
def test_a_wrong_code_stays_outside(world: World, telephone: Telephone, typed: str) -> None:
    telephone.belongs_to(world.staff["agent"])
    client = Client()
    password(client)
    answer = code(client, typed)
    assert (answer.status_code, "验证码不对" in answer.content.decode()) == (422, True)
    assert not is_in(client)


def test_a_code_that_was_watched_does_not_sign_in_again(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["agent"])
    shown = telephone.code()
    first, second = Client(), Client(REMOTE_ADDR="192.0.2.9")
    for client in (first, second):
        password(client)
    assert code(first, shown).status_code == 302
    assert code(second, shown).status_code == 422
    assert not is_in(second)


def test_a_recovery_code_signs_in_once(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["agent"])
    first, second = Client(), Client(REMOTE_ADDR="192.0.2.9")
    for client in (first, second):
        password(client)
    assert code(first, telephone.recovery[0]).status_code == 302
    assert code(second, telephone.recovery[0]).status_code == 422
    assert codes_left(world.staff["agent"]) == 9
    fact = Fact.objects.filter(type="staff.signed_in").get()
    assert (fact.payload["second_factor"], fact.payload["address"]) == ("recovery", "127.0.0.1")


def test_without_a_right_password_there_is_no_second_step(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["agent"])
    client = Client()
    assert code(client, telephone.code())["Location"] == "/sign-in"
    password(client, word="wrong")
    assert code(client, telephone.code())["Location"] == "/sign-in"
    assert not is_in(client)


def test_after_ten_minutes_the_password_is_asked_for_again(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["agent"])
    client = Client()
    password(client)
    telephone.minutes_later(10.1)
    assert code(client, telephone.code())["Location"] == "/sign-in"
    assert not is_in(client)


def test_a_person_disabled_or_with_a_new_password_between_the_steps_stays_outside(
    world: World, telephone: Telephone
) -> None:
    agent = world.staff["agent"]
    telephone.belongs_to(agent)
    one, two = Client(), Client(REMOTE_ADDR="192.0.2.9")
    password(one)
    agent.set_password("something-else-1")
    agent.save(update_fields=["password"])
    assert code(one, telephone.code())["Location"] == "/sign-in"
    password(two, word="something-else-1")
    agent.is_active = False
    agent.save(update_fields=["is_active"])
    assert code(two, telephone.code())["Location"] == "/sign-in"


def test_a_known_password_buys_no_more_tries_at_the_code(world: World, telephone: Telephone) -> None:
    """Ten wrong codes an account in a quarter of an hour, however often the right password is given in between."""
    telephone.belongs_to(world.staff["agent"])
    statuses = []
    for n in range(11):
        client = Client(REMOTE_ADDR=f"192.0.2.{n}")
        answer = password(client)
        statuses.append(code(client, "000000").status_code if answer.status_code == 302 else answer.status_code)
    assert statuses == [422] * 10 + [429]
    assert SignInAttempt.objects.count() == 10


def test_giving_the_password_again_forgets_no_wrong_code(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["agent"])
    client = Client()
    for _ in range(5):
        assert password(client).status_code == 302
        assert code(client, "000000").status_code == 422
    assert password(client).status_code == 429


def test_five_wrong_codes_from_one_address_are_enough(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["agent"])
    client = Client()
    password(client)
    assert [code(client, "000000").status_code for _ in range(6)] == [422] * 5 + [429]
    assert code(client, telephone.code()).status_code == 429


def test_whoever_needs_a_second_factor_sets_it_up_before_he_is_in(world: World, telephone: Telephone) -> None:
    require(world)
    client = Client()
    assert password(client, next="/notices")["Location"] == "/sign-in/set-up"
    assert not is_in(client)
    page = client.get("/sign-in/set-up").content.decode()
    assert "<svg" in page
    found = re.search(r"data-secret>([A-Z2-7 ]+)<", page)
    assert found
    telephone.secret = found[1].replace(" ", "")
    wrong = client.post("/sign-in/set-up", {"code": "000000"})
    assert wrong.status_code == 422
    assert not is_in(client)
    done = client.post("/sign-in/set-up", {"code": telephone.code()})
    assert len(re.findall(r"<li><code>[a-z2-9-]{17}</code>", done.content.decode())) == 10
    assert 'href="/notices"' in done.content.decode()
    assert is_in(client)
    assert Session.objects.get(staff=world.staff["agent"]).second_factor
    assert client.get("/sign-in/set-up").status_code == 302


def test_the_page_to_set_up_shows_nothing_to_whoever_has_no_right_password(world: World, telephone: Telephone) -> None:
    require(world)
    client = Client()
    password(client)
    assert Client().get("/sign-in/set-up")["Location"] == "/sign-in"
    assert Client().post("/sign-in/set-up", {"code": "000000"})["Location"] == "/sign-in"
    # Somebody else with the password begins again: what the first one saw is worth nothing now, and shows nothing.
    password(Client(REMOTE_ADDR="192.0.2.9"))
    assert client.get("/sign-in/set-up")["Location"] == "/sign-in"


def test_a_second_factor_somebody_has_is_not_replaced_from_outside(world: World, telephone: Telephone) -> None:
    require(world)
    client = Client()
    password(client)
    page = client.get("/sign-in/set-up").content.decode()
    telephone.belongs_to(world.staff["agent"])
    assert "data-secret" in page
    assert client.get("/sign-in/set-up")["Location"] == "/sign-in"
    assert SecondFactor.objects.count() == 1


def test_rules_that_come_into_force_sign_out_whoever_does_not_keep_them(world: World, telephone: Telephone) -> None:
    agent = Client()
    password(agent)
    assert is_in(agent)
    require(world)
    assert agent.get("/account").status_code == 302


def test_a_second_factor_an_administrator_removed_is_set_up_anew(world: World, telephone: Telephone) -> None:
    require(world)
    telephone.belongs_to(world.staff["agent"])
    client = Client()
    password(client)
    remove_second_factor(world.staff["agent"], by="staff:1", now=world.now)
    assert code(client, telephone.code())["Location"] == "/sign-in"
    assert password(client)["Location"] == "/sign-in/set-up"
    assert not has_second_factor(world.staff["agent"])
