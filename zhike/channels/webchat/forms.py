"""What a visitor says of himself before the first message: checked as the inbox asks for it, all faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from zhike.channels.webchat.settings import WebchatSettings
from zhike.conversations.models import Inbox
from zhike.customers.queries import normalise_email
from zhike.handbook.common import Text
from zhike.lib.phone import NotAPhone, normalise
from zhike.lib.text import clean_line

LONGEST = 120
"""Characters of a field."""
NEEDED = Text(zh="请填写这一项。", en="Please fill this in.")
NO_PHONE = Text(zh="请填写能拨通的电话号码。", en="Write a phone number that can be dialled.")
NO_EMAIL = Text(zh="请填写完整的电子邮箱。", en="Write a complete e-mail address.")
NO_TOPIC = Text(zh="请选择咨询的主题。", en="Choose what it is about.")
NO_CONSENT = Text(zh="请先阅读并同意告知内容。", en="Please read the notice and agree first.")


class FormRefused(Exception):
    """`problems`: field -> why it cannot be taken."""

    def __init__(self, problems: Mapping[str, Text]) -> None:
        super().__init__(", ".join(problems))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Introduction:
    """The form, cleaned: who he says he is, and facts for the engine."""

    name: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def introduction(
    inbox: Inbox, told: WebchatSettings, form: Mapping[str, Any], *, known: bool, source: Mapping[str, str]
) -> Introduction:
    """Read the form of somebody who begins. `known`: a token says who he is, so nothing of it is asked. Raises FormRefused."""
    values = {name: clean_line(str(form.get(name) or ""))[:LONGEST] for name in ("name", "phone", "email", "order")}
    problems: dict[str, Text] = {}
    for asked in told.fields:
        if asked.required and not values[asked.id] and not (known and asked.id in ("name", "phone", "email")):
            problems[asked.id] = NEEDED
    contact = {"phone": _phone(values["phone"], problems), "email": _email(values["email"], problems)}
    topic = _topic(told, str(form.get("topic") or ""), problems)
    version = _consent(told, str(form.get("consent") or ""), problems)
    if problems:
        raise FormRefused(problems)
    said = {
        "topic": topic,
        "order": values["order"],
        "phone": contact["phone"],
        "email": contact["email"],
        "consent": version,
    }
    facts = {"inbox": inbox.key, **{name: value for name, value in (said | _source(source)).items() if value}}
    return Introduction(values["name"][:80], {name: value for name, value in contact.items() if value}, facts)


def _phone(text: str, problems: dict[str, Text]) -> str:
    if not text:
        return ""
    try:
        return normalise(text)
    except NotAPhone:
        problems["phone"] = NO_PHONE
        return ""


def _email(text: str, problems: dict[str, Text]) -> str:
    found = normalise_email(text)
    if text and not found:
        problems["email"] = NO_EMAIL
    return found


def _topic(told: WebchatSettings, text: str, problems: dict[str, Text]) -> str:
    known = {name for name, _ in told.topics}
    if told.topics and text not in known:
        problems["topic"] = NO_TOPIC
    return text if text in known else ""


def _consent(told: WebchatSettings, text: str, problems: dict[str, Text]) -> str:
    """The version he agreed to; only the one in force counts."""
    if told.consent_words is None:
        return ""
    if text != told.consent_version:
        problems["consent"] = NO_CONSENT
    return told.consent_version


def _source(source: Mapping[str, str]) -> dict[str, str]:
    """Where he came from: the page he wrote from, the site before it, and the campaign its address names."""
    page, referrer = source.get("page", "")[:500], source.get("referrer", "")[:500]
    campaign = dict(parse_qsl(_split(page).query)).get("utm_source", "")
    return {"page": page, "source": clean_line(campaign)[:40] or (_split(referrer).hostname or "")[:80]}


def _split(text: str) -> Any:
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")
