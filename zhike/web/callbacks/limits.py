"""How often callbacks are taken, over all processes. Whoever proves that he is the platform is heard first: what strangers send counts
against strangers only, also where they come from the same network address (a proxy that hides everybody behind its own).
"""

from __future__ import annotations

from zhike.web.allowances import Allowance

MINUTE = 60
KNOWN = Allowance("callback", most=6000, seconds=MINUTE, at_once=50)
"""Calls of one gateway or account that are in order. More are told to come again: providers repeat what was not taken."""
STRANGER = Allowance("callback stranger", most=60, seconds=MINUTE, at_once=5)
"""Calls from one network address to no gateway, and calls to one gateway or account that are not from its platform. Each costs one
query at most; beyond this none of them is read any further or written to the log."""
