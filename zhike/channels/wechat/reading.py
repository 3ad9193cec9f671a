"""What came in, read: XML of Official Accounts and JSON of WeCom customer service become the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from zhike.channels.wechat.crypt import BadCallback
from zhike.channels.wechat.wording import UNKNOWN, line
from zhike.conversations.failures import NONE, Why, reason
from zhike.lib.text import clean_line, clean_text

MOST_WORDS = 4000
MEDIA = ("image", "voice", "video", "shortvideo", "file")
QUIET_EVENTS = frozenset({"view", "location", "templatesendjobfinish", "masssendjobfinish", "scan", "subscribe"})
NOT_ARRIVED = reason("wecom.failed", zh="微信没有送达", en="WeChat did not deliver it.")
FAILS = {
    1: reason("wecom.1", zh="客服账号已删除", en="The service account was deleted."),
    2: reason("wecom.2", zh="应用已关闭", en="The application is switched off."),
    4: reason(
        "wecom.4", zh="会话已过期：客户超过 48 小时没有说话", en="Too late: the customer has been silent for 48 hours."
    ),
    5: reason("wecom.5", zh="会话已关闭", en="The conversation was closed in WeChat."),
    6: reason("wecom.6", zh="客户再说话之前最多发 5 条", en="Five messages at most until the customer writes again."),
    10: reason("wecom.10", zh="客户拒收", en="The customer refuses messages."),
}
"""fail_type of msg_send_fail. https://developer.work.weixin.qq.com/document/path/94670"""


@dataclass(frozen=True, slots=True)
class Heard:
    """One message or event. Without `sender` it says nothing to us."""

    sender: str = ""
    words: str = ""
    media_id: str = ""
    media_kind: str = ""
    note: str = ""
    """For colleagues only: an event worth knowing in a running conversation."""
    failed: tuple[str, Why] = ("", NONE)
    """(our id of a message that did not arrive, why)"""
    extra: Mapping[str, Any] = field(default_factory=dict)


def read_xml(body: bytes) -> dict[str, Any]:
    """Elements by name, nested ones as dictionaries. Raises BadCallback; a document with a declaration of types is none of WeChat's."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise BadCallback("no XML of WeChat's")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - without entities, and bounded in size
    except (ElementTree.ParseError, ValueError, LookupError):
        raise BadCallback("no XML")
    return {child.tag: _value(child) for child in root}


def _value(element: ElementTree.Element) -> Any:
    children = list(element)
    return {child.tag: (child.text or "") for child in children} if children else (element.text or "")


def key_of(payload: Mapping[str, Any]) -> str:
    """What tells one delivery of a callback from another message: WeChat's id, else who, when and what."""
    number = _text(payload, "MsgId")
    if number:
        return f"m{number}"[:80]
    parts = [_text(payload, name) for name in ("FromUserName", "CreateTime", "Event", "EventKey")]
    return ("e" + ":".join(parts))[:80]


def heard_of(payload: Mapping[str, Any]) -> Heard:
    """Either kind of payload; what is not understood is said so, never dropped."""
    return _wecom(payload) if "msgtype" in payload else _official(payload)


def _official(payload: Mapping[str, Any]) -> Heard:
    sender, kind = _text(payload, "FromUserName")[:128], _text(payload, "MsgType").lower()
    if kind == "event":
        return _event(sender, _text(payload, "Event").lower(), _text(payload, "EventKey"))
    if kind == "text":
        return Heard(sender, _text(payload, "Content", MOST_WORDS))
    if kind in MEDIA:
        words = _text(payload, "Recognition", MOST_WORDS)
        return Heard(sender, line("recognised", words=words) if words else "", _text(payload, "MediaId"), kind)
    if kind == "location":
        return Heard(
            sender, _place(_text(payload, "Label"), _text(payload, "Location_X"), _text(payload, "Location_Y"))
        )
    if kind == "link":
        return Heard(sender, _link(_text(payload, "Title"), _text(payload, "Description"), _text(payload, "Url", 1000)))
    return Heard(sender, line("unsupported", kind_of=clean_line(kind)[:40] or UNKNOWN))


def _wecom(payload: Mapping[str, Any]) -> Heard:
    kind = _text(payload, "msgtype")
    part = payload.get(kind)
    inner: Mapping[str, Any] = part if isinstance(part, Mapping) else {}
    if kind == "event":
        return _wecom_event(inner)
    if payload.get("origin") != 3:  # written by a colleague in WeCom's own application, not by the customer
        return Heard()
    sender = _text(payload, "external_userid")[:128]
    if kind == "text":
        return Heard(sender, _text(inner, "content", MOST_WORDS))
    if kind in MEDIA:
        return Heard(sender, "", _text(inner, "media_id"), kind)
    if kind == "location":
        name = " ".join(filter(None, (_text(inner, "name"), _text(inner, "address"))))
        return Heard(sender, _place(name, _text(inner, "latitude"), _text(inner, "longitude")))
    if kind == "link":
        return Heard(sender, _link(_text(inner, "title"), _text(inner, "desc"), _text(inner, "url", 1000)))
    title = _text(inner, "title") or _text(inner, "userid")
    return Heard(sender, line("other", kind_of=clean_line(kind)[:40] or UNKNOWN, words=title))


def _wecom_event(inner: Mapping[str, Any]) -> Heard:
    kind = _text(inner, "event_type")
    if kind == "msg_send_fail":
        kind_of = inner.get("fail_type")
        why = FAILS.get(kind_of, NOT_ARRIVED) if isinstance(kind_of, int) else NOT_ARRIVED
        return Heard(failed=(_text(inner, "fail_msgid"), why))
    sender = _text(inner, "external_userid")[:128]
    return Heard(sender, note=line("entered")) if kind == "enter_session" else Heard()


def _event(sender: str, event: str, key: str) -> Heard:
    if event == "unsubscribe":
        return Heard(sender, note=line("left"))
    if event == "click":
        return Heard(sender, note=line("menu", words=clean_line(key)[:100]))
    return Heard() if event in QUIET_EVENTS else Heard(sender, note=line("event", words=clean_line(event)[:60]))


def _place(label: str, latitude: str, longitude: str) -> str:
    return line("place", words=f"{label} ({latitude}, {longitude})".strip())


def _link(title: str, words: str, url: str) -> str:
    return "\n".join(filter(None, (line("link", words=title), words, url)))


def _text(payload: Mapping[str, Any], name: str, most: int = 200) -> str:
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        return clean_text(str(value)).strip()[:most]
    except ValueError:  # a whole number of more digits than Python writes
        return ""
