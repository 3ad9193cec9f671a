"""Where a page of a list begins, as one opaque word. Nothing in it opens anything: the gate is asked for every page."""

from __future__ import annotations

import base64
import datetime as dt

from django.utils.translation import gettext

from zhike.web.api.problems import invalid

LARGEST = 2**63


def cursor(at: dt.datetime, number: int) -> str:
    plain = f"{at.astimezone(dt.UTC).isoformat()}~{number}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[dt.datetime, int] | None:
    """(moment, id) of the last row of the page before; None for "". Raises Problem 422 for what no answer gave."""
    if not text:
        return None
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        at, _, number = plain.partition("~")
        moment, row = dt.datetime.fromisoformat(at), int(number)
        if moment.tzinfo is None or not 0 < row < LARGEST:
            raise ValueError(plain)
        return moment.astimezone(dt.UTC), row
    except (ValueError, OverflowError):
        raise invalid({"after": [gettext("请原样使用上一页给出的 next。")]})
