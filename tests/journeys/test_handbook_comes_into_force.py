"""A manager changes the department's handbook: from a mistake that installs nothing to colleagues who have read what changed."""

from __future__ import annotations

import io
import zipfile

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.people import Somebody, somebody
from tests.served import Served
from zhike.handbook import library
from zhike.handbook.archive import read_folder
from zhike.handbook.problems import Findings

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]

HOME = "/administration/handbooks"
REHEARSAL = 420_000
"""Milliseconds: two rehearsals of all scenarios on a machine that has other things to do."""
FUTURE = "2099-01-01T00:00"
"""Long after every other test of this sandbox."""


def zipped(limit: str, mistake: str = "") -> FilePayload:
    """The shipped handbook with another limit for filing a warning, and a misspelt event where one is wanted."""
    files = read_folder(library.find("retail-hotline"), Findings())
    files["warning.yaml"] = files["warning.yaml"].replace("within: 30m", f"within: {limit}", 1)
    if mistake:
        files["warning.yaml"] = files["warning.yaml"].replace("until: action.submit", f"until: {mistake}", 1)
    files["handbook.yaml"] = files["handbook.yaml"].replace('version: "1.0.0"', 'version: "1.1.0"')
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name, text in files.items():
            out.writestr(name, text)
    return {"name": "制度.zip", "mimeType": "application/zip", "buffer": made.getvalue()}


def upload(page: Page, file: FilePayload) -> None:
    page.locator("#ha-file").set_input_files(file)
    page.get_by_role("button", name="上传并检查").click()


def propose(manager: Somebody) -> str:
    """The address of the proposal, submitted for 2099."""
    page = manager.go(HOME).page
    upload(page, zipped("45m", "action.sumbit"))
    expect(page.locator(".ha-problems")).to_contain_text("warning.yaml:")
    expect(page.locator(".ha-problems")).to_contain_text("是否应为“action.submit”")
    manager.picture("handbook-refused")
    upload(page, zipped("45m"))
    expect(page.locator(".ha-change")).to_contain_text("WARN-05")
    expect(page.locator(".ha-fields")).to_contain_text("30 分钟 → 45 分钟")
    manager.picture("handbook-draft")
    page.get_by_label("从这一刻起").check()
    page.locator("input[name=from]").fill(FUTURE)
    page.locator("#ha-why").fill("示例：填报来不及")
    page.get_by_role("button", name="提交批准").click()
    expect(page.locator("#decide")).to_contain_text("自己提出的不能自己批准")
    return page.url


def approve(browser: Browser, sandbox: Served, address: str) -> None:
    with somebody(browser, sandbox) as second:
        page = second.sign_in("admin2").go("/notices").page
        page.get_by_role("link", name="打开").first.click()
        expect(page).to_have_url(address)
        expect(page.get_by_text("现在通过的场景，按新版本")).to_be_visible(timeout=REHEARSAL)
        second.picture("handbook-impact")
        page.locator("#decide").get_by_text("批准", exact=True).first.click()
        page.get_by_role("button", name="确定批准").click()
        second.sees("已批准，已通知有关人员阅读")


def read(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox, locale="en-GB", color_scheme="dark") as agent:
        page = agent.sign_in("agent1").go("/notices").page
        page.get_by_role("link", name="Open").first.click()
        expect(page.locator(".ha-fields")).to_contain_text("30 minutes → 45 minutes")
        agent.picture("handbook-changes-en-dark")
        page.get_by_role("button", name="I have read it").click()
        agent.sees("You confirmed reading it")


def test_a_handbook_is_proposed_approved_read_and_called_off(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as manager:
        address = propose(manager.sign_in("admin"))
        page = manager.page
        approve(browser, sandbox, address)
        read(browser, sandbox)
        page.goto(f"{address}/readers")
        expect(page.locator("h1")).to_contain_text("1 人已确认")
        manager.picture("handbook-readers")
        manager.go(HOME)
        manager.sees("将生效")
        manager.picture("handbook-list")
        page.goto(address)
        page.locator("#ha-no").fill("示例：先不改")
        page.get_by_role("button", name="取消这次生效").click()
        manager.sees("已取消，现行版本继续有效")


def test_a_parameter_and_a_year_are_looked_at(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as manager:
        page = manager.sign_in("admin").go(f"{HOME}/retail-hotline/parameters").page
        manager.picture("handbook-parameters")
        page.get_by_role("link", name="第几次退回起告知热线客服中心主管").click()
        page.locator("#ha-value").fill("21")
        page.locator("#ha-why").fill("示例")
        page.get_by_role("button", name="提交批准").click()
        manager.sees("超出范围，应为 1 至 20")
        manager.picture("handbook-parameter")
        page = manager.go(f"{HOME}/days-off").page
        manager.sees("还没有公布")
        manager.picture("handbook-days-off")
        page.get_by_role("link", name="录入").click()
        page.locator("#ha-off").fill("春节 2027-02-05 至 2027-02-11")
        page.get_by_role("button", name="先看影响").click()
        expect(page.locator("#moves")).to_be_visible()
        manager.picture("handbook-year")
