from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from zhike.channels.http import Line
from zhike.channels.tests.platform import Platform
from zhike.channels.tests.stand_in import StandIn, stand_in


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Platform, StandIn]]:
    plays = Platform()
    quick = Line(frozenset({"127.0.0.1"}), 2.0, 0.4)
    monkeypatch.setattr("zhike.channels.wechat.client.house_line", lambda: quick)
    with stand_in(plays) as there, override_settings(WEBHOOK_HOSTS=frozenset({"127.0.0.1"})):
        yield plays, there
