"""Web server, its processes and the worker are killed while people write: nothing answered for is lost, nothing comes twice."""

from __future__ import annotations

import pytest

from tests.faults.conftest import Breakable
from tests.faults.kills import Differences, kill_again_and_again

pytestmark = [pytest.mark.slow, pytest.mark.embedded]


def test_what_was_answered_for_is_stored_and_told_once_however_often_processes_are_killed(breakable: Breakable) -> None:
    story, found = kill_again_and_again(breakable.product, 3, lambda _: None)
    assert story.ledger.tries > story.ledger.count
    assert found == Differences(lost=0, doubled=0, reordered=0, unheard=0, heard_again=0)
