"""Days off and make-up workdays, one data file a region and year, each saying whether it is announced yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator
from ruamel.yaml import YAML

from zhike.handbook.common import Model, Words

FOLDER = Path(__file__).parent
LONGEST = 30
"""Days of one holiday."""
MARGIN = dt.timedelta(days=15)
"""A holiday may reach over the turn of the year."""


class DaysOff(Model):
    name: Words
    first: dt.date = Field(alias="from")
    last: dt.date = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> DaysOff:
        if not 0 <= (self.last - self.first).days <= LONGEST:
            raise ValueError(
                f"{self.first} to {self.last}: days off begin before they end and last {LONGEST} days at most"
            )
        return self


class HolidayYear(Model):
    """One year of one region, as a file holds it."""

    region: str
    year: int = Field(ge=2000, le=2100)
    status: Literal["announced", "not_yet_announced"]
    off: tuple[DaysOff, ...]
    work: tuple[dt.date, ...] = ()
    """Make-up workdays: days off of the week that are worked."""

    @model_validator(mode="after")
    def _is_one_year(self) -> HolidayYear:
        near = (dt.date(self.year, 1, 1) - MARGIN, dt.date(self.year, 12, 31) + MARGIN)
        days = [day for span in self.off for day in (span.first, span.last)] + list(self.work)
        if strange := [day for day in days if not near[0] <= day <= near[1]]:
            raise ValueError(f"{strange[0]} is no day of {self.year}")
        if both := sorted(set(self.work) & {day for span in self.off for day in _days(span.first, span.last)}):
            raise ValueError(f"{both[0]} is both a day off and a day worked")
        return self


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
        """The table of a region: the years that come with the product, and those entered here instead of them.

        Raises ValueError when there is none.
        """
        return _load(name)

    @classmethod
    def with_year(cls, entered: HolidayYear) -> HolidayTable:
        """The region's table as it would be with this year in it."""
        return cls.of(entered.region, {**years_of(entered.region), entered.year: entered}.values())

    def is_off(self, day: dt.date) -> bool:
        return day in self.off

    def is_make_up(self, day: dt.date) -> bool:
        return day in self.make_up


_entered: dict[tuple[str, int], HolidayYear] = {}
"""Years entered where the product runs, by region and year; they stand instead of those that come with it."""


def enter(years: Iterable[HolidayYear]) -> None:
    """From now on these years, and no others, stand instead of those that come with the product."""
    _entered.clear()
    _entered.update({(year.region, year.year): year for year in years})
    _load.cache_clear()


def known_tables() -> tuple[str, ...]:
    """The regions that come with the product."""
    return tuple(sorted({path.stem.rpartition("-")[0] for path in FOLDER.glob("*-*.yaml")}))


def years_of(region: str) -> dict[int, HolidayYear]:
    """Every year known of a region, as it counts here."""
    found = dict(_shipped(region))
    found |= {year: data for (name, year), data in _entered.items() if name == region}
    return dict(sorted(found.items()))


@lru_cache(maxsize=16)
def _shipped(region: str) -> tuple[tuple[int, HolidayYear], ...]:
    yaml = YAML(typ="safe", pure=True)
    years = (read_year(yaml.load(path)) for path in sorted(FOLDER.glob(f"{region}-*.yaml")))
    return tuple((year.year, year) for year in years)


def read_year(data: Any) -> HolidayYear:
    """One year from its data, e.g. uploaded by an administrator. Raises pydantic.ValidationError."""
    return HolidayYear.model_validate(data)


@lru_cache(maxsize=16)
def _load(name: str) -> HolidayTable:
    if name not in known_tables():
        raise ValueError(f"there is no holiday table '{name}'; known are: {', '.join(known_tables())}")
    return HolidayTable.of(name, years_of(name).values())


def _certain_until(years: list[HolidayYear]) -> dt.date | None:
    certain: int | None = None
    for year in years:
        if year.status != "announced" or (certain is not None and year.year != certain + 1):
            break
        certain = year.year
    return None if certain is None else dt.date(certain, 12, 31)


def _days(first: dt.date, last: dt.date) -> Iterable[dt.date]:
    return (first + dt.timedelta(days=offset) for offset in range((last - first).days + 1))
