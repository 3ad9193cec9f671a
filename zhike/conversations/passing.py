"""What is true for a few seconds only: somebody is typing, somebody has read. Nothing of it is kept; what gets lost is not missed.

It goes by NOTIFY to every process and from there to whoever has the conversation open (web/live/passing.py). The audience travels with
it, so that nobody asks the database again.
"""

from __future__ import annotations

import json
from typing import Literal

from django.db import connection

from zhike.conversations.models import Conversation

CHANNEL = "zhike_passing"
Kind = Literal["typing", "read"]


def tell_passing(conversation: Conversation, kind: Kind, by: str, *, name: str = "", seq: int = 0) -> None:
    """Tell those who have it open that `by` (a principal) is typing, or has read up to `seq`."""
    told = {
        "id": conversation.pk,
        "number": conversation.number,
        "kind": kind,
        "by": by,
        "name": name[:40],
        "seq": seq,
        "audience": conversation.audience,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(told, separators=(",", ":"))])
