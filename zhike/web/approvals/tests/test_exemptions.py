"""Exemptions in the browser's own terms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from zhike.duties.models import Obligation
from zhike.duties.tests.test_exempting import NINE, Ground
from zhike.lib import clock
from zhike.org.models import Staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def ground() -> Iterator[Ground]:
    before = clock.install(lambda: NINE)
    yield Ground()
    clock.install(before)


def browser(who: str, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Staff.objects.get(username=who), backend="zhike.org.backend.StaffBackend")
    return client


def page(client: Client) -> str:
    return client.get("/approvals/exemptions").content.decode()


def test_whoever_holds_it_asks_and_whom_the_clause_names_grants_it(ground: Ground) -> None:
    clerk, boss, number = browser("clerk"), browser("boss"), ground.row.pk
    assert "可以申请免办的" in page(clerk)
    assert "没有免办" in page(boss)
    sent = clerk.post(f"/approvals/exemptions/{number}/ask", {"words": "示例：出国"}, follow=True).content.decode()
    assert "已申请免办，等待批准。" in sent
    assert "示例clerk申请免办：示例：出国" in page(boss)
    assert 'value="grant"' not in page(clerk)
    done = boss.post(f"/approvals/exemptions/{number}", {"deed": "grant"}, follow=True).content.decode()
    assert "已同意免办。" in done
    assert "示例clerk申请，示例boss同意：示例：出国" in done
    assert Obligation.objects.get(pk=number).state == "exempt"
    back = boss.post(f"/approvals/exemptions/{number}/revoke", follow=True).content.decode()
    assert "已收回，这一期仍然要办。" in back
    assert Obligation.objects.get(pk=number).state == "owed"


def test_what_is_refused_is_said_beside_what_was_typed(ground: Ground) -> None:
    clerk, boss, number = browser("clerk"), browser("boss"), ground.row.pk
    empty = clerk.post(f"/approvals/exemptions/{number}/ask", {"words": ""})
    assert (empty.status_code, "请写明免办的原因。" in empty.content.decode()) == (422, True)
    clerk.post(f"/approvals/exemptions/{number}/ask", {"words": "示例：出国"})
    declined = boss.post(f"/approvals/exemptions/{number}", {"deed": "decline"})
    assert (declined.status_code, "不同意的，请写明理由。" in declined.content.decode()) == (422, True)


def test_what_is_not_his_is_not_there(ground: Ground) -> None:
    other, number = browser("other"), ground.row.pk
    assert other.post(f"/approvals/exemptions/{number}/ask", {"words": "示例"}).status_code == 404
    assert other.post(f"/approvals/exemptions/{number}", {"deed": "grant"}).status_code == 404
    assert other.post(f"/approvals/exemptions/{number}/revoke").status_code == 404


def test_the_page_in_english(ground: Ground) -> None:
    shown = page(browser("clerk", "en"))
    for words in ("Exemptions from duties", "What you may be exempted from", "Ask for an exemption"):
        assert words in shown
