"""Making and revoking tokens on the page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from zhike.org.actions import disable_staff
from zhike.web.models import ApiToken
from zhike.web.tests.telephone import Telephone
from zhike.web.tests.world import World

PAGE = "/administration/tokens"


def asked(world: World, **more: Any) -> dict[str, Any]:
    return {
        "name": "示例对接",
        "owner": world.staff["agent"].pk,
        "scopes": ["cases:read"],
        "expires": "2025-06-30",
        **more,
    }


def test_a_token_is_shown_once_and_works(world: World) -> None:
    boss = world.signed_in("boss")
    answer = boss.post(PAGE, asked(world))
    assert answer.status_code == 201
    secret = re.search(r"zk_[A-Za-z0-9_-]{43}", answer.content.decode())
    assert secret
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret[0] not in boss.get(PAGE).content.decode()
    me = Client(headers={"Authorization": f"Bearer {secret[0]}"}).get("/api/me").json()
    assert me["principal"] == f"staff:{world.staff['agent'].pk}"
    assert me["expires_at"].startswith("2025-06-30T16:00:00")


def test_revoking_it_on_the_page_ends_it(world: World) -> None:
    boss = world.signed_in("boss")
    secret = re.search(r"zk_[A-Za-z0-9_-]{43}", boss.post(PAGE, asked(world)).content.decode())
    assert secret
    token = ApiToken.objects.get()
    assert boss.post(f"{PAGE}/{token.pk}/revoke").status_code == 302
    assert Client(headers={"Authorization": f"Bearer {secret[0]}"}).get("/api/me").status_code == 401
    assert "已吊销" in boss.get(PAGE).content.decode()
    assert boss.post(f"{PAGE}/{token.pk + 1}/revoke").status_code == 404


@pytest.mark.parametrize("owner", ["999999", "0", "-1", "示例"])
def test_an_owner_who_is_not_there_is_asked_for_again(world: World, owner: str) -> None:
    answer = world.signed_in("boss").post(PAGE, asked(world, owner=owner))
    assert (answer.status_code, "请选择一位在职员工" in answer.content.decode()) == (422, True)


def test_mistakes_come_back_with_what_was_typed(world: World) -> None:
    answer = world.signed_in("boss").post(PAGE, asked(world, scopes=["all"], expires="2030-01-01", owner="9" * 30))
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in ("请选择一位在职员工", "请至少选择一项用途", "最长一年", "示例对接"):
        assert words in page
    assert ApiToken.objects.count() == 0


def test_nobody_else_comes_here(world: World) -> None:
    for who in ("agent", "supervisor", "outsider"):
        assert world.signed_in(who).get(PAGE).status_code == 403
        assert world.signed_in(who).post(PAGE, asked(world)).status_code == 403
        assert world.signed_in(who).post(f"{PAGE}/1/revoke").status_code == 403
    assert Client().post(PAGE, asked(world)).status_code == 401
    assert ApiToken.objects.count() == 0


def test_administration_leads_here(world: World) -> None:
    assert PAGE in world.signed_in("boss").get("/administration/staff").content.decode()


def test_a_session_alone_makes_no_token_for_whoever_has_a_second_factor(world: World, telephone: Telephone) -> None:
    """A stolen session makes nothing that outlives it: each token asks for a code, and each code counts once."""
    telephone.belongs_to(world.staff["boss"])
    boss = world.signed_in("boss")
    shown = telephone.code()
    for code in ("", "000000"):
        answer = boss.post(PAGE, asked(world, code=code))
        assert (answer.status_code, "验证码不对" in answer.content.decode()) == (422, True)
    assert boss.post(PAGE, asked(world, code=shown, name="")).status_code == 422  # other mistakes use no code up
    assert boss.post(PAGE, asked(world, code=shown)).status_code == 201
    assert boss.post(PAGE, asked(world, code=shown)).status_code == 422
    assert ApiToken.objects.count() == 1


def test_the_list_says_whose_owner_was_disabled(world: World) -> None:
    boss = world.signed_in("boss")
    boss.post(PAGE, asked(world))
    assert [state for _, state in boss.get(PAGE).context["rows"]] == ["living"]
    disable_staff(world.staff["agent"], by="system", now=world.now)
    page = boss.get(PAGE)
    assert [state for _, state in page.context["rows"]] == ["disabled"]
    assert "员工已停用" in page.content.decode()
