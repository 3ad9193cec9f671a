"""A day with cases as wholes, in Chromium against the served product: a complaint filed twice is merged and the merge is undone, part
of it becomes a case of its own, a slip is taken back, a colleague is mentioned by @, the case is printed, the customer disputes the
outcome from the portal.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.people import SCREENS, Cast, Somebody, photo

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]
PHONE_NUMBER = "138 0000 0399"


def test_a_day_with_cases_as_wholes(cast: Cast) -> None:
    first, second = (
        filed(cast["customer"], "示例：收银员态度不好。"),
        filed(cast["customer"], "示例：上次说的事，还没有人回复我。"),
    )
    agent = cast["agent1"]
    for number in (first, second):
        classified(agent, number)
    the_second_is_merged_into_the_first(agent, first, second)
    the_customer_of_the_old_number_sees_the_leading_case(cast["customer"], first)
    the_merge_is_undone_and_done_again(agent, first, second)
    a_colleague_is_mentioned(agent, cast["agent2"], first)
    a_slip_is_taken_back(agent, first)
    part_of_it_becomes_a_case_of_its_own(agent, first)
    it_is_printed(agent, first)
    the_customer_disputes_the_outcome(cast, first)


def filed(customer: Somebody, words: str) -> str:
    customer.go("/portal/").page.locator(".po-entries a").first.click()
    customer.fill({"caller_name": "示例顾客甲", "caller_phone": PHONE_NUMBER, "request_kind": "投诉"})
    customer.fill({"store": "示例一店", "content": words})
    customer.submit()
    return customer.page.locator(".po-number").inner_text().strip()


def classified(agent: Somebody, number: str) -> None:
    agent.case(number).begin("归类受理")
    agent.fill({"service_class": "投诉类"})
    agent.fill({"complaint_item": "服务质量"})
    agent.submit()
    expect(agent.page.locator("#zk-toast")).to_contain_text("已办理")


def the_second_is_merged_into_the_first(agent: Somebody, first: str, second: str) -> None:
    agent.case(second).picture("30-case-tools")
    agent.page.locator(".zk-tools").get_by_role("link", name="合并").click()
    agent.picture("31-merge")
    agent.page.locator("#f-number").fill(first)
    agent.page.get_by_role("button", name="合并").click()
    expect(agent.page).to_have_url(re.compile(f"/cases/{first}$"))
    agent.case(second)
    expect(agent.page).to_have_url(re.compile(f"/cases/{first}\\?from={second}$"))
    agent.sees(f"{second} 已并入这张工单")
    agent.sees("上次说的事，还没有人回复我")
    agent.picture("32-leading-case")


def the_customer_of_the_old_number_sees_the_leading_case(customer: Somebody, first: str) -> None:
    """He still holds the session of his second filing."""
    customer.go("/portal/case")
    expect(customer.page.locator("h1")).to_have_text(first)
    customer.sees("上次说的事，还没有人回复我")


def the_merge_is_undone_and_done_again(agent: Somebody, first: str, second: str) -> None:
    agent.go(f"/cases/{second}?own=1").picture("33-merged-case")
    agent.page.locator(".zk-confirm summary").first.click()
    agent.page.get_by_role("button", name="确定撤销合并").click()
    agent.sees("恢复原样")
    agent.stage("投诉处理")
    agent.go(f"/cases/{second}/merge?number={first}").page.get_by_role("button", name="合并").click()
    expect(agent.page).to_have_url(re.compile(f"/cases/{first}$"))


def a_colleague_is_mentioned(agent: Somebody, colleague: Somebody, number: str) -> None:
    agent.case(number).page.locator("#note-words").press_sequentially("@示例")
    options = agent.page.locator(".zk-mentions [role=option]")
    expect(options.first).to_be_visible()
    agent.picture("34-mention")
    name = colleague.own_menu.inner_text().strip()
    agent.page.locator("#note-words").fill("")
    agent.page.locator("#note-words").press_sequentially(f"@{name[:4]}")
    expect(options.filter(has_text=name)).to_be_visible()
    options.filter(has_text=name).first.dispatch_event("mousedown")
    expect(agent.page.locator("#note-words")).to_have_value(re.compile(f"@{name} $"))
    agent.page.locator("#note-words").press_sequentially("请看一下录像")
    agent.page.locator("#case-note button[type=submit]").click()
    agent.sees("请看一下录像")
    colleague.go("/notices?kind=mentioned").sees(f"{number} 的备注提到了您")
    colleague.picture("35-mentions")


def a_slip_is_taken_back(agent: Somebody, number: str) -> None:
    agent.case(number).act("记录处理过程", {"handling": "示例：写错了工单。"})
    expect(agent.page.locator(".zk-undo")).to_contain_text("十分钟内可以撤销")
    agent.picture("36-undo")
    agent.page.locator(".zk-undo button").click()
    agent.sees("已撤销，工单恢复到办理之前")
    expect(agent.page.locator("li.zk-undone")).to_contain_text("写错了工单")
    agent.picture("37-undone")


def part_of_it_becomes_a_case_of_its_own(agent: Somebody, number: str) -> None:
    agent.case(number).page.locator(".zk-tools").get_by_role("link", name="拆分").click()
    agent.page.locator("#f-title").fill("示例：商品裂纹另案")
    agent.page.locator("input[name=note]").first.check()
    agent.fill({"service_class": "投诉类"})
    agent.fill({"complaint_item": "商品质量", "content": "示例：买的杯子有裂纹。"})
    agent.picture("38-split")
    agent.page.get_by_role("button", name="拆分").click()
    expect(agent.page.locator("h1")).to_have_text("示例：商品裂纹另案")
    expect(agent.page.locator(".zk-ties")).to_contain_text(number)
    agent.picture("39-split-off")


def it_is_printed(agent: Somebody, number: str) -> None:
    fetched: list[str] = []
    agent.page.on("request", lambda request: fetched.append(request.url))
    agent.go(f"/cases/{number}/print").sees("打印于")
    agent.picture("40-print")
    sheet = agent.page.pdf(path=str(SCREENS / "40-print.pdf"), prefer_css_page_size=True)
    assert sheet.startswith(b"%PDF")
    assert Path(SCREENS / "40-print.pdf").stat().st_size > 10_000
    assert {url for url in fetched if not url.startswith(agent.product.url)} == set()
    agent.case(number).sees("打印工单")


def the_customer_disputes_the_outcome(cast: Cast, number: str) -> None:
    cast["agent1"].case(number).act("答复并结办", {"answer": "示例：已向您致歉。"})
    customer = cast["customer"]
    customer.go("/portal/case").sees("不认可的请写明原因")
    customer.picture("41-portal-closed")
    customer.page.locator(".po-buttons").get_by_text("不认可办理结果").click()
    customer.fill({"reason": "示例：没有人当面道歉。"})
    customer.page.locator("input[type=file]").set_input_files(
        {"name": "示例凭据.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    customer.picture("42-portal-dispute")
    customer.submit()
    customer.sees("没有人当面道歉")
    customer.sees("示例凭据.jpg")
    agent = cast["agent1"].case(number)
    agent.stage("投诉处理")
    agent.sees("重新打开过 1 次")
    agent.sees("示例凭据.jpg")
    agent.picture("43-reopened")
