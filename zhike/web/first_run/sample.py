"""The sample department: departments, staff, directories and a little history, from `sample.yaml` beside a handbook.

The file's head says its shape. Everything goes through the same actions as real work. The history is one transaction:
all of it or, with a line that says why, none.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from zhike.org.actions import generate_password
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion
from zhike.rehearsal.sample import add_departments, add_directory, add_people, read_sample
from zhike.web.first_run.replay import Unexpected, replay

PASSWORD_FILE = "sample-password.txt"  # noqa: S105 - a file's name
Say = Callable[[str], None]


def load_sample(path: Path, version: HandbookVersion, now: dt.datetime, *, say: Say) -> None:
    """Load the sample once, into a database without staff and departments."""
    sample = read_sample(path)
    book = book_of(version.pk)
    with transaction.atomic():
        places = add_departments(sample.get("departments") or [], now)
        password = kept_password(Path(settings.ZHIKE_HOME) / PASSWORD_FILE)
        add_people(sample.get("staff") or [], book, places, now, password)
        add_directory(sample.get("directory") or {}, book, places, now)
    try:
        with transaction.atomic():
            count = replay(sample.get("history") or [], version, now)
            say(f"sample history: {count} deeds")
    except Unexpected as error:
        say(f"the sample history is left out: {error}")


def kept_password(place: Path) -> str:
    """The sample's password, made on the first start and readable by its owner only."""
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return place.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(f"{(password := generate_password())}\n")
    return password
