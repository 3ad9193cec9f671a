"""Asking, agreeing and declining in the browser's own terms: what each sees, and what he may not do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from zhike.cases.models import AskedDeed
from zhike.cases.tests.test_asking import FORM, NOON, House
from zhike.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    before = clock.install(lambda: NOON)
    yield House()
    clock.install(before)


def browser(house: House, who: str, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(house.people[who], backend="zhike.org.backend.StaffBackend")
    return client


def ask(house: House) -> AskedDeed:
    sent = browser(house, "clerk").post(
        f"/cases/{house.case.number}/actions/release", {**FORM, "key": "press"}, follow=True
    )
    assert "已提交“交付”，示例manager同意后办理。" in sent.content.decode()
    return AskedDeed.objects.get()


def test_pressing_the_button_asks_and_the_case_says_for_whom_it_waits(house: House) -> None:
    ask(house)
    shown = browser(house, "clerk").get(f"/cases/{house.case.number}").content.decode()
    for words in ("等待同意的办理", "等 示例manager 同意", "示例核对", "依据 REL-01", "提交“交付”，等待同意", "撤回"):
        assert words in shown
    assert 'value="agree"' not in shown
    english = browser(house, "clerk", "en").get(f"/cases/{house.case.number}").content.decode()
    assert "waits for the consent of 示例manager" in english


def test_whoever_is_asked_finds_it_on_his_page_and_agrees(house: House) -> None:
    row = ask(house)
    manager = browser(house, "manager")
    shown = manager.get("/approvals").content.decode()
    assert "示例核对" in shown
    assert 'value="agree"' in shown
    assert (
        "已同意，等待下一位。" in manager.post(f"/approvals/{row.pk}", {"deed": "agree"}, follow=True).content.decode()
    )
    assert 'value="agree"' not in manager.get("/approvals").content.decode()
    chief = browser(house, "chief")
    assert "已同意，已经办理。" in chief.post(f"/approvals/{row.pk}", {"deed": "agree"}, follow=True).content.decode()
    assert house.stage() == "out"
    assert "已经办理" in browser(house, "clerk").get("/approvals").content.decode()


def test_declining_without_a_reason_comes_back_with_what_to_do(house: House) -> None:
    row = ask(house)
    manager = browser(house, "manager")
    answer = manager.post(f"/approvals/{row.pk}", {"deed": "decline"})
    assert (answer.status_code, "不同意的，请写明理由。" in answer.content.decode()) == (422, True)
    manager.post(f"/approvals/{row.pk}", {"deed": "decline", "words": "示例范围太大"})
    assert "没有同意：示例范围太大" in browser(house, "clerk").get("/approvals").content.decode()


def test_for_anybody_else_there_is_no_such_request(house: House) -> None:
    row = ask(house)
    for who in ("clerk", "chief"):
        assert browser(house, who).post(f"/approvals/{row.pk}", {"deed": "agree"}).status_code == 404
    assert browser(house, "manager").post(f"/approvals/{row.pk}", {"deed": "sign"}).status_code == 404
    browser(house, "manager").post(f"/approvals/{row.pk}/withdraw")
    row.refresh_from_db()
    assert row.state == "waiting"


def test_it_is_withdrawn_on_the_case_and_one_stays_there(house: House) -> None:
    row = ask(house)
    gone = browser(house, "clerk").post(f"/approvals/{row.pk}/withdraw", {"case": house.case.number})
    assert gone.headers["Location"] == f"/cases/{house.case.number}"
    row.refresh_from_db()
    assert row.state == "withdrawn"


def test_the_notice_leads_to_the_page(house: House) -> None:
    ask(house)
    assert 'href="/approvals"' in browser(house, "manager").get("/notices").content.decode()


def test_an_empty_page_says_what_stands_here(house: House) -> None:
    assert "没有等您同意的" in browser(house, "director").get("/approvals").content.decode()


def test_the_button_says_what_it_does_in_english_too(house: House) -> None:
    row = ask(house)
    shown = browser(house, "manager", "en").get("/approvals").content.decode()
    assert 'value="agree" type="submit">Agree</button>' in shown
    browser(house, "manager").post(f"/approvals/{row.pk}", {"deed": "agree"})
    assert "示例manager agreed" in browser(house, "clerk", "en").get("/approvals").content.decode()
