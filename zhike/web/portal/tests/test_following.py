"""Following a case by its number and a code sent to the phone; what its customer sees, and what he never sees."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from pytest_django import Settings

from zhike.cases.actions import add_note
from zhike.cases.merging import merge_cases
from zhike.cases.models import Case
from zhike.cases.undo import undo_deed
from zhike.channels.models import OutgoingMessage
from zhike.web.models import FollowCode
from zhike.web.portal import codes
from zhike.web.tests.test_case_page import picture
from zhike.web.tests.world import World

WALL = dt.datetime.fromisoformat("2025-06-10T09:00:00+08:00")
PHONE = "13800000101"


@pytest.fixture
def case(world: World) -> Case:
    return world.ticket()


def sent_code() -> str:
    found = re.search(r"\d{6}", OutgoingMessage.objects.order_by("-id")[0].words)
    assert found
    return found[0]


def ask(case_number: str, phone: str = PHONE, address: str = "192.0.2.1", at: dt.datetime = WALL) -> FollowCode:
    return codes.request_code(case_number, phone, address, at, at)[0]


def test_number_and_code_open_the_case(world: World, case: Case) -> None:
    client = Client()
    client.post("/portal/follow", {"number": case.number.lower(), "phone": "138-0000-0101"})
    answer = client.post("/portal/follow/code", {"code": sent_code()}, follow=True)
    assert "退货时收银员态度不好" not in answer.content.decode()  # what the agent wrote down is not the customer's
    assert "我们正在核实您反映的情况并办理" in answer.content.decode()


def test_an_unknown_number_gets_the_very_same_answer(world: World, case: Case) -> None:
    def answer(number: str, phone: str) -> str:
        client = Client()
        page = client.post("/portal/follow", {"number": number, "phone": phone}, follow=True).content.decode()
        return re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", page)

    same = answer(case.number, PHONE)
    assert answer("FW250610-999999", PHONE) == same
    assert answer(case.number, "13900009999") == same
    assert OutgoingMessage.objects.count() == 1


def test_five_wrong_codes_end_a_code(world: World, case: Case) -> None:
    row = ask(case.number)
    right = sent_code()
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(codes.MOST_TRIES):
        assert codes.enter_code(row.pk, wrong, "192.0.2.1", WALL) is None
    assert codes.enter_code(row.pk, right, "192.0.2.1", WALL) is None


def test_a_code_lives_ten_minutes_to_the_second(world: World, case: Case) -> None:
    first, at_the_end = ask(case.number), WALL + dt.timedelta(minutes=10)
    assert codes.enter_code(first.pk, sent_code(), "192.0.2.1", at_the_end) == case
    second = ask(case.number, at=at_the_end)
    too_late = at_the_end + dt.timedelta(minutes=10, seconds=1)
    assert codes.enter_code(second.pk, sent_code(), "192.0.2.1", too_late) is None


def test_a_code_works_once(world: World, case: Case) -> None:
    row = ask(case.number)
    assert codes.enter_code(row.pk, sent_code(), "192.0.2.1", WALL) == case
    assert codes.enter_code(row.pk, sent_code(), "192.0.2.1", WALL) is None


def test_a_code_belongs_to_its_own_request(world: World, case: Case) -> None:
    ask(case.number)
    right = sent_code()
    other = ask("FW250610-999999")
    assert codes.enter_code(other.pk, right, "192.0.2.1", WALL) is None


def test_requests_for_one_number_are_limited_whether_it_exists_or_not(world: World, case: Case) -> None:
    for number in (case.number, "NOBODY-1"):
        for n in range(codes.MOST_FOR_NUMBER):
            ask(number, address=f"192.0.2.{n}")
        with pytest.raises(codes.TooMany):
            ask(number, address="192.0.2.99")
        ask(number, at=WALL + dt.timedelta(minutes=11))


def test_requests_from_one_address_are_limited(world: World, case: Case) -> None:
    for n in range(codes.MOST_FROM_ADDRESS):
        ask(f"NOBODY-{n}", address="192.0.2.7")
    with pytest.raises(codes.TooMany):
        ask(case.number, address="192.0.2.7")
    ask(case.number, address="192.0.2.8")


def test_guessing_over_many_codes_is_limited_by_address(world: World, case: Case) -> None:
    rows = [ask(f"NOBODY-{n}", address="192.0.2.7") for n in range(6)]
    for row in rows:
        for _ in range(codes.MOST_TRIES):
            codes.enter_code(row.pk, "000000", "192.0.2.7", WALL)
    with pytest.raises(codes.TooMany):
        codes.enter_code(ask("NOBODY-9", address="192.0.2.7").pk, "000000", "192.0.2.7", WALL)


def test_the_simulated_message_is_shown_in_the_sandbox_only(world: World, case: Case, settings: Settings) -> None:
    client = Client()
    client.post("/portal/follow", {"number": case.number, "phone": PHONE})
    assert sent_code() not in client.get("/portal/follow/code").content.decode()
    settings.SANDBOX = True
    page = client.get("/portal/follow/code").content.decode()
    assert sent_code() in page
    assert "模拟短信" in page


def follower(case: Case) -> Client:
    client = Client()
    client.get(f"/portal/link/{case.portal_token}")
    return client


def test_nothing_internal_reaches_the_customer(world: World) -> None:
    warning = world.warning()
    ticket = Case.objects.get(pk=warning.parent_id)
    add_note(ticket, "内部：顾客是惯诉", by=world.viewer("agent"), now=world.now)
    add_note(ticket, "我们明天给您回电", by=world.viewer("agent"), now=world.now, internal=False)
    page = follower(ticket).get("/portal/case").content.decode()
    assert "我们明天给您回电" in page
    for secret in ("惯诉", "示例agent", "预警表", warning.number, "WARN-", "staff:", "接线员甲", "处理有难度"):
        assert secret not in page


def test_the_next_date_is_told_and_nothing_of_the_clock(world: World) -> None:
    warning = world.warning()
    page = follower(Case.objects.get(pk=warning.parent_id)).get("/portal/case").content.decode()
    assert "09:30" in page
    assert "填报" not in page


def test_a_follower_sees_one_case_and_leaves(world: World, case: Case) -> None:
    other = world.ticket(content="另一件")
    client = follower(case)
    client.get(f"/portal/link/{other.portal_token}")
    page = client.get("/portal/case").content.decode()
    assert other.number in page
    assert case.number not in page
    client.post("/portal/leave")
    assert client.get("/portal/case").status_code == 302


def test_the_customer_adds_confirms_or_disputes_as_the_handbook_says(world: World, case: Case) -> None:
    client = follower(case)
    client.post("/portal/case/act/add_message", {"words": "<b>还有一件事</b>", "key": "a"})
    page = client.get("/portal/case").content.decode()
    assert "&lt;b&gt;还有一件事&lt;/b&gt;" in page
    assert client.post("/portal/case/act/confirm", {"key": "b"}).status_code == 409
    world.take(case, "resolve", {"answer": "已经道歉"}, "agent")
    page = client.get("/portal/case").content.decode()
    assert "已经道歉" in page
    assert "认可办理结果" in page
    refused = client.post("/portal/case/act/dispute", {"reason": "", "key": "c"})
    assert refused.status_code == 422
    client.post("/portal/case/act/dispute", {"reason": "没有人来道歉", "key": "d"})
    case.refresh_from_db()
    assert case.stage == "complaint_handling"


def test_actions_of_the_house_are_not_the_customers(world: World, case: Case) -> None:
    client = follower(case)
    for action in ("resolve", "raise_warning", "note_handling", "nothing"):
        assert client.post(f"/portal/case/act/{action}", {"key": action}).status_code == 409
    case.refresh_from_db()
    assert case.stage == "complaint_handling"


def test_a_short_or_wrong_link_opens_nothing(world: World, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(portal_token="")
    for token in ("x", "0" * 32):
        assert Client().get(f"/portal/link/{token}").status_code == 404


def follows(case: Case) -> Client:
    """Somebody who came by the link of the case."""
    client = Client()
    client.get(f"/portal/link/{Case.objects.get(pk=case.pk).portal_token}")
    return client


def two(world: World, phone: str = PHONE) -> tuple[Case, Case]:
    leading, dropped = world.ticket("示例：第一次"), world.ticket("示例：又一次", caller_phone=phone)
    add_note(dropped, "示例：请稍候", by=world.viewer("agent"), now=world.now, internal=False)
    add_note(leading, "示例：已转门店", by=world.viewer("agent"), now=world.now, internal=False)
    merge_cases(dropped.pk, leading.pk, by=world.viewer("agent"), now=world.now, confirmed=True)
    return leading, dropped


def test_by_the_old_number_of_his_own_case_he_follows_the_leading_one(world: World) -> None:
    leading, dropped = two(world)
    page = follows(dropped).get("/portal/case").content.decode()
    assert leading.number in page
    assert "示例：已转门店" in page
    assert "示例：请稍候" in page


def test_by_the_old_number_of_somebody_elses_case_he_sees_his_own_and_nothing_of_the_other(world: World) -> None:
    leading, dropped = two(world, phone="13800000199")
    page = follows(dropped).get("/portal/case").content.decode()
    assert dropped.number in page
    assert leading.number not in page
    assert "示例：已转门店" not in page
    assert "已与另一件合并办理" in page
    other = follows(leading).get("/portal/case").content.decode()
    assert "示例：请稍候" not in other


def test_what_was_undone_is_no_news_to_the_customer(world: World) -> None:
    case = world.ticket()
    world.take(case, "note_handling", {"handling": "示例"}, "agent")
    before = follows(case).get("/portal/case").context["p"].entries
    undo_deed(case.pk, by=world.viewer("agent"), now=world.now)
    assert len(follows(case).get("/portal/case").context["p"].entries) <= len(before)


def test_the_customer_disputes_a_closed_case_with_words_and_a_file(world: World) -> None:
    case = world.ticket()
    world.take(case, "resolve", {"answer": "示例：已致歉"}, "agent")
    client = follows(case)
    assert "不认可的请写明原因" in client.get("/portal/case").content.decode()
    form = client.get("/portal/case/act/dispute")
    assert form.status_code == 200
    values = {"reason": "", "key": "k1"}
    assert client.post("/portal/case/act/dispute", values).status_code == 422
    values = {"reason": "示例：没有人当面道歉", form.context["form"].pictures: [picture()], "key": "k2"}
    client.post("/portal/case/act/dispute", values)
    again = Case.objects.get(pk=case.pk)
    assert (again.stage, again.status) == ("complaint_handling", "open")
    page = client.get("/portal/case").content.decode()
    assert "示例：没有人当面道歉" in page
    assert "现场.png" in page
    shown = world.signed_in("agent").get(f"/cases/{case.number}").content.decode()
    assert "重新打开过 1 次" in shown
    assert "示例：没有人当面道歉" in shown


def test_the_page_asks_every_few_seconds_and_is_told_only_what_is_new(world: World, case: Case) -> None:
    client = Client()
    client.post("/portal/follow", {"number": case.number, "phone": PHONE})
    page = client.post("/portal/follow/code", {"code": sent_code()}, follow=True).content.decode()
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    assert seen
    assert 'hx-trigger="every 10s, live"' in page
    assert client.get("/portal/case/state", {"seen": seen[1]}).status_code == 204
    add_note(case, "示例：已联系门店。", by=world.viewer("agent"), now=WALL, internal=False)
    told = client.get("/portal/case/state", {"seen": seen[1]})
    assert told.status_code == 200
    assert "示例：已联系门店。" in told.content.decode()
