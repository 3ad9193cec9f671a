"""Ground for all of them: a product in its sandbox, with files of its own, that turns nobody away for asking often."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from tests.hostile.asking import Findings
from zhike.web import allowances


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> Findings:
    settings.SANDBOX, settings.ZHIKE_HOME, settings.MEDIA_ROOT = True, tmp_path, tmp_path / "files"
    for allowance in allowances._all:
        monkeypatch.setattr(allowance, "most", 10**9)
    return Findings()
