"""A part of a case goes on as a case of its own: opened by an action the viewer may take, with copies of the notes and files chosen,
its own clocks, and a link to where it came from. What it was split from stays whole.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from zhike.cases import attempts, written
from zhike.cases.actions import open_case
from zhike.cases.allowed import may_steer, over
from zhike.cases.events import CaseSplit, CaseSplitOff
from zhike.cases.facts import facts_of
from zhike.cases.links import link_between, link_cases
from zhike.cases.models import Case, Note
from zhike.cases.queries import entries
from zhike.cases.refusals import Impossible, NotYours, Reason, Refused, Unreadable
from zhike.cases.standing import standing_of
from zhike.cases.written import fact_of
from zhike.handbook.common import Text
from zhike.handbook.decide import judge
from zhike.handbook.named import with_named
from zhike.journal.actions import record
from zhike.lib.text import clean_line
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion
from zhike.org.principals import Viewer
from zhike.records.models import Attachment

TITLE_LENGTH = 200
TO_SPLIT = Text(zh="拆分工单", en="split the case")
NOT_YOURS = Text(
    zh="轮到您办理、或者您能交出去的工单，您才能拆分。",
    en="You can split a case that waits for you, or that you could hand over.",
)
NOT_OFFERED = Text(zh="您的岗位不能新建这种工单。", en="Your roles do not open this kind of case.")
NOT_HERE = Text(zh="所选的备注或文件不在这张工单里。", en="A note or file you chose is not at this case.")
NO_TITLE = Text(zh="请给新工单写一个标题，最多 200 个字。", en="Give the new case a title, 200 characters at most.")


@dataclass(frozen=True, slots=True)
class Into:
    """What the part becomes: an entry action of a process, its form, files sent with it."""

    version: HandbookVersion
    process: str
    action: str
    values: Mapping[str, Any]
    attachments: Sequence[str] = ()


def split_case(
    case: Case,
    into: Into,
    *,
    title: str,
    notes: Sequence[int],
    files: Sequence[int],
    by: Viewer,
    now: dt.datetime,
    key: str = "",
) -> Case:
    """Open the new case; answers with it. `notes` and `files` are ids of the case's own. The same `key` again is the same case.

    Raises NotYours, Impossible, Unreadable, Refused: a clause stands against splitting or against opening, which is written down.
    """
    title = clean_line(title)
    if not title or len(title) > TITLE_LENGTH:
        raise Unreadable.of({"title": NO_TITLE})
    _check(case, into, by, now)
    with transaction.atomic():
        Case.objects.select_for_update(no_key=True).get(pk=case.pk)
        chosen_notes, chosen_files = _chosen(case, notes, files)
        try:
            new = open_case(
                into.version, into.process, into.action, into.values, by=by, now=now, key=key,
                attachments=into.attachments, customer=case.customer, source=case.source, is_sample=case.is_sample,
            )  # fmt: skip
        except Refused as refused:
            turned_away = refused
        else:
            if link_between(new.pk, case.pk) is None:
                _fill(new, case, title, chosen_notes, chosen_files, by, now)
            return new
    # Outside the block: what the refusal wrote down is kept.
    raise turned_away


def _check(case: Case, into: Into, by: Viewer, now: dt.datetime) -> None:
    book = book_of(case.handbook_version_id)
    if (ended := over(case)) is not None:
        raise Impossible([ended])
    if not may_steer(case, book, by):
        raise NotYours([Reason(NOT_YOURS)])
    offered = {(process, action.id) for _, process, action in entries(by, [into.version])}
    if (into.process, into.action) not in offered:
        raise NotYours([Reason(NOT_OFFERED)])
    facts = with_named(book, facts_of(case, book) | standing_of(book, [case.pk])[case.pk])
    found = judge(book, facts, on=CaseSplit.event_type, process=case.process, form={})
    if found.refusals:
        refused = Refused([Reason(r.words, r.decision.clause_id, (), r.decision) for r in found.refusals])
        with transaction.atomic():
            written.write_turned_away(case, book, "split", refused, by, now)
            attempts.follow_turned_away(case, book, TO_SPLIT, refused, by, now)
        raise refused


def _chosen(case: Case, notes: Sequence[int], files: Sequence[int]) -> tuple[list[Note], list[Attachment]]:
    """Every one of them is of this case, or the whole is refused."""
    found = list(Note.objects.filter(case=case, pk__in=notes).order_by("at", "id"))
    at_case = Attachment.objects.filter(subject_kind="case", subject_id=case.pk, held="")
    stored = list(at_case.filter(pk__in=files).order_by("uploaded_at", "id"))
    if len(found) != len(set(notes)) or len(stored) != len(set(files)):
        raise Impossible([Reason(NOT_HERE)])
    return found, stored


def _fill(
    new: Case, case: Case, title: str, notes: Sequence[Note], files: Sequence[Attachment], by: Viewer, now: dt.datetime
) -> None:
    """Copies keep their author and their time. The bytes of a file are kept once, whoever points at them."""
    new.title, new.own_title, new.version = title, True, new.version + 1
    new.save(update_fields=["title", "own_title", "version"])
    Note.objects.bulk_create(
        Note(case=new, at=note.at, author=note.author, internal=note.internal, words=note.words) for note in notes
    )
    for file in files:
        file.pk, file.token, file.subject_id = None, secrets.token_urlsafe(32), new.pk
    Attachment.objects.bulk_create(files)
    link_cases(new, case, "split_from", by=by, now=now)
    counts = (len(notes), len(files))
    record(
        [
            fact_of(case, CaseSplit(new.pk, new.number, *counts), at=now, actor=by.principal),
            fact_of(new, CaseSplitOff(case.pk, case.number, *counts), at=now, actor=by.principal),
        ]
    )
