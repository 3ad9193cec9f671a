"""Cases over the API: what is told is what the page tells; lost updates; pages of lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases.models import Case
from zhike.web.api.tests.program import Program, new_case
from zhike.web.tests.world import COMPLETE, World


def test_a_case_tells_its_forms_clocks_and_actions_with_their_clauses(
    world: World, program: Callable[..., Program]
) -> None:
    warning = world.warning()
    answer = program().get(f"/cases/{warning.number}")
    told = answer.json()
    assert answer.headers["ETag"] == f'"{warning.version}"'
    assert [(c["clause"], c["state"], c["case"]) for c in told["clocks"]] == [("WARN-05", "running", warning.number)]
    offers = {offer["id"]: offer for offer in told["actions"]}
    assert all(offer["why"] for offer in offers.values() if not offer["allowed"])
    assert any(offer["clauses"] for offer in offers.values())
    assert told["parent"] == Case.objects.get(pk=warning.parent_id).number
    assert told["customer"]["contacts"] == [{"kind": "phone", "masked": "138****0101"}]


def test_a_case_whose_contents_were_deleted_says_when_and_by_which_clause(
    world: World, program: Callable[..., Program]
) -> None:
    case, agent = world.ticket(), program()
    there = agent.get(f"/cases/{case.number}").json()
    assert (there["contents_deleted_at"], there["contents_deleted_by"]) == (None, "")
    gone = {"emptied_at": world.now, "emptied_by": "KEEP-1", "data": {}, "title": "服务工单"}
    Case.objects.filter(pk=case.pk).update(status="closed", closed_at=world.now, **gone)
    told = agent.get(f"/cases/{case.number}").json()
    assert dt.datetime.fromisoformat(told["contents_deleted_at"]) == world.now
    assert (told["contents_deleted_by"], told["records"], told["title"]) == ("KEEP-1", [], "服务工单")
    assert not any(offer["allowed"] for offer in told["actions"])
    refused = agent.post(f"/cases/{case.number}/notes", {"words": "示例"})
    assert (refused.status_code, "KEEP-1" in refused.text) == (422, True)


def test_a_page_of_the_list_costs_the_same_however_many_rows_it_has(
    world: World, program: Callable[..., Program]
) -> None:
    agent = program()
    costs = []
    for _ in range(2):
        for _ in range(3):
            world.ticket()
        agent.get("/cases")
        with CaptureQueriesContext(connection) as queries:
            agent.get("/cases")
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 6
    with CaptureQueriesContext(connection) as queries:
        agent.get(f"/cases/{Case.objects.first()}")
    assert len(queries) <= 16


def test_an_action_is_taken_and_a_stale_one_is_not(world: World, program: Callable[..., Program]) -> None:
    warning, agent = world.warning(), program()
    etag = agent.get(f"/cases/{warning.number}").headers["ETag"]
    path = f"/cases/{warning.number}/actions/submit"
    done = agent.post(path, {"values": COMPLETE}, If_Match=etag)
    assert (done.status_code, done.json()["case"]["version"]) == (200, warning.version + 1)
    assert done.headers["ETag"] != etag
    stale = agent.post(path, {"values": COMPLETE}, If_Match=etag)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")


@pytest.mark.parametrize("said", ["3", '"x"', '"3", "4"', '"-1"', '"99999999999999999999"', '"٣"'])
def test_a_condition_that_cannot_be_read_is_not_passed_over(
    world: World, program: Callable[..., Program], said: str
) -> None:
    warning = world.warning()
    answer = program().post(f"/cases/{warning.number}/actions/submit", {"values": COMPLETE}, If_Match=said)
    assert answer.status_code in (400, 412)
    warning.refresh_from_db()
    assert warning.version == Case.objects.get(pk=warning.pk).version == 1


def test_an_unchanged_case_is_not_sent_again(world: World, program: Callable[..., Program]) -> None:
    case, agent = world.ticket(), program()
    etag = agent.get(f"/cases/{case.number}").headers["ETag"]
    again = agent.get(f"/cases/{case.number}", If_None_Match=etag)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)


def test_a_refusal_names_every_reason_with_its_clause_and_fields(world: World, program: Callable[..., Program]) -> None:
    warning = world.warning()
    answer = program().post(f"/cases/{warning.number}/actions/submit", {"values": {"customer_mobile": "13800000101"}})
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "refused")
    assert answer.headers["Content-Type"] == "application/problem+json"
    named = {reason["clause"] for reason in told["reasons"] if reason["clause"]}
    assert named
    assert {reason["handbook"] for reason in told["reasons"] if reason["clause"]} == {"retail-hotline"}
    assert set(told["fields"]) >= {"difficulty", "dissatisfaction_point"}
    english = (
        program()
        .post(f"/cases/{warning.number}/actions/submit", {"values": {}}, Accept_Language="en-US,en;q=0.9")
        .json()
    )
    assert english["title"] == "Refused by the handbook"


def test_a_role_that_does_not_take_the_action_is_told_so(world: World, program: Callable[..., Program]) -> None:
    warning = world.warning()
    answer = program("supervisor").post(f"/cases/{warning.number}/actions/submit", {"values": COMPLETE})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert program().post(f"/cases/{warning.number}/actions/nothing", {}).status_code == 404


def test_a_case_opened_here_is_marked_as_such(world: World, program: Callable[..., Program]) -> None:
    answer = program().post("/cases", new_case(world))
    case = Case.objects.get(number=answer.json()["number"])
    assert (case.source, case.stage) == ("api", answer.json()["case"]["stage"]["id"])
    assert world.signed_in("agent").get(f"/cases/{case.number}").status_code == 200


def test_who_may_not_open_a_process_on_the_desk_may_not_here(world: World, program: Callable[..., Program]) -> None:
    assert program("manager1").post("/cases", new_case(world)).status_code == 403
    child = {"handbook": "retail-hotline", "process": "complaint_warning", "action": "open_warning", "values": {}}
    assert program().post("/cases", child).status_code == 422
    assert Case.objects.count() == 0


def test_pages_show_no_row_twice_and_skip_none_while_cases_are_opened(
    world: World, program: Callable[..., Program]
) -> None:
    before = [world.ticket(content=f"第 {n} 件").number for n in range(7)]
    agent, seen, after = program(), [], ""
    while True:
        page = agent.get("/cases", {"size": 2, "after": after}).json()
        seen += [row["number"] for row in page["items"]]
        world.ticket(content="翻页时新开的")
        world.later(1)
        if not page["next"]:
            break
        after = page["next"]
    assert seen == list(reversed(before))


def test_rows_of_one_moment_are_told_apart(world: World, program: Callable[..., Program]) -> None:
    numbers = {world.ticket().number for _ in range(5)}
    agent, seen, after = program(), [], ""
    for _ in range(5):
        page = agent.get("/cases", {"size": 1, "after": after}).json()
        seen += [row["number"] for row in page["items"]]
        after = page["next"]
    assert (set(seen), len(seen), after) == (numbers, 5, None)


def test_the_filters_are_those_of_the_page(world: World, program: Callable[..., Program]) -> None:
    first, second = world.ticket(store="store-1"), world.warning(store="store-2")
    parent = Case.objects.get(pk=second.parent_id)
    agent = program()

    def found(**query: str) -> set[str]:
        return {row["number"] for row in agent.get("/cases", query).json()["items"]}

    assert found() == {first.number, second.number, parent.number}
    assert found(process="complaint_warning") == {second.number}
    assert found(handbook="nowhere") == set()
    assert found(status="closed") == set()
    assert found(q=second.number) == {second.number}
    assert second.number in found(mine="true")


def test_clocks_are_listed_by_what_is_due_next(world: World, program: Callable[..., Program]) -> None:
    numbers = [world.warning().number]
    world.later(3)
    numbers.append(world.warning().number)
    agent, seen, after = program(), [], ""
    while after is not None:
        page = agent.get("/clocks", {"size": 1, "after": after}).json()
        seen += [(clock["clause"], clock["case"]) for clock in page["items"] if clock["clause"] == "WARN-05"]
        after = page["next"]
    assert seen == [("WARN-05", number) for number in numbers]


def test_a_file_goes_up_into_the_case_and_comes_down_again(world: World, program: Callable[..., Program]) -> None:
    case, agent = world.ticket(), program()
    sent = agent.upload(f"/cases/{case.number}/attachments", "示例内容".encode(), "证据.txt")
    assert sent.status_code == 201
    got = agent.get(f"/cases/{case.number}/attachments/{sent.json()['token']}")
    assert b"".join(got.streaming_content) == "示例内容".encode()
    assert got.headers["Content-Disposition"].startswith("attachment")
    loose = agent.upload("/attachments", b"for a note").json()["token"]
    note = agent.post(f"/cases/{case.number}/notes", {"words": "见附件", "attachments": [loose]})
    assert note.status_code == 201
    files = [f["token"] for e in agent.get(f"/cases/{case.number}/timeline").json()["items"] for f in e["files"]]
    assert set(files) == {sent.json()["token"], loose}


def test_the_ledger_counts_what_the_caller_may_see(world: World, program: Callable[..., Program]) -> None:
    warning = world.warning()
    world.take(warning, "submit", COMPLETE, "agent")
    told = program("supervisor").get("/handbooks/retail-hotline/clauses/WARN-05/ledger").json()
    assert (told["kept"], told["broken"]) == (1, 0)
    assert warning.number in {line["case"] for line in told["items"]}
    one = program("supervisor").get("/handbooks/retail-hotline/clauses/WARN-05/ledger", {"size": 1}).json()
    following = {"size": 50, "after": one["next"]}
    rest = program("supervisor").get("/handbooks/retail-hotline/clauses/WARN-05/ledger", following).json()
    assert [line["id"] for line in one["items"] + rest["items"]] == [line["id"] for line in told["items"]]


def test_handbooks_are_told_with_clauses_processes_and_forms(program: Callable[..., Program]) -> None:
    agent = program()
    assert [row["name"] for row in agent.get("/handbooks").json()["items"]] == ["retail-hotline"]
    book = agent.get("/handbooks/retail-hotline").json()
    assert {clause["id"] for clause in book["clauses"]} >= {"WARN-05", "WARN-06"}
    assert "service_ticket" in {process["id"] for process in book["processes"]}
    assert all(record["fields"] for record in book["records"])
    assert agent.get("/handbooks/none").status_code == 404
    assert agent.get("/handbooks/retail-hotline/clauses/NONE-1/ledger").status_code == 404


def test_versions_and_parameters_of_a_handbook_are_told(program: Callable[..., Program]) -> None:
    agent = program("agent")
    (version,) = agent.get("/handbooks/retail-hotline/versions").json()["items"]
    assert (version["version"], version["in_force"], version["parameters"]) == ("1.0.0", True, {})
    *_, parameter = agent.get("/handbooks/retail-hotline/parameters").json()["items"]
    assert (parameter["id"], parameter["value"], parameter["least"], parameter["most"]) == ("return_reminder", 3, 1, 20)
    assert parameter["clauses"] == ["WARN-08"]
    for path in ("versions", "parameters"):
        assert agent.get(f"/handbooks/none/{path}").status_code == 404
