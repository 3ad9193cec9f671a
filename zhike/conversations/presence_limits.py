"""How long somebody may stay in a state: deadlines on his presence, started when he enters it and stopped when he leaves it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from zhike.clocks.actions import Start, start_clocks, stop_clocks
from zhike.clocks.events import ClockBreached, ClockTargetPassed, ClockWarned
from zhike.clocks.queries import open_clocks
from zhike.clocks.subjects import locks
from zhike.conversations.models import Presence
from zhike.conversations.superiors import told_by
from zhike.handbook.book import Book
from zhike.handbook.clauses import Deadline
from zhike.handbook.common import Text
from zhike.handbook.conditions import holds
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of
from zhike.org.models import HandbookVersion
from zhike.org.principals import SYSTEM, role_key, role_of, staff_key

Facts = dict[str, object]
WARNED = Text(zh="{name}：“{clause}”即将到时。", en="{name}: “{clause}” is about to run out.")
PASSED = Text(zh="{name}：“{clause}”的目标时间到了。", en="{name}: the target of “{clause}” has passed.")
BREACHED = Text(zh="{name}：“{clause}”已超时。", en="{name}: “{clause}” has run out.")


@locks("presence")
def lock_presences(ids: Sequence[int]) -> set[int]:
    """Hold those whose clocks fire, but wait for none."""
    rows = Presence.objects.select_for_update(skip_locked=True, no_key=True).filter(pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def limit_states(
    held: Presence, version: HandbookVersion, before: str, *, now: dt.datetime, by: str
) -> dt.datetime | None:
    """Stop the limits of the state he leaves, start those of the one he is in (`held.state`); answers when the first one ends."""
    book = book_of(version.pk)
    subject = ("presence", held.pk)
    running = open_clocks(subject)
    left = {"presence.left", f"presence.{before}.left", "presence.entered", f"presence.{held.state}.entered"}
    ended = {clock.clause for clock in running if left & set(clock.until)}
    if ended:
        stop_clocks(subject, sorted(ended), at=now, by=by)
    events = ("presence.entered", f"presence.{held.state}.entered")
    facts: Facts = {"state": held.state, "reason": held.reason or None, "before": before}
    found: dict[str, Deadline] = {}
    for event in events:
        for clause in book.speaking_of("deadline", None, event):
            if isinstance(clause, Deadline) and holds(clause.when, facts):
                found.setdefault(clause.id, clause)
    started = start_clocks([_start(held, version, book, clause, facts, now) for clause in found.values()])
    return min((clock.due_at for clock in started), default=None)


def _start(
    held: Presence, version: HandbookVersion, book: Book, clause: Deadline, facts: Facts, now: dt.datetime
) -> Start:
    holders = [_holder(held, book, role) for role in clause.holder]
    superiors = {book.role(role).reports_to for role in clause.holder if role not in ("owner", SYSTEM)} - {None}
    audience = {staff_key(held.staff_id), *holders, *(role_key(book.name, str(role)) for role in superiors)}
    return Start(
        book=book, version_id=version.pk, clause=clause, subject=("presence", held.pk), holders=list(dict.fromkeys(holders)),
        held_as=",".join(clause.holder), key=f"presence:{held.pk}/{clause.id}/{now.isoformat()}", at=now,
        audience=sorted(audience), facts={name: facts.get(name) for name in clause.when},
    )  # fmt: skip


def _holder(held: Presence, book: Book, role: str) -> str:
    """He himself holds the limits of those who answer; a superior named as holder holds his own."""
    if role == SYSTEM:
        return SYSTEM
    return staff_key(held.staff_id) if role == "owner" or role in _answering(book) else role_key(book.name, role)


@reacts_to(ClockWarned)
def warn_who_stays_long(events: Sequence[Recorded[ClockWarned]]) -> None:
    _tell(events, WARNED, "warned")


@reacts_to(ClockTargetPassed)
def tell_of_targets(events: Sequence[Recorded[ClockTargetPassed]]) -> None:
    _tell(events, PASSED, "warned")


@reacts_to(ClockBreached)
def tell_who_stays_too_long(events: Sequence[Recorded[ClockBreached]]) -> None:
    _tell(events, BREACHED, "breached")


def _tell(events: Sequence[Recorded[Any]], words: Text, kind: str) -> None:
    ours = [event for event in events if event.subject[0] == "presence"]
    rows = Presence.objects.select_related("staff").in_bulk([event.subject[1] for event in ours]) if ours else {}
    told = [_notice(event, rows[event.subject[1]], words, kind) for event in ours if event.subject[1] in rows]
    if told:
        tell(told)


def _notice(event: Recorded[Any], held: Presence, words: Text, kind: str) -> Tell:
    book = book_of(event.payload.version_id)
    clause = book.clause(event.clauses[0])
    to = list(event.payload.holders)
    if kind == "breached" and isinstance(clause, Deadline):
        effects = clause.breach if clause.breach is not None else book.handbook.defaults.breach
        to += told_by(book, effects or (), [*map(role_of, to), *clause.holder, *_answering(book)])
    zh = words.zh.format(name=held.staff.name, clause=clause.title.zh)
    en = words.say("en").format(name=held.staff.name, clause=clause.title.say("en"))
    subject = ("presence", held.pk)
    return Tell(event.at, list(dict.fromkeys(to)), kind, clause.id, book.name, subject, Text(zh=zh, en=en))


def _answering(book: Book) -> set[str]:
    return {name for queue in book.handbook.queues for name in queue.answered_by}
