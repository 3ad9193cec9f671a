"""One customer's timeline over all media: the messages of every conversation with him that the viewer may see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from zhike.conversations.access import visible_conversations
from zhike.conversations.models import Conversation, Mark, Message
from zhike.journal.statements import rows
from zhike.org.principals import Viewer
from zhike.records.models import Attachment

MOST_CONVERSATIONS = 30
PAGE = 60
MOST_NEW = 200

# Of each conversation its newest, by its own index; of all of them the newest together.
BEFORE = """
WHERE id IN (
    SELECT newest.id FROM unnest(%s::bigint[]) AS talk (id)
    CROSS JOIN LATERAL (
        SELECT m.id FROM conversations_message AS m WHERE m.conversation_id = talk.id AND m.id < %s ORDER BY m.seq DESC LIMIT %s
    ) AS newest ORDER BY newest.id DESC LIMIT %s
) ORDER BY id
"""
NEWEST = 2**62


def thread_of(conversation: Conversation, viewer: Viewer) -> dict[int, Conversation]:
    """This conversation and the latest others with the same customer, or with the same address where nobody knows him. One query."""
    seen = visible_conversations(viewer)
    if conversation.customer_id:
        others = seen.filter(customer=conversation.customer_id)
    elif conversation.address_id:
        others = seen.filter(address=conversation.address_id)
    else:
        others = seen.none()
    found = {other.pk: other for other in others.order_by("-opened_at", "-pk")[:MOST_CONVERSATIONS]}
    return found | {conversation.pk: conversation}


def messages_before(ids: Collection[int], before: int = NEWEST, most: int = PAGE) -> list[Message]:
    """The newest messages of these conversations before that id, in their order; one more than `most` tells that there are more."""
    return list(rows(Message, BEFORE, [list(ids), before, most + 1, most + 1]))


def messages_after(ids: Collection[int], after: int) -> list[Message]:
    """What came after that id, in its order."""
    return list(Message.objects.filter(conversation_id__in=ids, pk__gt=after).order_by("pk")[:MOST_NEW])


def files_of(messages: Sequence[Message]) -> dict[int, list[Attachment]]:
    """The files of these messages by message. No query where none has any, else one."""
    ids = [message.pk for message in messages if message.files]
    found: dict[int, list[Attachment]] = {}
    if ids:
        for row in Attachment.objects.filter(subject_kind="message", subject_id__in=ids).order_by("pk"):
            found.setdefault(row.subject_id or 0, []).append(row)
    return found


def read_by_customers(ids: Collection[int]) -> Mapping[int, int]:
    """How far the other side has read, by conversation. One query."""
    marks = Mark.objects.filter(conversation_id__in=ids).exclude(principal__startswith="staff:")
    found: dict[int, int] = {}
    for number, seq in marks.values_list("conversation_id", "seq"):
        found[number] = max(found.get(number, 0), seq)
    return found
