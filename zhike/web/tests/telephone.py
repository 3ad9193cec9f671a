"""A telephone that computes codes, on a machine's clock that stands still."""

from __future__ import annotations

import datetime as dt

import pyotp
import pytest

from zhike.lib import clock
from zhike.org.models import Staff
from zhike.org.second_factor import begin_set_up, confirm_set_up, set_up_of

NOON = dt.datetime.fromisoformat("2025-06-10T12:00:00+08:00")


class Telephone:
    """Somebody's, with his secret; `minutes_later` moves the machine's clock for the product and the telephone alike."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = NOON
        self.secret = ""
        self.recovery: list[str] = []
        monkeypatch.setattr(clock, "wall", lambda: self.at)

    def belongs_to(self, staff: Staff) -> Telephone:
        number = begin_set_up(staff, now=NOON)
        self.secret = set_up_of(staff, number)
        self.recovery = confirm_set_up(staff, number, self.code(), at=self.at, now=NOON)
        self.minutes_later(1)
        return self

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.at)

    def minutes_later(self, minutes: float) -> None:
        self.at += dt.timedelta(minutes=minutes)
