"""Every route has a door, every door a route; nothing but a token opens one."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from zhike.web.api.product import operations, product
from zhike.web.api.scopes import DOORS, SCOPES, scope_words
from zhike.web.api.tests.program import Program
from zhike.web.permissions import PERMISSIONS
from zhike.web.tests.world import World

OPERATIONS = {(route, method) for route, operation in operations() for method in operation.methods}


def test_every_operation_has_a_door_and_every_door_an_operation() -> None:
    assert set(DOORS) == OPERATIONS


def test_a_door_asks_for_a_known_scope_and_a_known_page() -> None:
    assert {door.scope for door in DOORS.values()} == {*SCOPES, ""}
    assert {door.page for door in DOORS.values()} <= set(PERMISSIONS)
    assert [scope for scope, _ in scope_words()] == list(SCOPES)


def test_the_permission_table_names_the_methods_of_each_operation() -> None:
    named = {(route, method) for route, _ in OPERATIONS for method in PERMISSIONS[route].methods if method != "HEAD"}
    assert named == OPERATIONS
    assert {PERMISSIONS[route].who for route, _ in OPERATIONS} == {("token",)}


def test_without_the_scope_a_door_stays_shut(world: World, program: Callable[..., Program]) -> None:
    case = world.ticket()
    only_notices = program("agent", "notices:read")
    for path in ("/cases", f"/cases/{case.number}", "/clocks", "/handbooks", "/customers?q=1380"):
        answer = only_notices.get(path)
        assert (path, answer.status_code, answer.json()["code"]) == (path, 403, "scope")
    assert only_notices.post(f"/cases/{case.number}/notes", {"words": "示例"}).json()["code"] == "scope"
    assert only_notices.get("/notices").status_code == 200


def test_who_may_not_open_the_page_may_not_ask_the_api(world: World, program: Callable[..., Program]) -> None:
    outsider = program("outsider")
    codes = {path: outsider.get(path).status_code for path in ("/me", "/cases", "/handbooks", "/customers?q=1380")}
    assert codes == {"/me": 200, "/cases": 403, "/handbooks": 403, "/customers?q=1380": 403}


def test_a_session_opens_nothing(world: World) -> None:
    assert world.signed_in("agent").get("/api/cases").status_code == 401
    assert world.signed_in("boss").get("/api/me").status_code == 401


def test_headers_that_claim_an_identity_do_nothing(world: World, program: Callable[..., Program]) -> None:
    me = program("outsider").get("/me", X_User="boss", Remote_User="boss", X_Forwarded_User="boss").json()
    assert me["principal"] == f"staff:{world.staff['outsider'].pk}"


def test_methods_that_are_not_there_are_refused_as_a_problem(program: Callable[..., Program]) -> None:
    agent = program()
    for method in ("put", "patch", "delete", "options"):
        answer = getattr(agent.client, method)("/api/cases")
        assert (method, answer.status_code, answer.headers["Allow"]) == (method, 405, "GET, HEAD, POST")
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert agent.client.head("/api/me").status_code == 200


def test_an_address_that_is_none_is_a_problem_too(world: World) -> None:
    answer = Client().post("/api/nothing/here")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_contract_is_there_for_everybody_with_examples(db: None) -> None:
    contract = Client().get("/api/openapi.json").json()
    assert contract["openapi"] == "3.1.0"
    assert set(contract["paths"]) == set(product.description_of_all["paths"])
    for path, each in contract["paths"].items():
        for method, operation in each.items():
            for status, answer in operation["responses"].items():
                wanted = "application/problem+json" if int(status) >= 400 else "application/json"
                content = answer.get("content")
                assert content is None or wanted in content, (path, method, status)
            good = next(a for s, a in operation["responses"].items() if int(s) < 300)
            for media in good.get("content", {}).values():
                name = media["schema"]["$ref"].rpartition("/")[2]
                assert "examples" in contract["components"]["schemas"][name] or name == "FileOut", name


def test_people_read_the_same_on_a_page(world: World) -> None:
    page = world.signed_in("agent").get("/api/docs")
    assert page.status_code == 200
    assert "/api/cases/{number}/actions/{action}" in page.content.decode()
    assert Client().get("/api/docs").status_code == 302
