"""What happens to those who wait while nobody is free: the steps their clause names, an alarm when nobody could ever take it.

`none_free` of a route clause: `announce` says again and again which place it has, `overflow` moves it to the queue `to` with the time it
has waited, `wait` is the longest it waits before `then` follows. `look_at` of the row is when the next of these comes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection, transaction

from zhike.conversations.access import queue_of
from zhike.conversations.candidates import Team, team_of
from zhike.conversations.effects import carry_out
from zhike.conversations.estimate import Place, place_of
from zhike.conversations.events import ConversationQueued, ConversationStranded, ConversationWaited, MessageWritten
from zhike.conversations.facts import facts_of
from zhike.conversations.messages import add_message
from zhike.conversations.models import Conversation, Medium, Message
from zhike.conversations.routing import MANUAL, Teams, after, clause_for, contact_of, note
from zhike.conversations.superiors import superiors_of, told_by
from zhike.conversations.written import book_for, locked, write
from zhike.handbook import routing
from zhike.handbook.book import Book
from zhike.handbook.clauses import Route
from zhike.handbook.common import Effect, Text
from zhike.handbook.conditions import holds
from zhike.handbook.structure import Queue
from zhike.notices.actions import Tell, tell
from zhike.org.principals import SYSTEM

State = Conversation.State
AT_ONCE = 200
NEVER = dt.timedelta(days=3650)
"""When the router looks again at one of which no clause says anything."""
STRANDED = Text(
    zh="会话 {number}：队列“{queue}”现在没有人能接，请安排人员。",
    en="Conversation {number}: nobody who is there can take it from the queue “{queue}”. Arrange for somebody.",
)
WAITED = Text(
    zh="会话 {number}：已等到条款规定的最长时间，仍无人接。",
    en="Conversation {number} has waited as long as the clause allows and nobody has taken it.",
)
YOUR_PLACE = Text(zh="您前面还有 {ahead} 位，请稍候。", en="{ahead} are ahead of you. Please bear with us.")
YOUR_WAIT = Text(
    zh="您前面还有 {ahead} 位，预计等待约 {minutes} 分钟。",
    en="{ahead} are ahead of you; the wait will be about {minutes} min.",
)
UNDER_WAY = """
SELECT EXISTS (SELECT FROM conversations_conversation
    WHERE state = 'waiting' AND handbook = %s AND queue = %s AND alarmed_at IS NOT NULL)
"""
UNLOOKED = "state = 'waiting' AND (look_at IS NULL OR look_at <= %s)"


def look_at_waiting(now: dt.datetime) -> int:
    """Everything the clauses say of waiting that has come by `now`, and the first look at what is new. Answers how many were looked at."""
    looked = 0
    while ids := _due(now):
        for number in ids:
            looked += _look(number, now)
    return looked


def _due(now: dt.datetime) -> list[int]:
    sql = f"SELECT id FROM conversations_conversation WHERE {UNLOOKED} ORDER BY waiting_since, id LIMIT %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [now, AT_ONCE])
        return [number for (number,) in cursor.fetchall()]


def _look(number: int, now: dt.datetime) -> int:
    with transaction.atomic():
        held = locked(number)
        if held.state != State.WAITING or (held.look_at is not None and held.look_at > now):
            return 0
        book = book_for(held)
        queue, clause = queue_of(book, held.queue), clause_for(held, book, now)
        first = held.look_at is None
        if clause is not None and queue is not None:
            _take_steps(held, book, clause, now)
        held.look_at = _next_look(held, book, clause, now)
        Conversation.objects.filter(pk=held.pk).update(look_at=held.look_at, waits_done=held.waits_done)
        if first and held.state == State.WAITING and queue is not None:
            _first_look(held, book, queue, clause, now)
    return 1


def _steps(held: Conversation, book: Book, clause: Route | None) -> list[tuple[dt.datetime, str]]:
    """(when, step) of everything still to come, soonest first."""
    free, since = clause.none_free if clause else None, held.waiting_since
    if free is None or since is None:
        return []
    found: list[tuple[dt.datetime | None, str]] = []
    if free.announce is not None:
        last = since
        for _ in range(held.waits_done.count("announce")):
            last = after(book, free.announce, last) or last
        found.append((after(book, free.announce, last), "announce"))
    if free.overflow is not None and free.to and "overflow" not in held.waits_done:
        found.append((after(book, free.overflow, since), "overflow"))
    if free.wait is not None and "wait" not in held.waits_done:
        found.append((after(book, free.wait, since), "wait"))
    return sorted((at, step) for at, step in found if at is not None)


def _next_look(held: Conversation, book: Book, clause: Route | None, now: dt.datetime) -> dt.datetime:
    ahead = [at for at, _ in _steps(held, book, clause) if at > now]
    return min(ahead, default=now + NEVER)


def _take_steps(held: Conversation, book: Book, clause: Route, now: dt.datetime) -> None:
    announced = False
    while (steps := _steps(held, book, clause)) and steps[0][0] <= now:
        _, step = steps[0]
        held.waits_done = [*held.waits_done, step]
        if step == "announce" and announced:
            continue  # several have come at once: the customer is told once
        announced = announced or step == "announce"
        _take(held, book, clause, step, now)
        if held.queue not in {queue.id for queue in book.handbook.queues} or step == "overflow":
            return


def _take(held: Conversation, book: Book, clause: Route, step: str, now: dt.datetime) -> None:
    fact = ConversationWaited(held.number, step)
    if step == "announce":
        write(held, [fact], now=now, by=SYSTEM, clauses=(clause.id,))
        _say_place(held, place_of(held, now), now)
    elif step == "overflow" and clause.none_free is not None:
        held.queue = clause.none_free.to[0]
        held.passed_over, held.look_at = [], None
        queued = ConversationQueued(held.number, held.queue)
        write(held, [fact, queued], happened=["conversation.overflowed"], now=now, by=SYSTEM, clauses=(clause.id,))
    else:
        write(held, [fact], happened=["conversation.waited_out"], now=now, by=SYSTEM, clauses=(clause.id,))
        _tell_who_waited(held, book, clause, now)


def _say_place(held: Conversation, place: Place | None, now: dt.datetime) -> None:
    """In a chat the customer is told; other media have nobody who watches."""
    if place is None or held.medium != Medium.WEBCHAT:
        return
    english = held.address is not None and held.address.language.startswith("en")
    words = (YOUR_PLACE if place.seconds is None else YOUR_WAIT).say("en" if english else "zh")
    minutes = max(1, round((place.seconds or 0) / 60))
    text = words.format(ahead=place.ahead, minutes=minutes)
    message = add_message(
        held, side=Message.Side.SYSTEM, author=SYSTEM, words=text, key=f"place/{now.isoformat()}", now=now
    )
    write(held, [MessageWritten(held.number, message.pk, message.seq, message.side)], now=now, by=SYSTEM)


def _tell_who_waited(held: Conversation, book: Book, clause: Route, now: dt.datetime) -> None:
    queue = queue_of(book, held.queue)
    effects = clause.none_free.then if clause.none_free else ()
    to = told_by(book, effects, queue.answered_by if queue else ())
    words = Text(zh=WAITED.zh.format(number=held.number), en=WAITED.say("en").format(number=held.number))
    tell([Tell(now, to, "warned", clause.id, book.name, ("conversation", held.pk), words)])


def _first_look(held: Conversation, book: Book, queue: Queue, clause: Route | None, now: dt.datetime) -> None:
    """Nobody was free when it came: say why, and raise the alarm where nobody could take it at all."""
    route = clause or Route.model_validate(UNSAID)
    team = team_of(book, queue, route, held.medium, now, everybody=True)
    contact = contact_of(held, book, Teams(now), now)
    if clause is not None:
        note(held, routing.choose(clause, team.candidates, contact), None, now)
    if not could_take(route, team, contact):
        raise_alarm(held, book, queue, clause, now)


UNSAID = {
    "kind": "route",
    "id": "NO-00",
    "title": MANUAL,
    "cites": "0",
    "quote": "-",
    "on": "conversation.queued",
    "yields": "agent",
}
"""What stands in for the clause where none speaks: it is left to people."""


def could_take(clause: Route, team: Team, contact: routing.Contact) -> bool:
    """Whether anybody who is there could take it once he is free."""
    if clause.strategy in (None, "manual"):
        return any(team.present.values())
    asked = clause.model_copy(update={"options": clause.options.model_copy(update={"only": False})})
    return routing.choose(asked, team.unburdened(), contact).candidate is not None


def raise_alarm(held: Conversation, book: Book, queue: Queue, clause: Route | None, now: dt.datetime) -> bool:
    """Tell the superiors that nobody can take it: once for as long as anything waits there that they were told of, in its hours."""
    calendar = book.calendar(queue.calendar) if queue.calendar else None
    if calendar is not None and not calendar.is_open(now):
        return False
    with connection.cursor() as cursor:
        cursor.execute(UNDER_WAY, [held.handbook, held.queue])
        known = bool(cursor.fetchone()[0])
    held.alarmed_at = now
    fact = ConversationStranded(held.number, held.queue)
    named = (clause.id,) if clause else ()
    write(held, [fact], happened=["conversation.stranded"], now=now, by=SYSTEM, clauses=named)
    listed = _otherwise(held, book, clause, now)
    plain = [effect for effect in listed if effect.notify and effect.say is None]
    others = [effect for effect in listed if effect not in plain and not (known and effect.notify)]
    if others and clause is not None:
        tell(carry_out(others, held, book, at=now, holders=(), clause=clause.id, words=clause.because, kind="told"))
    if known:
        return False
    to = list(dict.fromkeys([*superiors_of(book, queue.answered_by), *told_by(book, plain, queue.answered_by)]))
    said = {"zh": queue.title.zh, "en": queue.title.say("en")}
    words = Text(
        zh=STRANDED.zh.format(number=held.number, queue=said["zh"]),
        en=STRANDED.say("en").format(number=held.number, queue=said["en"]),
    )
    tell([Tell(now, to, "warned", named[0] if named else "", book.name, ("conversation", held.pk), words)])
    return True


def _otherwise(held: Conversation, book: Book, clause: Route | None, now: dt.datetime) -> list[Effect]:
    """What the clause says follows where nobody can take it, as far as it holds."""
    listed = list(clause.otherwise) if clause is not None else []
    facts = facts_of(held, book, now) if any(effect.when for effect in listed) else {}
    return [effect for effect in listed if holds(effect.when, facts)]


def alarm_where_all_have_left(queues: Sequence[tuple[str, str]], now: dt.datetime) -> None:
    """Somebody went: the first of those who wait in his queues is looked at again, whether anybody is left who could take it."""
    for handbook, queue in queues:
        waiting = Conversation.objects.filter(state="waiting", handbook=handbook, queue=queue)
        number = (
            waiting.filter(alarmed_at=None).order_by("-priority", "waiting_since", "id").values_list("pk", flat=True)
        )
        if found := number.first():
            _alarm_again(found, now)


def _alarm_again(number: int, now: dt.datetime) -> None:
    with transaction.atomic():
        held = locked(number)
        book = book_for(held)
        queue, clause = queue_of(book, held.queue), clause_for(held, book, now)
        if held.state != State.WAITING or held.alarmed_at is not None or queue is None:
            return
        route = clause or Route.model_validate(UNSAID)
        team = team_of(book, queue, route, held.medium, now, everybody=True)
        if not could_take(route, team, contact_of(held, book, Teams(now), now)):
            raise_alarm(held, book, queue, clause, now)
