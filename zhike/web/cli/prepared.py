"""Whether a data folder is already prepared for this very product, so that a second start is quick.

The mark is a digest of everything `zhike prepare` reads: the product's and the handbooks' files by name, size and time,
the handbook asked for, the mode, and the cluster itself. A server of somebody else's is always prepared again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from zhike.web.cli import environment
from zhike.web.cli.postgres import Embedded

PACKAGE = Path(__file__).resolve().parents[2]


def is_prepared(server: Embedded | None) -> bool:
    mark = environment.home() / "prepared"
    if server is None or not mark.exists() or not (environment.home() / "static").is_dir():
        return False
    return mark.read_text() == digest(server)


def mark_prepared(server: Embedded | None) -> None:
    if server is not None:
        (environment.home() / "prepared").write_text(digest(server))


def digest(server: Embedded) -> str:
    """Changes whenever preparing again could have an effect."""
    born = (server.data / "PG_VERSION").stat().st_mtime_ns  # written when the cluster was made, and never again
    sums = hashlib.sha256(f"{born} {environment.handbook()} {environment.sandbox()}".encode())
    handbook = Path(environment.handbook())
    for folder in (PACKAGE, PACKAGE.parent / "handbooks", *([handbook] if handbook.is_dir() else [])):
        for path in files(folder):
            entry = path.stat()
            sums.update(f"{path}\0{entry.st_size}\0{entry.st_mtime_ns}\0".encode())
    return sums.hexdigest()


def files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (Path(place) / name for name in sorted(names))
