"""Tokens: who makes them, what ends them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from zhike.journal.models import Fact
from zhike.org.actions import disable_staff
from zhike.org.sign_in_rules import change_rules
from zhike.web.allowances import Allowance
from zhike.web.api.rates import CALLS
from zhike.web.api.tests.program import Program, made_token
from zhike.web.api.tokens import NoSuchToken, TokenRefused, create_token, digest_of, revoke_token
from zhike.web.models import ApiToken
from zhike.web.tests.telephone import Telephone
from zhike.web.tests.test_allowances import passes
from zhike.web.tests.world import World


def test_a_token_says_who_it_acts_as(world: World, program: Callable[..., Program]) -> None:
    me = program("agent", "cases:read").get("/me").json()
    assert me["principal"] == f"staff:{world.staff['agent'].pk}"
    assert me["roles"] == [
        {"handbook": "retail-hotline", "role": "hotline_agent", "department": world.departments["hotline"].pk}
    ]
    assert me["scopes"] == ["cases:read"]


def test_the_token_itself_is_kept_nowhere(world: World) -> None:
    secret = made_token(world, "agent")
    row = ApiToken.objects.get()
    assert row.digest == digest_of(secret)
    assert secret not in str(ApiToken.objects.values_list().get())
    facts = [str(payload) for payload in Fact.objects.values_list("payload", flat=True)]
    assert not any(secret in fact or row.digest in fact for fact in facts)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer zk_",
        "Bearer zk_" + "a" * 43,
        "Basic YTpi",
        "Bearer ' OR 1=1",
        "Bearer zk_" + "é" * 43,
    ],
)
def test_what_is_no_token_is_told_so_and_nothing_else(world: World, header: str) -> None:
    program = Program("")
    answer = program.client.get("/api/me", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_it_ends_at_the_moment_it_expires(world: World) -> None:
    program = Program(made_token(world, "agent", days=1))
    world.later(24 * 60 - 1)
    assert program.get("/me").status_code == 200
    world.later(1)
    assert program.get("/me").status_code == 401


def test_a_revoked_token_is_refused_at_once(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    assert agent.get("/me").status_code == 200
    revoke_token(ApiToken.objects.get().pk, by=world.viewer("boss"), now=world.now)
    assert agent.get("/me").status_code == 401


def test_a_disabled_owner_ends_his_tokens_at_once(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    disable_staff(world.staff["agent"], by="system", now=world.now)
    assert agent.get("/me").status_code == 401


def test_a_role_taken_away_is_gone_from_the_token(world: World, program: Callable[..., Program]) -> None:
    case, agent = world.ticket(), program()
    assert agent.get(f"/cases/{case.number}").status_code == 200
    world.staff["agent"].assignments.all().delete()
    assert agent.get("/cases").status_code == 403


def test_only_administrators_make_and_revoke_them(world: World) -> None:
    made_token(world, "agent")
    expires = world.now + dt.timedelta(days=1)
    with pytest.raises(NoSuchToken):
        create_token(name="示例", owner=world.staff["boss"], scopes=["cases:read"], expires_at=expires,
                     by=world.viewer("agent"), now=world.now)  # fmt: skip
    with pytest.raises(NoSuchToken):
        revoke_token(ApiToken.objects.get().pk, by=world.viewer("agent"), now=world.now)
    assert ApiToken.objects.get().revoked_at is None


def test_every_mistake_is_named_at_once(world: World) -> None:
    with pytest.raises(TokenRefused) as refused:
        create_token(
            name=" ", owner=None, scopes=["everything"], expires_at=world.now, by=world.viewer("boss"), now=world.now
        )
    assert set(refused.value.problems) == {"name", "owner", "scopes", "expires_at"}


def test_no_token_is_made_for_whoever_has_left(world: World) -> None:
    disable_staff(world.staff["agent"], by="system", now=world.now)
    world.staff["agent"].refresh_from_db()
    with pytest.raises(TokenRefused) as refused:
        made_token(world, "agent")
    assert set(refused.value.problems) == {"owner"}
    assert ApiToken.objects.count() == 0


def test_the_last_use_is_kept_to_the_minute(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    agent.get("/me")
    world.now += dt.timedelta(seconds=59)
    agent.get("/me")
    assert ApiToken.objects.get().last_used_at == world.now - dt.timedelta(seconds=59)
    world.now += dt.timedelta(seconds=1)
    agent.get("/me")
    assert ApiToken.objects.get().last_used_at == world.now


def test_the_601st_call_of_a_minute_waits(program: Callable[..., Program], calls: Allowance) -> None:
    calls.most = 3
    agent, other = program("agent"), program("supervisor")
    assert [agent.get("/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = agent.get("/me")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.json()["code"] == "rate"
    assert other.get("/me").status_code == 200
    passes(60)
    assert agent.get("/me").status_code == 200
    assert (CALLS.most, CALLS.seconds) == (600, 60)


def test_the_language_is_the_callers_else_the_owners(world: World, program: Callable[..., Program]) -> None:
    agent = program()
    assert agent.get("/cases/none").json()["title"] == "没有找到"
    english = agent.get("/cases/none", Accept_Language="en")
    assert (english.json()["title"], english.headers["Content-Language"]) == ("Not found", "en")
    world.staff["agent"].language = "en"
    world.staff["agent"].save(update_fields=["language"])
    silent = Client(headers={"Authorization": f"Bearer {agent.secret}"})
    assert silent.get("/api/cases/none").json()["title"] == "Not found"


def test_a_token_whose_owner_lacks_the_second_factor_he_needs_opens_nothing(
    world: World, program: Callable[..., Program], telephone: Telephone
) -> None:
    caller = program("agent")
    assert caller.get("/me").status_code == 200
    change_rules(password_length=10, link_hours=72, second_factor="everybody", roles=[], by=None, now=world.now)
    answer = caller.get("/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor")
    telephone.belongs_to(world.staff["agent"])
    assert caller.get("/me").status_code == 200


def test_no_token_is_made_for_whoever_lacks_the_second_factor_he_needs(world: World, telephone: Telephone) -> None:
    change_rules(password_length=10, link_hours=72, second_factor="everybody", roles=[], by=None, now=world.now)
    with pytest.raises(TokenRefused) as refused:
        made_token(world, "agent")
    assert list(refused.value.problems) == ["owner"]
    telephone.belongs_to(world.staff["agent"])
    made_token(world, "agent")
