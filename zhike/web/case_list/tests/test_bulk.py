"""Bulk deeds through the page."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases.models import Case
from zhike.web.tests.world import COMPLETE, World


def under_review(world: World, store: str = "store-1") -> Case:
    return world.take(world.warning(store), "submit", COMPLETE, "agent")


def test_one_form_for_the_selection_and_one_press(world: World) -> None:
    cases = [under_review(world), under_review(world, "store-2")]
    client = world.signed_in("supervisor")
    chosen = [case.number for case in cases]
    page = client.get("/cases/bulk", {"case": chosen, "deed": "act.review"})
    assert [title for _, title in page.context["offered"]] == ["审核预警"]
    sent = {
        "case": [f"{case.number}~{case.version}" for case in cases],
        "deed": "act.review",
        "result": "pass",
        "key": page.context["key"],
    }
    for _ in range(2):
        answer = client.post("/cases/bulk", sent)
        assert answer["Location"] == "/cases"
    assert set(Case.objects.filter(process="complaint_warning").values_list("stage", flat=True)) == {"at_store"}


def test_what_not_every_case_allows_is_no_button_and_says_why(world: World) -> None:
    ready, early = under_review(world), world.warning()
    page = world.signed_in("supervisor").get("/cases/bulk", {"case": [ready.number, early.number]})
    assert page.context["offered"] == []
    ((title, against),) = page.context["closed"]
    assert (title, [one.number for one in against]) == ("审核预警", [early.number])


def test_what_stood_in_the_way_is_named_and_the_rest_can_go_on(world: World) -> None:
    good, bad = world.ticket(), world.ticket(complaint_item="goods_quality")
    client = world.signed_in("agent")
    sent = {"case": [good.number, bad.number], "deed": "act.raise_warning", "reason": "hard", "key": "k"}
    answer = client.post("/cases/bulk", sent)
    assert answer.status_code == 422
    (told,) = answer.context["failures"]
    assert (told.number, [clause for _, clause in told.reasons]) == (bad.number, ["WARN-01"])
    assert "/handbook/retail-hotline/clause/WARN-01" in answer.content.decode()
    assert answer.context["without"] == f"case={good.number}"
    assert Case.objects.count() == 2


def test_one_foreign_number_refuses_the_whole(world: World) -> None:
    mine, foreign = under_review(world, "store-1"), under_review(world, "store-2")
    for case in (mine, foreign):
        world.take(case, "review", {"result": "pass"}, "supervisor")
    client = world.signed_in("manager1")
    for method in (client.get, client.post):
        answer = method("/cases/bulk", {"case": [mine.number, foreign.number], "deed": "note", "words": "示例"})
        assert answer.status_code == 422
        assert [told.number for told in answer.context["failures"]] == [foreign.number]
        assert foreign.title not in answer.content.decode()


def test_words_typed_come_back_after_a_refusal(world: World) -> None:
    case = under_review(world)
    client = world.signed_in("supervisor")
    answer = client.post(
        "/cases/bulk", {"case": f"{case.number}~1", "deed": "act.review", "result": "fail", "key": "k"}
    )
    assert answer.status_code == 422
    field = next(field for field in answer.context["form"].fields if field.name == "result")
    assert field.value == "fail"


def test_hand_over_note_and_follow(world: World) -> None:
    other = world.add("agent2")
    from zhike.org.actions import assign_role

    assign_role(other, "retail-hotline", "hotline_agent", world.departments["hotline"], by="system", now=world.now)
    cases = [world.ticket(), world.ticket()]
    client = world.signed_in("agent")
    chosen = [case.number for case in cases]
    client.post("/cases/bulk", {"case": chosen, "deed": "note", "words": "示例：一起回访", "key": "n"})
    client.post("/cases/bulk", {"case": chosen, "deed": "follow", "key": "f"})
    assert client.post("/cases/bulk", {"case": chosen, "deed": "hand-over", "to": "0", "key": "h"}).status_code == 422
    client.post("/cases/bulk", {"case": chosen, "deed": "hand-over", "to": str(other.pk), "key": "h"})
    for case in Case.objects.all():
        assert (case.owner_id, case.notes.count(), case.follows.count()) == (other.pk, 1, 1)


def test_unknown_deeds_and_empty_selections(world: World) -> None:
    case = world.ticket()
    client = world.signed_in("agent")
    assert client.post("/cases/bulk", {"case": case.number, "deed": "act.nothing"}).status_code == 404
    assert client.post("/cases/bulk", {"case": case.number, "deed": "delete"}).status_code == 404
    assert client.get("/cases/bulk").status_code == 422
    assert client.get("/cases/bulk", {"case": ["'; --", "\u0000"]}).status_code == 422
    assert client.get("/cases/bulk", {"case": [f"FW{n}" for n in range(200)]}).status_code == 422


def test_the_page_costs_the_same_for_two_cases_and_for_many(world: World) -> None:
    cases = [under_review(world) for _ in range(8)]
    client = world.signed_in("supervisor")
    counts = []
    for some in (cases[:2], cases):
        client.get("/cases/bulk", {"case": [case.number for case in some]})
        with CaptureQueriesContext(connection) as found:
            client.get("/cases/bulk", {"case": [case.number for case in some]})
        counts.append(len(found))
    assert counts[0] == counts[1] <= 12
