"""Saved views through the pages: kept, opened, changed, pinned, shared, begun with."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases.models import Case, SavedView
from zhike.web.tests.world import World


def numbers(response) -> list[str]:
    return [row.case.number for row in response.context["rows"]]


def save(client, name: str, **asked) -> int:
    answer = client.post("/cases/views", {"name": name, **asked})
    assert answer.status_code == 302
    return SavedView.objects.get(name=name).pk


def test_a_view_is_the_question_with_its_columns_and_order(world: World) -> None:
    ticket, warning = world.ticket(), world.warning()
    client = world.signed_in("agent")
    kept = save(
        client,
        "预警",
        process="retail-hotline.complaint_warning",
        col=["title", "owner", "form.district"],
        order="due",
        pin="1",
    )
    page = client.get(f"/cases?view={kept}")
    assert numbers(page) == [warning.number]
    assert page.context["heads"] == ["单号", "标题", "经办人", "归属区县"]
    assert "示例agent" in page.content.decode()
    assert ticket.number not in numbers(page)


def test_a_changed_question_is_offered_to_be_kept_in_the_view(world: World) -> None:
    world.warning()
    client = world.signed_in("agent")
    kept = save(client, "在办", status="open")
    same, other = client.get(f"/cases?view={kept}"), client.get(f"/cases?view={kept}&status=closed")
    assert (same.context["question"].changed, other.context["question"].changed) == (False, True)
    assert "更新“在办”" in other.content.decode()
    client.post(f"/cases/views/{kept}", {"deed": "change", "status": "closed"})
    assert SavedView.objects.get().asked == {"status": "closed"}
    assert numbers(client.get(f"/cases?view={kept}")) == []


def test_the_next_page_of_a_view_is_still_the_view(world: World) -> None:
    for _ in range(51):
        world.ticket()
    client = world.signed_in("agent")
    kept = save(client, "最早", order="oldest")
    first = client.get(f"/cases?view={kept}")
    second = client.get("/cases" + first.context["next"])
    assert (len(numbers(first)), len(numbers(second))) == (50, 1)
    assert second.context["view"].name == "最早"


def test_whoever_has_asked_nothing_yet_begins_with_the_view_of_his_role(world: World) -> None:
    chief = world.signed_in("supervisor")
    kept = save(chief, "组里在办", status="open")
    chief.post(f"/cases/views/{kept}", {"deed": "share", "default": "retail-hotline:hotline_agent"})
    agent = world.signed_in("agent")
    assert agent.get("/cases")["Location"] == f"/cases?view={kept}"
    agent.get("/cases?all=1")
    assert agent.get("/cases").status_code == 200


def test_a_shared_view_shows_everybody_his_own_cases(world: World) -> None:
    world.ticket()
    boss = world.signed_in("boss")
    kept = SavedView.objects.create(
        owner=world.staff["boss"], name="全部", asked={}, shared_with=["retail-hotline:store_manager"],
        created_at=world.now, changed_at=world.now,
    ).pk  # fmt: skip
    assert boss.get("/cases").status_code == 403
    manager = world.signed_in("manager1")
    assert numbers(manager.get(f"/cases?view={kept}")) == numbers(manager.get("/cases?all=1"))
    assert Case.objects.count() == 1


@pytest.mark.parametrize("deed", ["rename", "change", "delete", "share", "restore"])
def test_a_view_of_somebody_else_cannot_be_changed(world: World, deed: str) -> None:
    kept = save(world.signed_in("supervisor"), "组里", status="open")
    SavedView.objects.update(shared_with=["retail-hotline:hotline_agent"])
    answer = world.signed_in("agent").post(f"/cases/views/{kept}", {"deed": deed, "name": "我的", "share": []})
    assert answer.status_code == 404
    assert SavedView.objects.values_list("name", "asked", "shared_with", "deleted_at").get() == (
        "组里", {"status": "open"}, ["retail-hotline:hotline_agent"], None,
    )  # fmt: skip


def test_a_foreign_private_view_is_as_good_as_none(world: World) -> None:
    kept = save(world.signed_in("supervisor"), "组里", status="closed")
    world.ticket()
    client = world.signed_in("agent")
    page = client.get(f"/cases?view={kept}")
    assert (page.context["view"], len(numbers(page))) == (None, 1)
    assert client.post(f"/cases/views/{kept}", {"deed": "duplicate"}).status_code == 404
    assert client.post(f"/cases/views/{kept}", {"deed": "pin"}).status_code == 404


def test_rename_duplicate_delete_and_restore_by_the_page(world: World) -> None:
    client = world.signed_in("agent")
    kept = save(client, "在办", status="open")
    for deed, more in (("rename", {"name": "我的在办"}), ("duplicate", {}), ("delete", {})):
        client.post(f"/cases/views/{kept}", {"deed": deed, **more})
    page = client.get("/cases/views")
    assert [line.view.name for line in page.context["mine"]] == ["我的在办 副本"]
    assert [view.name for view in page.context["deleted"]] == ["我的在办"]
    client.post(f"/cases/views/{kept}", {"deed": "restore"})
    assert len(client.get("/cases/views").context["mine"]) == 2


def test_counts_are_fetched_apart_and_through_the_same_gate(world: World) -> None:
    client = world.signed_in("manager1")
    kept = save(client, "全部", pin="1")
    world.ticket()
    shown = client.get("/cases/views/counts").content.decode()
    listed = len(numbers(client.get(f"/cases?view={kept}")))
    assert f'id="count-{kept}" hx-swap-oob="true">{listed}<' in shown


def test_the_list_with_views_and_every_column_keeps_to_its_queries(world: World) -> None:
    client = world.signed_in("agent")
    for n in range(5):
        save(client, f"视图{n}", status="open", pin="1")
    world.warning()
    every = "&".join(
        f"col={c}" for c in ("title", "process", "owner", "customer", "form.district", "form.customer_mobile")
    )
    address = f"/cases?process=retail-hotline.complaint_warning&{every}"
    client.get(address)
    with CaptureQueriesContext(connection) as found:
        page = client.get(address)
    assert len(found) <= 12
    assert "13800000101" not in page.content.decode().partition("<tbody>")[2]


@pytest.mark.parametrize(
    "query", ["view=x", "view=-1", "view=999999999999999999999", "col=<script>", "order=number;drop", "view=1&all=1"]
)
def test_nonsense_about_views_is_left_out(world: World, query: str) -> None:
    world.ticket()
    assert len(numbers(world.signed_in("agent").get(f"/cases?{query}"))) == 1
