"""The file of a backup: an ordinary tar that any program opens. Its last part but one says what the others must be.

    database.dump        pg_dump's own format                files/ab/abcdef...   what people uploaded, named by its SHA-256
    imports/7.table      a file that is still coming in      handbooks/NAME/...   the folders of installed handbooks
    settings.json        what the environment said           keys/...             only when asked for
    manifest.json        counts and hashes of all of it      manifest.sha256      the hash of the manifest

It is written beside its place and moved there when it is whole: a file of that name is a finished backup.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from zhike.web.backup.manifest import Manifest, Part

MANIFEST, SEALED = "manifest.json", "manifest.sha256"
DUMP = "database.dump"
CHUNK = 1 << 20
BLOCK = 512
LARGEST_MANIFEST = 1 << 30


class NotABackup(Exception):
    """The file is no backup, or not a whole one; the message says what is wrong."""


class Readable(Protocol):
    """All that is asked of a source."""

    def read(self, size: int, /) -> bytes: ...


class Writer:
    """Adds parts one after the other; how long a streamed one is need not be known before."""

    def __init__(self, target: IO[bytes]) -> None:
        self.target = target
        self.parts: list[Part] = []

    def add(self, name: str, source: Readable) -> Part:
        """Copy `source` to its end."""
        begins = self.target.tell()
        self.target.write(_header(name, 0))
        size, digest = 0, hashlib.sha256()
        while chunk := source.read(CHUNK):
            size += len(chunk)
            digest.update(chunk)
            self.target.write(chunk)
        self.target.write(bytes(-size % BLOCK))
        ends = self.target.tell()
        self.target.seek(begins)
        self.target.write(_header(name, size))
        self.target.seek(ends)
        self.parts.append(Part(name, size, digest.hexdigest()))
        return self.parts[-1]

    def finish(self, manifest: Manifest) -> None:
        text = manifest.as_json()
        self.add(MANIFEST, io.BytesIO(text))
        self.add(SEALED, io.BytesIO(hashlib.sha256(text).hexdigest().encode()))
        self.target.write(bytes(2 * BLOCK))


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


@contextmanager
def new_file(place: Path) -> Iterator[IO[bytes]]:
    """A file nobody else may read, at `place` only when the block ends well. Raises FileExistsError."""
    if place.exists():
        raise FileExistsError(place)
    beside = place.with_name(f".{place.name}.unfinished")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        os.link(beside, place)  # unlike a renaming, it never takes the place of a file that came meanwhile
        flush_folder(place.parent)
    finally:
        beside.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """After this, what was moved into the folder is there after a power cut too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(slots=True)
class Reader:
    """A backup that is opened to be read."""

    tar: tarfile.TarFile
    manifest: Manifest

    def copy(self, name: str, target: IO[bytes] | None) -> Part:
        """Read a part to its end, into `target` where there is one; what it really is."""
        try:
            source = self.tar.extractfile(name)
        except KeyError:
            source = None
        if source is None:
            raise NotABackup(f"{name} is missing")
        size, digest = 0, hashlib.sha256()
        try:
            while chunk := source.read(CHUNK):
                size += len(chunk)
                digest.update(chunk)
                if target is not None:
                    target.write(chunk)
        except tarfile.TarError as error:
            raise NotABackup(f"{name} ends too early") from error
        return Part(name, size, digest.hexdigest())


@contextmanager
def opened(place: Path) -> Iterator[Reader]:
    """Raises NotABackup for what is none, and for one that was cut off."""
    try:
        with tarfile.open(place, "r:") as tar:
            yield Reader(tar, _manifest_of(tar))
    except tarfile.TarError as error:
        raise NotABackup(f"{place} is no backup, or was cut off: {error}") from error


def _manifest_of(tar: tarfile.TarFile) -> Manifest:
    texts = []
    for name in (MANIFEST, SEALED):
        try:
            source = tar.extractfile(name)
        except KeyError:
            source = None
        if source is None:
            raise NotABackup(f"{tar.name!s} has no {name}: it is no backup, or was cut off")
        texts.append(source.read(LARGEST_MANIFEST))
    if hashlib.sha256(texts[0]).hexdigest() != texts[1].decode(errors="replace"):
        raise NotABackup(f"{tar.name!s}: the manifest was changed")
    try:
        return Manifest.from_json(texts[0])
    except ValueError as error:
        raise NotABackup(f"{tar.name!s}: the manifest cannot be read: {error}") from error
