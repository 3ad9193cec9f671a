"""Markup that people send is text wherever it is shown: no script runs in Chromium, and nothing even tries to."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from tests.people import Somebody
from tests.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]

EVIL = "<script>window.hacked=1</script><img src=x onerror=window.hacked=2>{{ 7*7 }}${7*7}</textarea></title><svg onload=window.hacked=3>🏮"
NAME = "<img src=x onerror=hacked=4>"
FILE = "<svg onload=hacked=5>.png"


@pytest.fixture
def people(browser: Browser, sandbox: Served) -> Iterator[list[Somebody]]:
    customer, agent = Somebody(browser, sandbox), Somebody(browser, sandbox)
    for person in (customer, agent):
        person.context.add_init_script("window.hacked = 0; window.alert = () => { window.hacked = 9 }")
    agent.sign_in("agent1")
    yield [customer, agent]
    for person in (customer, agent):
        person.context.close()


def harmless(person: Somebody) -> None:
    """Nothing ran, and the policy had nothing to stop either: what was typed never became markup."""
    person.page.wait_for_load_state("networkidle")
    assert person.page.evaluate("window.hacked") == 0, person.page.url
    assert (
        person.page.locator(
            "main img[src='x'], main svg[onload], main script:not([src], [type='application/json'])"
        ).count()
        == 0
    )
    assert person.faults == []


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (20, 20)).save(target, "PNG")
    return target.getvalue()


def test_markup_is_text_on_every_page(people: list[Somebody]) -> None:
    customer, agent = people
    customer.go("/portal/file/retail-hotline/service_ticket/file")
    customer.fill({"caller_name": NAME, "caller_phone": "13800000601", "request_kind": "投诉", "content": EVIL})
    customer.fill({"store": "示例一店"})
    customer.page.locator("input[type=file]").set_input_files(
        {"name": FILE, "mimeType": "image/png", "buffer": picture()}
    )
    harmless(customer)
    customer.submit()
    number = customer.page.locator(".po-number").inner_text().strip()
    customer.go("/portal/case")
    expect(customer.page.locator("main")).to_contain_text(EVIL)
    harmless(customer)

    act = f"/cases/{number}/actions/classify"
    for path in ("/desk", f"/desk?case={number}", f"/cases/{number}", act, "/cases?all=1", "/cases?q=hacked"):
        agent.go(path)
        harmless(agent)
    agent.go(act).fill({"service_class": "投诉类", "complaint_item": "服务质量"})
    agent.submit()
    agent.stage("投诉处理")
    agent.act("上报投诉预警", {"reason": "处理有难度"})
    agent.page.locator(".zk-ties li", has_text="引出").get_by_role("link", name=re.compile("^YJ")).click()
    agent.stage("填报")
    expect(agent.page.locator("main")).to_contain_text(EVIL)
    harmless(agent)
    agent.page.locator("#note-words").fill(EVIL)
    with agent.page.expect_navigation():
        agent.page.locator("#case-note button[type=submit]").click()
    expect(agent.page.locator("#case-timeline")).to_contain_text(EVIL)
    harmless(agent)
    agent.go("/notices")
    harmless(agent)


def test_a_double_click_in_the_browser_files_one_complaint(people: list[Somebody], sandbox: Served) -> None:
    customer = people[0]
    customer.go("/portal/file/retail-hotline/service_ticket/file")
    words = "示例：在浏览器里点了两下。"
    customer.fill({"caller_name": "示例顾客", "caller_phone": "13800000602", "request_kind": "投诉", "content": words})
    customer.page.locator("form.po-form button[type=submit]").dblclick()
    expect(customer.page.locator(".po-number")).to_be_visible()
    query = "SELECT count(*) FROM cases_case WHERE data->'portal_request'->>'content' = %s"
    assert sandbox.rows(query, words) == [(1,)]


def test_a_stale_page_in_the_browser_keeps_what_was_typed(
    people: list[Somebody], browser: Browser, sandbox: Served
) -> None:
    agent, colleague = people[1], Somebody(browser, sandbox).sign_in("subcenter1")
    agent.go("/desk/new/retail-hotline/service_ticket/register")
    agent.fill({"caller_phone": "13800000603", "service_class": "投诉类", "content": "示例：环境。"})
    agent.fill({"complaint_item": "环境质量", "store": "示例一店"})
    agent.submit()
    agent.stage("投诉处理")
    number = agent.page.locator(".zk-number a").first.inner_text()
    agent.case(number).begin("记录处理过程")
    agent.fill({"handling": "示例：我写了很久的话。"})
    colleague.case(number).act("记录处理过程", {"handling": "示例：同事先存了。"})
    agent.submit()
    expect(agent.page.locator("#case-form")).to_contain_text("在您打开之后已被更新")
    expect(agent.page.locator("#case-form")).to_contain_text("示例分中心客服")
    expect(agent.page.locator('#case-form [name="handling"]')).to_have_value("示例：我写了很久的话。")
    agent.picture("30-stale")
    agent.submit()
    expect(agent.page.locator("#case-timeline")).to_contain_text("示例：我写了很久的话。")
    assert agent.faults + colleague.faults == []
    colleague.context.close()


def test_a_form_on_its_way_takes_nothing_and_one_that_never_arrived_goes_on_where_its_reader_was(
    people: list[Somebody],
) -> None:
    agent, page, held = people[1], people[1].page, list[Route]()
    agent.go("/desk/new/retail-hotline/service_ticket/register")
    agent.fill({"caller_phone": "13800000604", "service_class": "投诉类", "content": "示例：线断了。"})
    agent.fill({"complaint_item": "环境质量", "store": "示例一店"})
    page.route("**/service_ticket/register", lambda route: held.append(route), times=1)
    form, button = page.locator("#case-form form"), page.locator("#case-form form button[type=submit]")
    button.focus()
    page.keyboard.press("Enter")
    expect(form).to_have_attribute("inert", "")
    held[0].abort()
    expect(page.locator("#zk-toast")).to_contain_text("没有完成")
    expect(form).not_to_have_attribute("inert", "")
    expect(button).to_be_focused()
    expect(form.locator('[name="content"]')).to_have_value("示例：线断了。")
    page.keyboard.press("Enter")
    agent.stage("投诉处理")
