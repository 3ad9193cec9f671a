"""What follows when a duty over a population is about to run out, missed, tried in vain or came out the same many times in a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from zhike.clocks.events import ClockWarned
from zhike.duties.events import CaseCalledFor, DutyExhausted, DutyFinding, DutyMissed, DutyStreak
from zhike.duties.populations import Member, holders_for, kinds, member_of
from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause, Duty
from zhike.handbook.common import Effect, Effects, Text
from zhike.handbook.conditions import holds
from zhike.handbook.named import with_named
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event, Recorded
from zhike.journal.reactions import reacts_to
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM, role_key

SAID = {
    "warned": Text(zh="{name}：“{title}”即将到期。", en="{name}: “{title}” is about to run out."),
    "missed": Text(zh="{name}：“{title}”没有完成。", en="{name}: “{title}” was not done."),
    "exhausted": Text(
        zh="{name}：“{title}”多次未能联系上。", en="{name}: “{title}” was tried as often as it may be, in vain."
    ),
    "streak": Text(
        zh="{name}：“{title}”连续多次是同样的结果。", en="{name}: “{title}” came out the same several times in a row."
    ),
}


@reacts_to(ClockWarned)
def warn_the_holders(events: Sequence[Recorded[ClockWarned]]) -> None:
    _follow(events, "warned")


@reacts_to(DutyMissed)
def follow_missed(events: Sequence[Recorded[DutyMissed]]) -> None:
    _follow(events, "missed")


@reacts_to(DutyExhausted)
def follow_vain_tries(events: Sequence[Recorded[DutyExhausted]]) -> None:
    _follow(events, "exhausted")


@reacts_to(DutyStreak)
def follow_streaks(events: Sequence[Recorded[DutyStreak]]) -> None:
    _follow(events, "streak")


def _follow(events: Sequence[Recorded[Any]], what: str) -> None:
    told: list[Tell] = []
    for event in events:
        if event.subject[0] in kinds():
            told += _consequences(event, what)
    if told:
        tell(told)


def _consequences(event: Recorded[Any], what: str) -> list[Tell]:
    book = book_of(event.payload.version_id)
    clause = book.clause(event.clauses[0])
    member = member_of(book, *event.subject, event.at) or Member(event.subject[1], f"#{event.subject[1]}")
    name = "missed" if what == "missed" else "warned" if what == "warned" else "told"
    said = _said(SAID[what], clause, member)
    notices = [_tell(event, book, name, clause, said, event.payload.holders)]
    facts = with_named(book, dict(member.facts))
    listed = [effect for effect in _listed(book, clause, what) if not effect.when or holds(effect.when, facts)]
    for effect in listed:
        if effect.notify:
            to = _addressees(effect, book, clause, member, event.payload.holders)
            notices.append(
                _tell(event, book, name, clause, _said(effect.say, clause, member) if effect.say else said, to)
            )
        if effect.finding:
            _note(event, clause, DutyFinding(effect.finding, member.person))
        if effect.opens:
            found = next((one.finding for one in listed if one.finding), "")
            _note(event, clause, CaseCalledFor(effect.opens, found, member.person, member.name))
    return notices


def _listed(book: Book, clause: Clause, what: str) -> Effects:
    if not isinstance(clause, Duty) or what == "warned":
        return ()
    if what == "missed":
        defaults = book.handbook.defaults
        return (defaults.missed or defaults.breach) if clause.missed is None else clause.missed
    rule = clause.attempts if what == "exhausted" else clause.streak
    return rule.then if rule else ()


def _said(words: Text, clause: Clause, member: Member) -> Text:
    def put(text: str, title: str) -> str:
        return text.replace("{name}", member.name).replace("{title}", title).replace("{number}", member.name)

    return Text(zh=put(words.zh, clause.title.zh), en=put(words.say("en"), clause.title.say("en")))


def _addressees(effect: Effect, book: Book, clause: Clause, member: Member, holders: Sequence[str]) -> list[str]:
    names: Iterable[str] = (effect.notify,) if isinstance(effect.notify, str) else tuple(effect.notify or ())
    found: list[str] = []
    for name in names:
        if name == "holder":
            found += holders
        elif name == "superior":
            found += _above(book, clause)
        elif name != "customer":
            found += holders_for(book, [name], member)
    return list(dict.fromkeys(found))


def _above(book: Book, clause: Clause) -> list[str]:
    held = clause.holder if isinstance(clause, Duty) else ()
    return [role_key(book.name, role.reports_to) for role in book.handbook.roles if role.id in held and role.reports_to]


def _tell(event: Recorded[Any], book: Book, kind: str, clause: Clause, words: Text, to: Sequence[str]) -> Tell:
    return Tell(event.at, to, kind, clause.id, book.name, event.subject, words)


def _note(event: Recorded[Any], clause: Clause, what: Event, at: dt.datetime | None = None) -> None:
    book = book_of(event.payload.version_id)
    audience = sorted({*event.payload.holders, *_above(book, clause)})
    record([NewFact(what, at or event.at, event.subject, SYSTEM, book.name, (clause.id,), audience)])
