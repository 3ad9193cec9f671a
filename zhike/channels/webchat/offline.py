"""When nobody answers: what a visitor leaves becomes a case of the process his inbox names, as if he had filed it on the portal."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhike.cases.actions import open_case
from zhike.cases.models import Case
from zhike.channels.webchat.forms import FormRefused
from zhike.channels.webchat.settings import Offline
from zhike.clocks.queries import open_clocks
from zhike.conversations.models import Inbox
from zhike.customers.models import Customer
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.structure import Action
from zhike.org.handbooks import book_of, current
from zhike.org.principals import ANONYMOUS_VIEWER

SOURCE = "webchat"
NEED_WORDS = Text(zh="请写下您的问题。", en="Write what it is about.")
NEED_CONTACT = Text(
    zh="请留下手机号码或邮箱，我们好答复您。", en="Leave a phone number or e-mail address, so that we can answer."
)


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody leaves. `values`: words, name, phone, email, topic, order; `files`: tokens of what he has sent before."""

    values: Mapping[str, str]
    key: str
    files: Sequence[str] = ()
    by: str = ""
    """The digest of his browser's secret: a key is his own."""
    customer: Customer | None = None
    """Where the site has said who he is."""


def leave_message(inbox: Inbox, offline: Offline, left: Left, *, now: dt.datetime) -> Case:
    """Open the case. The same key again is the same case. Raises FormRefused, AttachmentRefused, and CaseError where the process asks
    for more.
    """
    values, problems = left.values, {}
    if not values.get("words", "").strip():
        problems["words"] = NEED_WORDS
    if not values.get("phone") and not values.get("email") and left.customer is None:
        problems["phone"] = NEED_CONTACT
    if problems:
        raise FormRefused(problems)
    filled: dict[str, Any] = {offline.fields.get(name, name): value for name, value in values.items() if value}
    named = set(offline.fields.values()) if offline.fields else set(filled)
    key = hashlib.sha256(f"{inbox.key}/{left.by}/{left.key}".encode()).hexdigest()
    return open_case(
        current(inbox.handbook, now), offline.process, offline.action,
        {name: value for name, value in filled.items() if name in named}, by=ANONYMOUS_VIEWER, now=now, key=key,
        attachments=left.files, customer=left.customer, source=SOURCE,
    )  # fmt: skip


def promised_by(case: Case) -> dt.datetime | None:
    """The soonest time by which a clause has somebody deal with it; None where none says."""
    return min((clock.due_at for clock in open_clocks(("case", case.pk))), default=None)


@dataclass(frozen=True, slots=True)
class Way:
    """A process customers open themselves, and which field of its form holds what."""

    process: str
    action: str
    fields: Mapping[str, str]


def ways_of(book: Book) -> list[Way]:
    """Everything of the handbook that what is left may become."""
    found = []
    for process in book.handbook.processes:
        for action in book.entry_actions(process.id):
            fields = _filled_by(book, process.id, action)
            if "customer" in action.by and fields.get("words"):
                found.append(Way(process.id, action.id, fields))
    return found


def first_way(inbox_handbook: str, now: dt.datetime) -> Way | None:
    """What an inbox of this handbook begins with."""
    return next(iter(ways_of(book_of(current(inbox_handbook, now).pk))), None)


def _filled_by(book: Book, process: str, action: Action) -> dict[str, str]:
    """Which field of the form holds what: who he is as the process says, his words in the first field for a text."""
    fields = book.record(action.record).fields if action.record else ()
    text = next((each.id for each in fields if each.type == "text" and each.required), "") or next(
        (each.id for each in fields if each.type == "text"), ""
    )
    found = {str(kind): str(name) for kind, name in book.process(process).customer.items()}
    return found | ({"words": text} if text else {})
