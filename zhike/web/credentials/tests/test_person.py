"""What an administrator does for somebody's way in; and that nobody else does."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from zhike.journal.models import Fact
from zhike.org.models import PasswordLink, Session, SignInRules, Staff
from zhike.org.second_factor import has_second_factor
from zhike.org.sessions import handle_of
from zhike.web.credentials.rescue import NoSuchPerson, rescue
from zhike.web.models import SignInAttempt
from zhike.web.sign_in.attempts import account_key, is_locked
from zhike.web.tests.telephone import Telephone
from zhike.web.tests.world import PASSWORD, World

GOOD = "harbour-lamp-41"


def base(world: World, username: str = "agent") -> str:
    return f"/administration/staff/{world.staff[username].pk}/sign-in"


def link_on(answer) -> str:
    found = re.search(r"http://testserver(/sign-in/link/[\w-]+)", answer.content.decode())
    assert found
    return found[1]


def told(world: World, username: str = "agent") -> list[tuple[str, str]]:
    facts = Fact.objects.filter(subject_kind="staff", subject_id=world.staff[username].pk).order_by("id")
    return [pair for pair in facts.values_list("type", "actor") if pair[0] not in ("staff.added", "role.assigned")]


def test_a_link_is_shown_once_and_sets_the_password(world: World) -> None:
    boss = world.signed_in("boss")
    shown = boss.post(f"{base(world)}/link")
    link = link_on(shown)
    assert "<svg" in shown.content.decode()
    assert link not in boss.get(base(world)).content.decode()
    assert Client().post(link, {"password": GOOD, "again": GOOD}).status_code == 302
    assert Staff.objects.get(username="agent").check_password(GOOD)
    me, by = f"staff:{world.staff['agent'].pk}", f"staff:{world.staff['boss'].pk}"
    assert told(world) == [("staff.password_link_made", by), ("staff.password_set", me)]


def test_a_link_is_made_again_and_revoked(world: World) -> None:
    boss = world.signed_in("boss")
    first, second = link_on(boss.post(f"{base(world)}/link")), link_on(boss.post(f"{base(world)}/link"))
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    boss.post(f"{base(world)}/link/revoke")
    assert Client().get(second).status_code == 404
    assert PasswordLink.objects.filter(used_at=None, revoked_at=None).count() == 0


def test_a_disabled_person_gets_no_link(world: World) -> None:
    world.staff["agent"].is_active = False
    world.staff["agent"].save(update_fields=["is_active"])
    answer = world.signed_in("boss").post(f"{base(world)}/link")
    assert answer.status_code == 422
    assert "先重新启用" in answer.content.decode()


def test_sessions_are_seen_and_ended(world: World) -> None:
    agent, again = Client(REMOTE_ADDR="192.0.2.7"), Client(REMOTE_ADDR="192.0.2.8")
    for client in (agent, again):
        client.post("/sign-in", {"username": "agent", "password": PASSWORD})
    boss = world.signed_in("boss")
    assert "192.0.2.7" in boss.get(base(world)).content.decode()
    boss.post(f"{base(world)}/sessions/end", {"session": handle_of(agent.cookies["sessionid"].value)})
    assert [client.get("/account").status_code for client in (agent, again)] == [302, 200]
    boss.post(f"{base(world)}/sessions/end")
    assert again.get("/account").status_code == 302
    assert told(world)[-1] == ("staff.sessions_ended", f"staff:{world.staff['boss'].pk}")


def test_an_administrator_ends_his_own_other_sessions_and_stays(world: World) -> None:
    boss, other = world.signed_in("boss"), world.signed_in("boss")
    boss.post(f"{base(world, 'boss')}/sessions/end")
    assert (boss.get("/account").status_code, other.get("/account").status_code) == (200, 302)


def test_a_lost_telephone_is_taken_off_and_written_down(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["agent"])
    agent = world.signed_in("agent")
    world.signed_in("boss").post(f"{base(world)}/second-factor/remove")
    assert not has_second_factor(world.staff["agent"])
    assert agent.get("/account").status_code == 302
    assert ("staff.second_factor_removed", f"staff:{world.staff['boss'].pk}") in told(world)


def test_a_lock_is_seen_and_lifted(world: World) -> None:
    for n in range(10):
        Client(REMOTE_ADDR=f"10.0.0.{n}").post("/sign-in", {"username": "agent", "password": "wrong"})
    boss = world.signed_in("boss")
    assert "正在暂停尝试" in boss.get(base(world)).content.decode()
    boss.post(f"{base(world)}/unlock")
    assert not is_locked("agent")
    assert (
        Client(REMOTE_ADDR="10.1.0.1").post("/sign-in", {"username": "agent", "password": PASSWORD}).status_code == 302
    )
    assert told(world)[0][0] == "staff.lock_lifted"


def test_rules_are_kept_and_their_change_is_a_fact(world: World) -> None:
    boss = world.signed_in("boss")
    typed = {
        "password_length": "12",
        "link_hours": "24",
        "second_factor": "roles",
        "roles": ["retail-hotline:hotline_agent", "made:up"],
    }
    refused = boss.post("/administration/sign-in/rules", typed)
    assert (refused.status_code, "先在" in refused.content.decode()) == (422, True)
    typed["second_factor"] = "nobody"
    assert boss.post("/administration/sign-in/rules", typed).status_code == 302
    held = SignInRules.objects.get()
    assert (held.password_length, held.link_hours, held.second_factor, held.roles) == (12, 24, "nobody", [])
    fact = Fact.objects.get(type="sign_in_rules.changed")
    assert fact.payload == {
        "before": {"password_length": 10, "link_hours": 72},
        "after": {"password_length": 12, "link_hours": 24},
    }


def test_rules_for_roles_ask_those_roles(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["boss"])
    boss, agent, manager = (world.signed_in(name) for name in ("boss", "agent", "manager1"))
    typed = {
        "password_length": "10",
        "link_hours": "72",
        "second_factor": "roles",
        "roles": ["retail-hotline:hotline_agent"],
    }
    assert boss.post("/administration/sign-in/rules", typed).status_code == 302
    assert [client.get("/account").status_code for client in (agent, manager)] == [302, 200]


@pytest.mark.parametrize(
    "typed", [{}, {"password_length": "x"}, {"password_length": "99999999999"}, {"second_factor": "?"}]
)
def test_broken_rules_are_refused(world: World, typed: dict[str, str]) -> None:
    answer = world.signed_in("boss").post("/administration/sign-in/rules", typed)
    assert answer.status_code == 422
    assert all(f'value="{value}"' in answer.content.decode() for value in typed.values() if value != "?")
    assert not SignInRules.objects.exists()


DEEDS = ("link", "link/revoke", "sessions/end", "second-factor/remove", "unlock")


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("who", ["agent", "center", None])
def test_nobody_but_an_administrator_does_any_of_this(
    world: World, telephone: Telephone, deed: str, who: str | None
) -> None:
    telephone.belongs_to(world.staff["manager1"])
    client = world.signed_in(who) if who else Client()
    before = Session.objects.count()
    assert client.post(f"{base(world, 'manager1')}/{deed}").status_code in (401, 403)
    assert client.get(base(world, "manager1")).status_code in (302, 403)
    assert client.get("/administration/sign-in/rules").status_code in (302, 403)
    assert has_second_factor(world.staff["manager1"])
    assert (PasswordLink.objects.count(), Session.objects.count()) == (0, before)


@pytest.mark.parametrize("deed", ["", *(f"/{deed}" for deed in DEEDS)])
def test_a_person_there_is_not_is_not_found(world: World, deed: str) -> None:
    boss = world.signed_in("boss")
    ask = boss.post if deed else boss.get
    assert ask(f"/administration/staff/999999/sign-in{deed}").status_code == 404


def test_a_rescue_gives_a_way_in(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["boss"])
    for n in range(10):
        SignInAttempt.objects.create(address=f"10.0.0.{n}", account=account_key("boss"))
    path = rescue("Boss", remove_second_factor=True)
    assert not has_second_factor(world.staff["boss"])
    assert not is_locked("boss")
    assert Client().post(path, {"password": GOOD, "again": GOOD}).status_code == 302
    assert Client().post("/sign-in", {"username": "boss", "password": GOOD})["Location"] == "/"
    assert {actor for name, actor in told(world, "boss") if name == "staff.password_link_made"} == {"system"}


def test_a_rescue_leaves_the_second_factor_unless_it_is_asked_to_remove_it(world: World, telephone: Telephone) -> None:
    telephone.belongs_to(world.staff["boss"])
    rescue("boss")
    assert has_second_factor(world.staff["boss"])


def test_a_rescue_makes_the_first_administrator(world: World) -> None:
    path = rescue("chief", administrator=True, name="示例主管")
    chief = Staff.objects.get(username="chief")
    assert (chief.is_admin, chief.is_active, chief.has_usable_password()) == (True, True, False)
    assert Client().get(path).status_code == 200
    with pytest.raises(NoSuchPerson):
        rescue("nobody")


def test_the_page_costs_twelve_queries_at_most(
    world: World, telephone: Telephone, django_assert_max_num_queries
) -> None:
    telephone.belongs_to(world.staff["agent"])
    for n in range(5):
        Client(REMOTE_ADDR=f"192.0.2.{n}").post("/sign-in", {"username": "agent", "password": PASSWORD})
        world.signed_in("agent")
    boss = world.signed_in("boss")
    boss.get(base(world))
    with django_assert_max_num_queries(12):
        assert boss.get(base(world)).status_code == 200
