"""Outside the hours: what a visitor leaves becomes a case of the process his inbox names, as if he had filed it on the portal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from zhike.cases.actions import open_case
from zhike.cases.models import Case
from zhike.channels.webchat.forms import FormRefused
from zhike.channels.webchat.settings import Offline
from zhike.conversations.models import Inbox
from zhike.handbook.common import Text
from zhike.org.handbooks import current
from zhike.org.principals import ANONYMOUS_VIEWER

SOURCE = "webchat"
NEED_WORDS = Text(zh="请写下您的问题。", en="Write what it is about.")
NEED_CONTACT = Text(
    zh="请留下手机号码或邮箱，我们好答复您。", en="Leave a phone number or e-mail address, so that we can answer."
)


def leave_message(
    inbox: Inbox, offline: Offline, values: Mapping[str, str], *, key: str, now: dt.datetime, files: Sequence[str] = ()
) -> Case:
    """Open the case. The same key again is the same case. Raises FormRefused, and CaseError where the process asks for more."""
    problems = {}
    if not values.get("words", "").strip():
        problems["words"] = NEED_WORDS
    if not values.get("phone") and not values.get("email"):
        problems["phone"] = NEED_CONTACT
    if problems:
        raise FormRefused(problems)
    filled: dict[str, Any] = {offline.fields.get(name, name): value for name, value in values.items() if value}
    named = set(offline.fields.values()) if offline.fields else set(filled)
    return open_case(
        current(inbox.handbook, now), offline.process, offline.action,
        {name: value for name, value in filled.items() if name in named}, by=ANONYMOUS_VIEWER, now=now, key=key,
        attachments=files, source=SOURCE,
    )  # fmt: skip
