"""Gateways nobody has seen: whatever they answer, the state of a message is true, its reason is said, and nothing goes out twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import override_settings

from zhike.channels.calling import house_line
from zhike.channels.http import Line
from zhike.channels.sms.accounts import gateway_of
from zhike.channels.sms.gateways import Outcome, Receipt
from zhike.channels.sms.incoming import take_receipts, take_replies
from zhike.channels.sms.models import OutgoingMessage
from zhike.channels.sms.sending import ASK_AFTER, MOST, Order, ask_again, deliver, note_outcome, queue
from zhike.channels.tests.platform import PICTURE, Platform, account, talking
from zhike.channels.tests.short import NOW, NUMBER, gateway, ground, jobs, template
from zhike.channels.tests.stand_in import DROPS, HANGS, Asked, Raw, StandIn, stand_in
from zhike.channels.wechat import sending as wechat
from zhike.conversations.actions import say
from zhike.conversations.failures import in_words
from zhike.conversations.models import Message
from zhike.records.attachments import store_attachment

pytestmark = pytest.mark.django_db
ODD: dict[str, Any] = {
    "breaks": Raw(b"Internal Server Error", "text/plain", 500),
    "breaks with JSON": Raw(b'{"Code": "OK", "errcode": 0}', "application/json", 503),
    "is hidden by a proxy": Raw(b"<html>Bad Gateway</html>", "text/html", 502),
    "shows a page to sign in": Raw(b"<html>Wi-Fi</html>", "text/html", 200),
    "leads elsewhere": Raw(b"", "text/html", 302, (("Location", "http://127.0.0.1:1/"),)),
    "says nothing": Raw(b"", "application/json"),
    "breaks off": Raw(b'{"Code": "O', "application/json"),
    "answers a list": Raw(b"[1, 2]", "application/json"),
    "answers brackets": Raw(b"[" * 100_000, "application/json"),
    "answers something else": {"status": "success", "data": {}},
    "answers with another type": {"Code": {"a": 1}, "errcode": "0", "Response": "ok"},
    "answers with truth": {"Code": True, "errcode": False, "Response": True},
    "is not UTF-8": Raw('{"Code": "成功"}'.encode("gbk"), "application/json"),
    "hangs up": DROPS,
    "hangs": HANGS,
}


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    def impatient() -> Line:
        return replace(house_line(), total=1.5)

    monkeypatch.setattr("zhike.channels.sms.accounts.house_line", impatient)
    monkeypatch.setattr("zhike.channels.wechat.client.house_line", impatient)
    with stand_in(Platform()) as made, override_settings(WEBHOOK_HOSTS=frozenset({"127.0.0.1"})):
        yield made


def texted(there: StandIn, provider: str) -> OutgoingMessage:
    ground()
    order = Order(NUMBER, template=template(gateway(provider, there.address)), values={"name": "李", "number": "1"})
    return queue(order, NOW)


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
@pytest.mark.parametrize("odd", ODD)
def test_a_short_message_whose_gateway_answers_oddly_is_unknown_asked_about_four_times_and_sent_once(
    there: StandIn, provider: str, odd: str
) -> None:
    there.answers = lambda asked: ODD[odd]
    row = texted(there, provider)
    deliver(row.pk, NOW)
    sent = len(there.asked)
    for turn in range(len(ASK_AFTER) + 2):
        for job in [job for job in jobs("channels.sms_ask") if job.args["turn"] == turn]:
            ask_again(job.args["number"], turn, NOW + dt.timedelta(hours=turn))
    deliver(row.pk, NOW + dt.timedelta(days=1))
    row.refresh_from_db()
    assert (row.state, sent, len(there.asked)) == ("unknown", 1, 1 + len(ASK_AFTER))
    assert "不会自动重发" in in_words(row)
    assert "not sent again" in in_words(row, "en")


@pytest.mark.parametrize("kind", ["official", "wecom"])
@pytest.mark.parametrize("odd", ODD)
def test_an_answer_in_wechat_whose_interface_answers_oddly_is_unknown_and_sent_once(
    there: StandIn, kind: str, odd: str
) -> None:
    conversation, viewer = talking(account(there, kind))
    said = say(conversation, viewer, words="九点开门", key="a1", now=NOW)
    plays = there.answers
    there.answers = lambda asked: plays(asked) if asked.path.endswith(("token", "gettoken")) else ODD[odd]
    for _ in range(3):
        wechat.deliver(said.pk, NOW)
    said.refresh_from_db()
    assert (said.state, calls(there, "send")) == ("unknown", 1)
    assert "不会自动重发" in in_words(said)


def calls(there: StandIn, name: str) -> int:
    return sum(name in path.rpartition("/")[2] for path in there.paths())


@pytest.mark.parametrize("odd", [odd for odd in ODD if odd != "hangs"])
def test_without_a_token_nothing_leaves_and_it_is_tried_four_times(there: StandIn, odd: str) -> None:
    conversation, viewer = talking(account(there))
    said = say(conversation, viewer, words="九点开门", key="a1", now=NOW)
    there.answers = lambda asked: ODD[odd]
    for _ in range(6):
        wechat.deliver(said.pk, NOW)
    said.refresh_from_db()
    assert (said.state, calls(there, "send"), calls(there, "stable_token")) == ("failed", 0, wechat.MOST)
    assert "微信没有接受" in in_words(said)


def test_a_platform_that_is_busy_for_ever_is_tried_four_times(there: StandIn) -> None:
    conversation, viewer = talking(account(there))
    said = say(conversation, viewer, words="九点开门", key="a1", now=NOW)
    plays = there.answers
    there.answers = lambda asked: plays(asked) if "token" in asked.path else {"errcode": 45009, "errmsg": "busy"}
    for _ in range(8):
        wechat.deliver(said.pk, NOW)
    said.refresh_from_db()
    assert (said.state, calls(there, "send")) == ("failed", wechat.MOST)


def in_two_parts(there: StandIn, between: Callable[[Platform], None]) -> tuple[Message, list[str]]:
    """Words and a picture; `between` them something happens at the platform."""
    plays = Platform()
    there.answers = plays
    conversation, viewer = talking(account(there))
    photo = store_attachment(PICTURE, "照片.jpg", by=viewer.principal, now=NOW)
    said = say(conversation, viewer, words="见图", key="a1", now=NOW, files=[photo.token])
    taken: list[str] = []

    def answers(asked: Asked) -> Any:
        answer = plays(asked)
        if asked.path.endswith("custom/send") and answer.get("errcode") == 0:
            taken.append(asked.json()["msgtype"])
            if len(taken) == 1:
                between(plays)
        return answer

    there.answers = answers
    for _ in range(3):
        wechat.deliver(said.pk, NOW)
    said.refresh_from_db()
    return said, taken


def test_a_token_that_ends_between_two_parts_is_replaced_and_neither_part_goes_twice(there: StandIn) -> None:
    def ends(plays: Platform) -> None:
        plays.refuses = {f"t{number}" for number in range(1, plays.issued + 1)}

    said, taken = in_two_parts(there, ends)
    assert (said.state, taken) == ("sent", ["text", "image"])


def test_where_no_new_token_comes_the_message_says_that_a_part_went_out(there: StandIn) -> None:
    def ends(plays: Platform) -> None:
        plays.refuses = {f"t{number}" for number in range(99)}

    said, taken = in_two_parts(there, ends)
    assert (said.state, taken, "部分已发出" in in_words(said)) == ("failed", ["text"], True)


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
def test_a_gateway_that_cannot_be_reached_is_tried_five_times_and_then_it_failed(there: StandIn, provider: str) -> None:
    row = texted(there, provider)
    row.gateway.endpoint = "http://127.0.0.1:1/"  # type: ignore[union-attr]
    row.gateway.save(update_fields=["endpoint"])  # type: ignore[union-attr]
    moment = NOW
    for _ in range(MOST + 3):
        deliver(row.pk, moment)
        row.refresh_from_db()
        moment = row.not_before or moment
    assert (row.state, row.attempts, row.code) == ("failed", MOST, "connect")


RECEIPTS = ("delivered", "failed")


@pytest.mark.parametrize("first", RECEIPTS)
def test_receipts_that_come_twice_or_contradict_each_other_leave_the_first_word(there: StandIn, first: str) -> None:
    row = texted(there, "aliyun")
    note_outcome_of_taken(row)
    both = [Receipt("b-1", f"zk{row.pk}", NUMBER, each == "delivered", each, each) for each in RECEIPTS]
    both.sort(key=lambda receipt: receipt.code != first)
    assert row.gateway is not None
    assert take_receipts(row.gateway, [*both, *both], NOW) == 1
    row.refresh_from_db()
    assert (row.state, row.code) == (first, first)


def note_outcome_of_taken(row: OutgoingMessage) -> None:
    OutgoingMessage.objects.filter(pk=row.pk).update(state="sending", claimed_at=NOW)
    note_outcome(row.pk, Outcome("taken", "b-1", "OK"), NOW)


@pytest.mark.parametrize(
    ("provider", "receipts", "replies"),
    [
        (
            "aliyun",
            b'[{"phone_number": "x"}, {"phone_number": "13800000101", "success": true, "biz_id": "b-1"}, {}]',
            '[{"phone_number": null, "content": "?"}, {"phone_number": "13800000101", "content": "在吗"}]'.encode(),
        ),
        (
            "tencent",
            b'[{"mobile": []}, {"mobile": "13800000101", "nationcode": "86", "report_status": "SUCCESS", "sid": "b-1"}]',
            '[{"text": "?"}, {"mobile": "13800000101", "nationcode": "86", "text": "在吗", "time": 1}]'.encode(),
        ),
    ],
)
def test_one_line_nobody_can_read_takes_none_of_the_others_with_it(
    there: StandIn, provider: str, receipts: bytes, replies: bytes
) -> None:
    row = texted(there, provider)
    note_outcome_of_taken(row)
    assert row.gateway is not None
    adapter = gateway_of(row.gateway)
    assert take_receipts(row.gateway, adapter.receipts(receipts), NOW) == 1
    assert [take_replies(row.gateway, adapter.replies(replies), NOW) for _ in range(2)] == [1, 0]
    row.refresh_from_db()
    assert row.state == "delivered"
    assert Message.objects.get().words == "在吗"
