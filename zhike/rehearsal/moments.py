"""Moments, days and spans as scenarios write them."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

WORDS = {"昨天": -1, "今天": 0, "次日": 1}


class BadMoment(ValueError):
    """What stands there is no moment, day or span."""


def read_day(text: str, now: dt.datetime, zone: ZoneInfo) -> dt.date:
    """`2025-06-11`, `06-11`, `今天`, `次日`, `昨天`, `3天后`; a missing year is that of `now`."""
    today = now.astimezone(zone).date()
    if text in WORDS:
        return today + dt.timedelta(days=WORDS[text])
    if later := re.fullmatch(r"(\d+)天后", text):
        return today + dt.timedelta(days=int(later[1]))
    numbers = [int(part) for part in text.split("-")]
    try:
        return dt.date(*numbers) if len(numbers) == 3 else dt.date(today.year, *numbers)
    except (TypeError, ValueError) as error:
        raise BadMoment(f"“{text}”不是日期") from error


def read_moment(text: str, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """A day as in `read_day` and a time, or a time alone (of today); `24:00` is the end of the day."""
    match = re.fullmatch(r"(.*?)\s?(\d{1,2}):(\d{2})(?::(\d{2}))?", text.strip())
    if not match:
        raise BadMoment(f"“{text}”不是时刻")
    day = read_day(match[1], now, zone) if match[1] else now.astimezone(zone).date()
    hour, minute, second = int(match[2]), int(match[3]), int(match[4] or 0)
    if hour > 24 or minute > 59 or second > 59:
        raise BadMoment(f"“{text}”不是时刻")
    midnight = dt.datetime.combine(day, dt.time.min, zone)
    local = midnight.replace(tzinfo=None) + dt.timedelta(hours=hour, minutes=minute, seconds=second)
    return local.replace(tzinfo=zone)


def read_span(text: str) -> dt.timedelta:
    """`30分钟`, `1小时30分`, `2天`, `45秒`."""
    match = re.fullmatch(r"(?:(\d+)天)?(?:(\d+)小时)?(?:(\d+)分钟?)?(?:(\d+)秒)?", text.strip())
    if not match or not any(match.groups()):
        raise BadMoment(f"“{text}”不是一段时间")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
