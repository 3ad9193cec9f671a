"""How often one network address may do what, over all processes."""

from __future__ import annotations

from zhike.web.allowances import Allowance

MINUTE = 60
BEGIN = Allowance("chat begin", most=30, seconds=MINUTE)
"""Conversations opened, and messages left."""
WRITE = Allowance("chat write", most=60, seconds=MINUTE)
FILE = Allowance("chat file", most=30, seconds=MINUTE)
PASS = Allowance("chat pass", most=240, seconds=MINUTE, at_once=20)
"""Typing, read marks, pages."""
READ = Allowance("chat read", most=600, seconds=MINUTE, at_once=20)
"""A flood of reading costs as much as one of writing; a school behind one address still gets through."""
