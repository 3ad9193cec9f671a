from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.world import Cast, cast
from zhike.handbook import holidays
from zhike.org import handbooks


@pytest.fixture
def people(db: None) -> Cast:
    return cast()


@pytest.fixture(autouse=True)
def days_off_as_shipped() -> Iterator[None]:
    """What a test entered is not known to the next one."""
    yield
    holidays.enter(())
    handbooks.book_of.cache_clear()
