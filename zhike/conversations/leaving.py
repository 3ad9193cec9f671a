"""The conversations somebody answers for go to a colleague when he leaves, with their limits; what is only offered to him goes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.db.models import Q

from zhike.conversations.access import queue_of
from zhike.conversations.handing import end_offer, pass_on, stop_covering
from zhike.conversations.models import Conversation
from zhike.conversations.written import book_for
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.org.holdings import Handover, Holding, Subject, register_holding
from zhike.org.models import Assignment
from zhike.org.principals import role_key

STAYS = Text(zh="由现在答复的同事继续负责", en="stays with the colleague who answers it now")
BACK = Text(zh="离职时回到原来的队列", en="goes back to where it waited")


def answered_by(staff_id: int, _covered: Collection[Subject], _now: dt.datetime) -> Iterable[Holding]:
    """What he answers for (open, handed on and not taken yet), then what is offered to him and what a colleague answers in his place;
    named without what was said. Two queries."""
    his = Conversation.objects.filter(
        Q(owner=staff_id) | Q(offered_to=staff_id) | Q(covers=staff_id), state__in=Conversation.LIVE
    )
    rows = list(his.order_by("next_due_at", "id"))
    roles = set(Assignment.objects.filter(staff=staff_id).values_list("handbook", "role")) if rows else set()
    return sorted((_holding(row, staff_id, roles) for row in rows), key=lambda holding: holding.ends)


def _holding(row: Conversation, staff_id: int, roles: Collection[tuple[str, str]]) -> Holding:
    book, is_his = book_for(row), row.owner_id == staff_id
    queue = queue_of(book, row.queue)
    zh, en = (f" · {queue.title.zh}", f" · {queue.title.say('en')}") if queue else ("", "")
    return Holding(
        kind="conversation",
        id=row.pk,
        words=Text(zh=f"{row.number}{zh}", en=f"{row.number}{en}"),
        principal=_answerer(book, row, roles) if is_his else "",
        ends=not is_his,
        becomes=None if is_his else BACK if row.offered_to_id == staff_id else STAYS,
        subject=("conversation", row.pk),
    )


def _answerer(book: Book, row: Conversation, roles: Collection[tuple[str, str]]) -> str:
    """Who may take it: whoever answers its queue in the same role as he, or in the first one where he holds none of them."""
    queue = queue_of(book, row.queue)
    answering = queue.answered_by if queue else ()
    role = next((one for one in answering if (book.name, one) in roles), next(iter(answering), ""))
    return role_key(book.name, role) if role else ""


def give_conversations(rows: Sequence[Holding], handover: Handover) -> None:
    held = Conversation.objects.in_bulk([row.id for row in rows])
    for row in sorted(rows, key=lambda one: one.id):
        if row.ends:
            if held[row.id].offered_to_id == handover.leaver.pk:
                end_offer(held[row.id], now=handover.now, declined=False, by=handover.by)
            stop_covering(held[row.id], handover.leaver.pk)
        else:
            pass_on(held[row.id], handover.given[row.key], now=handover.now, by=handover.by)


register_holding(
    "conversation", Text(zh="手里的会话", en="Conversations"), rank=15, find=answered_by, give=give_conversations
)
