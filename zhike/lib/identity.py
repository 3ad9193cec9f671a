"""Identity numbers of mainland China (GB 11643: 18 characters, the last a check digit)."""

from __future__ import annotations

from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent, ValidationError

from zhike.lib.text import narrow


class NotAnIdNumber(ValueError):
    """The check digit, the length or the birth date is wrong."""


def normalise(raw: str) -> str:
    """18 characters, X in upper case.

    >>> normalise("11010519491231002x")
    '11010519491231002X'
    """
    if len(raw) > 40:
        raise NotAnIdNumber
    number = ric.compact(narrow(raw))
    try:
        return ric.validate(number)
    except InvalidComponent:
        return _with_abolished_county(number)
    except ValidationError:
        raise NotAnIdNumber


def mask(number: str) -> str:
    """
    >>> mask("11010519491231002X")
    '110***********002X'
    """
    return f"{number[:3]}{'*' * 11}{number[-4:]}" if len(number) == 18 else "*" * len(number)


def _with_abolished_county(number: str) -> str:
    """Counties are merged and renamed; the number of somebody born in an old one stays his."""
    try:
        ric.get_birth_date(number)
    except ValidationError:
        raise NotAnIdNumber
    return number
