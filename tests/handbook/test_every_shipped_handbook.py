"""Every handbook that is shipped is sound, keeps its own scenarios, and has no clause that no scenario meets."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from zhike.cases.models import Case
from zhike.handbook import library
from zhike.handbook.load import examine
from zhike.org.handbooks import install
from zhike.rehearsal.runner import rehearse
from zhike.web.first_run.sample import load_sample

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NOON = dt.datetime(2025, 6, 10, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize("name", library.names())
def test_a_shipped_handbook_is_sound_and_every_clause_of_it_is_rehearsed(name: str) -> None:
    folder = library.find(name)
    read = examine(folder)
    assert [str(problem) for problem in (*read.errors, *read.warnings)] == []
    report = rehearse(folder)
    assert [(failure.scenario, failure.step, failure.because) for failure in report.failures] == []
    assert report.passed > 0
    assert report.unexercised == []
    assert read.book is not None
    assert len(report.clauses) == len({clause.sentence for clause in read.book.handbook.clauses})


@pytest.mark.parametrize("name", library.names())
def test_the_history_of_a_shipped_sample_can_be_lived_through(name: str, settings: Settings, tmp_path: Path) -> None:
    settings.ZHIKE_HOME, settings.MEDIA_ROOT = tmp_path, tmp_path / "files"
    folder, said = library.find(name), list[str]()
    load_sample(folder / "sample.yaml", install(folder, NOON - dt.timedelta(days=30)), NOON, say=said.append)
    assert [words for words in said if "left out" in words] == []
    assert Case.objects.filter(is_sample=True).exists()
