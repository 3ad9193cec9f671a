"""A department with cases, customers and files, and a second database on the same server to restore into."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from zhike.customers.profile import Draft, add_customer
from zhike.journal.seals import seal_all
from zhike.journal.stream import sequence_all
from zhike.records.attachments import store_attachment
from zhike.web.backup import restoring
from zhike.web.backup.making import Source
from zhike.web.backup.nightly import source
from zhike.web.backup.restoring import Target, drop
from zhike.web.backup.swapping import maintenance
from zhike.web.cli.scratch import with_name
from zhike.web.tests.conftest import world as department
from zhike.web.tests.world import COMPLETE, World

world = department
BACK = f"zhike_{os.environ.get('PYTEST_XDIST_WORKER', 'test')}_back"
"""Processes of one run share a server that is not embedded."""
WORDS = "示例：收银小票".encode()


@dataclass
class Place:
    """Where a test backs up from and restores to."""

    source: Source
    target: Target
    file: Path

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What the restored database answers."""
        with psycopg.connect(self.target.url) as look:
            return look.execute(query).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def filled(world: World) -> World:
    """Two warnings, a customer with an identity number, a file, and a sealed journal."""
    world.warning()
    world.take(world.warning(), "submit", COMPLETE, "agent")
    add_customer(
        Draft(name="示例王", phones=("13800138000",), identifiers={"resident_id": "11010519491231002X"}),
        by="staff:1", now=world.now,
    )  # fmt: skip
    store_attachment(WORDS, "示例小票.txt", by="staff:1", now=world.now)
    sequence_all()
    seal_all()
    return world


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chain and tables of the restored database are looked at in processes of their own: only where a test is about that."""
    if "whole" not in request.keywords:
        monkeypatch.setattr(restoring, "ours", lambda *_: subprocess.CompletedProcess([], 0, "", ""))


@pytest.fixture
def place(filled: World, tmp_path: Path) -> Iterator[Place]:
    url = source().url
    target = Target(with_name(url, BACK), tmp_path / "home")
    target.home.mkdir()
    connection.close()
    yield Place(source(), target, tmp_path / "示例.backup")
    with maintenance(url) as keeper:
        names = keeper.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [BACK]).fetchall()
        for (name,) in names:
            drop(keeper, name)


def digest_of_words() -> str:
    return hashlib.sha256(WORDS).hexdigest()


def file_of_words() -> Path:
    digest = digest_of_words()
    return Path(settings.MEDIA_ROOT) / digest[:2] / digest
