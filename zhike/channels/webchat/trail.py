"""On which pages of the site a visitor was, told by the widget once he has agreed; thrown away when the days are over.

How long: the visibility clause of the page trail says (conversations/trails.py), else the inbox.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from zhike.channels.webchat.settings import settings_of
from zhike.conversations import trails
from zhike.conversations.models import Address, Inbox, Medium, PageView
from zhike.lib.text import clean_line
from zhike.org.handbooks import NoHandbook, book_of, current

MOST = 20
"""Pages taken at once."""
LONGEST_STAY = dt.timedelta(days=1)


def add_pages(address: Address, pages: Sequence[Mapping[str, Any]], now: dt.datetime) -> int:
    """Keep the pages he was on, oldest first. Each says how many seconds `ago` it was entered, and how many it was `left` ago.

    The page he was on before is left when the next begins. Answers how many were kept.
    """
    rows = [row for row in (_row(address, page, now) for page in pages[-MOST:]) if row is not None]
    if rows:
        before = PageView.objects.filter(address=address, left_at__isnull=True, entered_at__lt=rows[0].entered_at)
        before.update(left_at=rows[0].entered_at)
        PageView.objects.bulk_create(rows)
    return len(rows)


def _row(address: Address, page: Mapping[str, Any], now: dt.datetime) -> PageView | None:
    url = clean_line(str(page.get("url", "")))[:500]
    if not url.startswith(("http://", "https://")):
        return None
    referrer = clean_line(str(page.get("referrer", "")))[:500]
    return PageView(
        address=address, url=url, title=clean_line(str(page.get("title", "")))[:200],
        referrer=referrer if referrer.startswith(("http://", "https://")) else "",
        entered_at=now - _ago(page.get("ago")), left_at=now - _ago(page["left"]) if page.get("left") is not None else None,
    )  # fmt: skip


def _ago(value: Any) -> dt.timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LONGEST_STAY.total_seconds():
        return dt.timedelta(0)
    return dt.timedelta(seconds=int(value))


def leave_page(address: Address, now: dt.datetime) -> None:
    """He has gone from the site."""
    PageView.objects.filter(address=address, left_at__isnull=True).update(left_at=now)


def kept_since(inbox: Inbox, now: dt.datetime) -> dt.datetime:
    """From when on the pages of this inbox's visitors are kept."""
    try:
        said = trails.kept_since(book_of(current(inbox.handbook, now).pk), now)
    except NoHandbook:
        said = None
    return said or now - dt.timedelta(days=settings_of(inbox).trail_days)


def days_kept(inbox: Inbox, now: dt.datetime) -> int:
    """The same in days, for the page of the inbox."""
    return (now - kept_since(inbox, now)).days


def forget_trails(now: dt.datetime) -> int:
    """Remove pages whose time is over, those of nobody's inbox with the inbox that keeps longest; answers how many."""
    since = {inbox: kept_since(inbox, now) for inbox in Inbox.objects.filter(medium=Medium.WEBCHAT)}
    gone = 0
    for inbox, moment in since.items():
        theirs = Address.objects.filter(conversations__inbox=inbox).values("pk")
        gone += PageView.objects.filter(entered_at__lt=moment, address__in=theirs).delete()[0]
    if since:
        gone += PageView.objects.filter(entered_at__lt=min(since.values())).delete()[0]
    return gone
