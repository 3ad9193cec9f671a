"""Signing in as people do it, in Chromium: an invitation, a second factor, another device, a lost telephone, somebody's draft."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, expect

from tests.people import Somebody, somebody
from tests.served import Served, served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]
NEW = "harbour-lamp-41-boat"


@pytest.fixture
def house(browser: Browser) -> Iterator[Served]:
    """A product of this journey's own: it changes the rules for everybody."""
    with served(sandbox=True) as product:
        yield product


def press(person: Somebody, words: str) -> None:
    person.page.get_by_role("button", name=words, exact=True).click()


def confirm(person: Somebody, words: str) -> None:
    """A deed that asks once: the first press opens the question, the second does it."""
    person.page.locator("summary", has_text=words).first.click()
    press(person, f"确定{words}")


def enter(person: Somebody, username: str, password: str) -> None:
    person.go("/sign-in")
    person.page.locator("#username").fill(username)
    person.page.locator("#password").fill(password)
    press(person, "登录")


def scanned(person: Somebody) -> pyotp.TOTP:
    """The secret under the picture, as somebody types it who cannot scan."""
    person.page.locator("summary", has_text="扫不了").click()
    return pyotp.TOTP(person.page.locator("[data-secret]").inner_text().replace(" ", ""))


def type_code(person: Somebody, code: str, button: str) -> None:
    person.page.locator("#code").fill(code)
    press(person, button)


def codes_shown(person: Somebody) -> list[str]:
    expect(person.page.locator(".si-codes li")).to_have_count(10)
    return person.page.locator(".si-codes code").all_inner_texts()


def invited(boss: Somebody, new: Somebody, other: Somebody) -> None:
    """An administrator adds somebody; his link sets a password once."""
    boss.sign_in("admin").go("/administration/staff/add")
    boss.page.locator("#f-name").fill("示例新人")
    boss.page.locator("#f-username").fill("newcomer")
    press(boss, "添加")
    boss.page.get_by_role("link", name="密码、二次验证、登录设备").click()
    press(boss, "生成设置密码的链接")
    link = boss.page.locator("[data-select]").input_value()
    boss.page.locator("summary", has_text="让他用手机扫").click()
    boss.picture("sign-in-person-link")
    new.page.goto(link)
    new.picture("sign-in-link")
    for name in ("password", "again"):
        new.page.locator(f"#f-{name}").fill(NEW)
    press(new, "设置密码")
    new.sees("密码已设置")
    enter(new, "newcomer", NEW)
    is_in(new)
    other.page.goto(link)
    other.sees("这个链接打不开")
    other.picture("sign-in-link-gone")


def switched_on(new: Somebody) -> list[str]:
    """The second factor, with the first code; answers the recovery codes."""
    new.go("/account").picture("account-first")
    new.page.locator("#f-proof").fill(NEW)
    press(new, "打开二次验证")
    telephone = scanned(new)
    new.picture("account-scan")
    type_code(new, "000000", "打开二次验证")
    new.sees("验证码不对")
    type_code(new, telephone.now(), "打开二次验证")
    codes = codes_shown(new)
    new.picture("account-codes")
    new.page.get_by_role("link", name="已保存").click()
    return codes


def required_of_everybody(boss: Somebody, password: str) -> None:
    """The rule is refused to an administrator without a second factor of his own."""
    boss.go("/administration/sign-in/rules")
    boss.page.get_by_label("每一位员工").check()
    boss.picture("sign-in-rules")
    press(boss, "保存")
    boss.sees("请先在“我的账号”里给自己打开二次验证")
    boss.go("/account").page.locator("#f-proof").fill(password)
    press(boss, "打开二次验证")
    type_code(boss, scanned(boss).now(), "打开二次验证")
    codes_shown(boss)
    boss.go("/administration/sign-in/rules").page.get_by_label("每一位员工").check()
    press(boss, "保存")
    boss.sees("已保存")


def is_in(person: Somebody) -> None:
    expect(person.own_menu).to_have_text("示例新人")


def is_out(person: Somebody) -> None:
    expect(person.page).to_have_url(re.compile("/sign-in"))  # by itself: going anywhere now would meet that
    person.go("/account")
    expect(person.page).to_have_url(re.compile("/sign-in"))


def test_from_an_invitation_to_a_lost_telephone(browser: Browser, house: Served) -> None:
    with somebody(browser, house) as boss, somebody(browser, house) as new, somebody(browser, house) as other:
        invited(boss, new, other)
        codes = switched_on(new)
        enter(other, "newcomer", NEW)  # a password alone is not enough any more
        other.sees("六位数字")
        other.picture("sign-in-code")
        type_code(other, codes[0], "继续")
        is_in(other)

        new.go("/account").picture("account-two")  # one browser ends the other
        new.page.get_by_role("button", name=re.compile("结束 Chrome")).click()
        new.sees("已结束 1 处登录")
        expect(other.page).to_have_url(re.compile("/sign-in"))  # by itself: its page hears of it
        other.sees("登录已结束")

        boss.page.reload()  # the telephone is lost
        confirm(boss, "移除二次验证")
        boss.sees("已移除二次验证")
        boss.picture("sign-in-person")
        is_out(new)
        required_of_everybody(boss, house.password())
        enter(new, "newcomer", NEW)
        new.sees("设置一次，大约一分钟")
        new.picture("sign-in-set-up")
        type_code(new, scanned(new).now(), "打开二次验证")
        codes_shown(new)
        new.page.get_by_role("link", name="已保存，进入").click()
        is_in(new)


def test_what_was_typed_is_gone_after_signing_out(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as agent:
        agent.sign_in("agent1").go("/desk")
        agent.page.evaluate("localStorage.setItem('zk-draft:示例', JSON.stringify({at: Date.now(), values: {}}))")
        agent.own_menu.click()
        press(agent, "退出登录")
        agent.sees("已退出登录")
        assert agent.page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('zk-draft'))") == []
        agent.picture("sign-in-left")


def test_what_was_typed_is_not_the_next_ones_to_read(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox) as shared:
        shared.sign_in("agent1").go("/desk")
        shared.page.evaluate("localStorage.setItem('zk-draft:示例', JSON.stringify({at: Date.now(), values: {}}))")
        shared.go("/desk")
        drafts = "Object.keys(localStorage).filter((name) => name.startsWith('zk-draft')).length"
        assert shared.page.evaluate(drafts) == 1
        shared.context.clear_cookies()  # the session ran out; nobody signed out
        shared.sign_in("supervisor1").go("/board")
        assert shared.page.evaluate(drafts) == 0


def test_the_pages_are_there_in_english_and_in_the_dark(browser: Browser, sandbox: Served) -> None:
    with somebody(browser, sandbox, locale="en-GB", color_scheme="dark") as boss:
        boss.sign_in("admin")
        for path, word, picture in (
            ("/account", "My account", "account"),
            ("/administration/sign-in/rules", "Who needs a second factor", "sign-in-rules"),
        ):
            boss.go(path).sees(word)
            boss.picture(f"en-dark-{picture}")
