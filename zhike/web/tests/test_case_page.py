from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from PIL import Image

from zhike.cases.merging import merge_cases
from zhike.cases.models import Case, Note
from zhike.clocks.models import Clock
from zhike.journal.models import ClauseUse, Fact
from zhike.records.attachments import store_attachment
from zhike.records.models import Attachment
from zhike.web.board.lanes import board_of
from zhike.web.case_page.files import KEPT, receive
from zhike.web.case_page.page import case_view
from zhike.web.case_page.ties import ties_of
from zhike.web.tests.world import COMPLETE, World

HX = {"HX-Request": "true"}


@pytest.fixture
def case(world: World) -> Case:
    return world.warning()


def act(case: Case, action: str) -> str:
    return f"/cases/{case.number}/actions/{action}"


def picture() -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(content, "PNG")
    return SimpleUploadedFile("现场.png", content.getvalue(), "image/png")


def test_the_page_shows_where_it_stands_and_who_holds_the_clock(world: World, case: Case) -> None:
    text = world.signed_in("agent").get(f"/cases/{case.number}").content.decode()
    for part in ("填报", "还剩 30 分钟", "示例agent", "WARN-05", "提交预警"):
        assert part in text


def test_the_page_costs_the_same_however_long_the_story(world: World, case: Case) -> None:
    client = world.signed_in("agent")
    client.get(f"/cases/{case.number}")
    with CaptureQueriesContext(connection) as short:
        client.get(f"/cases/{case.number}")
    for number in range(10):
        client.post(f"/cases/{case.number}/notes", {"words": f"第 {number} 句", "key": str(number)})
    with CaptureQueriesContext(connection) as long:
        client.get(f"/cases/{case.number}")
    assert len(long) == len(short)
    assert len(short) <= 20


def test_an_action_of_another_role_is_shown_with_the_reason_and_the_clause(world: World, case: Case) -> None:
    world.take(case, "submit", COMPLETE, "agent")
    view = world.signed_in("agent").get(f"/cases/{case.number}").context["view"]
    (review,) = [b for b in view.forbidden if b.id == "review"]
    assert "热线服务主管" in review.why
    assert review.clause.startswith("WARN-")
    assert [b.id for b in world.signed_in("supervisor").get(f"/cases/{case.number}").context["view"].buttons] == [
        "review"
    ]


def test_a_missing_field_is_refused_at_the_field_naming_the_clause(world: World, case: Case) -> None:
    values = {**COMPLETE, "district": "", "key": "k"}
    response = world.signed_in("agent").post(act(case, "submit"), values, headers=HX)
    assert response.status_code == 422
    form = response.context["form"]
    (district,) = [f for f in form.fields if f.id == "f-district"]
    assert [told.clause for told in district.errors] == ["WARN-04"]
    assert [f.value for f in form.fields if f.id == "f-difficulty"] == ["顾客情绪激动"]
    case.refresh_from_db()
    assert case.stage == "draft"
    assert ClauseUse.objects.filter(clause="WARN-04", outcome="refused").count() == 1


def test_a_complete_form_moves_the_case_on(world: World, case: Case) -> None:
    response = world.signed_in("agent").post(act(case, "submit"), {**COMPLETE, "key": "k"}, headers=HX)
    case.refresh_from_db()
    assert (case.stage, response["HX-Redirect"]) == ("under_review", f"/cases/{case.number}")


def test_pressing_twice_does_it_once(world: World, case: Case) -> None:
    client = world.signed_in("agent")
    values = {**COMPLETE, "key": "k", "version": case.version}
    codes = [client.post(act(case, "submit"), values).status_code for _ in range(2)]
    assert codes == [302, 302]
    assert Fact.objects.filter(type="case.action_taken", payload__action="submit").count() == 1


def test_a_stale_page_learns_what_changed_and_keeps_what_was_typed(world: World, case: Case) -> None:
    client = world.signed_in("agent")
    form = client.get(act(case, "submit"), headers=HX).context["form"]
    world.take(case, "submit", COMPLETE, "agent")
    world.take(case, "review", {"result": "reject"}, "supervisor")
    world.take(case, "return_warning", {"reject_opinion": "请写明时间"}, "supervisor")
    values = {**COMPLETE, "difficulty": "我写的", "key": form.key, "version": form.version, "seen": form.seen}
    response = client.post(act(case, "submit"), values, headers=HX)
    again = response.context["form"]
    assert response.status_code == 409
    assert [f.value for f in again.fields if f.id == "f-difficulty"] == ["我写的"]
    assert any("退回补正" in change for change in again.changes)
    values |= {"key": again.key, "version": again.version, "seen": again.seen}
    assert client.post(act(case, "submit"), values, headers=HX).status_code == 200


def test_extra_fields_in_a_write_are_ignored(world: World, case: Case) -> None:
    more = {"owner": 1, "department": 1, "stage": "closed", "status": "closed", "approved_by": "x", "is_staff": "1"}
    world.signed_in("agent").post(act(case, "submit"), {**COMPLETE, **more, "key": "k"})
    case.refresh_from_db()
    assert (case.stage, case.status) == ("under_review", "open")
    assert not set(more) & set(case.data["complaint_warning"])


def test_another_store_is_kept_out_and_the_attempt_is_written_down(world: World, case: Case) -> None:
    client = world.signed_in("manager2")
    for address in ("", "/live", "/timeline", "/beside", "/actions/close"):
        response = client.get(f"/cases/{case.number}{address}")
        assert response.status_code == 403
        assert "收银员" not in response.content.decode()
    assert client.post(f"/cases/{case.number}/notes", {"words": "x"}).status_code == 403
    assert client.post(f"/cases/{case.number}/phone").status_code == 403
    assert Fact.objects.filter(type="case.access_denied", actor=world.viewer("manager2").principal).count() == 7
    assert "WARN-21" in client.get(f"/cases/{case.number}").content.decode()


def test_a_case_that_is_not_there_is_not_found(world: World) -> None:
    assert world.signed_in("agent").get("/cases/YJ250610-999999").status_code == 404


def test_an_unknown_action_is_not_found(world: World, case: Case) -> None:
    assert world.signed_in("agent").get(act(case, "explode")).status_code == 404


def test_an_action_of_somebody_else_is_refused_in_words(world: World, case: Case) -> None:
    response = world.signed_in("supervisor").post(act(case, "submit"), {**COMPLETE, "key": "k"}, headers=HX)
    assert response.status_code == 422
    assert "接线员" in response.content.decode()


def test_markup_is_shown_as_it_was_typed(world: World) -> None:
    case = world.ticket(
        content="<script>alert(1)</script><img src=x onerror=alert(2)>", caller_name="<svg onload=alert(3)>"
    )
    client = world.signed_in("agent")
    client.post(f"/cases/{case.number}/notes", {"words": "<iframe src=//x></iframe>", "key": "1"})
    for address in (f"/cases/{case.number}", "/desk", "/cases?all=1", f"/cases/{case.number}/beside"):
        text = client.get(address).content.decode()
        for mark in ("<script>alert", "<img src=x", "<svg onload", "<iframe"):
            assert mark not in text


def test_a_note_is_written_once_however_often_the_button_is_pressed(world: World, case: Case) -> None:
    client = world.signed_in("agent")
    for _ in range(2):
        client.post(f"/cases/{case.number}/notes", {"words": "已打过电话", "key": "n1"})
    assert [(n.words, n.internal) for n in Note.objects.all()] == [("已打过电话", True)]


def test_an_empty_note_is_refused_and_ten_megabytes_too(world: World, case: Case) -> None:
    client = world.signed_in("agent")
    assert client.post(f"/cases/{case.number}/notes", {"words": " ", "key": "1"}, headers=HX).status_code == 422
    assert (
        client.post(f"/cases/{case.number}/notes", {"words": "字" * 30_000, "key": "2"}, headers=HX).status_code == 422
    )
    assert Note.objects.count() == 0


def test_a_refused_note_comes_back_in_the_whole_page_where_no_script_asked(world: World, case: Case) -> None:
    note = {"words": "示例：看附件", "back": "desk", "key": "1", "files": SimpleUploadedFile("现场.png", b"no picture")}
    answer = world.signed_in("agent").post(f"/cases/{case.number}/notes", note)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "示例：看附件</textarea>" in page
    assert 'name="back" value="desk"' in page
    assert Note.objects.count() == 0


def test_three_megabytes_of_text_are_turned_away_in_words(world: World, case: Case) -> None:
    response = world.signed_in("agent").post(f"/cases/{case.number}/notes", {"words": "x" * 3_000_000, "key": "1"})
    assert response.status_code == 400
    assert "没有收下" in response.content.decode()
    assert Note.objects.count() == 0


@pytest.mark.parametrize("words", ["a\0b", "\u202eright to left", "😀 表情", "\x1b[31m", "\r\n\r\nSet-Cookie: x"])
def test_odd_characters_are_taken_or_refused_and_never_break_a_page(world: World, case: Case, words: str) -> None:
    client = world.signed_in("agent")
    assert client.post(f"/cases/{case.number}/notes", {"words": words, "key": "k\0"}).status_code in (302, 422)
    assert client.get(f"/cases/{case.number}").status_code == 200
    values = {**COMPLETE, "difficulty": words, "key": "\0" * 50, "version": "x", "seen": "-1", "kept_file": "a:\0"}
    assert client.post(act(case, "submit"), values).status_code in (302, 422)


def test_a_file_is_reached_through_the_gate_of_its_case(world: World, case: Case) -> None:
    client = world.signed_in("agent")
    client.post(f"/cases/{case.number}/notes", {"words": "", "files": [picture()], "key": "1"})
    attachment = Attachment.objects.get()
    address = f"/cases/{case.number}/files/{attachment.token}"
    saved, shown = client.get(address), client.get(f"{address}?shown=1")
    assert saved.getvalue() == shown.getvalue() == picture().read()
    assert saved["Content-Disposition"].startswith("attachment")
    assert shown["Content-Disposition"].startswith("inline")
    assert "sandbox" in saved["Content-Security-Policy"]
    assert saved["X-Content-Type-Options"] == "nosniff"
    other = world.ticket(store="store-2")
    assert client.get(f"/cases/{other.number}/files/{attachment.token}").status_code == 404
    assert world.signed_in("manager2").get(address).status_code == 404


def test_a_file_that_is_no_picture_is_refused_in_words(world: World, case: Case) -> None:
    fake = SimpleUploadedFile("现场.jpg", b"MZ not a picture", "image/jpeg")
    response = world.signed_in("agent").post(f"/cases/{case.number}/notes", {"files": [fake], "key": "1"}, headers=HX)
    assert response.status_code == 422
    assert "不是图片" in response.content.decode()


def test_the_timeline_tells_the_deed_with_its_form_and_its_clocks(world: World, case: Case) -> None:
    world.later(20)
    world.take(case, "submit", COMPLETE, "agent")
    first = world.signed_in("supervisor").get(f"/cases/{case.number}/timeline").context["entries"][0]
    assert first.what == "提交预警"
    assert ("归属区县", "示例东区") in first.filled
    assert ("客户投诉手机号码", "138****0101") in first.filled
    assert [(state, clause) for state, _, clause in first.moved] == [("stopped", "WARN-05"), ("running", "WARN-06")]


def test_deeds_on_the_whole_case_are_shown_to_whoever_may_do_them(world: World, case: Case) -> None:
    """Whoever only sees it neither hands it over nor merges it."""
    Case.objects.filter(pk=case.pk).update(audience=[world.viewer(who).principal for who in ("agent", "manager1")])
    case = Case.objects.get(pk=case.pk)
    shown = {}
    for who in ("agent", "manager1"):
        viewer = world.viewer(who)
        shown[who] = (case_view(case, viewer, world.now).may_hand_over, ties_of(case, viewer, world.now).may_steer)
    assert shown == {"agent": (True, True), "manager1": (False, False)}


def test_the_board_offers_to_hand_over_what_one_may_hand_over(world: World, case: Case) -> None:
    both = [world.viewer(who).principal for who in ("agent", "manager1")]
    Case.objects.filter(pk=case.pk).update(audience=both)
    Clock.objects.update(audience=both)
    offered = {
        who: {strip.may_hand_over for lane in board_of(world.viewer(who), world.now).lanes for strip in lane.strips}
        for who in ("agent", "manager1")
    }
    assert offered == {"agent": {True}, "manager1": {False}}


def test_a_merged_case_leads_only_those_on_who_may_see_where_it_went(world: World) -> None:
    dropped, leading = world.ticket(), world.ticket()
    merge_cases(dropped.pk, leading.pk, by=world.viewer("agent"), now=world.now)
    client = world.signed_in("agent")
    assert client.get(f"/cases/{dropped.number}").status_code == 302
    Case.objects.filter(pk=leading.pk).update(audience=[])
    assert client.get(f"/cases/{dropped.number}").status_code == 200


def test_a_file_somebody_else_uploaded_does_not_come_along(world: World, case: Case) -> None:
    """Kept from an attempt before: only one's own."""
    kept = {
        who: store_attachment(b"words", "a.txt", by=world.viewer(who).principal, now=world.now)
        for who in ("agent", "supervisor")
    }
    request = RequestFactory().post("/", {KEPT: [f"files:{row.token}" for row in kept.values()]})
    request.viewer = world.viewer("agent")
    assert receive(request, ["files"], world.now).all_tokens == [kept["agent"].token]


def test_new_cases_are_offered_to_whoever_opens_some(world: World) -> None:
    offered = {who: world.signed_in(who).get("/desk").context["opens"] for who in ("agent", "manager1")}
    assert offered == {"agent": True, "manager1": False}
