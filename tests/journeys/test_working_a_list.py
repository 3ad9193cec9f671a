"""A supervisor at the list of cases: a view kept and shared, a card moved on the board, many cases done at once, a file taken out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.people import PHONE, Somebody, somebody
from tests.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]

WARNINGS = "process=retail-hotline.complaint_warning"


def rows(person: Somebody) -> int:
    return person.page.locator("#cases tbody tr").count()


def test_a_view_is_kept_pinned_counted_and_brought_back(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as chief:
        chief.sign_in("supervisor1").go("/cases?all=1")
        page = chief.page
        page.locator("#process").select_option(label="投诉预警")
        expect(page.locator("#cases thead")).to_contain_text("环节")
        page.locator("details.cl-columns summary").click()
        page.locator("#column-choice").get_by_label("经办人").check()
        expect(page.locator("#cases thead")).to_contain_text("经办人")
        page.locator("#order").select_option("due")
        page.wait_for_url(re.compile("order=due"))
        shown = rows(chief)
        page.get_by_text("存为视图", exact=True).click()
        page.locator("#view-name").fill("我盯的预警")
        page.locator(".cl-save").get_by_role("button", name="保存").click()
        expect(page.locator(".cl-views [aria-current]")).to_contain_text("我盯的预警")
        expect(page.locator(".cl-views [aria-current] .cl-count")).to_have_text(str(shown))
        assert rows(chief) == shown
        chief.picture("cases-view")
        chief.go("/cases/views")
        line = page.locator("li", has=page.get_by_role("link", name="我盯的预警"))
        line.get_by_text("分享").click()
        share = line.locator(".cl-share")
        share.locator("li", has_text="接线员").get_by_label("默认").check()
        share.get_by_role("button", name="保存").click()
        chief.sees("分享给：")
        chief.picture("cases-views")
        with somebody(browser, sandbox) as agent:
            agent.sign_in("agent1").go("/cases")
            expect(agent.page.locator(".cl-views [aria-current]")).to_contain_text("我盯的预警")
        line.get_by_role("button", name="删除").click()
        chief.sees("最近删除的")
        page.get_by_role("button", name="恢复").click()
        expect(page.get_by_role("link", name="我盯的预警")).to_be_visible()


def test_a_card_is_dragged_and_the_action_decides(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as chief:
        chief.sign_in("supervisor1").go(f"/cases/board?{WARNINGS}")
        page = chief.page
        card = page.locator("#stage-under_review .cl-card").first
        number = card.get_attribute("data-number")
        assert number is not None
        chief.picture("cases-board")
        card.drag_to(page.locator("#stage-draft"))
        expect(page.locator("#cl-move")).to_contain_text("环节不能直接改")
        page.locator("#cl-move").get_by_role("button", name="关闭").click()
        card.drag_to(page.locator("#stage-at_store"))
        expect(page.locator("#case-form form h2")).to_have_text("审核预警")
        page.locator("#case-form form button[type=submit]").click()
        expect(page.locator("#cl-move .zk-refusals, #cl-move .zk-error").first).to_be_visible()
        chief.picture("cases-board-refused", full=False)
        page.locator("#case-form").get_by_text("合格", exact=True).click()
        page.locator("#case-form form button[type=submit]").click()
        expect(page.locator(f"#stage-at_store [data-number='{number}']")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/cases/board"))


def test_a_card_is_moved_by_keyboard_and_on_a_telephone(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as manager:
        manager.sign_in("manager1").go(f"/cases/board?{WARNINGS}")
        page = manager.page
        page.keyboard.press("j")
        expect(page.locator(".cl-card a.zk-open").first).to_be_focused()
        page.keyboard.press("m")
        expect(page.locator("#cl-move h3").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#cl-move")).to_be_hidden()
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        manager.fits()
        page.locator(".cl-card [data-move]").first.click()
        expect(page.locator("#cl-move h3").first).to_be_visible()


def test_many_rows_are_chosen_with_shift_and_noted_at_once(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as chief:
        chief.sign_in("supervisor1").go("/cases?all=1&status=open")
        page = chief.page
        ticks = page.locator("#cases tbody input[name=case]")
        ticks.nth(0).click()
        ticks.nth(2).click(modifiers=["Shift"])
        expect(page.locator("[data-select-count]")).to_have_text("3")
        page.get_by_role("button", name="批量办理").click()
        expect(page.locator(".cl-picked li")).to_have_count(3)
        page.get_by_role("link", name="写备注").click()
        page.locator("#bulk-words").fill("示例：今天一起回访。")
        chief.picture("cases-bulk")
        page.get_by_role("button", name="办理这 3 张").click()
        expect(page.locator("#zk-toast")).to_contain_text("已一起办理 3 张工单")


def test_what_one_case_does_not_allow_is_named_by_case_and_clause(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as chief:
        chief.sign_in("supervisor1").go(f"/cases?{WARNINGS}")
        page = chief.page
        page.locator("[data-select-all]").check()
        page.get_by_role("button", name="批量办理").click()
        page.get_by_text("这些不能一起办").click()
        # Which of them depends on what the department did before; each names its cases.
        expect(page.locator("details.zk-not[open]")).to_contain_text(re.compile(r"(审核预警|交给同事)\s*YJ\d{6}-\d{6}"))
        chief.picture("cases-bulk-closed")


def test_a_file_is_taken_out_and_fetched(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as chief:
        chief.sign_in("supervisor1").go(f"/cases?{WARNINGS}")
        page = chief.page
        shown = rows(chief)
        page.get_by_role("link", name="导出", exact=True).click()
        chief.picture("cases-export")
        page.locator("#purpose").fill("示例：周会核对")
        page.get_by_role("button", name="导出").click()
        fetch = page.get_by_role("link", name="下载").first
        expect(fetch).to_be_visible()
        chief.picture("cases-exports")
        with page.expect_download() as taken:
            fetch.click()
        assert taken.value.suggested_filename.endswith(".xlsx")
        path = taken.value.path()
        assert path.read_bytes()[:2] == b"PK"
        from python_calamine import CalamineWorkbook

        table = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
        assert len(table) == shown + 2
        assert "示例热线主管" in str(table[0][0])


def test_the_same_in_english_and_in_the_dark(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox, locale="en-GB", color_scheme="dark") as chief:
        chief.sign_in("supervisor1")
        for name, path in (
            ("list", "/cases?all=1"),
            ("board", f"/cases/board?{WARNINGS}"),
            ("views", "/cases/views"),
            ("export", f"/cases/exports?{WARNINGS}"),
        ):
            chief.go(path)
            chief.picture(f"en-dark-cases-{name}")
