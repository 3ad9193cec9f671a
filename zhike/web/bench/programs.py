"""Other software in front of the API: its tokens and what it sends."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Sequence
from typing import Any

from zhike.org.models import Staff
from zhike.web.api.scopes import SCOPES
from zhike.web.api.tokens import PREFIX, digest_of
from zhike.web.bench.fill import HANDBOOK
from zhike.web.models import ApiToken


def new_tokens(owners: Sequence[Staff], count: int, now: dt.datetime) -> list[str]:
    """So many tokens for everything, of these owners in turn, good for a day."""
    made = [PREFIX + secrets.token_urlsafe(32) for _ in range(count)]
    ApiToken.objects.bulk_create(
        ApiToken(
            digest=digest_of(secret), begins=secret[:8], name="bench", owner=owners[n % len(owners)], scopes=list(SCOPES),
            created_at=now, created_by="system", expires_at=now + dt.timedelta(days=1),
        )
        for n, secret in enumerate(made)
    )  # fmt: skip
    return made


def complaint(n: int, stores: Sequence[int]) -> str:
    """The body that opens a complaint ticket: gates, routes, a customer, clauses."""
    values: dict[str, Any] = {
        "caller_name": "示例顾客", "caller_phone": f"139{n * 7919 % 100_000_000:08}", "service_class": "complaint",
        "complaint_item": "service_quality", "store": stores[n % len(stores)], "content": f"示例投诉 {n}：收银员态度冷淡。",
    }  # fmt: skip
    asked = {"handbook": HANDBOOK, "process": "service_ticket", "action": "register", "values": values}
    return json.dumps(asked, ensure_ascii=True)
