"""What was kept long enough is deleted, in Chromium at the online shop: a profile is ended, two years pass over it, its deletion is put
off and let go again, the page says what is due, the run deletes it, and the profile says so wherever it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.axe import faults
from tests.people import Cast, Somebody
from tests.served import Served, served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]
WORDS = "示例：喜欢青瓷，问过礼盒"


@pytest.fixture(scope="module")
def house() -> Iterator[Served]:
    with served(sandbox=True, handbook="online-shop") as product:
        yield product


def test_a_profile_is_deleted_after_twenty_four_months(cast: Cast, house: Served, browser: Browser) -> None:
    number = an_ended_profile(cast)
    two_years_pass(house, number)
    somebody_puts_it_off(cast["lead1"], number)
    the_page_says_that_it_waits(cast["admin"], number)
    the_hold_ends(cast["lead1"], number)
    the_run_deletes_it(cast["admin"], house, number)
    every_page_of_it_says_so(cast["lead1"], number)
    in_english_by_night(browser, house, number)


def an_ended_profile(cast: Cast) -> str:
    agent = cast["agent1"]
    agent.go("/desk/new/online-shop/profile/open_profile").fill(
        {"wangwang_id": "示例买家庚", "info_summary": WORDS, "tier": "回头客"}
    )
    agent.submit()
    expect(agent.page.locator("#zk-toast")).to_contain_text("已建单")
    found = re.search(r"DA\d{6}-\d+", agent.page.url)
    assert found
    cast["lead1"].case(found[0]).page.locator(".zk-actions").get_by_text("停用档案", exact=True).click()
    cast["lead1"].page.locator("#case-form form button[type=submit]").first.click()
    expect(cast["lead1"].page.locator("#zk-toast")).to_contain_text("已办理：停用档案")
    return found[0]


def two_years_pass(house: Served, number: str) -> None:
    """Over this profile alone: two years of everything else would be two years of revisits."""
    house.rows(
        "UPDATE cases_case SET closed_at = closed_at - interval '25 months' WHERE number = %s RETURNING id", number
    )


def somebody_puts_it_off(lead: Somebody, number: str) -> None:
    lead.case(number).page.get_by_role("link", name="暂停删除").click()
    lead.page.locator("#why").fill("示例：有争议，等答复")
    lead.picture("90-why-it-is-kept")
    lead.page.get_by_role("button", name="暂停删除").click()
    lead.sees("暂停了删除")
    lead.sees("示例：有争议，等答复")
    lead.picture("91-held")
    looked_at_under_axe(lead)


def the_page_says_that_it_waits(admin: Somebody, number: str) -> None:
    admin.go("/administration/kept").sees(number)
    admin.sees("有人暂停了删除")
    admin.picture("92-due")


def the_hold_ends(lead: Somebody, number: str) -> None:
    lead.case(number).page.get_by_text("恢复按期删除", exact=True).click()
    lead.page.get_by_role("button", name="确定恢复按期删除").click()
    lead.sees("已恢复按期删除。")


def the_run_deletes_it(admin: Somebody, house: Served, number: str) -> None:
    admin.go("/administration/kept").sees("下一次检查时删除")
    admin.page.get_by_role("button", name="现在检查").click()
    row = admin.page.locator("tr", has_text="客户档案").filter(has_text=re.compile("完成|等封存"))
    expect(row.first).to_contain_text("SHOP-17", timeout=60_000)
    admin.picture("93-deleted")
    looked_at_under_axe(admin)
    assert house.rows("SELECT data, emptied_by FROM cases_case WHERE number = %s", number) == [({}, "SHOP-17")]


def every_page_of_it_says_so(lead: Somebody, number: str) -> None:
    for page in (f"/cases/{number}", f"/cases/{number}/print"):
        lead.go(page).sees("按保存期限删除")
        lead.sees_not("喜欢青瓷")
        lead.sees("SHOP-17")
    lead.case(number).sees("停用档案")
    expect(lead.page.locator(".zk-actions button")).to_have_count(0)
    lead.picture("94-emptied")
    looked_at_under_axe(lead)
    lead.go("/cases?q=青瓷").sees_not(number)


def in_english_by_night(browser: Browser, house: Served, number: str) -> None:
    """What the pages look like to a reader of English, after dark."""
    admin = Somebody(browser, house, locale="en-GB", color_scheme="dark").sign_in("admin")
    lead = Somebody(browser, house, locale="en-GB", color_scheme="dark").sign_in("lead1")
    for person in (admin, lead):
        person.context.add_cookies([{"name": "django_language", "value": "en", "url": house.url}])
    admin.go("/administration/kept").sees("Deleted")
    admin.picture("95-deleted-english")
    lead.case(number).sees("were deleted on")
    lead.picture("96-emptied-english")
    assert [admin.faults, lead.faults] == [[], []]


def looked_at_under_axe(person: Somebody) -> None:
    """Wide and on a telephone, by day and by night, without colours that are still changing."""
    person.page.emulate_media(reduced_motion="reduce")
    assert faults(person.page) == []
    person.page.emulate_media(color_scheme="light")
