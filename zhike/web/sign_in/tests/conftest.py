from __future__ import annotations

import pytest

from zhike.web.sign_in import attempts
from zhike.web.tests.conftest import telephone, world

__all__ = ["telephone", "world"]


@pytest.fixture
def defers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What was handed to the worker, instead of handing it over."""
    handed: list[dict[str, str]] = []
    monkeypatch.setattr(attempts, "defer", lambda task, **arguments: handed.append(arguments))
    return handed
