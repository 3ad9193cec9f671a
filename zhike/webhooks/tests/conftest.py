from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from zhike.lib import clock
from zhike.web.tests.world import World, in_time_of


@pytest.fixture
def world(db: None, settings: Settings) -> Iterator[World]:
    """The small cast of pages; the loopback may be delivered to."""
    settings.WEBHOOK_HOSTS = frozenset({"127.0.0.1"})
    made = World()
    before = in_time_of(made)
    yield made
    clock.install(before)
