"""How often one address may file or write, whichever process it reaches."""

from __future__ import annotations

from zhike.web.allowances import Allowance

WINDOW = 600
"""Seconds."""
FILE = Allowance("portal file", most=60, seconds=WINDOW)
WRITE = Allowance("portal write", most=120, seconds=WINDOW)
