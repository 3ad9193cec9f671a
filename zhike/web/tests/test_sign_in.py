from __future__ import annotations

import pytest
from django.test import Client

from zhike.web.models import SignInAttempt
from zhike.web.tests.world import PASSWORD, World


def attempt(client: Client, username: str = "agent", password: str = "wrong", **more: str):
    return client.post("/sign-in", {"username": username, "password": password, **more})


def answer(response) -> str:
    """The page without what differs anyway: the token and the name that was typed."""
    text = response.content.decode()
    return text[text.index('role="alert"') : text.index("<form method")]


def test_a_good_password_leads_to_where_one_wanted_to_go(world: World) -> None:
    response = attempt(Client(), password=PASSWORD, next="/cases?q=1")
    assert (response.status_code, response["Location"]) == (302, "/cases?q=1")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_led_elsewhere(world: World, target: str) -> None:
    assert attempt(Client(), password=PASSWORD, next=target)["Location"] == "/"


def test_a_wrong_password_an_unknown_name_and_a_disabled_account_get_equal_answers(world: World) -> None:
    world.staff["manager2"].is_active = False
    world.staff["manager2"].save(update_fields=["is_active"])
    answers = [
        attempt(Client(), name, word) for name, word in (("agent", "wrong"), ("nobody", "x"), ("manager2", PASSWORD))
    ]
    assert [r.status_code for r in answers] == [422, 422, 422]
    assert answer(answers[0]) == answer(answers[1]) == answer(answers[2])


def test_the_session_id_changes_at_sign_in(world: World) -> None:
    client = Client()
    client.get("/sign-in")
    session = client.session
    session["x"] = 1
    session.save()
    before = session.session_key
    attempt(client, password=PASSWORD)
    assert client.session.session_key != before


def test_the_sixth_attempt_from_one_address_is_turned_away(world: World) -> None:
    codes = [attempt(Client(), f"name{n}").status_code for n in range(6)]
    assert codes == [422, 422, 422, 422, 422, 429]
    assert attempt(Client(), "agent", PASSWORD).status_code == 429


def test_the_eleventh_attempt_on_one_account_is_turned_away_wherever_it_comes_from(world: World) -> None:
    codes = [
        Client(REMOTE_ADDR=f"10.0.0.{n}").post("/sign-in", {"username": "agent", "password": "wrong"}).status_code
        for n in range(11)
    ]
    assert codes == [422] * 10 + [429]


def test_a_header_does_not_move_the_address(world: World) -> None:
    codes = [attempt(Client(headers={"X-Forwarded-For": f"10.0.0.{n}"})).status_code for n in range(6)]
    assert codes[-1] == 429


def test_what_was_typed_as_a_name_is_not_kept(world: World) -> None:
    attempt(Client(), "my-secret-password")
    assert "my-secret-password" not in str(list(SignInAttempt.objects.values_list("address", "account")))


def test_a_client_cannot_say_who_it_is(world: World) -> None:
    client = Client(headers={"X-User": "boss", "Remote-User": "boss", "X-Remote-User": "boss"}, REMOTE_USER="boss")
    assert client.get("/desk").status_code == 302


def test_a_null_character_is_a_wrong_name(world: World) -> None:
    assert attempt(Client(), "agent\0x", "x\0").status_code == 422


def test_signing_out_ends_the_session(world: World) -> None:
    client = world.signed_in("agent")
    assert client.get("/desk").status_code == 200
    client.post("/sign-out")
    assert client.get("/desk")["Location"].startswith("/sign-in?next=")


def test_a_disabled_person_is_out_at_once(world: World) -> None:
    client = world.signed_in("agent")
    world.staff["agent"].is_active = False
    world.staff["agent"].save(update_fields=["is_active"])
    assert client.get("/desk").status_code == 302
