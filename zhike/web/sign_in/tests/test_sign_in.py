"""Passwords, limits, sessions: equal answers for everybody, and what ends a session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from zhike.journal.models import Fact
from zhike.org.actions import disable_staff, enable_staff
from zhike.org.models import Assignment, Session
from zhike.web.listening import with_connection
from zhike.web.models import SignInAttempt
from zhike.web.sign_in.attempts import claim_try
from zhike.web.tasks import note_lock
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


def test_every_way_of_being_wrong_costs_one_hash(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work, so the same time: a wrong password, an unknown name, a disabled person, one without a password."""
    world.staff["manager2"].is_active = False
    world.staff["manager2"].save(update_fields=["is_active"])
    world.staff["deputy"].set_unusable_password()
    world.staff["deputy"].save(update_fields=["password"])
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda self, *a: hashed.append("x") or encode(self, *a))
    counts = {}
    for name in ("agent", "nobody", "manager2", "deputy"):
        hashed.clear()
        assert attempt(Client(), name).status_code == 422
        counts[name] = len(hashed)
    assert counts == {"agent": 1, "nobody": 1, "manager2": 1, "deputy": 1}


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_from_many_processes_are_counted_one_by_one() -> None:
    def tries(n: int) -> tuple[bool, bool]:
        one_address = with_connection(claim_try, "192.0.2.1", f"name{n}") is not None
        return one_address, with_connection(claim_try, f"198.51.100.{n}", "agent") is not None

    with ThreadPoolExecutor(8) as many:
        taken = list(many.map(tries, range(40)))
    assert (sum(a for a, _ in taken), sum(b for _, b in taken)) == (5, 10)


def test_a_lock_is_written_down_for_an_account_that_exists(world: World, defers: list[dict[str, str]]) -> None:
    for name in ("agent", "nobody"):
        for n in range(10):
            Client(REMOTE_ADDR=f"10.0.0.{n}").post("/sign-in", {"username": name, "password": "wrong"})
        SignInAttempt.objects.filter(address__startswith="10.").update(address="x")
    assert len(defers) == 2  # both alike: finding out takes time that tells
    for arguments in defers:
        note_lock(**arguments)
    fact = Fact.objects.get(type="staff.locked_out")
    assert (fact.subject_id, fact.payload) == (world.staff["agent"].pk, {"address": "10.0.0.9"})


def test_a_success_forgets_the_typing_mistakes_before_it(world: World) -> None:
    for _ in range(3):
        attempt(Client())
    attempt(Client(), password=PASSWORD)
    assert SignInAttempt.objects.count() == 0


def test_signing_in_and_out_are_facts_and_the_session_says_where_it_is(world: World) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7", headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/128.0"})
    attempt(client, password=PASSWORD)
    row = Session.objects.get()
    assert (row.staff_id, row.address, row.since) == (world.staff["agent"].pk, "192.0.2.7", world.now)
    client.post("/sign-out")
    assert not Session.objects.exists()
    told = list(Fact.objects.filter(type__startswith="staff.signed").order_by("id").values_list("type", "actor"))
    me = f"staff:{world.staff['agent'].pk}"
    assert told == [("staff.signed_in", me), ("staff.signed_out", me)]


def test_signing_out_clears_what_the_browser_kept(world: World) -> None:
    answer = world.signed_in("agent").post("/sign-out")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "data-forget-drafts" in Client().get(answer["Location"]).content.decode()
    assert "data-forget-drafts" not in Client().get("/sign-in").content.decode()


def test_the_session_id_changes_when_its_person_may_do_other_things(world: World) -> None:
    client = Client()
    attempt(client, password=PASSWORD)
    client.get("/account")
    before = client.cookies["sessionid"].value
    client.get("/account")
    assert client.cookies["sessionid"].value == before
    Assignment.objects.create(staff=world.staff["agent"], handbook="retail-hotline", role="hotline_supervisor")
    assert client.get("/account").status_code == 200
    assert client.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_an_answer_under_way_does_not_bring_an_ended_session_back(world: World) -> None:
    client = Client()
    attempt(client, password=PASSWORD)
    store = client.session
    store["x"] = 1
    Session.objects.all().delete()
    from django.contrib.sessions.backends.base import UpdateError

    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


def test_when_a_session_was_last_used_is_kept_to_the_minute(world: World) -> None:
    client = Client()
    attempt(client, password=PASSWORD)
    world.later(5)
    client.get("/account")
    assert Session.objects.get().seen_at == world.now
    seen, world.now = world.now, world.now.replace(second=30)
    client.get("/account")
    assert Session.objects.get().seen_at == seen


def test_a_session_of_somebody_disabled_does_not_come_back_with_him(world: World) -> None:
    client = world.signed_in("agent")
    disabled = disable_staff(world.staff["agent"], by="staff:99", now=world.now)
    enable_staff(disabled, by="staff:99", now=world.now)
    assert client.get("/account").status_code == 302


def test_a_name_far_too_long_comes_back_whole(world: World) -> None:
    name = "示例" * 400
    response = attempt(Client(), name)
    assert response.status_code == 422
    assert f'value="{name}"' in response.content.decode()
