from __future__ import annotations

import pytest
from django.test import Client

from zhike.web.permissions import PERMISSIONS
from zhike.web.tests.world import World


@pytest.mark.parametrize("address", ["/sign-in", "/desk", "/cases", "/nothing-here", "/board"])
def test_every_page_is_sent_with_a_policy_that_allows_nothing_inline(world: World, address: str) -> None:
    response = world.signed_in("supervisor").get(address, follow=True)
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store"
    text = response.content.decode()
    assert "style=" not in text
    assert "onclick" not in text
    assert "<script>" not in text


def test_a_visitor_is_asked_to_sign_in_and_comes_back(world: World) -> None:
    assert Client().get("/cases?q=1")["Location"] == "/sign-in?next=%2Fcases%3Fq%3D1"


def test_a_fragment_for_a_visitor_sends_the_page_to_sign_in(world: World) -> None:
    response = Client(headers={"HX-Request": "true"}).get("/desk/mine")
    assert (response.status_code, response["HX-Redirect"]) == (401, "/sign-in")


def test_a_screen_the_role_does_not_open_is_refused(world: World) -> None:
    assert world.signed_in("agent").get("/board").status_code == 403


def test_somebody_without_a_role_sees_no_desk(world: World) -> None:
    assert world.signed_in("outsider").get("/desk").status_code == 403


def test_a_route_that_is_not_in_the_table_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = world.signed_in("agent")
    assert client.get("/desk").status_code == 200
    monkeypatch.delitem(PERMISSIONS, "desk:show")
    assert client.get("/desk").status_code == 403


def test_a_method_the_table_does_not_name_is_refused(world: World) -> None:
    client = world.signed_in("agent")
    assert client.post("/desk").status_code == 405
    assert client.put("/desk").status_code == 405
    assert client.get("/sign-out").status_code == 405


def test_the_front_door_leads_to_the_first_page_of_the_role(world: World) -> None:
    assert world.signed_in("agent").get("/")["Location"] == "/desk"
    assert world.signed_in("boss").get("/")["Location"] == "/administration"


def test_the_language_is_kept_for_the_person(world: World) -> None:
    client = world.signed_in("agent")
    response = client.post("/language", {"language": "en", "next": "/desk"})
    assert response["Location"] == "/desk"
    assert "My cases" in client.get("/desk").content.decode()
    fresh = world.signed_in("agent")
    assert "My cases" in fresh.get("/desk").content.decode()


def test_an_unknown_language_is_refused(world: World) -> None:
    assert Client().post("/language", {"language": "xx"}).status_code == 400


def test_a_post_without_its_token_is_refused_in_words(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.staff["agent"], backend="zhike.org.backend.StaffBackend")
    response = client.post("/sign-out")
    assert response.status_code == 403
    assert "页面已失效" in response.content.decode()


def test_a_script_of_a_page_whose_session_ended_is_refused_without_a_page_or_a_cookie(world: World) -> None:
    client = Client(enforce_csrf_checks=True, headers={"sec-fetch-mode": "cors"})
    for answer, status in ((client.post("/presence/beat"), 403), (client.get("/cases"), 401)):
        assert (answer.status_code, answer.content, dict(answer.cookies)) == (status, b"", {})


def test_a_sign_in_from_a_page_that_was_open_too_long_starts_anew_with_what_was_typed(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/sign-in", {"username": "agent", "password": "x", "next": "/cases"}, follow=True)
    page = answer.content.decode()
    assert answer.redirect_chain == [("/sign-in?stale=1&username=agent&next=%2Fcases", 302)]
    assert "没有登录。请再输入一次密码" in page
    assert 'name="username" value="agent"' in page
    assert 'name="next" value="/cases"' in page
