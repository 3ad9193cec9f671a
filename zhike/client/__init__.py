"""A typed client of the REST API, of the standard library alone: copy the folder, or import it from here. docs/api.md.

    with Zhike("https://service.example.com", token="zk_...") as zhike:
        for row in zhike.cases(status="open"):
            print(row["number"], row["title"])

Every write carries an idempotency key. One that got no answer, or met 409, 429 or 503, is sent again under the same key, so it
is done once. Whatever is refused raises `Problem` with its reasons.
"""

from zhike.client.answers import (
    Card,
    Case,
    CaseRow,
    Clock,
    Customer,
    Done,
    Entry,
    File,
    HandbookRow,
    Me,
    Merged,
    Note,
    Notice,
    Reason,
    Tie,
)
from zhike.client.calls import Problem, Unreachable
from zhike.client.webhooks import BadSignature, WebhookEvent, read_event, verify
from zhike.client.zhike import Zhike

__all__ = [
    "BadSignature", "Card", "Case", "CaseRow", "Clock", "Customer", "Done", "Entry", "File", "HandbookRow", "Me", "Merged", "Note",
    "Notice",
    "Problem", "Reason", "Tie", "Unreachable", "WebhookEvent", "Zhike", "read_event", "verify",
]  # fmt: skip
