"""A case as a whole on its page: followed, linked, merged, split, undone, printed; behind the gate of every case concerned."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.cases.actions import add_note
from zhike.cases.models import Case, Follow, Link, Note
from zhike.customers.models import Unmasking
from zhike.journal.models import Fact
from zhike.records.models import Attachment
from zhike.web.case_page.page import new_key
from zhike.web.tests.test_case_page import picture
from zhike.web.tests.world import COMPLETE, World

HX = {"HX-Request": "true"}


@pytest.fixture
def two(world: World) -> tuple[Case, Case]:
    """The same complaint twice: the duplicate and the case that leads."""
    return world.ticket("示例：又来电话"), world.ticket("示例：第一次来电")


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined, no-any-return]


# Following and mentions


def test_following_is_a_button_that_turns(world: World) -> None:
    case, client = world.ticket(), world.signed_in("agent")
    client.post(f"/cases/{case.number}/follow", {"deed": "follow"})
    assert Follow.objects.filter(staff=world.staff["agent"]).count() == 1
    assert "不再关注" in text(client.get(f"/cases/{case.number}"))
    client.post(f"/cases/{case.number}/follow", {"deed": "unfollow"})
    assert not Follow.objects.exists()


def test_only_those_who_may_see_the_case_are_offered(world: World) -> None:
    case = world.warning("store-1")
    world.take(case, "submit", COMPLETE, "agent")
    world.take(case, "review", {"result": "pass"}, "supervisor")
    users = {
        p["user"] for p in world.signed_in("supervisor").get(f"/cases/{case.number}/people?q=示例").json()["people"]
    }
    assert {"agent", "manager1", "service1"} <= users
    assert not {"manager2", "outsider", "boss", "supervisor"} & users
    named = world.signed_in("supervisor").get(f"/cases/{case.number}/people?q=MANAGER").json()["people"]
    assert [(p["insert"], p["user"]) for p in named] == [("示例manager1", "manager1")]


def test_a_mention_stands_in_the_list_of_notices_until_it_is_read(world: World) -> None:
    case = world.ticket()
    client = world.signed_in("agent")
    client.post(f"/cases/{case.number}/notes", {"words": "@示例supervisor 请看", "key": "1"})
    reader = world.signed_in("supervisor")
    page = reader.get("/notices?kind=mentioned")
    assert "提到您" in text(page)
    assert page.context["mentions"] == 1
    reader.post("/notices/read", {"upto": str(reader.get("/notices").context["newest"])})
    assert reader.get("/notices").context["mentions"] == 0


def test_a_mention_of_somebody_without_sight_comes_back_with_the_words(world: World) -> None:
    case = world.warning("store-1")
    values = {"words": "@示例manager2 请看", "key": "1"}
    answer = world.signed_in("agent").post(f"/cases/{case.number}/notes", values, headers=HX)
    assert answer.status_code == 422
    assert "看不到这张工单" in text(answer)
    assert "@示例manager2 请看" in text(answer)
    assert not Note.objects.exists()


def test_files_alone_are_told_to_colleagues_pages(world: World) -> None:
    case = world.ticket()
    world.signed_in("agent").post(f"/cases/{case.number}/notes", {"words": "", "files": [picture()], "key": "1"})
    fact = Fact.objects.get(type="case.files_added")
    assert (fact.subject_id, fact.payload, fact.audience) == (case.pk, {"files": 1, "internal": True}, case.audience)


# Links


def test_a_link_is_made_and_ended_on_the_page(world: World, two: tuple[Case, Case]) -> None:
    one, other = two
    client = world.signed_in("agent")
    assert client.post(f"/cases/{one.number}/links", {"number": other.number, "kind": "causes"}).status_code == 302
    link = Link.objects.get()
    assert (link.case_id, link.other_id, link.kind) == (other.pk, one.pk, "caused_by")
    assert "导致" in text(client.get(f"/cases/{one.number}"))
    assert "起因" in text(client.get(f"/cases/{other.number}"))
    assert client.post(f"/cases/{one.number}/links/{link.pk}/end").status_code == 302
    assert not Link.objects.exists()
    assert client.post(f"/cases/{one.number}/links/{link.pk}/end").status_code == 404


def test_a_case_he_may_not_see_is_as_one_that_is_not_there(world: World) -> None:
    here, there = world.warning("store-1"), world.warning("store-2")
    for case in (here, there):
        world.take(case, "submit", COMPLETE, "agent")
        world.take(case, "review", {"result": "pass"}, "supervisor")
    client = world.signed_in("manager1")
    answers = [
        text(client.post(f"/cases/{here.number}/links", {"number": number, "kind": "related"})).replace(number, "X")
        for number in (there.number, "YJ250610-999999")
    ]
    assert "没有 X 这张工单" in answers[0]
    assert not Link.objects.exists()
    assert Fact.objects.filter(type="case.access_denied", subject_id=there.pk).count() == 1
    link = Link.objects.create(case=here, other=there, kind="related", at=world.now, by="system")
    assert there.number not in text(client.get(f"/cases/{here.number}"))
    assert client.post(f"/cases/{here.number}/links/{link.pk}/end").status_code == 404


# Merging


def test_the_old_number_leads_to_the_leading_case(world: World, two: tuple[Case, Case]) -> None:
    dropped, leading = two
    add_note(dropped, "示例：原单备注", by=world.viewer("agent"), now=world.now)
    client = world.signed_in("agent")
    answer = client.post(f"/cases/{dropped.number}/merge", {"number": leading.number})
    assert answer["Location"] == f"/cases/{leading.number}"
    assert client.get(f"/cases/{dropped.number}")["Location"] == f"/cases/{leading.number}?from={dropped.number}"
    page = text(client.get(f"/cases/{leading.number}?from={dropped.number}"))
    assert "示例：原单备注" in page
    assert f"{dropped.number} 已并入这张工单" in page
    own = text(client.get(f"/cases/{dropped.number}?own=1"))
    assert "撤销合并" in own
    assert "zk-actions" not in own


def test_a_file_of_the_merged_case_is_reached_from_the_leading_one(world: World, two: tuple[Case, Case]) -> None:
    dropped, leading = two
    client = world.signed_in("agent")
    client.post(f"/cases/{dropped.number}/notes", {"words": "", "files": [picture()], "key": "1"})
    client.post(f"/cases/{dropped.number}/merge", {"number": leading.number})
    address = f"/cases/{dropped.number}/files/{Attachment.objects.get().token}"
    assert address in text(client.get(f"/cases/{leading.number}"))
    assert client.get(address).getvalue() == picture().read()


def test_what_differs_is_asked_about_before_merging(world: World) -> None:
    leading, dropped = world.ticket(), world.ticket(caller_phone="13800000199")
    client = world.signed_in("agent")
    answer = client.post(f"/cases/{dropped.number}/merge", {"number": leading.number})
    assert answer.status_code == 409
    assert "不是同一位顾客" in text(answer)
    assert Case.objects.get(pk=dropped.pk).merged_into_id is None
    client.post(f"/cases/{dropped.number}/merge", {"number": leading.number, "confirmed": "yes"})
    assert Case.objects.get(pk=dropped.pk).merged_into_id == leading.pk


def test_a_merge_is_undone_from_the_old_case(world: World, two: tuple[Case, Case]) -> None:
    dropped, leading = two
    client = world.signed_in("agent")
    client.post(f"/cases/{dropped.number}/merge", {"number": leading.number})
    client.post(f"/cases/{dropped.number}/merge/undo")
    assert Case.objects.get(pk=dropped.pk).status == "open"
    assert client.get(f"/cases/{dropped.number}").status_code == 200


# Splitting


def test_a_part_becomes_a_case_of_its_own(world: World) -> None:
    case = world.ticket()
    note = add_note(case, "示例：商品有裂纹", by=world.viewer("agent"), now=world.now)
    client = world.signed_in("agent")
    page = client.get(f"/cases/{case.number}/split")
    assert "示例：商品有裂纹" in text(page)
    values = {
        "into": page.context["into"], "title": "示例：裂纹另案", "note": [note.pk], "key": new_key(), "caller_name": "示例顾客",
        "caller_phone": "13800000101", "service_class": "complaint", "complaint_item": "goods_quality",
        "store": world.departments["store-1"].pk, "content": "示例：商品有裂纹",
    }  # fmt: skip
    answer = client.post(f"/cases/{case.number}/split", values)
    new = Case.objects.exclude(pk=case.pk).get()
    assert answer["Location"] == f"/cases/{new.number}"
    assert (new.title, new.notes.get().words) == ("示例：裂纹另案", "示例：商品有裂纹")
    assert "拆分自" in text(client.get(f"/cases/{new.number}"))


def test_a_refused_split_keeps_what_was_typed_and_ticked(world: World) -> None:
    case = world.ticket()
    note = add_note(case, "示例：商品有裂纹", by=world.viewer("agent"), now=world.now)
    client = world.signed_in("agent")
    into = client.get(f"/cases/{case.number}/split").context["into"]
    values = {"into": into, "title": "示例：我的标题", "note": [note.pk], "key": new_key(), "content": "示例：我写的"}
    answer = client.post(f"/cases/{case.number}/split", values)
    assert answer.status_code == 422
    assert "示例：我的标题" in text(answer)
    assert "示例：我写的" in text(answer)
    assert "SVC-01" in text(answer)
    assert Case.objects.count() == 1


def test_splitting_is_not_for_whoever_only_sees_it(world: World) -> None:
    case = world.warning("store-1")
    assert world.signed_in("deputy").get(f"/cases/{case.number}/split").status_code in (403, 404)


# Undoing


def test_what_was_just_done_is_undone_on_the_page(world: World) -> None:
    case = world.ticket()
    client = world.signed_in("agent")
    client.post(f"/cases/{case.number}/actions/note_handling", {"handling": "示例：写错了", "key": "k"})
    assert "十分钟内可以撤销" in text(client.get(f"/cases/{case.number}"))
    client.post(f"/cases/{case.number}/undo")
    page = text(client.get(f"/cases/{case.number}"))
    assert "zk-undone" in page
    assert "撤销“记录处理过程”" in page
    assert "十分钟内可以撤销" not in page


def test_what_cannot_be_undone_says_why(world: World) -> None:
    case = world.ticket()
    client = world.signed_in("agent")
    client.post(f"/cases/{case.number}/actions/tell_supervisor", {"words": "示例：请看", "key": "k"})
    assert "已经通知了别人，收不回来。" in text(client.get(f"/cases/{case.number}"))
    told = client.post(f"/cases/{case.number}/undo", follow=True)
    assert "不能撤销：已经通知了别人" in text(told)


def test_nobody_is_offered_anothers_undo(world: World) -> None:
    case = world.ticket()
    world.take(case, "note_handling", {"handling": "示例"}, "agent")
    assert "十分钟内可以撤销" not in text(world.signed_in("supervisor").get(f"/cases/{case.number}"))


# Printing


def test_the_sheet_holds_everything_and_is_written_down(world: World) -> None:
    case = world.warning()
    world.take(case, "submit", COMPLETE, "agent")
    add_note(case, "示例：<img src=file:///etc/passwd>", by=world.viewer("agent"), now=world.now)
    page = text(world.signed_in("supervisor").get(f"/cases/{case.number}/print"))
    for part in (case.number, "收银员态度不好", "WARN-05", "WARN-06", "签字", "示例supervisor 打印于", "提交预警"):
        assert part in page
    assert "<img" not in page
    assert "&lt;img src=file:///etc/passwd&gt;" in page
    assert Fact.objects.get(type="case.printed").actor == world.viewer("supervisor").principal


def test_the_sheet_shows_no_number_in_full(world: World) -> None:
    case = world.ticket()
    page = world.signed_in("agent").get(f"/cases/{case.number}/print")
    assert page.context["customer"].phones == [("138****0101", "北京")]


def test_the_sheet_goes_through_the_gate(world: World) -> None:
    case = world.warning("store-1")
    assert world.signed_in("manager2").get(f"/cases/{case.number}/print").status_code == 403
    assert not Fact.objects.filter(type="case.printed").exists()


def test_an_undone_form_is_on_no_sheet(world: World) -> None:
    case = world.ticket()
    client = world.signed_in("agent")
    client.post(f"/cases/{case.number}/actions/note_handling", {"handling": "示例：写错了", "key": "k"})
    client.post(f"/cases/{case.number}/undo")
    page = client.get(f"/cases/{case.number}/print")
    assert all("写错" not in value for form in page.context["forms"] for _, value in form.rows)


# The whole


@pytest.mark.parametrize(
    "address",
    ["", "/links", "/print", "/timeline", "/live", "/merge", "/split", "/hand-over", "/actions/note_handling"],
)
def test_pages_stay_within_their_queries(world: World, two: tuple[Case, Case], address: str) -> None:
    """A case with a merged one, links and a deed just done, warmed up once."""
    dropped, leading = two
    client = world.signed_in("agent")
    client.post(f"/cases/{dropped.number}/merge", {"number": leading.number})
    for _ in range(3):
        client.post(f"/cases/{leading.number}/links", {"number": world.ticket().number, "kind": "related"})
    client.post(f"/cases/{leading.number}/actions/note_handling", {"handling": "示例", "key": "k"})
    client.get(f"/cases/{leading.number}{address}")
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"/cases/{leading.number}{address}").status_code == 200
    assert len(asked) <= 12, "\n".join(q["sql"][:120] for q in asked)


@pytest.mark.parametrize("who", ["manager2", "outsider"])
def test_every_door_of_a_case_is_behind_its_gate(world: World, who: str) -> None:
    case, client = world.warning("store-1"), world.signed_in(who)
    for address in ("links", "merge", "split", "people", "print"):
        assert client.get(f"/cases/{case.number}/{address}").status_code == 403
    for address in ("follow", "links", "links/1/end", "merge", "merge/undo", "split", "undo"):
        assert client.post(f"/cases/{case.number}/{address}", {"number": "x", "deed": "follow"}).status_code == 403
    assert not Follow.objects.exists()


# Behind the mask


def test_a_number_is_shown_for_a_purpose_as_in_the_archive(world: World) -> None:
    case, client = world.ticket(), world.signed_in("agent")
    assert "138****0101" in text(client.get(f"/cases/{case.number}"))
    refused = client.post(f"/cases/{case.number}/phone", {}, headers=HX)
    assert refused.status_code == 422
    assert "13800000101" not in text(refused).replace(" ", "")
    assert "请选择查看的用途" in text(refused)
    shown = client.post(f"/cases/{case.number}/phone", {"purpose": "contact", "words": case.number}, headers=HX)
    assert "138 0000 0101" in text(shown) or "13800000101" in text(shown)
    row = Unmasking.objects.get()
    assert (row.what, row.purpose, row.words, row.by) == ("phone", "contact", case.number, world.staff["agent"])
    assert row.at == world.now
    assert Fact.objects.filter(type="customer.unmasked").count() == 1


def test_who_filed_without_an_account_is_the_customer(world: World) -> None:
    from zhike.cases.actions import open_case
    from zhike.org.principals import ANONYMOUS_VIEWER

    values = {
        "caller_name": "示例顾客", "caller_phone": "13800000101", "request_kind": "complaint", "content": "示例：排队太久。",
        "store": world.departments["store-1"].pk,
    }  # fmt: skip
    case = open_case(
        world.version, "service_ticket", "file", values, by=ANONYMOUS_VIEWER, now=world.now, source="portal"
    )
    page = text(world.signed_in("agent").get(f"/cases/{case.number}/timeline"))
    assert "<span>顾客</span>" in page
    assert "访客" not in page
    assert world.now + dt.timedelta(0) == case.opened_at
