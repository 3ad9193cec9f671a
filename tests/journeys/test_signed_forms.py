"""Forms that two people sign, in Chromium at the exchange: opening papers are delivered by one and received by another, reviewed, agreed to
by one manager, signed by a clerk before the other manager, filed; a complaint about the same company is linked; the print holds every
form with who signed it. Nobody signs for another, and each refusal names its clause.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.people import SCREENS, Cast, Somebody
from tests.served import Served, served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]
ZONE = ZoneInfo("Asia/Shanghai")
COMPANY = "示例贸易公司丁"
FIVE = dict.fromkeys(("two_copies", "identical", "no_alteration", "no_blank", "filled"), "是")
GENUINE = dict.fromkeys(("license_real", "org_code_real", "one_licence"), "是")


@pytest.fixture(scope="module")
def house() -> Iterator[Served]:
    with served(sandbox=True, handbook="exchange") as product:
        yield product


def at(product: Served, clock: str) -> None:
    """That time of the next Tuesday, a working day."""
    now = dt.datetime.fromisoformat(product.clock()["now"]).astimezone(ZONE)
    day = now.date() + dt.timedelta(days=(1 - now.weekday()) % 7)
    moment = dt.datetime.combine(day, dt.time.fromisoformat(clock), ZONE)
    product.clock(at=(moment if moment > now else moment + dt.timedelta(days=7)).isoformat())


def test_papers_go_from_hand_to_hand(cast: Cast, house: Served) -> None:
    at(house, "10:00")
    number = opened(cast["market1"], "opening/deliver", company=COMPANY)
    at(house, "10:05")
    they_are_received_by_somebody_else(cast, number)
    at(house, "10:20")
    they_pass_all_points(cast["agent1"], number)
    at(house, "11:00")
    two_managers_and_a_clerk_sign_in_their_order(cast, number)
    a_complaint_is_linked_and_told_on_both(cast["agent1"], number)
    the_print_holds_every_form_and_who_signed(cast["agent1"], number)


def opened(person: Somebody, entry: str, **values: str) -> str:
    person.go(f"/desk/new/exchange/{entry}").fill(values)
    person.submit()
    expect(person.page.locator("#zk-toast")).to_contain_text("已建单")
    found = re.search(r"[A-Z]{2}\d{6}-\d+", person.page.url)
    assert found
    return found[0]


def they_are_received_by_somebody_else(cast: Cast, number: str) -> None:
    """Who delivered them does not sign for the receipt."""
    papers = {"materials": "示例：合同两份、营业执照复印件。", "sheets": "12"}
    cast["market1"].case(number).deadline("EX-REVIEW-01", "还剩 5 分钟")
    cast["market1"].barred(number, "登记接收", "EX-REVIEW-03", "递交人不能代签")
    cast["market1"].picture("80-nobody-signs-for-another")
    cast["agent1"].tries(number, "登记接收").refused("EX-REVIEW-02", "资料种类和张数")
    cast["agent1"].does(number, "登记接收", **papers).stage("初审中")
    cast["agent1"].deadline("EX-REVIEW-13", "还剩 30 分钟")


def they_pass_all_points(agent: Somebody, number: str) -> None:
    agent.tries(number, "初审通过", **{**FIVE, "no_blank": "否"}, **GENUINE).refused("EX-REVIEW-07", "五项")
    agent.picture("81-five-points")
    agent.does(number, "初审通过", **FIVE, **GENUINE).stage("待经理意见")


def two_managers_and_a_clerk_sign_in_their_order(cast: Cast, number: str) -> None:
    cast["manager1"].tries(number, "客服部经理意见", opinion="不同意").refused("EX-REVIEW-20", "写明理由")
    cast["manager1"].does(number, "客服部经理意见", opinion="同意").stage("待转结算部")
    cast["agent1"].does(number, "转结算部", words="示例：请复审。").stage("结算部经办")
    cast["chief1"].barred(number, "结算部经理意见", "EX-REVIEW-19", "经办人")
    cast["clerk1"].case(number).picture("82-clerk")
    cast["clerk1"].presses(number, "经办署名").case(number).stage("结算部复审")
    cast["chief1"].does(number, "结算部经理意见", opinion="同意").stage("待归档")
    archive = cast["archive1"]
    archive.tries(number, "归档", electronic="是").refused("EX-REVIEW-21", "还缺")
    archive.fill({"paper_place": "示例：三号柜二层"})
    archive.submit()
    expect(archive.page.locator("#zk-toast")).to_contain_text("已办理：归档")
    archive.case(number).stage("已办结")


def a_complaint_is_linked_and_told_on_both(agent: Somebody, number: str) -> None:
    complaint = opened(
        agent, "complaint/accept", channel="网络", complainant=COMPANY, contact="13800000821", matter="示例：开户慢",
        content="示例：等了一上午。", demand="示例：说明原因。",
    )  # fmt: skip
    agent.case(complaint).page.locator(".zk-tools").get_by_role("link", name="关联").click()
    agent.page.locator("#f-number").fill(number)
    agent.page.locator("main form").filter(has=agent.page.locator("#f-number")).get_by_role("button").first.click()
    for here, there in ((complaint, number), (number, complaint)):
        expect(agent.case(here).page.locator(".zk-ties")).to_contain_text(there)
    agent.picture("83-linked")


def the_print_holds_every_form_and_who_signed(agent: Somebody, number: str) -> None:
    sheet = agent.go(f"/cases/{number}/print").page
    forms = ("递交开户资料确认单", "接收登记", "初审核对", "审核意见", "结算部经办署名", "归档")
    for words in (
        *forms,
        "示例市场专员",
        "示例专员甲",
        "示例客服经理",
        "示例结算经办",
        "示例结算经理",
        "示例：三号柜二层",
        "填报人",
    ):
        expect(sheet.locator("main")).to_contain_text(words)
    agent.picture("84-signed-print")
    agent.page.pdf(path=str(SCREENS / "84-signed-print.pdf"), prefer_css_page_size=True)
    assert Path(SCREENS / "84-signed-print.pdf").stat().st_size > 10_000
