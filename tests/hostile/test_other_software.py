"""What programs send that are not ours: the chat's widget, the providers of short messages, WeChat. Wrong, huge, missing, twice."""

from __future__ import annotations

import json
import random
from functools import partial
from typing import Any

import pytest
from django.test import Client

from tests.hostile.asking import Findings, attempted
from tests.hostile.furnishing import Visitor, furnish
from zhike.channels.sms.models import SmsGateway
from zhike.channels.tests.platform import message, sealed
from zhike.channels.wechat.models import WechatAccount
from zhike.lib import clock
from zhike.web.tests.hostile import SCRIPT, TEXTS, VALUES
from zhike.web.tests.house import standing

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

BODIES = (
    b"", b"null", b"[]", b"1", b'"x"', b"{", b"{}", b"\xff\xfe", b'{"a":' * 5000, b"[" * 100_000, b'{"words": "\\u0000"}',
    b'{"words": "\\ud800", "key": "12345678"}', b'{"key": NaN}', b'{"key": 1e999}', b'{"words": "a", "words": "b"}', b"x" * 70_000,
    b"9" * 5000, '{"words": "示例", "key": "示例示例示例示例"}'.encode("gbk"),
)  # fmt: skip
SAID: dict[str, dict[str, Any]] = {
    "messages": {"words": "示例", "key": "12345678ab", "files": [], "form": {}, "token": "", "page": "http://testserver/", "referrer": ""},
    "typing": {}, "read": {"seq": 1}, "end": {}, "survey": {"score": 5, "comment": "示例", "later": False},
    "pages": {"pages": [{"url": "http://testserver/demo", "title": "示例", "seconds": 3}], "left": True},
    "identity": {"token": "a.b.c"}, "offline": {"form": {}, "key": "12345678cd", "files": [], "token": ""},
}  # fmt: skip
ASKED = {"settings": (), "state": ("after", "before", "only", "number"), "transcript": ()}
NUMBER = "13800000101"
RECEIPTS: dict[str, dict[str, Any]] = {
    "local": {"reference": "zk1", "number": NUMBER, "delivered": True, "code": "0", "words": "示例", "key": "k-1"},
    "aliyun": {"biz_id": "b-1", "out_id": "zk1", "phone_number": NUMBER, "success": True, "err_code": "0", "err_msg": "示例",
               "sms_size": "1", "content": "示例", "sequence_id": "1", "send_time": "2025-06-10 12:00:00"},
    "tencent": {"sid": "s-1", "ext": "zk1", "mobile": NUMBER, "nationcode": "86", "report_status": "SUCCESS", "errmsg": "0",
                "description": "示例", "text": "示例", "time": 1457336869, "sign": "示例"},
}  # fmt: skip
UNSEALED = (
    b"<xml/>", b"<xml><Encrypt/></xml>", b"<xml><Encrypt>x</Encrypt><Encrypt>y</Encrypt></xml>",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]><xml>&a;</xml>",
)  # fmt: skip


XML = (
    "", "<xml/>", "<xml>", "x", "<xml><MsgType/></xml>", "<xml><MsgType>text</MsgType><MsgType>image</MsgType></xml>", "<a><b><c/></b></a>",
    message("1", SCRIPT), message("9" * 500), message("", "示例"), message("2", "示例", "o" * 5000),
    message("3", "\u202e\u200b" + "示例" * 90),
    "<xml><FromUserName>o1</FromUserName><MsgType>event</MsgType><Event>x</Event><CreateTime>x</CreateTime></xml>", "<xml>" + "<a>" * 5000,
)  # fmt: skip


def test_no_program_breaks_a_way_in(findings: Findings) -> None:
    with standing("webchat-desk") as house:
        furnish(house)
        _the_widget(findings)
        _the_providers(findings)
        _wechat(findings)
    assert not findings.faults, str(findings)
    assert {201, 200, 400} <= set(findings.answers), str(findings)


def _the_widget(findings: Findings) -> None:
    """A visitor who talks, one who has ended, and one who never wrote."""
    talking, ended, fresh = Visitor("示例访客丁"), Visitor("示例访客戊"), Visitor("示例访客己")
    talking.asks("示例：在吗？")
    ended.asks("示例：算了。")
    ended.sends("end", {})
    for visitor in (talking, ended, fresh):
        _as(visitor, random.Random(visitor.name), findings)
    for text in (*TEXTS, "Visitor", "Visitor \x00", "Visitor " + "a" * 5000):
        head = {"Authorization": text.encode("utf-8", "replace").decode("latin-1", "replace")}
        state = partial(fresh.client.get, f"/chat/{fresh.key}/state", headers=head)
        attempted(findings, "chat secret", text, state)


def _as(visitor: Visitor, dice: random.Random, findings: Findings) -> None:
    for what, usual in SAID.items():
        good = {**usual, "form": visitor.form} if "form" in usual else usual
        for body in (*BODIES, *_wrong(good, dice)):
            attempted(findings, f"chat {what}", body, partial(visitor.sends, what, body))
    for what, names in ASKED.items():
        for query in ({name: text} for name in (*names, "x") for text in TEXTS[::4]):
            address = f"/chat/{visitor.key}/{what}"
            attempted(
                findings, f"chat {what}", query, partial(visitor.client.get, address, query, headers=visitor.head)
            )


def _wrong(good: dict[str, Any], dice: random.Random) -> list[bytes]:
    """Each part wrong, each part missing, all wrong, the parts of the form wrong, more than asked."""
    found: list[Any] = [{**good, "x": 1, "__proto__": {}}]
    for name in good:
        found += [{**good, name: value} for value in dice.sample(VALUES, 4)]
        found.append({other: value for other, value in good.items() if other != name})
    found += [dict.fromkeys(good, value) for value in dice.sample(VALUES, 4)]
    for name in good.get("form", {}):
        for value in dice.sample(VALUES, 4):
            key = f"12345678{dice.randrange(10**6)}"
            found.append({**good, "key": key, "form": {**good["form"], name: value}})
    return [json.dumps(each).encode() for each in found]


def _the_providers(findings: Findings) -> None:
    dice = random.Random("providers")
    gateway, client = SmsGateway.objects.get(), Client()
    for provider in SmsGateway.Provider.values:
        SmsGateway.objects.update(provider=provider)
        for what in ("receipts", "replies"):
            rows = [b"[" + row + b"]" for row in _wrong(RECEIPTS[provider], dice)]
            for body in (*BODIES, *rows):
                address = f"/callbacks/sms/{gateway.callback}/{what}"
                sent = partial(client.post, address, body, content_type="application/json")
                attempted(findings, f"sms {provider} {what}", body, sent)


def _wechat(findings: Findings) -> None:
    account = WechatAccount.objects.get()
    address, client = f"/callbacks/wechat/{account.callback}", Client()
    for inner in XML:
        query, body = sealed(account, inner, clock.wall())
        sent = partial(client.post, address, body, content_type="text/xml", query_params=query)
        attempted(findings, "wechat sealed", inner, sent)
    for body in (*BODIES, *UNSEALED):
        attempted(findings, "wechat", body, partial(client.post, address, body, content_type="text/xml"))
    for name in ("timestamp", "nonce", "msg_signature", "signature", "echostr"):
        for text in TEXTS:
            attempted(findings, "wechat", (name, text), partial(client.get, address, {name: text}))
