"""The first start loads the sample; the second finds everything as it was."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from pytest_django import Settings

from zhike.cases.models import Case
from zhike.clocks.models import Clock
from zhike.journal.models import ClauseUse
from zhike.journal.stream import sequence_pending
from zhike.org.models import Staff
from zhike.web.first_run import WrongMode, prepare
from zhike.web.first_run.replay import Unexpected, moment_of, replay
from zhike.web.sandbox import virtual
from zhike.web.tests.world import NINE, World

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def home(db: None, settings: Settings, tmp_path: Path) -> Path:
    settings.ZHIKE_HOME = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"
    return tmp_path


def everything() -> dict[str, int]:
    """Rows of every table of ours."""
    ours = [
        model for config in apps.get_app_configs() if config.name.startswith("zhike") for model in config.get_models()
    ]
    return {model.__name__: model._base_manager.count() for model in ours}


@pytest.mark.slow
def test_a_second_start_changes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare("retail-hotline", sandbox=False)
    assert "left out" not in capsys.readouterr().err
    first, password = everything(), (home / "sample-password.txt").read_text()
    prepare("retail-hotline", sandbox=False)
    assert everything() == first
    assert (home / "sample-password.txt").read_text() == password
    assert stat.S_IMODE((home / "sample-password.txt").stat().st_mode) == 0o600
    assert all(person.check_password(password.strip()) for person in Staff.objects.all())
    assert not Staff.objects.filter(is_sample=False).exists()
    assert not Case.objects.filter(is_sample=False, parent=None).exists()
    broken = ClauseUse.objects.get(clause="WARN-05", outcome="broken")
    assert Clock.objects.get(pk=broken.detail["clock"]).state == Clock.State.LATE
    assert sequence_pending() > 100


def test_a_sandbox_and_a_real_department_never_share_a_folder(world: World, home: Path) -> None:
    with pytest.raises(WrongMode, match="real department"):
        prepare("retail-hotline", sandbox=True)
    virtual.begin(NINE)
    with pytest.raises(WrongMode, match="sandbox"):
        prepare("retail-hotline", sandbox=False)


def test_a_handbook_is_installed_into_a_department_that_is_there_without_its_sample(world: World, home: Path) -> None:
    before = Staff.objects.count()
    prepare("retail-hotline", sandbox=False)
    assert Staff.objects.count() == before
    assert not (home / "sample-password.txt").exists()


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("-3d 09:05", "2025-06-07T09:05:00+08:00"),
        ("-25m", "2025-06-10T08:35:00+08:00"),
        ("-1h30m", "2025-06-10T07:30:00+08:00"),
        ("-2h", "2025-06-10T07:00:00+08:00"),
        ("-0d 23:00", "2025-06-10T09:00:00+08:00"),  # never in the future
    ],
)
def test_times_of_a_history(text: str, then: str) -> None:
    assert moment_of(text, NINE, SHANGHAI) == dt.datetime.fromisoformat(then)


@pytest.mark.parametrize("text", ["-", "yesterday", "-3d", "-3d 9:00", "3h"])
def test_a_time_nobody_understands_is_named(text: str) -> None:
    with pytest.raises(Unexpected, match="no time"):
        moment_of(text, NINE, SHANGHAI)


@pytest.mark.parametrize(
    "deed",
    [
        {"by": "agent", "open": "service_ticket", "action": "register", "values": {}},
        {"by": "nobody", "open": "service_ticket", "action": "register", "values": {}},
        {"by": "agent", "case": "x", "action": "resolve", "values": {}},
        {"by": {"customer": "1"}, "open": "service_ticket", "action": "file", "refused": True,
         "values": {"caller_name": "甲", "caller_phone": "13800001234", "request_kind": "question", "content": "问"}},
    ],
)  # fmt: skip
def test_a_deed_that_ends_otherwise_than_the_file_says_is_named(world: World, deed: dict[str, Any]) -> None:
    Staff.objects.update(is_sample=True)
    with pytest.raises(Unexpected, match="-1h"):
        replay([{"at": "-1h", **deed}], world.version, NINE)
