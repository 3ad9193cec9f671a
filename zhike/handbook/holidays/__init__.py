"""Days off and make-up workdays, one data file a region and year, each saying whether it is announced yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from ruamel.yaml import YAML

from zhike.handbook.common import Model, Words

FOLDER = Path(__file__).parent


class DaysOff(Model):
    name: Words
    first: dt.date = Field(alias="from")
    last: dt.date = Field(alias="to")


class HolidayYear(Model):
    """One year of one region, as a file holds it."""

    region: str
    year: int
    status: Literal["announced", "not_yet_announced"]
    off: tuple[DaysOff, ...]
    work: tuple[dt.date, ...] = ()
    """Make-up workdays: days off of the week that are worked."""


@dataclass(frozen=True)
class HolidayTable:
    """The days off of one region over the years that are known."""

    name: str
    off: frozenset[dt.date]
    make_up: frozenset[dt.date]
    certain_until: dt.date | None
    """The last day up to which every year is announced; None when none is."""

    @classmethod
    def of(cls, name: str, years: Iterable[HolidayYear]) -> HolidayTable:
        """A table of these years. Certainty ends with the first year that is missing or not announced."""
        ordered = sorted(years, key=lambda year: year.year)
        off = frozenset(day for year in ordered for span in year.off for day in _days(span.first, span.last))
        return cls(name, off, frozenset(day for year in ordered for day in year.work), _certain_until(ordered))

    @classmethod
    def named(cls, name: str) -> HolidayTable:
        """The table of a region that comes with the product. Raises ValueError when there is none."""
        return _load(name)

    def is_off(self, day: dt.date) -> bool:
        return day in self.off

    def is_make_up(self, day: dt.date) -> bool:
        return day in self.make_up


def known_tables() -> tuple[str, ...]:
    """The regions that come with the product."""
    return tuple(sorted({path.stem.rpartition("-")[0] for path in FOLDER.glob("*-*.yaml")}))


def read_year(data: Any) -> HolidayYear:
    """One year from its data, e.g. uploaded by an administrator. Raises pydantic.ValidationError."""
    return HolidayYear.model_validate(data)


@lru_cache(maxsize=16)
def _load(name: str) -> HolidayTable:
    if name not in known_tables():
        raise ValueError(f"there is no holiday table '{name}'; known are: {', '.join(known_tables())}")
    yaml = YAML(typ="safe", pure=True)
    return HolidayTable.of(name, (read_year(yaml.load(path)) for path in sorted(FOLDER.glob(f"{name}-*.yaml"))))


def _certain_until(years: list[HolidayYear]) -> dt.date | None:
    certain: int | None = None
    for year in years:
        if year.status != "announced" or (certain is not None and year.year != certain + 1):
            break
        certain = year.year
    return None if certain is None else dt.date(certain, 12, 31)


def _days(first: dt.date, last: dt.date) -> Iterable[dt.date]:
    return (first + dt.timedelta(days=offset) for offset in range((last - first).days + 1))
