"""The first start: install the handbook, and on an empty database the sample department with a little history.

A second start finds everything as it was and changes nothing.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from zhike.handbook import library
from zhike.handbook.load import HandbookRefused, load
from zhike.lib import clock
from zhike.org.handbooks import content_of, install
from zhike.org.models import Department, HandbookVersion, Staff
from zhike.web.first_run.sample import load_sample
from zhike.web.sandbox import virtual


class WrongMode(SystemExit):
    """A real department must never meet a virtual clock, nor the other way round."""


def prepare(handbook: str, sandbox: bool) -> None:
    """Install `handbook` (a name or a path) and load its sample once. `zhike prepare` calls it after migrating."""
    _refuse_wrong_mode(sandbox)
    is_new = not Staff.objects.exists() and not Department.objects.exists()
    folder = library.find(handbook)
    now = clock.wall().replace(second=0, microsecond=0)
    if sandbox and virtual.is_set():
        now = virtual.read()
    try:
        version = _installed(folder, now)
    except HandbookRefused as refused:
        raise SystemExit(f"zhike: {folder} is refused, see: zhike handbook check {handbook}\n{refused}") from refused
    if is_new and (folder / "sample.yaml").exists():
        _say(f"loading the sample department of {version.name} ...")
        load_sample(folder / "sample.yaml", version, now, say=_say)
    if sandbox:
        virtual.begin(now)


def _installed(folder: Path, now: dt.datetime) -> HandbookVersion:
    """The version in force. A text that came with a newer product takes effect when a manager lets it, never by a start."""
    book = load(folder)
    known = HandbookVersion.objects.filter(name=book.name).order_by("-effective_from", "-id").first()
    if known is None:
        return install(folder, now)
    _, digest = content_of(book)
    if not HandbookVersion.objects.filter(name=book.name, digest=digest).exists():
        _say(
            f"{folder.name} differs from the versions installed; propose it under 管理 > 制度 or with: zhike handbook load {folder}"
        )
    return known


def _refuse_wrong_mode(sandbox: bool) -> None:
    was_sandbox = virtual.is_set()
    if was_sandbox and not sandbox:
        raise WrongMode("zhike: this data folder is a sandbox's; start with --sandbox, or choose another ZHIKE_HOME")
    if sandbox and not was_sandbox and Staff.objects.exists():
        raise WrongMode("zhike: this data folder is a real department's; choose another ZHIKE_HOME for the sandbox")


def _say(words: str) -> None:
    print(f"zhike: {words}", file=sys.stderr, flush=True)  # noqa: T201 - a long start shows its progress
