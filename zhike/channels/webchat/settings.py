"""What an inbox says about its widget, read from the JSON of `Inbox.settings`. Whatever is missing has its default here.

{"origins": ["https://shop.example"], "title": {"zh": ..., "en": ...}, "welcome": {...}, "colour": "#0b6e6e", "side": "right",
 "fields": [{"id": "name", "required": true}], "topics": [{"id": "delivery", "title": {...}}],
 "consent": {"version": "2025-01", "words": {...}}, "offline": {"process": ..., "action": ..., "fields": {"words": "detail"}},
 "invitations": [{"after": 20, "pages": "/price*", "words": {...}}], "trail": true, "trail_days": 90,
 "survey": {"asked": true, "question": {...}, "remind_after": 24, "template": ""}, "files": true, "demo": false,
 "address": "https://desk.example"}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from zhike.conversations.models import Inbox
from zhike.handbook.common import Text

FIELDS: dict[str, Text] = {
    "name": Text(zh="怎么称呼您", en="Your name"),
    "phone": Text(zh="手机号码", en="Phone number"),
    "email": Text(zh="电子邮箱", en="E-mail"),
    "order": Text(zh="订单号", en="Order number"),
}
"""What may be asked before the first message, beside the topic."""
TITLE = Text(zh="在线客服", en="Chat with us")
WELCOME = Text(zh="您好，请问有什么可以帮您？", en="Hello, how can we help?")
QUESTION = Text(zh="您对这次服务满意吗？", en="How satisfied are you with this chat?")
COLOUR = re.compile(r"#[0-9a-f]{6}")
KNOWN_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
TRAIL_DAYS = 90
REMIND_AFTER = 24
"""Hours."""
MOST_TOPICS = 20
MOST_INVITATIONS = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of the form before the first message."""

    id: str
    title: Text
    required: bool


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who has been on such a page for so many seconds is offered a chat, once."""

    after: int
    pages: str
    """A path, `*` standing for anything; "" every page."""
    words: Text


@dataclass(frozen=True, slots=True)
class Offline:
    """The action that opens a case of what was written outside the hours; `fields` says where in its form each thing goes."""

    process: str
    action: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebchatSettings:
    """The widget of one inbox."""

    origins: tuple[str, ...] = ()
    """Where it may be used, as browsers write an origin; none: only on our own pages."""
    title: Text = TITLE
    welcome: Text = WELCOME
    colour: str = "#0b6e6e"
    side: str = "right"
    fields: tuple[Asked, ...] = ()
    topics: tuple[tuple[str, Text], ...] = ()
    consent_version: str = ""
    consent_words: Text | None = None
    offline: Offline | None = None
    invitations: tuple[Invitation, ...] = ()
    trail: bool = False
    trail_days: int = TRAIL_DAYS
    survey: bool = True
    survey_question: Text = QUESTION
    remind_after: int = REMIND_AFTER
    survey_template: str = ""
    """The code of the short message that reminds, where the gateway sends templates only; its variable is `link`."""
    address: str = ""
    """Where customers reach this product, for links that are sent to them; "": none are sent."""
    files: bool = True
    demo: bool = False


def settings_of(inbox: Inbox) -> WebchatSettings:
    """What the inbox says; a part nobody can read counts as not said."""
    told = inbox.settings if isinstance(inbox.settings, dict) else {}
    consent, survey = _part(told, "consent"), _part(told, "survey")
    default = WebchatSettings()
    return WebchatSettings(
        origins=tuple(filter(None, (origin_of(str(each)) for each in told.get("origins") or ()))),
        title=_text(told.get("title")) or TITLE,
        welcome=_text(told.get("welcome")) or WELCOME,
        colour=told["colour"] if COLOUR.fullmatch(str(told.get("colour", ""))) else default.colour,
        side="left" if told.get("side") == "left" else "right",
        fields=tuple(
            Asked(each["id"], FIELDS[each["id"]], bool(each.get("required")))
            for each in told.get("fields") or ()
            if each.get("id") in FIELDS
        ),
        topics=_topics(told),
        consent_version=str(consent.get("version", ""))[:40],
        consent_words=_text(consent.get("words")),
        offline=_offline(_part(told, "offline")),
        invitations=_invitations(told),
        trail=bool(told.get("trail")),
        trail_days=_number(told.get("trail_days"), TRAIL_DAYS, 1, 3650),
        survey=bool(survey.get("asked", True)),
        survey_question=_text(survey.get("question")) or QUESTION,
        remind_after=_number(survey.get("remind_after"), REMIND_AFTER, 1, 720),
        survey_template=str(survey.get("template") or "")[:40],
        address=origin_of(str(told.get("address") or "")),
        files=bool(told.get("files", True)),
        demo=bool(told.get("demo")),
    )


def origin_of(text: str) -> str:
    """`https://shop.example` or `http://localhost:8000`; "" for anything a browser would not send as an origin.

    >>> [origin_of(text) for text in ("https://Shop.Example/", "shop.example", "https://shop.example/a", "http://127.0.0.1:80")]
    ['https://shop.example', '', '', 'http://127.0.0.1']
    """
    try:
        parts = urlsplit(text.strip().rstrip("/"))
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.username:
        return ""
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> Text | None:
    if not isinstance(value, dict) or not str(value.get("zh", "")).strip():
        return None
    return Text(zh=str(value["zh"]), en=str(value.get("en") or ""))


def _number(value: Any, default: int, least: int, most: int) -> int:
    return value if isinstance(value, int) and least <= value <= most else default


def _topics(told: Mapping[str, Any]) -> tuple[tuple[str, Text], ...]:
    found = [(str(each.get("id", "")), _text(each.get("title"))) for each in told.get("topics") or ()]
    return tuple((name, title) for name, title in found if title and KNOWN_ID.fullmatch(name))[:MOST_TOPICS]


def _offline(told: Mapping[str, Any]) -> Offline | None:
    if not told.get("process") or not told.get("action"):
        return None
    fields = {str(name): str(value) for name, value in _part(told, "fields").items()}
    return Offline(str(told["process"]), str(told["action"]), fields)


def _invitations(told: Mapping[str, Any]) -> tuple[Invitation, ...]:
    found = []
    for each in told.get("invitations") or ():
        words = _text(each.get("words"))
        if words is not None:
            found.append(Invitation(_number(each.get("after"), 20, 1, 3600), str(each.get("pages", ""))[:200], words))
    return tuple(found[:MOST_INVITATIONS])
