"""Amounts in yuan: exact decimals with two places, never a float."""

from __future__ import annotations

import re
from decimal import Decimal

from zhike.lib.text import narrow

_AMOUNT = re.compile(r"([+-]?)[¥￥]?(\d{1,3}(?:,\d{3}){1,4}|\d{1,13})(\.\d{1,2})?元?")


class NotMoney(ValueError):
    """No amount with at most two decimal places and thirteen digits before them."""


def parse_money(value: str) -> Decimal:
    """An amount as people write it, full-width signs included.

    >>> parse_money("¥1,280")
    Decimal('1280.00')
    """
    match = _AMOUNT.fullmatch(narrow(value[:40]).replace(" ", ""))
    if match is None or len(value) > 40:
        raise NotMoney(value[:40])
    sign, whole, cents = match.groups()
    return Decimal(f"{sign}{whole.replace(',', '')}{cents or ''}").quantize(Decimal("0.01")) + 0


def show_money(amount: Decimal) -> str:
    """
    >>> show_money(Decimal("1280"))
    '¥1,280.00'
    >>> show_money(Decimal("-3.5"))
    '-¥3.50'
    """
    return f"{'-' if amount < 0 else ''}¥{abs(amount):,.2f}"
