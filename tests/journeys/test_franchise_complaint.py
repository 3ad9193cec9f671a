"""A complaint at the repair franchise, in Chromium against the served product: three classes at the telephone, twelve, forty-eight and
seventy-two hours, more time asked for and granted, an appeal lost and one that came too late, an outcome the customer disputes, a second
judgement with its penalty; stores and partners that see their own. Every deadline and every refusal names its clause on the screen.

    The first day is a Tuesday, so that the working day of an appeal is the next one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.people import Cast, Somebody
from tests.served import Served, served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]
ZONE = ZoneInfo("Asia/Shanghai")
REGISTER = "/desk/new/repair-franchise/complaint_case/register"
COMPLAINT = {
    "customer_name": "示例客户丁", "contact": "138 0000 0411", "content": "示例：修好的屏幕又坏了。", "issue": "维修质量",
    "unit_id": "示例甲加盟店",
}  # fmt: skip
FILE = {
    "name": "示例凭据.pdf",
    "mimeType": "application/pdf",
    "buffer": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n",
}


@dataclass
class Days:
    """The days of the journey in the sandbox's time."""

    product: Served
    first: dt.date

    def moment(self, day: int, clock: str) -> dt.datetime:
        return dt.datetime.combine(self.first + dt.timedelta(days=day), dt.time.fromisoformat(clock), ZONE)

    def at(self, day: int, clock: str) -> None:
        """Move the sandbox to that time of the journey's day; everything due on the way fires."""
        self.product.clock(at=self.moment(day, clock).isoformat())

    def field(self, day: int, clock: str) -> str:
        """As a field for a moment takes it."""
        return f"{self.moment(day, clock):%Y-%m-%dT%H:%M}"

    def words(self, day: int, clock: str) -> str:
        """As a deadline says it."""
        date = self.first + dt.timedelta(days=day)
        return f"{date.month}月{date.day}日 周{'一二三四五六日'[date.weekday()]} {clock}"


@pytest.fixture(scope="module")
def house() -> Iterator[Served]:
    with served(sandbox=True, handbook="repair-franchise") as product:
        yield product


@pytest.fixture
def days(house: Served) -> Days:
    now = dt.datetime.fromisoformat(house.clock()["now"]).astimezone(ZONE).date()
    return Days(house, now + dt.timedelta(days=(1 - now.weekday()) % 7 or 7))


def test_a_complaint_from_the_telephone_to_the_penalty(cast: Cast, days: Days) -> None:
    days.at(0, "09:00")
    number = the_agent_registers_what_is_complete(cast["agent1"])
    days.at(0, "09:02")
    three_classes_go_three_ways(cast["agent1"], number, days)
    days.at(0, "10:00")
    the_specialist_finds_the_store_responsible(cast["specialist1"], number, days)
    days.at(0, "20:00")
    it_goes_to_the_store_and_to_nobody_else(cast, number, days)
    days.at(1, "10:00")
    an_appeal_stops_the_stores_clock_alone_and_is_lost(cast, number, days)
    days.at(2, "18:00")
    more_time_is_asked_for_with_reasons_and_the_second_time_granted(cast, number, days)
    days.at(3, "10:00")
    the_store_finds_it_untrue_and_lets_the_time_pass(cast["fhead1"], number, days)
    days.at(4, "09:00")
    an_appeal_that_comes_too_late_is_refused(cast["fhead1"], number)
    days.at(6, "10:00")
    the_outcome_is_fed_back_in_writing(cast, number)
    the_customer_is_not_satisfied(cast, number)
    the_second_judgement_ends_in_a_penalty(cast, number)
    the_ledger_names_what_was_kept_and_broken(cast["csmanager1"], number)


def the_agent_registers_what_is_complete(agent: Somebody) -> str:
    agent.go(REGISTER).fill(COMPLAINT)
    agent.submit()
    agent.refused("ACC-01", "投诉要求")
    agent.picture("60-registered-in-part")
    return registered(agent)


def registered(agent: Somebody, **more: str) -> str:
    agent.go(REGISTER).fill({**COMPLAINT, "demand": "示例：要求重修。", **more})
    agent.submit()
    expect(agent.page.locator("#zk-toast")).to_contain_text("已建单")
    found = re.search(r"TS\d{6}-\d{6}", agent.page.url)
    assert found
    return found[0]


def three_classes_go_three_ways(agent: Somebody, number: str, days: Days) -> None:
    """Class 1 is handed over at once; class 2 and a grumble are explained first, and only a grumble is settled so."""
    hung_up = days.field(0, "09:00")
    agent.tries(number, "安抚并分级", call_ended_at=hung_up)
    agent.refused("ACC-02", "安抚记录")
    agent.refused("ACC-03", "一类投诉")
    graded = {"comfort_note": "示例：已道歉并安抚。", "call_ended_at": hung_up}
    agent.does(number, "安抚并分级", **graded, complaint_class="一类投诉").stage("待反馈")
    agent.deadline("HND-01", "还剩 13 分钟", "15 分钟")
    agent.picture("61-class-1")
    second = registered(agent, content="示例：等了一小时。", contact="13800000412")
    agent.does(second, "安抚并分级", **graded, complaint_class="二类投诉").stage("客服先行解释")
    agent.does(second, "反馈值班经理或专员", receiver_id="示例专员").stage("专员判定")
    grumble = registered(agent, content="示例：前台冷淡。", contact="13800000413", unit_id="示例合作商甲")
    agent.does(grumble, "安抚并分级", **graded, complaint_class="抱怨").stage("客服先行解释")
    agent.does(grumble, "解释后客户接受", words="示例：已解释。").stage("待结案")
    agent.does(number, "反馈值班经理或专员", receiver_id="示例专员").stage("专员判定")
    agent.deadline("TIME-01", "还剩 2 天", days.words(2, "09:02"))


def the_specialist_finds_the_store_responsible(specialist: Somebody, number: str, days: Days) -> None:
    specialist.tries(number, "判定责任", verification="示例：配件装错。", liability="门店责任", unit_id="请选择")
    expect(specialist.page.locator("#case-form")).to_contain_text("责任单位")
    specialist.does(number, "判定责任", verification="示例：配件装错。", liability="门店责任", unit_id="示例甲加盟店")
    specialist.deadline("STO-01", "还剩 11 小时", "12 小时")
    specialist.deadline("STO-04", days.words(3, "09:00"), "72 小时")
    specialist.does(number, "联系门店负责人", head_name="示例甲店店长")
    specialist.deadline("STO-01", "还剩")  # reached, but nobody is named yet
    specialist.picture("62-twelve-hours")


def it_goes_to_the_store_and_to_nobody_else(cast: Cast, number: str, days: Days) -> None:
    cast["specialist1"].does(number, "下发投诉调查", request="示例：请核对工单和配件。")
    store = cast["fhead1"].case(number)
    store.deadline("STO-02", "还剩 2 天", days.words(2, "20:00"), "48 小时")
    store.picture("63-at-the-store")
    for other in ("fhead2", "partner1", "head1"):
        stranger = cast[other].case(number)
        refused_page(stranger, number)
        expect(stranger.go("/cases?all=1").page.locator("#cases")).not_to_contain_text(number)
    cast["partner1"].case(number).picture("64-not-yours")
    expect(cast["fhead1"].go("/cases?all=1").page.locator("#cases")).to_contain_text(number)


def refused_page(stranger: Somebody, number: str) -> None:
    """It says why, and nothing of the case."""
    stranger.sees("这件投诉不是下发给您的单位的")
    expect(stranger.page.locator('a[href*="VIS-01"]').first).to_be_visible()
    stranger.sees_not("示例客户丁")


def an_appeal_stops_the_stores_clock_alone_and_is_lost(cast: Cast, number: str, days: Days) -> None:
    store = cast["fhead1"].does(number, "登记异议", ground="非本部门事务", found_at=days.field(1, "09:59"))
    store.deadline("APP-02", days.words(2, "09:59"))
    store.tries(number, "申诉")
    store.refused("APP-01", "申诉要写明理由")
    store.does(number, "申诉", statement="示例：派单在乙店。").stage("申诉待转回")
    store.deadline("STO-02", "暂停")
    cast["specialist1"].case(number).deadline("STO-04", "还剩")
    store.presses(number, "转回客服部门").stage("投诉部门裁定")
    store.picture("65-appealed")
    cast["complaint1"].does(number, "裁定归属申诉", outcome="不成立", reason="示例：派单无误。")
    cast["fhead1"].case(number).stage("单位调查")
    cast["fhead1"].deadline("STO-02", days.words(2, "20:00"))


def more_time_is_asked_for_with_reasons_and_the_second_time_granted(cast: Cast, number: str, days: Days) -> None:
    store, told = cast["fhead1"], days.field(2, "17:50")
    store.tries(number, "申请延期", customer_notified_at=told)
    store.refused("EXT-01", "申请延期要写明理由和新的时限")
    store.tries(
        number, "申请延期", reason="示例：等配件。", new_due_at=days.field(5, "20:01"), customer_notified_at=told
    )
    store.refused("EXT-01", "72")
    store.picture("66-too-much-time")
    asked = {"reason": "示例：等配件。", "customer_notified_at": told}
    store.does(number, "申请延期", **asked, new_due_at=days.field(4, "20:00"))
    store.deadline("STO-02", days.words(4, "20:00"))
    cast["callback1"].case(number).deadline("STO-04", days.words(3, "09:00"))
    store.does(number, "申请延期", **asked, new_due_at=days.field(6, "20:00"))
    store.deadline("STO-02", days.words(4, "20:00"))  # not before the manager agrees
    cast["csmanager1"].go("/notices").sees(f"投诉 {number} 第二次申请延期，要您同意")
    cast["csmanager1"].presses(number, "同意延期")
    store.case(number).deadline("STO-02", days.words(6, "20:00"))
    store.tries(number, "申请延期", **asked, new_due_at=days.field(7, "20:00"))
    store.refused("EXT-01", "2")
    store.picture("67-no-third-time")


def the_store_finds_it_untrue_and_lets_the_time_pass(store: Somebody, number: str, days: Days) -> None:
    store.does(number, "登记异议", ground="违法违规或与事实不符", found_at=days.field(2, "17:00"))
    store.deadline("APP-03", days.words(3, "17:00"))


def an_appeal_that_comes_too_late_is_refused(store: Somebody, number: str) -> None:
    """Found on the second day, raised on the fourth: by then it counts as accepted."""
    store.barred(number, "申诉", "APP-04", "一个工作日内")
    store.stage("单位调查")
    store.picture("68-too-late")


def the_outcome_is_fed_back_in_writing(cast: Cast, number: str) -> None:
    store = cast["fhead1"]
    outcome = {"result": "示例：已更换屏幕。", "result_kind": "补救", "accepts_liability": "否"}
    store.does(number, "反馈结果", **outcome, feedback_channel="口头").stage("单位调查")
    store.deadline("STO-02", "还剩")  # by word of mouth it is not fed back
    store.does(number, "反馈结果", **outcome, feedback_channel="系统")
    specialist = cast["specialist1"].case(number)
    specialist.stage("结果核实")
    specialist.does(
        number,
        "核实并告知结果",
        findings="示例：已核实。",
        confirmed="是",
        outcome="示例：已换屏。",
        told_how="直接告知客户",
    )
    cast["callback1"].case(number).deadline("STO-04", "超时")


def the_customer_is_not_satisfied(cast: Cast, number: str) -> None:
    told = {"content": "示例：触摸仍不灵。", "satisfied": "否", "dissatisfaction": "示例：触摸仍不灵。"}
    cast["callback1"].does(number, "回访客户", **told).stage("二次判定")
    for person, clause in (("specialist1", "CB-01"), ("csmanager1", "CB-02")):
        page = cast[person].go("/notices").page
        expect(page.locator("main")).to_contain_text(number)
        expect(page.locator(f'main a[href*="{clause}"]').first).to_be_visible()
    cast["specialist1"].case(number).picture("69-judged-again")


def the_second_judgement_ends_in_a_penalty(cast: Cast, number: str) -> None:
    specialist, manager = cast["specialist1"], cast["csmanager1"]
    specialist.does(
        number,
        "第二次判定",
        verification="示例：配件不良。",
        confirmed="是",
        responsible_person="示例甲店店长",
    )
    manager.case(number).stage("通报与处罚")
    manager.begin("通报与处罚")
    manager.submit()
    expect(manager.page.locator("#case-form .zk-refusals")).to_contain_text("邮件通报")
    manager.fill({"penalty": "示例：扣绩效。"})
    manager.page.locator("#case-form input[type=file]").first.set_input_files(FILE)
    manager.picture("70-penalty")
    manager.submit()
    expect(manager.page.locator("#zk-toast")).to_contain_text("已办理：通报与处罚")
    manager.case(number).stage("结果核实")


def the_ledger_names_what_was_kept_and_broken(manager: Somebody, number: str) -> None:
    for clause, words in (("STO-02", "按时"), ("STO-04", "超时"), ("EXT-01", "拒绝"), ("APP-01", "拒绝")):
        manager.go(f"/handbook/repair-franchise/clause/{clause}").page.locator("main a", has_text=words).first.click()
        expect(manager.page.locator("main")).to_contain_text(number)
