"""Products to be broken: one in its sandbox for bad input, a real one whose database and worker are taken away."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.served import Served, served
from zhike.web.cli.postgres import Embedded


@dataclass(frozen=True)
class Breakable:
    """A product on real time, and the PostgreSQL under it, which nobody but the test stops and starts."""

    product: Served
    postgres: Embedded


@pytest.fixture(scope="package")
def breakable() -> Iterator[Breakable]:
    folder = Path(tempfile.mkdtemp(prefix="zhike-broken-"))
    folder.chmod(0o711)
    server = Embedded(folder, {"fsync": "off"})
    server.start()
    try:
        with served(sandbox=False, database_url=server.url) as product:
            yield Breakable(product, server)
    finally:
        server.stop()
        shutil.rmtree(folder)
