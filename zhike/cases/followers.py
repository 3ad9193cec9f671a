"""Following a case: whoever follows hears what others do to it, for as long as he may see it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction

from zhike.cases.events import (
    ActionTaken,
    CaseFollowed,
    CaseMerged,
    CaseUnfollowed,
    DeedUndone,
    FilesAdded,
    NoteAdded,
)
from zhike.cases.models import Case, Follow
from zhike.cases.refusals import NotYours, Reason
from zhike.cases.sight import who_sees
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event, Recorded
from zhike.journal.reactions import reacts_to
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer, staff_key

UNSEEN = Text(zh="只能关注看得到的工单。", en="You can follow only what you may see.")
NOTE = Text(zh="{number} 有新的备注。", en="{number}: a new note.")
FILES = Text(zh="{number} 收到新的文件。", en="{number}: new files.")
MERGED = Text(zh="{number} 已并入另一张工单。", en="{number} was merged into another case.")
UNDONE = Text(zh="{number} 的“{what}”已撤销。", en="{number}: “{what}” was undone.")
TAKEN = Text(zh="{number} 办理了“{what}”。", en="{number}: “{what}” was done.")


def follow_case(case: Case, *, by: Viewer, now: dt.datetime) -> None:
    """Doing it twice is doing it once. Raises NotYours for whoever may not see it or is not staff."""
    if by.staff is None or not by.holds(case.audience):
        raise NotYours([Reason(UNSEEN)])
    with transaction.atomic():
        if Follow.objects.get_or_create(case=case, staff=by.staff, defaults={"at": now})[1]:
            _write(case, CaseFollowed(by.staff.pk), by, now)


def unfollow_case(case: Case, *, by: Viewer, now: dt.datetime) -> None:
    if by.staff is None:
        return
    with transaction.atomic():
        if Follow.objects.filter(case=case, staff=by.staff).delete()[0]:
            _write(case, CaseUnfollowed(by.staff.pk), by, now)


def _write(case: Case, event: Event, by: Viewer, now: dt.datetime) -> None:
    """Who follows is his own affair: nobody else hears of it."""
    record([NewFact(event, now, ("case", case.pk), by.principal, case.handbook, (), [by.principal])])


@reacts_to(ActionTaken, NoteAdded, FilesAdded, CaseMerged, DeedUndone)
def tell_the_followers(events: Sequence[Recorded[Any]]) -> None:
    """One query where nobody follows. Nobody hears of what he did himself, nor of a note that already names him."""
    heard = [event for event in events if not _is_opening(event)]
    ids = {event.subject[1] for event in heard}
    followers = list(Follow.objects.filter(case_id__in=ids).values_list("case_id", "staff_id")) if ids else []
    if not followers:
        return
    cases = {case.pk: case for case in Case.objects.filter(pk__in={number for number, _ in followers})}
    seeing = {number: _who_see(case, followers) for number, case in cases.items()}
    tell([_notice(event, cases[number], seeing[number]) for event in heard if (number := event.subject[1]) in cases])


def _is_opening(event: Recorded[Any]) -> bool:
    """Nobody follows a case that is only being opened."""
    return isinstance(event.payload, ActionTaken) and not event.payload.stage_before


def _who_see(case: Case, followers: Collection[tuple[int, int]]) -> list[int]:
    """Those of its followers who may see the case now."""
    those = [staff for number, staff in followers if number == case.pk]
    return [person.id for person in who_sees(case.audience, among=those)]


def _notice(event: Recorded[Any], case: Case, staff: Sequence[int]) -> Tell:
    named = getattr(event.payload, "mentions", ())
    to = [staff_key(number) for number in staff if number not in named and staff_key(number) != event.actor]
    said, what = _words(event, case)
    words = Text(
        zh=said.zh.format(number=case.number, what=what.zh),
        en=said.say("en").format(number=case.number, what=what.say("en")),
    )
    return Tell(
        at=event.at, to=to, kind="followed", clause="", handbook=case.handbook, subject=event.subject, words=words
    )  # fmt: skip


def _words(event: Recorded[Any], case: Case) -> tuple[Text, Text]:
    nothing = Text(zh=" ", en=" ")
    match event.payload:
        case NoteAdded():
            return NOTE, nothing
        case FilesAdded():
            return FILES, nothing
        case CaseMerged():
            return MERGED, nothing
        case DeedUndone():
            return UNDONE, _title(case, event.payload.action)
        case _:
            return TAKEN, _title(case, event.payload.action)


def _title(case: Case, action: str) -> Text:
    return book_of(case.handbook_version_id).action(case.process, action).title
