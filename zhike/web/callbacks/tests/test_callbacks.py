"""Callbacks over HTTP: taken, answered as the caller wants it, refused without a word."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zhike.channels.sms.models import IncomingSms, OutgoingMessage
from zhike.channels.sms.sending import Order, deliver, queue
from zhike.channels.tests.platform import message, sealed
from zhike.channels.tests.short import NOW, NUMBER, gateway, ground, template
from zhike.channels.wechat.accounts import AccountWish, save_account
from zhike.channels.wechat.models import WechatAccount, WechatEvent
from zhike.conversations.models import Conversation
from zhike.lib import clock
from zhike.web.callbacks import limits

pytestmark = pytest.mark.django_db
QUERY = st.sampled_from(["timestamp", "nonce", "msg_signature", "echostr"])


def posted(address: str, body: Any) -> Any:
    """As a stranger: no cookie, no token against forgery."""
    content = body if isinstance(body, bytes) else json.dumps(body)
    return Client(enforce_csrf_checks=True).post(address, content, content_type="application/json")


@pytest.fixture
def there() -> Any:
    ground()
    return gateway("aliyun")


@pytest.fixture
def account() -> WechatAccount:
    ground()
    aes_key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    wish = AccountWish(
        "示例公众号", "official", "talk", "wxb11529c136998cb6", secret="s", token="pamtest", aes_key=aes_key
    )
    return save_account(None, wish, by="staff:1", now=NOW)


def test_a_receipt_and_a_reply_are_taken_and_answered(there: Any) -> None:
    row = queue(Order(NUMBER, template=template(there), values={"name": "a", "number": "b"}), NOW)
    OutgoingMessage.objects.filter(pk=row.pk).update(state="sent", provider_id="b-1")
    receipt = {
        "phone_number": "13800000101",
        "success": True,
        "biz_id": "b-1",
        "out_id": f"zk{row.pk}",
        "err_code": "DELIVERED",
    }
    answer = posted(f"/callbacks/sms/{there.callback}/receipts", [receipt])
    assert (answer.status_code, answer.json()) == (200, {"code": 0, "msg": "OK"})
    row.refresh_from_db()
    assert row.state == "delivered"
    reply = {"phone_number": "13800000101", "content": "几时到货", "sequence_id": "77"}
    for _ in range(2):
        assert posted(f"/callbacks/sms/{there.callback}/replies", [reply]).status_code == 200
    assert Conversation.objects.get().last_words == "几时到货"
    assert deliver(row.pk, NOW) is None


def test_tencent_hears_what_it_wants_to_hear() -> None:
    ground()
    there = gateway("tencent")
    body = {"mobile": "13800000101", "nationcode": "86", "text": "在吗", "time": 1457336869}
    assert posted(f"/callbacks/sms/{there.callback}/replies", body).json() == {"result": 0, "errmsg": "OK"}


def test_what_is_not_addressed_to_a_gateway_or_unreadable_tells_nothing(there: Any) -> None:
    assert posted(f"/callbacks/sms/{'x' * 43}/receipts", []).status_code == 404
    assert posted("/callbacks/sms/x/replies", []).status_code == 404
    assert posted(f"/callbacks/sms/{there.callback}/replies", b"<xml/>").status_code == 400
    assert posted(f"/callbacks/sms/{there.callback}/replies", b"[" + b" " * 1_100_000 + b"]").status_code == 400
    assert Client().get(f"/callbacks/sms/{there.callback}/replies").status_code == 405
    assert IncomingSms.objects.count() == 0


def test_wechat_is_kept_before_it_is_answered(account: WechatAccount) -> None:
    query, body = sealed(account, message("1"), clock.wall())
    address = f"/callbacks/wechat/{account.callback}?" + "&".join(f"{name}={value}" for name, value in query.items())
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = posted(address, body)
    assert (answer.status_code, answer.content) == (200, b"success")
    assert len(asked) <= 12
    assert WechatEvent.objects.get().payload["Content"] == "几点开门"
    assert posted(address, body).status_code == 200
    assert WechatEvent.objects.count() == 1
    assert posted(address.replace("nonce=n1", "nonce=n2"), body).status_code == 403
    assert posted(f"/callbacks/wechat/{'x' * 43}", body).status_code == 404
    WechatAccount.objects.update(is_active=False)
    assert posted(address, body).status_code == 404


def address_for(account: WechatAccount, number: str) -> tuple[str, bytes]:
    query, body = sealed(account, message(number), clock.wall())
    return f"/callbacks/wechat/{account.callback}?" + "&".join(f"{name}={value}" for name, value in query.items()), body


def test_a_flood_of_strangers_is_turned_away_and_whoever_signs_is_still_heard(account: WechatAccount) -> None:
    """All of them come from one address, as behind a proxy nobody was told of."""
    made_up = [posted(f"/callbacks/wechat/{'x' * 43}", b"<xml/>").status_code for _ in range(70)]
    forged = [posted(f"/callbacks/wechat/{account.callback}", b"<xml/>").status_code for _ in range(70)]
    assert made_up == [404] * 60 + [429] * 10
    assert forged == [403] * 60 + [429] * 10
    assert int(posted(f"/callbacks/sms/{'x' * 43}/replies", [])["Retry-After"]) > 0
    assert posted(*address_for(account, "1")).content == b"success"
    assert WechatEvent.objects.count() == 1


def test_a_platform_that_floods_is_told_to_come_again_and_its_repetition_is_taken(
    account: WechatAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits.KNOWN, "most", 3)
    said = [posted(*address_for(account, str(number))).status_code for number in range(5)]
    assert (said, WechatEvent.objects.count()) == ([200, 200, 200, 429, 429], 3)
    monkeypatch.setattr(limits.KNOWN, "most", 100)
    limits.KNOWN.forget()
    assert posted(*address_for(account, "4")).status_code == 200
    assert WechatEvent.objects.count() == 4


def test_a_gateway_that_floods_with_what_nobody_can_read_stops_nobodys_receipts(there: Any) -> None:
    garbage = [posted(f"/callbacks/sms/{there.callback}/receipts", b"<xml/>").status_code for _ in range(65)]
    assert garbage == [400] * 60 + [429] * 5
    reply = {"phone_number": "13800000101", "content": "几时到货", "sequence_id": "78"}
    assert posted(f"/callbacks/sms/{there.callback}/replies", [reply]).status_code == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=300),
    query=st.dictionaries(st.sampled_from(["timestamp", "nonce", "msg_signature", "echostr"]), st.text(max_size=30)),
)
def test_whatever_a_stranger_sends_nothing_breaks_and_nothing_is_kept(
    account: WechatAccount, body: bytes, query: dict[str, str]
) -> None:
    there = Client()
    limits.STRANGER.forget()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM web_allowance")
    address = f"/callbacks/wechat/{account.callback}"
    assert there.get(address, query).status_code == 403
    assert there.post(address, body, content_type="text/xml", query_params=query).status_code == 403
    assert WechatEvent.objects.count() == 0
