"""What somebody who answers a queue is doing: entered by himself or by the house, gated and limited by clauses, ended by silence.

Clauses speak on `presence.enter.<state>` (gates) and start and stop on `presence.entered`, `presence.<state>.entered`, `presence.left`,
`presence.<state>.left` (deadlines, whose subject is the presence). A state is a row and a history of periods; it depends on no process
staying alive: who is not heard of for `SILENCE` is off at the worker's next look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from zhike.conversations import refusals
from zhike.conversations.access import roles_of
from zhike.conversations.events import PresenceChanged
from zhike.conversations.hands import keep_hands
from zhike.conversations.models import Conversation, Presence, PresencePeriod
from zhike.conversations.presence_limits import limit_states
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.staff_facts import facts_about
from zhike.conversations.written import all_locked
from zhike.handbook.book import Book
from zhike.handbook.clauses import Gate
from zhike.handbook.common import Text
from zhike.handbook.decide import Decision, judge
from zhike.handbook.parameters import length_asked
from zhike.handbook.structure import Choice, Queue
from zhike.journal.actions import NewFact, record
from zhike.journal.ledger import Use, write_uses
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of, in_force
from zhike.org.models import Assignment, HandbookVersion, Staff
from zhike.org.principals import SYSTEM, role_key, staff_key

State = Presence.State
HERE = (State.READY, State.BUSY)
CHOSEN = (State.READY, State.NOT_READY, State.AWAY, State.OFF)
"""What a person may choose; `busy` is a call's and `wrap_up` follows a close."""
SILENCE = dt.timedelta(seconds=90)
"""Without a sign of life for so long he is off; a handbook's parameter `presence_silence` says otherwise."""
REASONS = "not_ready_reason"
"""The handbook's named list of reasons for not being ready."""
SILENT = "silent"
"""The reason of an `off` that nobody chose."""

IN_THE_ROW = Text(zh="已为您排队，轮到时自动转入。", en="You are in the row and will enter it when it is your turn.")
YOUR_TURN = Text(
    zh="轮到您了，已为您转入所等的状态。", en="It is your turn: you have entered the state you waited for."
)

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('presence/' || %s, 0))"
COUNTS = """
SELECT count(*) FILTER (WHERE state = 'not_ready'), count(*) FILTER (WHERE state = 'ready')
FROM conversations_presence WHERE handbook = %s AND staff_id <> %s
"""
HEAR = """
UPDATE conversations_presence SET heard_at = greatest(heard_at, %s) WHERE staff_id = ANY(%s) AND state <> 'off'
"""


def presence_of(staff: Staff) -> Presence | None:
    """What he is doing; None while he has never been here."""
    return Presence.objects.filter(staff=staff).first()


def queues_answered(staff: Staff, now: dt.datetime) -> list[tuple[HandbookVersion, Queue]]:
    """The queues his roles answer under the handbooks in force, in their order. Two queries."""
    held = set(Assignment.objects.filter(staff=staff).values_list("handbook", "role"))
    return [
        (version, queue)
        for version in in_force(now)
        for queue in book_of(version.pk).handbook.queues
        if any((version.name, role) in held for role in queue.answered_by)
    ]


def reasons_of(book: Book) -> tuple[Choice, ...]:
    """The reasons for not being ready that the handbook lists; empty where it leaves them to the person."""
    return tuple(book.handbook.options.get(REASONS, ()))


def enter_state(
    staff: Staff,
    state: str,
    *,
    now: dt.datetime,
    by: str,
    reason: str = "",
    handbook: str = "",
    media: Collection[str] = (),
    seat: str = "",
    until: dt.datetime | None = None,
) -> Presence:
    """He enters a state. What a person asks for passes the gates; what the house does (`by` SYSTEM) does not.

    `media` limits in which media he takes work, all of his queues' otherwise. Raises ConversationRefused with the clause.
    """
    desks = queues_answered(staff, now)
    if not desks and state != State.OFF:
        raise ConversationRefused(refusals.NO_QUEUE)
    version = _version(desks, handbook)
    _note(staff, now)
    with transaction.atomic():
        if version is not None and by != SYSTEM:
            _one_at_a_time(version.name)
        if state in HERE:
            # Before his own row, as everybody who holds both: clauses may speak of what others have answered for him meanwhile.
            all_locked(
                Conversation.objects.filter(covers=staff, state__in=Conversation.LIVE).values_list("pk", flat=True)
            )
        held = _held(staff)
        if (held.state, held.reason) == (state, reason) and (not seat or held.seat == seat) and not media:
            Presence.objects.filter(pk=held.pk).update(heard_at=now)
            return held
        if version is not None and by != SYSTEM:
            _ask(held, version, state, reason, desks, now, by)
        _enter(held, version, state, reason, now, by, until)
        if state == State.READY:
            _settle_in(held, desks, media, seat, now)
    return held


def _note(staff: Staff, now: dt.datetime) -> None:
    """Whoever was never here may have something in hand all the same."""
    with transaction.atomic():
        _, made = Presence.objects.get_or_create(staff=staff, defaults={"since": now, "heard_at": now})
        if made:
            keep_hands([staff.pk], now)


def _version(desks: Sequence[tuple[HandbookVersion, Queue]], wanted: str) -> HandbookVersion | None:
    versions = [version for version, _ in desks]
    return next((version for version in versions if version.name == wanted), versions[0] if versions else None)


def _one_at_a_time(handbook: str) -> None:
    """Gates count the others: two who ask at once are asked one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [handbook])


def _held(staff: Staff) -> Presence:
    """His row, held until the transaction ends."""
    return Presence.objects.select_for_update(of=("self",), no_key=True).select_related("staff").get(staff=staff)


def _ask(
    held: Presence,
    version: HandbookVersion,
    state: str,
    reason: str,
    desks: Sequence[tuple[HandbookVersion, Queue]],
    now: dt.datetime,
    by: str,
) -> None:
    """The gates of entering; a refusal stands in the ledger although nothing else happened."""
    book = book_of(version.pk)
    _check_reason(book, state, reason)
    facts = facts_of(held, book, [queue.id for v, queue in desks if v.name == version.name], now)
    facts |= {"reason": reason or None, "entering": state}
    judgement = judge(book, facts, on=f"presence.enter.{state}", form={"reason": reason, "state": state})
    uses = [_use(held, version, decision, now, by) for decision in judgement.decisions]
    if judgement.allowed:
        write_uses(uses)
        return
    first = judgement.refusals[0]
    waits = all(keeps_waiting_list(book, refusal.decision.clause_id) for refusal in judgement.refusals)
    raise PresenceRefused(first.words, first.decision.clause_id, first.fields, uses, waits=waits)


def keeps_waiting_list(book: Book, clause_id: str) -> bool:
    clause = book.clause(clause_id)
    return isinstance(clause, Gate) and clause.otherwise == "wait"


class PresenceRefused(ConversationRefused):
    """A gate forbids the state; `uses` are the ledger's lines, to be written when all else was taken back. `waits`: every gate that forbids
    it keeps a waiting list, and he now has a place in it.
    """

    def __init__(
        self, words: Text, clause: str, fields: tuple[str, ...], uses: Sequence[Use], *, waits: bool = False
    ) -> None:
        told = Text(zh=words.zh + IN_THE_ROW.zh, en=f"{words.say('en')} {IN_THE_ROW.say('en')}") if waits else words
        super().__init__(told, clause, fields)
        self.uses, self.waits = uses, waits


def ask_state(staff: Staff, state: str, *, now: dt.datetime, by: str, **more: Any) -> Presence:
    """As `enter_state`, for entry points: a refusal is written down before it is raised; where the gates keep a waiting list he is put
    into it, behind those who asked before him.
    """
    try:
        return enter_state(staff, state, now=now, by=by, **more)
    except PresenceRefused as refused:
        with transaction.atomic():
            write_uses(refused.uses)
            if refused.waits:
                _wait_for(staff, state, str(more.get("reason", "")), now)
        raise


def _wait_for(staff: Staff, state: str, reason: str, now: dt.datetime) -> None:
    held = _held(staff)
    since = held.wants_since if (held.wants, held.wants_reason) == (state, reason[:40]) else now
    Presence.objects.filter(pk=held.pk).update(wants=state, wants_reason=reason[:40], wants_since=since)


def admit_waiting(now: dt.datetime) -> int:
    """Ask the gates again for those who wait to enter a state, whoever asked first, first; answers how many entered it.

    Under one handbook nobody overtakes: while the first has to wait, those behind him do.
    """
    admitted, blocked = 0, set[str]()
    rows = Presence.objects.exclude(wants="").exclude(state=State.OFF).select_related("staff")
    for held in rows.order_by("wants_since", "pk"):
        if held.handbook not in blocked and _admit(held, now):
            admitted += 1
        else:
            blocked.add(held.handbook)
    return admitted


def _admit(held: Presence, now: dt.datetime) -> bool:
    try:
        enter_state(
            held.staff,
            held.wants,
            now=now,
            by=staff_key(held.staff_id),
            reason=held.wants_reason,
            handbook=held.handbook,
        )
    except ConversationRefused:
        return False
    to, subject = [staff_key(held.staff_id)], ("presence", held.pk)
    tell([Tell(now, to, "told", "", held.handbook, subject, YOUR_TURN)])
    return True


def _check_reason(book: Book, state: str, reason: str) -> None:
    """整理 is never without a reason; where the handbook lists reasons it is one of them."""
    if state != State.NOT_READY:
        return
    listed = {choice.id for choice in reasons_of(book)}
    if not reason or (listed and reason not in listed):
        raise ConversationRefused(refusals.NO_REASON, fields=("reason",))


def _use(held: Presence, version: HandbookVersion, decision: Decision, now: dt.datetime, by: str) -> Use:
    outcome = "refused" if decision.value == "refused" else "applied"
    return Use(
        at=now, handbook=version.name, version_id=version.pk, clause=decision.clause_id, outcome=outcome,
        subject=("presence", held.pk), holder=by, detail={"because": decision.because.zh, "facts": decision.facts},
    )  # fmt: skip


def facts_of(held: Presence, book: Book, queues: Sequence[str], now: dt.datetime) -> dict[str, Any]:
    """`state`, `others_not_ready`, `ready_after_me`, `queue_length`, `in_hand`, `missed`, `reason`, `hour`, `param.<id>`. Three queries."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [book.name, held.staff_id])
        others_not_ready, ready = cursor.fetchone()
    mine = Conversation.objects.filter(owner_id=held.staff_id, state__in=("offered", "open"))
    waiting = Conversation.objects.filter(handbook=book.name, queue__in=queues, state="waiting")
    local = now.astimezone(ZoneInfo(book.handbook.zone))
    return {
        "state": held.state,
        "reason": held.reason or None,
        "others_not_ready": others_not_ready,
        "ready_after_me": ready,
        "queue_length": waiting.count(),
        "in_hand": mine.count(),
        "missed": held.missed,
        "absent": held.state in (State.AWAY, State.OFF),
        "today": local.date().isoformat(),
        "weekday": local.isoweekday(),
        "hour": local.hour,
        "now": local.isoformat(),
        **facts_about(book, held.staff_id),
        **{f"param.{name}": value for name, value in book.parameters.items()},
    }


def _enter(
    held: Presence,
    version: HandbookVersion | None,
    state: str,
    reason: str,
    now: dt.datetime,
    by: str,
    until: dt.datetime | None,
) -> None:
    before = held.state
    PresencePeriod.objects.filter(staff_id=held.staff_id, ended_at=None).update(ended_at=now, ended_by=by[:80])
    if state != State.OFF:
        PresencePeriod.objects.create(staff_id=held.staff_id, state=state, reason=reason[:40], began_at=now)
    held.state, held.reason, held.since, held.until, held.heard_at = state, reason[:40], now, until, now
    if version is not None:
        held.handbook = version.name
        due = limit_states(held, version, before, now=now, by=by)
        held.until = min((at for at in (until, due) if at is not None), default=None)
    held.wants, held.wants_reason, held.wants_since = "", "", None
    held.save(
        update_fields=[
            "state", "reason", "since", "until", "heard_at", "handbook", "wants", "wants_reason", "wants_since",
        ]
    )  # fmt: skip
    if before != state or reason:
        audience = audience_of(held, version)
        fact = PresenceChanged(state, before, reason[:40], held.staff_id)
        record(
            [NewFact(fact, at=now, subject=("presence", held.pk), actor=by, handbook=held.handbook, audience=audience)]
        )


def audience_of(held: Presence, version: HandbookVersion | None) -> list[str]:
    """He himself, who answers the handbook's queues, and their superiors."""
    roles = roles_of(None, book_of(version.pk)) if version is not None else []
    return sorted({staff_key(held.staff_id), *(role_key(held.handbook, role) for role in roles)})


def _settle_in(
    held: Presence,
    desks: Sequence[tuple[HandbookVersion, Queue]],
    media: Collection[str],
    seat: str,
    now: dt.datetime,
) -> None:
    """Ready: in which media and where, nothing missed, idle from now on unless he has something in hand."""
    offered = sorted({medium for _, queue in desks for medium in queue.media})
    held.media = [medium for medium in offered if not media or medium in media]
    held.seat, held.missed = (seat or held.seat)[:20], 0
    held.save(update_fields=["media", "seat", "missed"])
    keep_hands([held.staff_id], now)


def hear(staff_ids: Collection[int], now: dt.datetime) -> None:
    """A sign of life of these people's browsers or telephones. Who is off stays off until he says otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(HEAR, [now, sorted(staff_ids)])


def silence_of(handbook: str, books: Mapping[str, Book]) -> dt.timedelta:
    """How long nothing may be heard of somebody: the handbook's parameter, else SILENCE."""
    return length_asked(books.get(handbook), "presence_silence", SILENCE)


def look_after_presence(now: dt.datetime, *, listening: bool) -> int:
    """A wrap-up whose limit has come ends by itself; `listening`, who was not heard of is off. Answers how many changed."""
    changed = sum(_off_if_silent(held, now, silence) for held, silence in _silent(now)) if listening else 0
    for held in Presence.objects.filter(state=State.WRAP_UP, until__lte=now).select_related("staff"):
        changed += _end_wrap_up(held, now)
    return changed


def _silent(now: dt.datetime) -> list[tuple[Presence, dt.timedelta]]:
    """(who, after how long) of everybody nothing was heard of for as long as his handbook allows."""
    books = {version.name: book_of(version.pk) for version in in_force(now)}
    heard = Presence.objects.exclude(state=State.OFF).filter(heard_at__lt=now - shortest(books.values()))
    each = [(held, silence_of(held.handbook, books)) for held in heard.select_related("staff")]
    return [(held, silence) for held, silence in each if held.heard_at < now - silence]


def shortest(books: Collection[Book]) -> dt.timedelta:
    return min((silence_of(book.name, {book.name: book}) for book in books), default=SILENCE)


def _off_if_silent(held: Presence, now: dt.datetime, silence: dt.timedelta) -> int:
    with transaction.atomic():
        row = Presence.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=held.pk).first()
        if row is None or row.state == State.OFF or row.heard_at >= now - silence:
            return 0
        enter_state(held.staff, State.OFF, now=now, by=SYSTEM, reason=SILENT)
    return 1


def _end_wrap_up(held: Presence, now: dt.datetime) -> int:
    with transaction.atomic():
        row = Presence.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=held.pk).first()
        if row is None or row.state != State.WRAP_UP or row.until is None or row.until > now:
            return 0
        enter_state(held.staff, State.READY, now=now, by=SYSTEM, media=row.media)
    return 1
