"""The middle pane: what was said, in every medium, in one line, with the days and the conversations it belongs to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext

from zhike.conversations.models import Conversation, Message
from zhike.conversations.reading import files_of, read_by_customers
from zhike.conversations.rights import change_limit
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.records.models import Attachment
from zhike.web.base import times
from zhike.web.base.names import names_of
from zhike.web.workbench.words import medium_icon, medium_word, who_of

Side = Message.Side
State = Message.State


@dataclass(frozen=True, slots=True)
class Said:
    """A message, ready to be drawn. `day` and `talk` stand before the first of a day or a conversation."""

    message: Message
    number: str
    who: str
    time: str
    day: str = ""
    talk: str = ""
    """`网页咨询 C-250610-000042`, where another conversation begins here."""
    icon: str = ""
    files: list[Attachment] = field(default_factory=list)
    mine: bool = False
    changeable: bool = False
    """His own, fresh, not recalled: he may correct or recall it."""
    whispered: bool = False
    delivery: str = ""
    """`已读`, `发送中`, `未送达`: of what we sent, the last thing known."""
    failed: bool = False
    open: bool = False
    """A question of the customer that nobody has answered yet."""
    correctable: bool = False
    """An answer of ours, of this conversation, past correcting in place: another message puts it right."""

    @property
    def side(self) -> str:
        return "note" if self.message.internal else self.message.side


@dataclass(frozen=True, slots=True)
class Place:
    """Where the messages before ended: the day and the conversation, so that nothing is said twice."""

    day: str = ""
    number: str = ""


def said(
    messages: Sequence[Message],
    thread: Mapping[int, Conversation],
    viewer: Viewer,
    now: dt.datetime,
    before: Place = Place(),
) -> list[Said]:
    """The messages in their order with what stands around them. At most three queries: files, names, read marks."""
    files = files_of(messages)
    names = names_of({m.author for m in messages if m.side == Side.STAFF})
    read = read_by_customers({m.conversation_id for m in messages if m.side == Side.STAFF and not m.internal})
    fresh = {pk: change_limit(book_of(talk.version_id))[0] for pk, talk in thread.items()}
    found = []
    for message in messages:
        talk = thread[message.conversation_id]
        day = message.at.astimezone(times.ZONE).date().isoformat()
        mine = message.author == viewer.principal
        found.append(
            Said(
                message=message,
                number=talk.number,
                who=_who(message, talk, names),
                time=times.clock_time(message.at),
                day=day_words(message.at, now) if day != before.day else "",
                talk=f"{medium_word(talk.medium)} {talk.number}" if talk.number != before.number else "",
                icon=medium_icon(talk.medium),
                files=files.get(message.pk, []),
                mine=mine,
                changeable=mine
                and not message.recalled_at
                and message.state == State.STORED
                and now - message.at <= fresh[talk.pk],
                whispered=bool(message.extra.get("to")) and message.internal,
                delivery=_delivery(message, read.get(talk.pk, 0)),
                open=message.side == Side.CUSTOMER and message.seq in talk.open_questions,
                correctable=_correctable(message, talk, now, fresh[talk.pk]),
                failed=message.state in (State.FAILED, State.UNKNOWN),
            )
        )
        before = Place(day, talk.number)
    return found


def _correctable(message: Message, talk: Conversation, now: dt.datetime, fresh: dt.timedelta) -> bool:
    said = message.side == Side.STAFF and not message.internal and message.recalled_at is None
    return said and talk.state != Conversation.State.CLOSED and now - message.at > fresh


def day_words(at: dt.datetime, now: dt.datetime) -> str:
    date, today = at.astimezone(times.ZONE).date(), now.astimezone(times.ZONE).date()
    if date == today:
        return gettext("今天")
    return gettext("昨天") if (today - date).days == 1 else f"{times.day(date, today)} {times.weekday(date)}"


def _who(message: Message, talk: Conversation, names: Mapping[str, str]) -> str:
    if message.side == Side.CUSTOMER:
        return who_of(talk)
    return gettext("系统") if message.side == Side.SYSTEM else names.get(message.author, "")


def _delivery(message: Message, read: int) -> str:
    """Nothing for what the other side wrote, for notes, and for what is simply there."""
    if message.side != Side.STAFF or message.internal or message.recalled_at:
        return ""
    if message.state == State.FAILED:
        return gettext("未送达")
    if message.state == State.UNKNOWN:
        return gettext("可能没有发出")
    if message.state == State.SENDING:
        return gettext("发送中")
    if message.seq <= read:
        return gettext("已读")
    return {State.SENT: gettext("已发出"), State.DELIVERED: gettext("已送达")}.get(State(message.state), "")
