"""Every handbook that is shipped is sound, keeps its own scenarios, and has no clause that no scenario meets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from django.test import Client
from pytest_django import Settings

from zhike.cases.access import visible_cases
from zhike.cases.models import Case
from zhike.cases.queries import entries, offered
from zhike.handbook import library
from zhike.handbook.load import examine
from zhike.lib import clock
from zhike.org.handbooks import install, viewer
from zhike.org.models import HandbookVersion, Staff
from zhike.rehearsal.runner import rehearse
from zhike.web.first_run.sample import load_sample

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NOON = dt.datetime(2025, 6, 10, 12, tzinfo=ZoneInfo("Asia/Shanghai"))

LEFT_TO_PEOPLE: dict[str, list[str]] = {}
"""Clauses of which the product keeps one thing only, and does not carry it out."""


@pytest.fixture
def at_noon() -> Iterator[None]:
    before = clock.install(lambda: NOON)
    yield
    clock.install(before)


@pytest.mark.parametrize("name", library.names())
def test_a_shipped_handbook_is_sound_and_every_clause_of_it_is_rehearsed(name: str) -> None:
    folder = library.find(name)
    read = examine(folder)
    assert [str(problem) for problem in (*read.errors, *read.warnings) if problem.code != "not-run"] == []
    assert [problem.clause for problem in read.warnings if problem.code == "not-run"] == LEFT_TO_PEOPLE.get(name, [])
    report = rehearse(folder)
    assert [(failure.scenario, failure.step, failure.because) for failure in report.failures] == []
    assert report.passed > 0
    assert report.unexercised == []
    assert read.book is not None
    assert len(report.clauses) == len({clause.sentence for clause in read.book.handbook.clauses})


@pytest.mark.parametrize("name", library.names())
def test_the_history_of_a_shipped_sample_is_lived_through_and_everybody_in_it_opens_his_pages(
    name: str, settings: Settings, tmp_path: Path, at_noon: None
) -> None:
    settings.ZHIKE_HOME, settings.MEDIA_ROOT = tmp_path, tmp_path / "files"
    folder, said = library.find(name), list[str]()
    load_sample(folder / "sample.yaml", install(folder, NOON - dt.timedelta(days=30)), NOON, say=said.append)
    assert [words for words in said if "left out" in words] == []
    told = yaml.safe_load((folder / "sample.yaml").read_text()).get("history")
    assert Case.objects.filter(is_sample=True).exists() is bool(told)
    for person in Staff.objects.order_by("pk"):
        assert [failed for failed in opened_by(person) if failed[1] not in (200, 302, 403)] == []


def opened_by(person: Staff) -> list[tuple[str, int]]:
    """(address, status) of the pages of a department, and of the latest cases this person may see with all they offer him."""
    client, seen = Client(), viewer(person)
    client.force_login(person, backend="zhike.org.backend.StaffBackend")
    pages = ["/desk", "/desk/mine", "/desk/new", "/cases", "/board", "/lookup", "/handbook", "/notices"]
    versions = list(HandbookVersion.objects.all())
    pages += [f"/handbook/{version.name}" for version in versions]
    pages += [f"/desk/new/{v.name}/{process}/{action.id}" for v, process, action in entries(seen, versions)]
    for case in visible_cases(seen).order_by("-pk")[:3]:
        here = f"/cases/{case.number}"
        pages += [here, *(f"{here}/actions/{offer.action.id}" for offer in offered(case, seen) if offer.allowed)]
    return [(page, client.get(page).status_code) for page in pages]
