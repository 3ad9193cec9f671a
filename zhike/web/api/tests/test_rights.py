"""Nobody learns from the API what his pages would not show him."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from zhike.cases.actions import add_note
from zhike.cases.links import link_cases
from zhike.cases.merging import merge_cases
from zhike.cases.models import Case, Link, Note
from zhike.journal.models import Fact
from zhike.records.attachments import store_attachment
from zhike.web.api.tests.program import Program, new_case
from zhike.web.tests.world import COMPLETE, ROLES, World

PEOPLE = [*ROLES, "outsider", "boss"]


@pytest.fixture
def cases(world: World) -> list[Case]:
    """A ticket and a warning at each store, one of them long on its way."""
    found = [world.ticket(store="store-1"), world.warning("store-1"), world.warning("store-2")]
    world.take(found[1], "submit", COMPLETE, "agent")
    add_note(found[0], "只给内部看的话", by=world.viewer("agent"), now=world.now)
    return list(Case.objects.order_by("pk"))


@pytest.mark.parametrize("who", PEOPLE)
def test_a_case_is_there_exactly_for_whom_its_page_is(
    world: World, program: Callable[..., Program], cases: list[Case], who: str
) -> None:
    page, api = world.signed_in(who), program(who)
    for case in cases:
        shown = page.get(f"/cases/{case.number}").status_code == 200
        for path in (f"/cases/{case.number}", f"/cases/{case.number}/timeline"):
            assert (path, api.get(path).status_code) == (path, 200 if shown else 404)


@pytest.mark.parametrize("who", PEOPLE)
def test_lists_hold_exactly_what_may_be_opened(
    world: World, program: Callable[..., Program], cases: list[Case], who: str
) -> None:
    api = program(who)
    mine = {case.number for case in cases if world.viewer(who).holds(case.audience)}
    listed = api.get("/cases", {"size": 100})
    if listed.status_code == 200:
        assert {row["number"] for row in listed.json()["items"]} == mine
    else:
        assert world.signed_in(who).get("/cases?all=1").status_code == 403
    for path in ("/clocks", "/notices"):
        named = {row["case"] for row in api.get(path, {"size": 100}).json()["items"]} - {""}
        assert named <= mine, path


@pytest.mark.parametrize("who", PEOPLE)
def test_clocks_are_those_of_cases_one_may_open(
    world: World, program: Callable[..., Program], cases: list[Case], who: str
) -> None:
    found = program(who).get("/clocks", {"size": 100}).json()["items"]
    mine = {case.number for case in cases if world.viewer(who).holds(case.audience)}
    assert all(clock["case"] in mine for clock in found)


@pytest.mark.parametrize("who", PEOPLE)
def test_no_telephone_number_in_full_but_where_the_page_has_it(
    world: World, program: Callable[..., Program], cases: list[Case], who: str
) -> None:
    """Every number of eleven digits in an answer about a case stands on the page of that case too."""
    page, api = world.signed_in(who), program(who)
    for case in cases:
        answer = api.get(f"/cases/{case.number}")
        told = api.get(f"/cases/{case.number}/timeline")
        if answer.status_code != 200:
            continue
        html = re.sub(r"[\s+]", "", page.get(f"/cases/{case.number}").content.decode())
        for number in set(re.findall(r"1[3-9]\d{9}", answer.content.decode() + told.content.decode())):
            assert number in html


@pytest.mark.parametrize("who", PEOPLE)
def test_customers_are_found_masked_and_only_by_those_who_open_the_archive(
    world: World, program: Callable[..., Program], cases: list[Case], who: str
) -> None:
    customer = cases[0].customer_id
    api = program(who)
    found, one = api.get("/customers", {"q": "13800000101"}), api.get(f"/customers/{customer}")
    opens_the_archive = "customers" in world.viewer(who).screens
    assert found.status_code == (200 if opens_the_archive else 403)
    assert one.status_code == (200 if opens_the_archive else 404)
    for answer in (found, one):
        assert b"13800000101" not in answer.content
    if opens_the_archive:
        mine = {case.number for case in cases if world.viewer(who).holds(case.audience)}
        assert set(one.json()["cases"]) <= mine


FOREIGN = [
    ("get", "/cases/{0}", None),
    ("get", "/cases/{0}/timeline", None),
    ("post", "/cases/{0}/actions/submit", {"values": COMPLETE}),
    ("post", "/cases/{0}/actions/nothing", {}),
    ("post", "/cases/{0}/notes", {"words": "示例"}),
    ("get", "/cases/{0}/attachments/{1}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), FOREIGN)
def test_a_foreign_case_answers_as_one_that_is_none(
    world: World, program: Callable[..., Program], method: str, path: str, body: dict[str, object] | None
) -> None:
    warning = world.warning("store-2")
    stored = store_attachment(b"words", "a.txt", by="system", now=world.now)
    stored.subject_kind, stored.subject_id = "case", warning.pk
    stored.save(update_fields=["subject_kind", "subject_id"])
    manager1 = program("manager1")
    send = manager1.get if method == "get" else manager1.post
    foreign = send(path.format(warning.number, stored.token), body)
    nowhere = send(path.format("NONE000000", stored.token), body)
    assert (foreign.status_code, foreign.content) == (404, nowhere.content)
    assert (Note.objects.count(), Case.objects.get(pk=warning.pk).version) == (0, warning.version)


def test_a_file_of_another_case_does_not_open_through_ones_own(world: World, program: Callable[..., Program]) -> None:
    mine, other = world.ticket(store="store-1"), world.ticket(store="store-2")
    agent = program()
    token = agent.upload(f"/cases/{other.number}/attachments", b"words").json()["token"]
    assert agent.get(f"/cases/{mine.number}/attachments/{token}").status_code == 404


def test_somebody_elses_upload_goes_into_nothing_of_mine(world: World, program: Callable[..., Program]) -> None:
    case = world.ticket()
    token = program("supervisor").upload("/attachments", b"words").json()["token"]
    agent = program()
    note = agent.post(f"/cases/{case.number}/notes", {"words": "示例", "attachments": [token]})
    opened = agent.post("/cases", {**new_case(world), "attachments": [token]})
    assert (note.status_code, opened.status_code) == (422, 422)
    assert (Note.objects.count(), Case.objects.count()) == (0, 1)


def test_a_denial_is_written_down_like_on_the_page(world: World, program: Callable[..., Program]) -> None:
    warning = world.warning("store-2")
    program("manager1").get(f"/cases/{warning.number}")
    assert Fact.objects.filter(type="case.access_denied", subject_id=warning.pk).count() == 1


DOORS_OF_A_CASE = {
    "case": ("get", "", None),
    "timeline": ("get", "/timeline", None),
    "act": ("post", "/actions/submit", {"values": COMPLETE}),
    "notes": ("post", "/notes", {"words": "示例"}),
    "case_attachments": ("upload", "/attachments", b"words"),
    "attachment": ("get", "/attachments/{token}", None),
    "links": ("get", "/links", None),
    "links by POST": ("post", "/links", {"number": "{mine}", "kind": "related"}),
    "end_link": ("post", "/links/{link}/end", {}),
    "follow": ("post", "/follow", {"follows": True}),
    "merge": ("post", "/merge", {"into": "{mine}"}),
    "unmerge": ("post", "/unmerge", {}),
    "undo": ("post", "/undo", {}),
}


def test_every_door_of_a_case_is_listed() -> None:
    names = {each.split()[0] for each in DOORS_OF_A_CASE}
    assert names == {str(name) for name in names_of_doors("/cases/<slug:number>")}


@pytest.mark.parametrize("door", DOORS_OF_A_CASE)
def test_whoever_tries_a_foreign_case_learns_nothing_and_is_written_down(
    world: World, program: Callable[..., Program], door: str
) -> None:
    """Merged into another and linked, so that there is something to undo and to end."""
    agent, mine = world.viewer("agent"), world.ticket(store="store-1")
    there, leading = world.ticket(store="store-2"), world.ticket(store="store-2")
    link = link_cases(there, leading, "related", by=agent, now=world.now)
    merge_cases(there.pk, leading.pk, by=agent, now=world.now)
    Case.objects.filter(pk=mine.pk).update(audience=[world.viewer("manager1").principal])
    Case.objects.filter(pk__in=[there.pk, leading.pk]).update(audience=[agent.principal])
    kind, path, body = DOORS_OF_A_CASE[door]
    known = {"mine": mine.number, "link": str(link.pk), "token": "x" * 43}
    if isinstance(body, dict):
        body = {name: value.format(**known) if isinstance(value, str) else value for name, value in body.items()}
    caller, before = program("manager1"), Case.objects.get(pk=there.pk).version
    send = {"get": caller.get, "post": caller.post, "upload": caller.upload}[kind]
    answer = send(f"/cases/{there.number}{path.format(**known)}", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert Fact.objects.filter(type="case.access_denied", subject_id=there.pk).count() == 1
    assert (Case.objects.get(pk=there.pk).version, Link.objects.filter(pk=link.pk).exists()) == (before, True)


def names_of_doors(beginning: str) -> set[str]:
    """The API's routes below an address."""
    (api,) = [each for each in get_resolver().url_patterns if isinstance(each, URLResolver) and each.namespace == "api"]
    found = {(str(each.pattern), str(each.name)) for each in api.url_patterns if isinstance(each, URLPattern)}
    return {name for pattern, name in found if f"/{pattern.lstrip('/')}".startswith(beginning)}


def test_a_customer_does_not_tell_of_cases_one_may_not_open(world: World, program: Callable[..., Program]) -> None:
    seen, hidden = world.ticket(), world.ticket()
    Case.objects.filter(pk=hidden.pk).update(audience=[])
    assert program().get(f"/customers/{seen.customer_id}").json()["cases"] == [seen.number]


def test_the_ledger_does_not_count_cases_one_may_not_open(world: World, program: Callable[..., Program]) -> None:
    hidden = world.warning()
    world.take(hidden, "submit", COMPLETE, "agent")
    path, agent = "/handbooks/retail-hotline/clauses/WARN-05/ledger", program()
    before = agent.get(path).json()
    assert (before["kept"], {line["case"] for line in before["items"]}) == (1, {hidden.number})
    Case.objects.filter(pk=hidden.pk).update(audience=[])
    after = agent.get(path).json()
    assert (after["applied"], after["kept"], after["items"]) == (0, 0, [])


def test_a_relative_one_may_not_open_is_not_named(world: World, program: Callable[..., Program]) -> None:
    warning, agent = world.warning(), program()
    parent = Case.objects.get(pk=warning.parent_id)
    assert agent.get(f"/cases/{warning.number}").json()["parent"] == parent.number
    Case.objects.filter(pk=parent.pk).update(audience=[])
    assert agent.get(f"/cases/{warning.number}").json()["parent"] is None
