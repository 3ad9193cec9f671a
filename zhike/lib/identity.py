"""Identity numbers of mainland China.

People: GB 11643, 18 characters, the last a check digit. Companies: the unified social credit code, GB 32100, 18
characters; before 2015 the organisation code, GB 11714, eight characters and a check character, today the ninth to
seventeenth of the former.
"""

from __future__ import annotations

import re

from stdnum.cn import ric, uscc
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
    number = ric.compact(re.sub(r"[\s-]", "", narrow(raw)))
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


ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def normalise_credit_code(raw: str) -> str:
    """A unified social credit code, 18 characters in upper case. Raises NotAnIdNumber.

    >>> normalise_credit_code("9111 0000 6000 37341l")
    '91110000600037341L'
    """
    if len(raw) > 40:
        raise NotAnIdNumber
    try:
        return str(uscc.validate(narrow(raw)))
    except ValidationError:
        raise NotAnIdNumber


def normalise_organisation_code(raw: str) -> str:
    """An organisation code with its check character, without the dash. Raises NotAnIdNumber.

    >>> normalise_organisation_code("60003734-1")
    '600037341'
    """
    code = re.sub(r"[\s-]", "", narrow(raw[:40])).upper()
    if re.fullmatch(r"[0-9A-Z]{8}[0-9X]", code) is None:
        raise NotAnIdNumber
    total = sum(int(letter, 36) * weight for letter, weight in zip(code, ORGANISATION_WEIGHTS, strict=False))
    if code[8] != "0123456789X0"[11 - total % 11]:
        raise NotAnIdNumber
    return code


def mask_code(code: str) -> str:
    """
    >>> mask_code("91110000600037341L")
    '9111**********341L'
    """
    return f"{code[:4]}{'*' * (len(code) - 8)}{code[-4:]}" if len(code) > 10 else f"{code[:2]}{'*' * 5}{code[-2:]}"
