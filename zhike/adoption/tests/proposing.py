"""Handbooks that differ from the shipped one in one thing, and two administrators to propose and to approve."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from tests.world import BEGINNING, RETAIL
from zhike.adoption.actions import approve, draft_content, submit
from zhike.adoption.content import Content, of_files
from zhike.adoption.models import Proposal
from zhike.handbook import library
from zhike.handbook.archive import Files, read_folder
from zhike.handbook.problems import Findings
from zhike.org.actions import add_staff
from zhike.org.models import HandbookVersion, Staff
from zhike.org.principals import SYSTEM


def administrators() -> tuple[Staff, Staff]:
    """(the one of the cast, another one)."""
    first = Staff.objects.get(username="admin")
    known = Staff.objects.filter(username="admin-2").first()
    second = known or add_staff(username="admin-2", name="示例另一位", is_admin=True, by=SYSTEM, now=BEGINNING)
    return first, second


@lru_cache(maxsize=1)
def shipped() -> Files:
    return read_folder(library.find(RETAIL), Findings())


@lru_cache(maxsize=8)
def changed(*replaced: tuple[str, str, str], version: str = "2.0.0") -> Content:
    """The shipped handbook with (file, old, new) put in, checked."""
    files = dict(shipped())
    files["handbook.yaml"] = files["handbook.yaml"].replace('version: "1.0.0"', f'version: "{version}"')
    for file, old, new in replaced:
        assert old in files[file], (file, old)
        files[file] = files[file].replace(old, new, 1)
    content = of_files(files)
    assert content.errors == [], [problem.say() for problem in content.errors]
    return content


def slower() -> Content:
    """Filing a warning (WARN-05) may take 45 minutes instead of 30; the sentence says so too."""
    return changed(
        ("warning.yaml", "within: 30m", "within: 45m"),
        version="2.0.0",
    )


def proposed(now: dt.datetime, begins: dt.datetime | None = None, content: Content | None = None) -> Proposal:
    """Submitted by the first administrator."""
    first, _ = administrators()
    draft = draft_content(content or slower(), by=first, now=now)
    return submit(draft.pk, why="示例：人手不足", wanted_from=begins, by=first, now=now)


def adopted(now: dt.datetime, begins: dt.datetime | None = None, content: Content | None = None) -> HandbookVersion:
    """Approved by the second administrator."""
    return approve(proposed(now, begins, content).pk, by=administrators()[1], now=now)
