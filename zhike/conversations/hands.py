"""What each has in hand, kept with his presence: who could take something is then read from one row a person, however much they have.

A number is never added to or taken from: whoever changes hands counts the rows of those concerned anew, in the same transaction
(`written.write_all`, through which every change of a conversation goes). In whatever moment one looks, what is kept is what the rows say;
`mend_hands` looks for what is not so, and puts it right.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from zhike.conversations.models import Conversation
from zhike.conversations.saving import as_stored

State = Conversation.State
EVERY = dt.timedelta(minutes=5)
"""How often the worker looks whether what is kept is so."""
log = logging.getLogger(__name__)

# Somebody else may have counted him between our look and our write: his row is then another one, and nothing is written.
COUNT = """
UPDATE conversations_presence AS p
SET in_hand = held.each, idle_since = CASE WHEN held.each = '{}'::jsonb THEN coalesce(p.idle_since, %(now)s) END
FROM (
    SELECT coalesce(jsonb_object_agg(medium, n), '{}'::jsonb) AS each FROM (
        SELECT medium, count(*) AS n FROM (
            SELECT medium FROM conversations_conversation WHERE owner_id = %(who)s AND state IN ('offered', 'open')
            UNION ALL
            SELECT medium FROM conversations_conversation
            WHERE offered_to_id = %(who)s AND state = 'offered' AND owner_id IS DISTINCT FROM %(who)s
        ) AS his GROUP BY medium
    ) AS counted
) AS held
WHERE p.staff_id = %(who)s AND p.xmin = (SELECT xmin FROM conversations_presence WHERE staff_id = %(who)s)
"""
HOLD = "SELECT 1 FROM conversations_presence WHERE staff_id = %s FOR NO KEY UPDATE"
WRONG = """
WITH held AS (
    SELECT who, jsonb_object_agg(medium, n) AS each FROM (
        SELECT who, medium, count(*) AS n FROM (
            SELECT owner_id AS who, medium FROM conversations_conversation
            WHERE owner_id IS NOT NULL AND state IN ('offered', 'open')
            UNION ALL
            SELECT offered_to_id, medium FROM conversations_conversation
            WHERE offered_to_id IS NOT NULL AND state = 'offered' AND owner_id IS DISTINCT FROM offered_to_id
        ) AS hands GROUP BY who, medium
    ) AS counted GROUP BY who
)
SELECT p.staff_id FROM conversations_presence AS p LEFT JOIN held ON held.who = p.staff_id
WHERE p.in_hand <> coalesce(held.each, '{}'::jsonb) ORDER BY p.staff_id
"""


def hands_changed(rows: Iterable[Conversation]) -> set[int]:
    """The people who have one more or one less, by what these rows were when they were read and what they are now."""
    return {number for row in rows for number in _hands(as_stored(row)) ^ _hands(row.__dict__)}


def _hands(values: Mapping[str, Any]) -> set[int]:
    """Who has it: its owner, and while it is offered also whoever it is offered to."""
    state = values.get("state")
    found: set[int | None] = {values["owner_id"]} if state in (State.OPEN, State.OFFERED) else set()
    if state == State.OFFERED:
        found.add(values["offered_to_id"])
    return {number for number in found if number is not None}


def keep_hands(staff_ids: Collection[int], now: dt.datetime) -> None:
    """Count what these have, and since when they have nothing. Holds their rows: whoever else counts them comes after."""
    with connection.cursor() as cursor:
        for number in sorted(staff_ids):
            values: dict[str, Any] = {"who": number, "now": now}
            cursor.execute(COUNT, values)
            if cursor.rowcount:
                continue
            cursor.execute(HOLD, [number])
            if cursor.fetchone() is not None:
                cursor.execute(COUNT, values)


def mend_hands(now: dt.datetime) -> int:
    """Count those anew of whom something else is kept than the rows say; answers how many. Nobody ever should be."""
    with connection.cursor() as cursor:
        cursor.execute(WRONG)
        wrong = [number for (number,) in cursor.fetchall()]
    if wrong:
        log.error(
            "What is kept of the hands of staff %s was not what the conversations say; it was counted anew", wrong
        )
        keep_hands(wrong, now)
    return len(wrong)


@dataclass
class Watch:
    """Mends when it is first asked, and again whenever `EVERY` has passed since."""

    looked_at: dt.datetime | None = None

    def look(self, now: dt.datetime) -> int:
        if self.looked_at is not None and abs(now - self.looked_at) < EVERY:
            return 0
        self.looked_at = now
        return mend_hands(now)
