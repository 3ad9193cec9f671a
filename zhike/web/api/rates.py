"""How often a token may call: 600 times a minute, whichever process answers."""

from __future__ import annotations

from zhike.web.allowances import Allowance

MOST = 600
WINDOW = 60.0
"""Seconds."""
CALLS = Allowance("api", most=MOST, seconds=WINDOW, at_once=20)
