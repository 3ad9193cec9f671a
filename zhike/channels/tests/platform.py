"""WeChat as the stand-in plays it, an account with it, and what somebody says there. All of it is made up (示例)."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from PIL import Image

from zhike.channels.tests.short import NOW, ground
from zhike.channels.tests.stand_in import Asked, Raw, StandIn
from zhike.channels.wechat.accounts import AccountWish, crypt_of, save_account
from zhike.channels.wechat.callbacks import take_callback
from zhike.channels.wechat.models import WechatAccount, WechatEvent
from zhike.channels.wechat.taking import take_waiting
from zhike.conversations.handing import accept
from zhike.conversations.models import Conversation
from zhike.conversations.tests.ground import person

AES = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
WALL = dt.datetime(2025, 3, 3, 2, 0, tzinfo=dt.UTC)


def _picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(content, "JPEG")
    return content.getvalue()


PICTURE = _picture()


class Platform:
    """What the stand-in plays: tokens t1, t2 ...; anything said to it can be made to fail."""

    def __init__(self) -> None:
        self.issued = 0
        self.refuses: set[str] = set()
        """Tokens it no longer takes."""
        self.says: list[Any] = []
        """Answers to the next calls that are no tokens."""
        self.pages: dict[str, dict[str, Any]] = {}

    def __call__(self, asked: Asked) -> Any:
        if asked.path in ("/cgi-bin/stable_token", "/cgi-bin/gettoken"):
            self.issued += 1
            return {"access_token": f"t{self.issued}", "expires_in": 7200}
        if asked.query.get("access_token") in self.refuses:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        if self.says:
            return self.says.pop(0)
        if asked.path == "/cgi-bin/kf/sync_msg":
            return self.pages.get(asked.json().get("cursor", ""), {"errcode": 0, "has_more": 0, "msg_list": []})
        if asked.path == "/cgi-bin/media/get":
            return Raw(PICTURE, "image/jpeg", headers=(("Content-Disposition", 'attachment; filename="photo.jpg"'),))
        return {"errcode": 0, "errmsg": "ok", "media_id": "up1"}


def account(there: StandIn, kind: str = "official") -> WechatAccount:
    ground()
    wish = AccountWish(
        "示例公众号", kind, "talk", "wxb11529c136998cb6", open_kfid="wk1" if kind == "wecom" else "", secret="sample", token="pamtest",
        aes_key=AES, endpoint=there.address,
    )  # fmt: skip
    return save_account(None, wish, by="staff:1", now=NOW)


def sealed(row: WechatAccount, inner: str, at: dt.datetime = WALL) -> tuple[dict[str, str], bytes]:
    """(query, body) as the platform would send them."""
    crypt = crypt_of(row)
    encrypted = crypt.seal(inner.encode())
    timestamp = str(int(at.timestamp()))
    query = {
        "timestamp": timestamp,
        "nonce": "n1",
        "encrypt_type": "aes",
        "msg_signature": crypt.signature(timestamp, "n1", encrypted),
    }
    return (
        query,
        f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode(),
    )


def message(number: str, content: str = "几点开门", sender: str = "o1") -> str:
    return (
        f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{sender}</FromUserName><CreateTime>1740967200</CreateTime>"
        f"<MsgType>text</MsgType><Content><![CDATA[{content}]]></Content><MsgId>{number}</MsgId></xml>"
    )


def picture(number: str, sender: str = "o1") -> str:
    return (
        f"<xml><FromUserName>{sender}</FromUserName><MsgType>image</MsgType><MediaId>med-{number}</MediaId>"
        f"<MsgId>{number}</MsgId></xml>"
    )


def heard(row: WechatAccount, *inner: str) -> None:
    for each in inner:
        query, body = sealed(row, each)
        assert take_callback(row, query, body, now=NOW, wall=WALL) == "success"


def talking(row: WechatAccount) -> tuple[Conversation, Any]:
    """A conversation somebody has taken."""
    if row.kind == "official":
        heard(row, message("1"))
    else:
        WechatEvent.objects.create(account=row, key="m1", payload=kf("1"), at=NOW)
    take_waiting(row.pk, NOW)
    viewer = person("li")
    return accept(Conversation.objects.get(), viewer, now=NOW), viewer


def kf(number: str, words: str = "几点开门") -> dict[str, Any]:
    return {"msgid": number, "origin": 3, "external_userid": "wm1", "msgtype": "text", "text": {"content": words}}
