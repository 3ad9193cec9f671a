"""The main job of the retail hotline, in Chromium against the served product: from a customer's complaint on the portal, over a
returned warning, an escalation and a customer who is not satisfied, to the closed case and the ledger of every clause.

    10 June in the comments stands for the first day; the sandbox's own first day is the day after it was made.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.people import Cast, Somebody, photo
from tests.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]
ZONE = ZoneInfo("Asia/Shanghai")

SIX = {
    "customer_mobile": "13800000301",
    "district": "示例东区",
    "reported_issue": "示例：收银台排队半小时，收银员当众指责顾客。",
    "verification_status": "示例：已看录像，情况基本属实。",
    "dissatisfaction_point": "示例：要求店长当面说明。",
    "difficulty": "示例：顾客多次来电。",
}


@dataclass
class Days:
    """The days of the journey in the sandbox's time."""

    product: Served
    first: dt.date

    def at(self, day: int, clock: str) -> None:
        """Move the sandbox to that time of the journey's day; everything due on the way fires."""
        moment = dt.datetime.combine(self.first + dt.timedelta(days=day), dt.time.fromisoformat(clock), ZONE)
        self.product.clock(at=moment.isoformat())

    def words(self, day: int) -> str:
        date = self.first + dt.timedelta(days=day)
        return f"{date.month}月{date.day}日"


@pytest.fixture
def days(sandbox: Served) -> Days:
    now = dt.datetime.fromisoformat(sandbox.clock()["now"]).astimezone(ZONE)
    return Days(sandbox, now.date() + dt.timedelta(days=1))


def test_a_complaint_from_the_portal_to_the_ledger(cast: Cast, days: Days) -> None:
    days.at(0, "08:50")
    number = the_customer_files_a_complaint_with_a_photo(cast["customer"])
    days.at(0, "09:00")
    the_agent_takes_it(cast["agent1"], number)
    days.at(0, "09:05")
    warning = the_agent_raises_a_warning(cast["agent1"], number)
    days.at(0, "09:25")
    a_warning_with_a_field_missing_is_refused_and_then_filed(cast["agent1"], warning)
    days.at(0, "10:00")
    the_supervisor_returns_it_with_an_opinion(cast["supervisor1"], warning, days)
    days.at(0, "10:50")
    the_agent_files_it_again_eight_minutes_late(cast["agent1"], warning)
    days.at(0, "11:10")
    the_supervisor_passes_it(cast["supervisor1"], warning)
    days.at(0, "12:20")
    the_store_acts_ten_minutes_late(cast["service1"], warning)
    days.at(0, "13:40")
    the_manager_cannot_decide_and_escalates(cast["manager1"], warning)
    days.at(1, "10:40")
    the_division_answers(cast["deputy1"], warning)
    days.at(1, "15:10")
    the_customer_is_not_satisfied(cast["center1"], warning)
    days.at(2, "09:30")
    the_daily_loop_is_gone_through(cast, warning, days)
    days.at(2, "16:00")
    it_is_closed(cast["manager1"], warning)
    the_customer_sees_the_end(cast["customer"])
    the_ledger_says_what_was_kept_and_broken(cast["center1"], warning)
    others_are_kept_out(cast["manager2"], warning)


def the_customer_files_a_complaint_with_a_photo(customer: Somebody) -> str:
    customer.go("/portal/").picture("01-portal")
    customer.page.locator(".po-entries a").first.click()
    customer.fill({"caller_name": "示例顾客癸", "caller_phone": "138 0000 0301", "request_kind": "投诉"})
    customer.fill({"store": "示例一店", "content": "示例：收银台排队半小时，收银员当众指责我。"})
    customer.page.locator("input[type=file]").set_input_files(
        {"name": "示例照片.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    expect(customer.page.locator(".po-chosen li")).to_have_count(1)
    customer.picture("02-portal-form")
    customer.submit()
    number = customer.page.locator(".po-number").inner_text().strip()
    assert re.fullmatch(r"FW\d{6}-\d{6}", number)
    customer.picture("03-portal-filed")
    customer.page.get_by_role("link", name="查看进度").first.click()
    customer.sees("我们已经收到")
    customer.sees("示例照片.jpg")
    customer.picture("04-portal-case")
    return number


def the_agent_takes_it(agent: Somebody, number: str) -> None:
    agent.go(f"/desk?case={number}")
    agent.stage("待归类")
    expect(agent.page.locator("#case-timeline")).to_contain_text("示例照片.jpg")
    agent.picture("05-desk", full=False)
    agent.case(number)
    agent.begin("归类受理")
    agent.fill({"service_class": "投诉类"})
    agent.submit()
    expect(agent.page.locator("#case-form .zk-refusals")).to_contain_text("SVC-05")
    agent.picture("06-classify-refused")
    agent.fill({"complaint_item": "服务质量"})
    agent.submit()
    agent.stage("投诉处理")
    agent.picture("07-ticket")


def the_agent_raises_a_warning(agent: Somebody, number: str) -> str:
    agent.case(number)
    agent.act("上报投诉预警", {"reason": "处理有难度"})
    agent.stage("预警办理中")
    agent.page.locator(".zk-ties li", has_text="引出").get_by_role("link", name=re.compile("^YJ")).click()
    agent.stage("填报")
    agent.sees("填报 30 分钟")
    agent.sees("还剩 30 分钟")
    return agent.page.url.rpartition("/")[2]


def a_warning_with_a_field_missing_is_refused_and_then_filed(agent: Somebody, warning: str) -> None:
    agent.case(warning)
    agent.sees("还剩 10 分钟")
    agent.picture("08-warning-draft")
    agent.begin("提交预警")
    agent.fill({name: value for name, value in SIX.items() if name != "difficulty"})
    agent.submit()
    refusal = agent.page.locator("#case-form .zk-refusals")
    expect(refusal).to_contain_text("WARN-04")
    expect(refusal).to_contain_text("处理难度")
    expect(agent.page.locator('[name="verification_status"]')).to_have_value(SIX["verification_status"])
    agent.picture("09-warning-refused")
    agent.case(warning).stage("填报")
    agent.act("提交预警", SIX)
    agent.stage("审核")


def the_supervisor_returns_it_with_an_opinion(supervisor: Somebody, warning: str, days: Days) -> None:
    supervisor.go("/board")
    expect(supervisor.page.locator("main")).to_contain_text(warning)
    supervisor.picture("10-board", full=False)
    supervisor.case(warning).act("审核预警", {"result": "不合格"})
    supervisor.stage("待退回")
    days.at(0, "10:12")
    supervisor.case(warning).begin("退回补正")
    supervisor.submit()
    expect(supervisor.page.locator("#case-form .zk-refusals")).to_contain_text("WARN-07")
    supervisor.picture("11-return-refused")
    supervisor.fill({"reject_opinion": "示例：请写明顾客来电的时间。"})
    supervisor.submit()
    supervisor.stage("退回补正")


def the_agent_files_it_again_eight_minutes_late(agent: Somebody, warning: str) -> None:
    agent.case(warning)
    agent.sees("超时 8 分钟")
    agent.sees("示例：请写明顾客来电的时间。")
    agent.picture("12-returned-overdue")
    agent.act("提交预警", SIX)


def the_supervisor_passes_it(supervisor: Somebody, warning: str) -> None:
    supervisor.case(warning).act("审核预警", {"result": "合格"})
    supervisor.stage("门店处理")


def the_store_acts_ten_minutes_late(service: Somebody, warning: str) -> None:
    service.case(warning)
    service.sees("超时 10 分钟")
    service.picture("13-at-store")
    service.act("登记店客服处理", {"action": "示例：已约顾客下午到店。"})
    service.sees("店长指导 3 小时")


def the_manager_cannot_decide_and_escalates(manager: Somebody, warning: str) -> None:
    manager.go("/desk").picture("14-manager-desk", full=False)
    manager.case(warning).act("上报事业部", {"reason": "示例：顾客要求的赔偿超出门店权限。"})
    manager.stage("事业部意见")
    manager.picture("15-escalated")


def the_division_answers(deputy: Somebody, warning: str) -> None:
    deputy.go("/desk").picture("16-deputy-desk", full=False)
    deputy.case(warning).sees("还剩 3 小时")
    deputy.act("给出事业部意见", {"opinion": "示例：店长上门说明并赠送礼品。"})
    deputy.stage("再次联系顾客")


def the_customer_is_not_satisfied(supervisor: Somebody, warning: str) -> None:
    supervisor.case(warning).begin("登记再次联系")
    supervisor.fill({"content": "示例：顾客仍要求当面道歉。"})
    supervisor.submit()
    expect(supervisor.page.locator("#case-form .zk-refusals")).to_contain_text("WARN-17")
    supervisor.fill({"satisfied": "否"})
    supervisor.submit()
    supervisor.stage("逐日预警")
    supervisor.picture("17-daily-loop")


def the_daily_loop_is_gone_through(cast: Cast, warning: str, days: Days) -> None:
    agent = cast["agent1"]
    agent.case(warning).sees("一天一预警")
    agent.picture("18-daily-owed")
    agent.act("再次预警", SIX)
    agent.sees("第 2 轮")
    days.at(2, "10:00")
    cast["supervisor1"].case(warning).act("审核预警", {"result": "合格"})
    days.at(2, "10:30")
    cast["service1"].case(warning).act("登记店客服处理", {"action": "示例：再次致电顾客。"})
    days.at(2, "11:30")
    cast["manager1"].case(warning).act("给出指导意见", {"opinion": "示例：店长今日上门道歉。"})
    days.at(2, "11:50")
    cast["manager1"].case(warning).act("反馈热线客服中心", {"remark": "示例：顾客已收到道歉。"})
    days.at(2, "14:00")
    center = cast["center1"]
    center.case(warning).act("登记再次联系", {"content": "示例：顾客接受。", "satisfied": "是"})
    center.stage("待结办")


def it_is_closed(manager: Somebody, warning: str) -> None:
    manager.case(warning).act("结办", {"outcome": "示例：顾客满意，收银员已重新培训。"})
    manager.stage("已结办")
    manager.sees("没有时限在走")
    manager.picture("19-closed")


def the_customer_sees_the_end(customer: Somebody) -> None:
    customer.go("/portal/case")
    customer.sees("已经办结")
    for kept_inside in ("预警", "超出门店权限", "示例：请写明顾客来电的时间。"):
        customer.sees_not(kept_inside)
    customer.picture("20-portal-closed")
    customer.page.get_by_role("link", name="认可办理结果", exact=True).click()
    customer.fill({"remark": "示例：谢谢。"})
    customer.submit()
    customer.sees("已经提交")
    expect(customer.page.get_by_role("link", name="不认可办理结果")).to_have_count(0)


LEDGER = {
    ("WARN-05", "kept"): ["20 分钟"],
    ("WARN-05", "broken"): ["8 分钟"],
    ("WARN-06", "kept"): ["35 分钟", "20 分钟", "30 分钟"],
    ("WARN-08", "kept"): ["12 分钟"],
    ("WARN-10", "broken"): ["10 分钟"],
    ("WARN-10", "kept"): ["30 分钟"],
    ("WARN-11", "kept"): ["2 小时 30 分钟", "1 小时 30 分钟"],
    ("WARN-12", "kept"): ["20 分钟"],
    ("WARN-15", "kept"): ["21 小时"],
    ("WARN-16", "kept"): ["4 小时 30 分钟", "2 小时 10 分钟"],
    ("WARN-18", "kept"): [""],
    ("WARN-19", "kept"): [""],
    ("WARN-20", "kept"): ["1 天 5 小时", "4 小时 30 分钟"],
    ("WARN-04", "refused"): ["六项内容没有写全"],
    ("WARN-07", "refused"): ["请写明退回意见"],
    ("WARN-17", "refused"): ["请登记顾客是否满意"],
    ("WARN-13", "applied"): ["", ""],
    ("WARN-14", "applied"): [""],
}
"""(clause, outcome) -> words that the lines of this warning show, in any order."""


def the_ledger_says_what_was_kept_and_broken(center: Somebody, warning: str) -> None:
    center.go("/handbook/retail-hotline").picture("21-handbook", full=False)
    wrong = {}
    for (clause, outcome), expected in LEDGER.items():
        center.go(f"/handbook/retail-hotline/clause/{clause}/uses?outcome={outcome}")
        rows = center.page.locator("tbody tr").filter(has_text=warning).all_inner_texts()
        if len(rows) != len(expected) or not all(any(words in row for row in rows) for words in expected):
            wrong[clause, outcome] = (expected, rows)
    assert wrong == {}
    center.go("/handbook/retail-hotline/clause/WARN-05/uses?outcome=broken").picture("22-ledger")


def others_are_kept_out(manager2: Somebody, warning: str) -> None:
    manager2.case(warning)
    manager2.sees("只有经手的岗位和他们的上级可以查看")
    manager2.sees("WARN-21")
    manager2.picture("23-kept-out")
