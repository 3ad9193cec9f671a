"""Exemptions: a period that need not be done. Whoever holds the duty asks, somebody else grants or declines; only where the clause has
`exempt`, and while it is owed. What was granted can be taken back by whoever granted it, until the period is over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

from zhike.clocks.actions import stop_watch
from zhike.clocks.models import Clock
from zhike.clocks.restoring import run_again
from zhike.duties.actions import next_of, record_each, roll_over
from zhike.duties.counting import clause_of
from zhike.duties.events import DutyEnded, DutyExempted, DutyExemptionAsked, DutyExemptionDeclined, DutyRestored
from zhike.duties.models import Obligation
from zhike.duties.populations import holders_for, kinds, member_of
from zhike.handbook.book import Book
from zhike.handbook.common import Facts, Text
from zhike.handbook.conditions import holds
from zhike.handbook.named import with_named
from zhike.lib.text import clean_line
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of
from zhike.org.models import Assignment, Department
from zhike.org.principals import Viewer, keys_of, resolve, role_key

State = Obligation.State
LONGEST = 200


class ExemptionRefused(Exception):
    """An exemption cannot be asked for, granted or taken back; `words` say why."""

    def __init__(self, words: Text) -> None:
        super().__init__(words.en)
        self.words = words


SAME_PERSON = Text(zh="申请免办的人不能自己批准。", en="Whoever asks for an exemption cannot grant it.")
NO_REASON = Text(zh="请写明免办的原因。", en="Say why it need not be done.")
NO_WORDS = Text(zh="不同意的，请写明理由。", en="Say why you decline.")
NOT_OWED = Text(
    zh="这一项已经办完、漏办或终止，不能再免办。",
    en="This was already done, missed or ended; it cannot be exempted any more.",
)
NOT_ENTITLED = Text(zh="制度没有让这个人批准免办。", en="The handbook does not let this person grant the exemption.")
NO_EXEMPTION = Text(zh="{clause} 没有写可以免办。", en="{clause} allows no exemption.")
NOT_MET = Text(zh="{clause} 写明的免办条件没有满足。", en="What {clause} asks for an exemption is not so.")
NOT_HELD = Text(zh="只有承担这一项的人可以申请免办。", en="Only whoever holds it can ask for an exemption.")
ASKED_ALREADY = Text(zh="已经申请过，正在等待批准。", en="It was asked for already and waits.")
NOT_ASKED = Text(zh="没有等待批准的申请。", en="Nothing waits for a decision here.")
NOT_YOURS = Text(zh="只有批准的人可以收回。", en="Only whoever granted it can take it back.")
TOO_LATE = Text(zh="这一期已经过去，不能再收回。", en="The period is over; it can no longer be taken back.")
NEXT_DONE = Text(zh="下一期已经办过，不能再收回。", en="The next period was worked on; it can no longer be taken back.")

ASKED = Text(zh="“{title}”有人申请免办：{why}", en="An exemption from “{title}” is asked for: {why}")
GRANTED = Text(zh="“{title}”这一期已同意免办。", en="The exemption from “{title}” was granted.")
DECLINED = Text(zh="“{title}”没有同意免办：{why}", en="The exemption from “{title}” was declined: {why}")
TAKEN_BACK = Text(
    zh="“{title}”的免办已收回，这一期仍然要办。", en="The exemption from “{title}” was taken back: it is owed again."
)

Known = Callable[[int, dt.datetime, Sequence[str]], tuple[Facts, list[str]] | None]
"""(number, now, roles) -> the facts of that subject and those roles as principals there; None for one that is not there."""

_known: dict[str, Known] = {}


def knows_subjects(kind: str) -> Callable[[Known], Known]:
    """Register what is known of subjects of a kind that no population keeps."""

    def register(known: Known) -> Known:
        _known[kind] = known
        return known

    return register


def ask_exemption(obligation_id: int, *, by: Viewer, why: str, at: dt.datetime) -> Obligation:
    """Ask that this period need not be done. Those who may grant it are told. Raises ExemptionRefused."""
    with transaction.atomic():
        row = _locked(obligation_id)
        why = clean_line(why[: 2 * LONGEST])[:LONGEST]
        if not by.holds(row.holders):
            raise ExemptionRefused(NOT_HELD)
        if row.exemption.get("to"):
            raise ExemptionRefused(ASKED_ALREADY)
        to = _check(row, why, at)
        row.exemption = {"asked_by": by.principal, "why": why, "at": at.isoformat(), "to": to}
        row.save(update_fields=["exemption"])
        record_each([row], lambda _: (at, by.principal, DutyExemptionAsked(row.pk, row.period, why)))
        _tell(row, [one for one in to if one != by.principal], ASKED, at, why)
        return row


def decline_exemption(obligation_id: int, *, by: Viewer, words: str, at: dt.datetime) -> Obligation:
    """Decline what was asked for, with a reason; whoever asked withdraws it by this verb too, and needs none. Raises ExemptionRefused."""
    with transaction.atomic():
        row = _locked(obligation_id)
        asked_by, words = str(row.exemption.get("asked_by", "")), clean_line(words[: 2 * LONGEST])[:LONGEST]
        if row.state != State.OWED or not row.exemption.get("to"):
            raise ExemptionRefused(NOT_ASKED)
        if by.principal != asked_by and not by.holds(row.exemption["to"]):
            raise ExemptionRefused(NOT_ENTITLED)
        if by.principal != asked_by and not words:
            raise ExemptionRefused(NO_WORDS)
        row.exemption = {}
        row.save(update_fields=["exemption"])
        record_each([row], lambda _: (at, by.principal, DutyExemptionDeclined(row.pk, row.period, asked_by, words)))
        if by.principal != asked_by:
            _tell(row, [asked_by], DECLINED, at, words)
        return row


def grant_exemption(obligation_id: int, *, by: Viewer, at: dt.datetime) -> Obligation:
    """Grant what was asked for. Raises ExemptionRefused."""
    with transaction.atomic():
        row = _locked(obligation_id)
        asked = row.exemption
        if row.state != State.OWED or not asked.get("to"):
            raise ExemptionRefused(NOT_ASKED)
        asked_by, why = str(asked["asked_by"]), str(asked["why"])
        done = exempt(row.pk, asked_by=asked_by, approved_by=by.principal, why=why, at=at)
        _tell(done, [asked_by], GRANTED, at)
        return done


def exempt(obligation_id: int, *, asked_by: str, approved_by: str, why: str, at: dt.datetime) -> Obligation:
    """This period need not be done: it leaves the denominator, and the next one begins as usual.

    Raises ExemptionRefused when the same person asks and agrees, no reason is given, the clause allows none or names other
    approvers, what it asks for is not so, or it is no longer owed.
    """
    row = _locked(obligation_id)
    if asked_by == approved_by:
        raise ExemptionRefused(SAME_PERSON)
    if _keys(approved_by).isdisjoint(_check(row, why, at)):
        raise ExemptionRefused(NOT_ENTITLED)
    stop_watch([row.watch_key], at=at, by=approved_by, cancel=True)
    row.state, row.is_open, row.settled_at, row.settled_by = State.EXEMPT, False, at, approved_by
    row.exemption = {"asked_by": asked_by, "approved_by": approved_by, "why": why.strip(), "at": at.isoformat()}
    row.save(update_fields=["state", "is_open", "settled_at", "settled_by", "exemption"])
    event = DutyExempted(row.pk, row.period, asked_by, approved_by, why.strip())
    record_each([row], lambda _: (at, approved_by, event))
    roll_over([row])
    return row


def revoke_exemption(obligation_id: int, *, by: str, at: dt.datetime) -> Obligation:
    """It is owed again, with the time it had: its clock runs on, the period that followed it is not owed yet.

    Raises ExemptionRefused for anybody but who granted it, when the period is over, or the next one was worked on.
    """
    with transaction.atomic():
        row = _locked(obligation_id)
        if row.state != State.EXEMPT or row.settled_by != by:
            raise ExemptionRefused(NOT_YOURS)
        if row.ends_at is not None and row.ends_at <= at:
            raise ExemptionRefused(TOO_LATE)
        _take_away_next(row, at, by)
        asked_by = str(row.exemption["asked_by"])
        row.state, row.is_open, row.settled_at, row.settled_by, row.exemption = State.OWED, True, None, "", {}
        row.save(update_fields=["state", "is_open", "settled_at", "settled_by", "exemption"])
        run_again([row.watch_key], at=at, by=by)
        record_each([row], lambda _: (at, by, DutyRestored(row.pk, row.period, row.state)))
        _tell(row, [asked_by], TAKEN_BACK, at)
        return row


def _take_away_next(row: Obligation, at: dt.datetime, by: str) -> None:
    """The period that began to be owed when this one was exempted; it comes again when this one is settled."""
    due = next_of(row) if row.recurs else None
    if due is None:
        return
    kind, number = row.subject
    same = Obligation.objects.select_for_update().filter(
        handbook=row.handbook, clause=row.clause, subject_kind=kind, subject_id=number, begins_at=due.begins_at
    )
    for after in same:
        if after.state != State.OWED or after.done or after.begins_at <= at:
            raise ExemptionRefused(NEXT_DONE)
        record_each([after], lambda gone: (at, by, DutyEnded(gone.pk, gone.period)))
        Clock.objects.filter(key=after.watch_key).delete()
        after.delete()


def _locked(obligation_id: int) -> Obligation:
    return Obligation.objects.select_for_update(no_key=True).get(pk=obligation_id)


def _check(row: Obligation, why: str, at: dt.datetime) -> list[str]:
    """The principals who may grant it, where nothing stands against it."""
    rule, book = clause_of(row).exempt, book_of(row.version_id)
    if rule is None:
        raise ExemptionRefused(_named(NO_EXEMPTION, row))
    if not why.strip():
        raise ExemptionRefused(NO_REASON)
    if row.state != State.OWED:
        raise ExemptionRefused(NOT_OWED)
    facts, principals = _about(row, book, at, rule.approved_by or _superiors(book, row))
    if rule.when and not holds(rule.when, facts):
        raise ExemptionRefused(_named(NOT_MET, row))
    return principals


def _about(row: Obligation, book: Book, at: dt.datetime, roles: Sequence[str]) -> tuple[Facts, list[str]]:
    """What is known of its subject, and those roles as principals there; the roles as such where nobody knows it."""
    kind, number = row.subject
    if kind in _known and (found := _known[kind](number, at, roles)) is not None:
        return found
    member = member_of(book, kind, number, at) if kind in kinds() else None
    facts: dict[str, Any] = with_named(book, dict(member.facts)) if member else {}
    if kind == "department" and (place := Department.objects.filter(pk=number).first()) is not None:
        return facts, [resolve(book, role, place) for role in roles]
    return facts, holders_for(book, roles, member) if member else [role_key(book.name, role) for role in roles]


def _superiors(book: Book, row: Obligation) -> list[str]:
    """Whom its holders report to grants it, where the clause names nobody."""
    held = row.held_as.split(",")
    return [role.reports_to for role in book.handbook.roles if role.id in held and role.reports_to]


def _keys(principal: str) -> frozenset[str]:
    if not principal.startswith("staff:"):
        return frozenset({principal})
    number = int(principal.removeprefix("staff:"))
    return keys_of(number, Assignment.objects.filter(staff_id=number))


def _named(words: Text, row: Obligation) -> Text:
    return Text(zh=words.zh.format(clause=row.clause), en=words.say("en").format(clause=row.clause))


def _tell(row: Obligation, to: Sequence[str], words: Text, at: dt.datetime, why: str = "") -> None:
    title = book_of(row.version_id).clause(row.clause).title
    said = Text(zh=words.zh.format(title=title.zh, why=why), en=words.say("en").format(title=title.say("en"), why=why))
    tell([Tell(at, to, "told", row.clause, row.handbook, ("exemption", row.pk), said)])
