"""A small handbook with one queue, an inbox and two agents, for tests of the room. All of it is made up (示例)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from zhike.conversations.actions import Incoming, receive
from zhike.conversations.models import Conversation, Inbox
from zhike.conversations.presence import enter_state
from zhike.handbook.structure import Handbook
from zhike.org.handbooks import viewer
from zhike.org.models import Assignment, HandbookVersion, Staff
from zhike.org.principals import Viewer

CHINA = ZoneInfo("Asia/Shanghai")
DESK: dict[str, Any] = {
    "id": "desk",
    "title": {"zh": "示例咨询台", "en": "Sample desk"},
    "media": ["webchat", "email"],
    "answered_by": ["agent"],
    "capacity": {"webchat": 2},
}
FIRST_ANSWER: dict[str, Any] = {
    "kind": "deadline",
    "id": "TALK-01",
    "title": {"zh": "示例首答", "en": "Sample first answer"},
    "cites": "1",
    "quote": "示例",
    "starts": ["conversation.asked"],
    "until": ["conversation.answered"],
    "holder": ["owner"],
    "within": "30s",
    "each": True,
    "breach": [{"notify": "superior"}],
}

PICK: dict[str, Any] = {
    "kind": "route",
    "id": "TALK-20",
    "title": {"zh": "示例空闲最久者先", "en": "Sample: the longest idle first"},
    "cites": "1",
    "quote": "示例",
    "on": ["conversation.queued"],
    "yields": "agent",
    "strategy": "longest_idle",
    "none_free": {"ring": "20s"},
}


def at(text: str) -> dt.datetime:
    """`at("03-03 09:30:01")`: that moment of 2025 in Shanghai. 3 March 2025 is a Monday."""
    return dt.datetime.fromisoformat(f"2025-{text.replace(' ', 'T')}").replace(tzinfo=CHINA)


def installed(*clauses: dict[str, Any], **parts: Any) -> HandbookVersion:
    """The handbook `talk`, in force since New Year, with these clauses."""
    handbook = Handbook.model_validate(
        {
            "name": "talk",
            "title": "示例制度",
            "version": "1",
            "effective": "2025-01-01",
            "roles": [
                {"id": "agent", "title": "示例坐席", "reports_to": "lead", "screens": ["desk"]},
                {"id": "lead", "title": "示例班长", "screens": ["desk", "board"]},
            ],
            "queues": [DESK],
            "clauses": list(clauses),
        }
        | parts
    )
    return HandbookVersion.objects.create(
        name="talk",
        version="1",
        effective_from=at("01-01 00:00"),
        source=handbook.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        text="",
        digest=f"{HandbookVersion.objects.count():064}",
    )


def inbox_of(medium: str = "webchat", key: str = "shop") -> Inbox:
    return Inbox.objects.create(medium=medium, name="示例入口", handbook="talk", key=key, created_at=at("01-01 00:00"))


def person(username: str, role: str = "agent") -> Viewer:
    """Somebody signed in who holds the role."""
    staff = Staff.objects.create(username=username, name=f"示例{username}")
    Assignment.objects.create(staff=staff, handbook="talk", role=role)
    return viewer(staff)


def ready(one: Viewer, when: str = "03-03 08:30", **more: Any) -> Viewer:
    """He says that he is ready."""
    assert one.staff is not None
    enter_state(one.staff, "ready", now=at(when), by=one.principal, **more)
    return one


def asked(
    inbox: Inbox, words: str = "请问几点开门", *, key: str = "k1", who: str = "visitor-1", when: str = "03-03 09:00"
) -> Conversation:
    """A visitor wrote."""
    return receive(inbox, Incoming(address=who, key=key, words=words), now=at(when)).conversation
