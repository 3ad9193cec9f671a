"""Telephone numbers: one way to store them (E.164), one to show them, one to hide them."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from zhike.lib.text import narrow

_EXTENSION = re.compile(r"\s*(?:转|分机|;ext=|ext\.?|#|x|-(?=\d{1,6}$))\s*(\d{1,6})$", re.IGNORECASE)
_EXTENSION_AFTER_WORD = re.compile(r"\s*(?:转|分机|;ext=|ext\.?|#|x)\s*(\d{1,6})$", re.IGNORECASE)
_MOBILE = re.compile(r"1[3-9]\d{9}")


class NotAPhone(ValueError):
    """Not a number that could be dialled."""


def normalise(raw: str, region: str = "CN") -> str:
    """E.164; an extension follows as in RFC 3966. A number without a country code is taken as one of `region`.

    >>> normalise("138 0013 8000")
    '+8613800138000'
    >>> normalise("0571-88881234转801")
    '+8657188881234;ext=801'
    """
    if len(raw) > 60:
        raise NotAPhone(raw[:60])
    text = narrow(raw)
    if region == "CN" and _MOBILE.fullmatch(text):
        return f"+86{text}"  # what parsing comes to as well, a hundred times quicker
    number, extension = _split(text, region)
    if number is None:
        raise NotAPhone(text)
    stored = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{stored};ext={extension}" if extension else stored


def is_mobile(stored: str) -> bool:
    """Whether a stored number is a mobile one of mainland China."""
    return stored.startswith("+86") and _MOBILE.fullmatch(stored[3:]) is not None


def display(stored: str, language: str = "zh") -> str:
    """A stored number as people read it: national at home, with the country code for one abroad.

    >>> display("+8613800138000"), display("+8657188881234;ext=801"), display("+442079460958")
    ('138 0013 8000', '0571 8888 1234 转 801', '+44 20 7946 0958')
    """
    main, _, extension = stored.partition(";ext=")
    try:
        number = phonenumbers.parse(main, None)
    except phonenumbers.NumberParseException:
        return stored
    home = number.country_code == 86
    shown = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL)
    word = "ext." if language.startswith("en") else "转"
    return f"{shown} {word} {extension}" if extension else shown


def mask(stored: str) -> str:
    """The number with its middle hidden; enough to recognise one's own.

    >>> mask("+8613800138000"), mask("+8657188881234")
    ('138****8000', '0571****1234')
    """
    main = stored.partition(";ext=")[0]
    if is_mobile(main):
        return f"{main[3:6]}****{main[-4:]}"
    digits = re.sub(r"\D", "", display(main))
    if main.startswith("+86") and len(digits) >= 10:
        shown, tail = (len(digits) - 8, 4) if digits.startswith("0") else (3, 3)
        return f"{digits[:shown]}****{digits[-tail:]}"
    return f"{main[:3]}****{main[-2:]}" if len(main) > 7 else "****"


def city(stored: str) -> str:
    """Where a mobile number of mainland China was issued, e.g. 北京 or 浙江杭州; "" where nobody knows.

    >>> city("+8613800138000")
    '北京'
    """
    if not is_mobile(stored):
        return ""
    found = _places().find(stored[3:])
    if not found:
        return ""
    province, place = found.get("province") or "", found.get("city") or ""
    return place if place == province else province + place


def _split(text: str, region: str) -> tuple[PhoneNumber | None, str]:
    """The number and its extension; a last group after a dash is tried as one when the whole is no number."""
    for pattern in (None, _EXTENSION_AFTER_WORD, _EXTENSION):
        match = pattern.search(text) if pattern else None
        if pattern and match is None:
            continue
        number = _parse(text[: match.start()] if match else text, region)
        if number is not None:
            return number, match[1] if match else ""
    return None, ""


@lru_cache(maxsize=4096)
def _parse(text: str, region: str) -> PhoneNumber | None:
    if not re.fullmatch(r"\+?[\d\s().\-]{5,30}", text):
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    # New mobile ranges are opened faster than the library learns of them.
    known = phonenumbers.is_valid_number(number) or (
        number.country_code == 86 and _MOBILE.fullmatch(str(number.national_number)) is not None
    )
    return number if known else None


@lru_cache(maxsize=1)
def _places():  # type: ignore[no-untyped-def]  # the library has no types
    from phone import Phone  # 4 MB of data, read when first asked for

    return Phone()
