from __future__ import annotations

from collections.abc import Iterator

import pytest

from zhike.lib import clock
from zhike.web.tests.world import World, in_time_of


@pytest.fixture
def world(db: None) -> Iterator[World]:
    made = World()
    before = in_time_of(made)
    yield made
    clock.install(before)
