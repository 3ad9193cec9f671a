"""What a browser calls itself, in words people know."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from zhike.org.models import Session
from zhike.org.sessions import handle_of

BROWSERS = (
    ("MicroMessenger", gettext_noop("微信")), ("DingTalk", gettext_noop("钉钉")),
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("HeadlessChrome", "Chrome"), ("Chrome", "Chrome"), ("CriOS", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A session as a row of a list."""

    handle: str
    device: str
    session: Session
    is_this: bool


def device_words(agent: str) -> str:
    """
    >>> device_words("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0")
    'Edge · Windows'
    """
    browser = next((words for mark, words in BROWSERS if mark in agent), "")
    system = next((words for mark, words in SYSTEMS if re.search(rf"\b{re.escape(mark)}", agent)), "")
    return " · ".join(part for part in (browser and gettext(browser), system) if part) or gettext("未知设备")


def shown_sessions(rows: list[Session], this_key: str | None) -> list[Shown]:
    """Rows for a list; the viewer's own session first."""
    shown = [
        Shown(handle_of(row.session_key), device_words(row.device), row, row.session_key == this_key) for row in rows
    ]
    return sorted(shown, key=lambda each: not each.is_this)
