"""Words and files at a case, outside any action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from zhike.cases.allowed import over
from zhike.cases.events import FilesAdded, NoteAdded
from zhike.cases.mentions import named_in, tell_the_named
from zhike.cases.models import Case, Note
from zhike.cases.refusals import Impossible, Unreadable
from zhike.cases.written import fact_of
from zhike.handbook.common import Text
from zhike.journal.actions import record
from zhike.lib.text import clean_text
from zhike.org.principals import Viewer
from zhike.records.attachments import bind_attachments
from zhike.records.models import Attachment

NOTE_LIMIT = 20_000
WRITE_SOMETHING = Text(zh="请填写内容，最多两万字。", en="Write something, 20,000 characters at most.")


def add_note(case: Case, words: str, *, by: Viewer, now: dt.datetime, internal: bool = True) -> Note:
    """Write an internal note, or a message the customer reads (`internal=False`). Whom an internal one names with @ is told.

    Raises Unreadable for empty or oversized words, and where it names somebody who may not see the case.
    """
    cleaned = clean_text(words).strip()
    if not cleaned or len(cleaned) > NOTE_LIMIT:
        raise Unreadable.of({"words": WRITE_SOMETHING})
    if (ended := over(case)) is not None:
        raise Impossible([ended])
    named = named_in(case, cleaned, by) if internal and by.staff is not None else []
    with transaction.atomic():
        note = Note.objects.create(case=case, at=now, author=by.principal, internal=internal, words=cleaned)
        # A note's words stay in its row; the fact only says that there is one.
        record([fact_of(case, NoteAdded(note=note.pk, internal=internal, mentions=named), at=now, actor=by.principal)])
        tell_the_named(case, note, named, now)
    return note


def add_files(
    case: Case, tokens: Sequence[str], *, by: Viewer, now: dt.datetime, internal: bool = True, told: bool = False
) -> list[Attachment]:
    """Bind uploaded files to the case. `told`: a note that comes with them already says so, else a fact of its own does.

    Raises AttachmentRefused, and Impossible where nothing is done with the case any more.
    """
    if (ended := over(case)) is not None:
        raise Impossible([ended])
    with transaction.atomic():
        bound = bind_attachments(tokens, subject=("case", case.pk), by=by.principal, internal=internal)
        if bound and not told:
            record([fact_of(case, FilesAdded(len(bound), internal), at=now, actor=by.principal)])
    return bound
