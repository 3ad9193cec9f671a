"""Where handbooks lie: the checkout's `handbooks/` folder, or the copy that comes with the package."""

from __future__ import annotations

from pathlib import Path

from zhike.handbook.problems import closest
from zhike.handbook.source import MANIFEST

PLACES = (Path(__file__).resolve().parents[2] / "handbooks", Path(__file__).resolve().parents[1] / "handbooks")


class NoSuchHandbook(LookupError):
    """Neither a folder nor the name of a handbook."""


def names() -> tuple[str, ...]:
    """The handbooks at hand, by folder name."""
    found = {path.parent.name for place in PLACES if place.is_dir() for path in place.glob(f"*/{MANIFEST}")}
    return tuple(sorted(found))


def find(name: str) -> Path:
    """The folder of a handbook, by its name or by a path. Raises NoSuchHandbook."""
    if name and not set(name) & set("/\\.\0"):
        for place in PLACES:
            if (place / name / MANIFEST).is_file():
                return place / name
    path = Path(name).expanduser()
    if name and "\0" not in name and path.is_dir():
        return path
    near = closest(name, names())
    hint = f"did you mean {near}?" if near else f"known are: {', '.join(names()) or 'none'}"
    raise NoSuchHandbook(f"there is no handbook and no folder {name!r}; {hint}")
