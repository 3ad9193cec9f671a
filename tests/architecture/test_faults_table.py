"""docs/faults.md names a test for each fault; each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
TESTS = ("journeys", "faults")


def test_every_fault_names_tests_that_are_there() -> None:
    lines = [line for line in (ROOT / "docs/faults.md").read_text().splitlines() if line.startswith("| ")][1:]
    assert len(lines) > 30
    for line in lines:
        named = NAMED.findall(line)
        assert named, line
        for path, test in named:
            whole = ROOT / ("tests" if path.startswith(TESTS) else "zhike") / path
            assert re.search(rf"^def {test}\(", whole.read_text(), re.MULTILINE), f"{path}::{test}"
