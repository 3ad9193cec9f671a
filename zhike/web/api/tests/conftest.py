from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from zhike.lib import clock
from zhike.web.allowances import Allowance
from zhike.web.api import guard
from zhike.web.api.rates import CALLS
from zhike.web.api.tests.program import Program, made_token
from zhike.web.tests.conftest import telephone
from zhike.web.tests.world import World, in_time_of

__all__ = ["telephone"]


@pytest.fixture
def world(db: None) -> Iterator[World]:
    made = World()
    before = in_time_of(made)
    yield made
    clock.install(before)


@pytest.fixture
def program(world: World) -> Callable[..., Program]:
    """Other software with a token of the named person, for everything unless scopes are named."""

    def made(who: str = "agent", *scopes: str) -> Program:
        return Program(made_token(world, who, *scopes))

    return made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Allowance:
    """How often a token may call, to be changed by the test."""
    fresh = Allowance("api", CALLS.most, CALLS.seconds)
    monkeypatch.setattr(guard, "CALLS", fresh)
    return fresh
