"""Callbacks of WeChat: the published vectors, and everything that is not from WeChat."""

from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhike.channels.wechat.crypt import BadCallback, Crypt
from zhike.channels.wechat.reading import Heard, heard_of, key_of, read_xml
from zhike.conversations.failures import Why

OFFICIAL = Crypt("pamtest", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6")
"""The account of the platform's own sample code in Java (WXBizMsgCryptTest)."""
WECOM = Crypt("hJqcu3uJ9Tn2gXPmxx2w9kkCkCE2EPYo", "6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt", "ww1436e0e65a779aee")
"""The account of WeCom's sample code in Python (Sample.py)."""
ECHO = "fsi1xnbH4yQh0+PJxcOdhhK6TDXkjMyhEPA7xB2TGz6b+g7xyAbEkRxN/3cNXW9qdqjnoVzEtpbhnFyq6SVHyA=="


def test_the_published_message_is_sealed_as_published() -> None:
    sealed = OFFICIAL.seal("我是中文abcd123".encode(), b"aaaabbbbccccdddd")
    assert sealed == "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    assert OFFICIAL.open(sealed).decode() == "我是中文abcd123"


def test_the_published_address_check_is_answered_as_published() -> None:
    WECOM.check("012bc692d0a58dd4b10f8dfe5c4ac00ae211ebeb", "1476416373", "47744683", ECHO)
    assert WECOM.open(ECHO) == b"1288432023552776189"


def test_the_signature_of_the_documentation() -> None:
    sealed = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    documented = Crypt("QDG6eK", WECOM.aes_key, "wx5823bf96d3bd56c7")
    assert documented.signature("1409659589", "263014780", sealed) == "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"


@pytest.mark.parametrize(
    "sealed", ["", "x", "====", "AAAA", ECHO[:-4], ECHO[::-1], base64.b64encode(b"\0" * 64).decode(), "A" * 300_000]
)
def test_what_was_not_sealed_for_us_does_not_open(sealed: str) -> None:
    with pytest.raises(BadCallback):
        WECOM.open(sealed)


def test_a_message_for_another_account_or_with_another_key_does_not_open() -> None:
    other = Crypt(WECOM.token, WECOM.aes_key, "ww0000000000000000")
    with pytest.raises(BadCallback, match="somebody else"):
        other.open(ECHO)
    with pytest.raises(BadCallback):
        OFFICIAL.open(ECHO)
    with pytest.raises(BadCallback, match="signature"):
        WECOM.check("0" * 40, "1476416373", "47744683", ECHO)
    with pytest.raises(BadCallback, match="key"):
        Crypt("t", "short", "x").open(ECHO)


@given(st.binary(max_size=300))
def test_whatever_is_sealed_opens_again(message: bytes) -> None:
    assert WECOM.open(WECOM.seal(message)) == message


@given(st.binary(max_size=128).map(lambda data: base64.b64encode(data).decode()) | st.text(max_size=100))
def test_nothing_else_opens(sealed: str) -> None:
    with pytest.raises(BadCallback):
        WECOM.open(sealed)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
NAMES = st.sampled_from([
    "MsgType", "msgtype", "Event", "FromUserName", "Content", "MediaId", "origin", "external_userid", "text", "event", "location",
    "event_type", "fail_msgid", "fail_type", "image", "content", "media_id", "Label", "MsgId",
])  # fmt: skip
KINDS = st.sampled_from(
    ["text", "image", "voice", "location", "link", "event", "file", "x", "msg_send_fail", "enter_session"]
)


@given(st.dictionaries(NAMES, VALUES | KINDS | st.dictionaries(NAMES, VALUES | KINDS, max_size=4), max_size=8))
def test_whatever_a_payload_holds_it_is_read(payload: dict[str, object]) -> None:
    heard = heard_of(payload)
    assert len(heard.words) <= 6000
    assert "\0" not in heard.words + heard.note + heard.sender
    assert len(key_of(payload)) <= 80


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: f"<xml><a>{text}</a></xml>".encode(errors="replace"))
)
def test_a_body_is_xml_or_refused(body: bytes) -> None:
    with contextlib.suppress(BadCallback):
        assert isinstance(read_xml(body), dict)


def test_a_document_with_entities_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><MsgType>&b;</MsgType></xml>'
    with pytest.raises(BadCallback):
        read_xml(bomb)


OFFICIAL_MESSAGES = [
    ({"MsgType": "text", "Content": "几点开门"}, Heard("o1", "几点开门")),
    ({"MsgType": "image", "MediaId": "m1", "PicUrl": "x"}, Heard("o1", "", "m1", "image")),
    ({"MsgType": "voice", "MediaId": "m1", "Recognition": "你好"}, Heard("o1", "（语音识别）你好", "m1", "voice")),
    ({"MsgType": "video", "MediaId": "m1"}, Heard("o1", "", "m1", "video")),
    (
        {"MsgType": "location", "Location_X": "23.13", "Location_Y": "113.35", "Label": "示例路 1 号"},
        Heard("o1", "[位置] 示例路 1 号 (23.13, 113.35)"),
    ),
    (
        {"MsgType": "link", "Title": "标题", "Description": "说明", "Url": "https://example.com"},
        Heard("o1", "[链接] 标题\n说明\nhttps://example.com"),
    ),
    ({"MsgType": "event", "Event": "subscribe"}, Heard()),
    ({"MsgType": "event", "Event": "unsubscribe"}, Heard("o1", note="客户已取消关注：不能再给他发消息")),
    ({"MsgType": "event", "Event": "CLICK", "EventKey": "help"}, Heard("o1", note="客户点击菜单：help")),
    ({"MsgType": "hologram"}, Heard("o1", "[暂不支持的微信消息：hologram]")),
]


@pytest.mark.parametrize(("payload", "heard"), OFFICIAL_MESSAGES)
def test_what_an_official_account_hears(payload: dict[str, object], heard: Heard) -> None:
    assert heard_of({"FromUserName": "o1", "MsgId": "1", **payload}) == heard


WECOM_MESSAGES = [
    ({"msgtype": "text", "text": {"content": "几点开门"}}, Heard("wm1", "几点开门")),
    ({"msgtype": "file", "file": {"media_id": "m1"}}, Heard("wm1", "", "m1", "file")),
    (
        {"msgtype": "location", "location": {"latitude": 23.1, "longitude": 113.3, "name": "示例"}},
        Heard("wm1", "[位置] 示例 (23.1, 113.3)"),
    ),
    ({"msgtype": "text", "text": {"content": "x"}, "origin": 5}, Heard()),
    (
        {"msgtype": "event", "event": {"event_type": "enter_session", "external_userid": "wm1"}},
        Heard("wm1", note="客户进入会话"),
    ),
    (
        {"msgtype": "event", "event": {"event_type": "msg_send_fail", "fail_msgid": "zk7", "fail_type": 4}},
        Heard(failed=("zk7", Why("wecom.4"))),
    ),
    (
        {"msgtype": "miniprogram", "miniprogram": {"title": "示例小程序"}},
        Heard("wm1", "[微信消息：miniprogram] 示例小程序"),
    ),
]


@pytest.mark.parametrize(("payload", "heard"), WECOM_MESSAGES)
def test_what_customer_service_of_wecom_hears(payload: dict[str, object], heard: Heard) -> None:
    assert heard_of({"msgid": "1", "origin": 3, "external_userid": "wm1", **payload}) == heard
