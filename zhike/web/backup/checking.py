"""Whether a backup is whole: every part against its hash, nothing missing, nothing added."""

from __future__ import annotations

from pathlib import Path

from zhike.web.backup.contents import Progress
from zhike.web.backup.manifest import Manifest
from zhike.web.backup.parts import DUMP, MANIFEST, SEALED, NotABackup, opened


def check_file(place: Path, progress: Progress | None = None) -> tuple[Manifest, list[str]]:
    """The manifest, and what is wrong with the parts. Raises NotABackup where there is no telling."""
    with opened(place) as backup:
        names, parts = backup.tar.getnames(), backup.manifest.parts
        wrong = [f"{name} does not belong to the backup" for name in _added(names, [part.name for part in parts])]
        done, total = 0, sum(part.size for part in parts)
        for part in parts:
            if progress:
                progress("checking", done, total)
            try:
                found = backup.copy(part.name, None)
            except NotABackup as error:
                wrong.append(str(error))
                continue
            if found != part:
                wrong.append(f"{part.name} was changed: {found.size:,} bytes, {part.size:,} were written")
            done += part.size
        if DUMP not in names:
            wrong.append("there is no database in it")
        return backup.manifest, wrong


def _added(names: list[str], known: list[str]) -> list[str]:
    left = list(names)
    for name in (*known, MANIFEST, SEALED):
        if name in left:
            left.remove(name)
    return left
