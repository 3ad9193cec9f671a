"""Deleting the contents of one case or conversation, in one transaction. What is left is the bare row: number, kind, dates, who, outcome.

docs/keeping.md lists every table that holds a copy; what cannot be found by the subject's own index is left to sweeping.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Q

from zhike.cases.asked_deeds import empty_asked
from zhike.cases.models import Case, Hold, LastDeed, Merge, Note
from zhike.channels.email import raw
from zhike.channels.email.models import Mail, Outgoing
from zhike.channels.models import IncomingSms, OutgoingMessage
from zhike.clocks.models import Clock
from zhike.conversations.models import Conversation, Medium, Message, Survey
from zhike.duties.models import Obligation
from zhike.journal.actions import NewFact, record
from zhike.journal.ledger import Use
from zhike.keeping.due import Due, cases_of, conversations_of
from zhike.keeping.events import ContentsDeleted
from zhike.keeping.models import Deletion, Run
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM
from zhike.records.actions import empty_fillings
from zhike.records.attachments import delete_attachments, discard_named
from zhike.records.models import Filling


def erase(due: Due, run: Run, *, now: dt.datetime) -> Deletion | None:
    """Delete what is due; None where it has meanwhile been opened, tied, held or deleted."""
    with transaction.atomic():
        subject = _still_due(due, now)
        if subject is None:
            return None
        counts = _BY[due.kind, due.rule.of == "record"](subject, due, now)
        clauses = (due.rule.clause,) if due.rule.clause else ()
        audience = tuple(subject.audience)
        whole = "" if due.rule.of != "record" else due.rule.name
        told = ContentsDeleted(due.number, whole, counts)
        fact = NewFact(told, now, (due.kind, due.id), SYSTEM, due.rule.handbook, clauses, audience)
        version = subject.handbook_version_id if due.kind == "case" else subject.version_id
        record([fact], [_use(due, version, now)] if due.rule.clause else [])
        return Deletion.objects.create(
            run=run, subject_kind=due.kind, subject_id=due.id, number=due.number, handbook=due.rule.handbook,
            version_id=version, process=getattr(subject, "process", ""), clause=due.rule.clause, record=whole, due_at=due.due_at, at=now,
            counts=counts,
        )  # fmt: skip


def _still_due(due: Due, now: dt.datetime) -> Any:
    """The row, locked, if nothing stands against it any more than when it was found."""
    model: Any = Case if due.kind == "case" else Conversation
    if model.objects.select_for_update().filter(pk=due.id).first() is None:
        return None
    rows: Any = cases_of(due.rule) if due.kind == "case" else conversations_of(due.rule)
    found = rows.filter(pk=due.id, held=False, tied=False).first()
    return found if found is not None and due.rule.due(found.closed_at) <= now else None


def _use(due: Due, version: int, now: dt.datetime) -> Use:
    rule = due.rule
    return Use(now, rule.handbook, version, rule.clause, "applied", (due.kind, due.id), holder=SYSTEM)


def _erase_case(case: Case, due: Due, now: dt.datetime) -> dict[str, int]:
    title = book_of(case.handbook_version_id).process(case.process).title.zh
    Case.objects.filter(pk=case.pk).update(
        data={}, title=title, own_title=True, emptied_at=now, emptied_by=due.rule.clause, version=case.version + 1
    )
    LastDeed.objects.filter(case=case).delete()
    Merge.objects.filter(Q(dropped=case) | Q(leading=case)).update(before={})
    Hold.objects.filter(case=case).update(why="")
    empty_asked(case)
    _empty_watches("case", case.pk)
    return {
        "fillings": empty_fillings("case", case.pk),
        "notes": Note.objects.filter(case=case).exclude(words="").update(words=""),
        "files": delete_attachments("case", [case.pk]),
    }


def _erase_conversation(talk: Conversation, due: Due, now: dt.datetime) -> dict[str, int]:
    Conversation.objects.filter(pk=talk.pk).update(
        subject="", facts={}, last_words="", emptied_at=now, emptied_by=due.rule.clause, version=talk.version + 1
    )
    messages = list(Message.objects.filter(conversation=talk).values_list("pk", flat=True))
    Message.objects.filter(pk__in=messages).update(words="", html="", extra={}, why_values={}, files=0)
    Survey.objects.filter(conversation=talk).update(comment="")
    OutgoingMessage.objects.filter(message__in=messages).update(words="", values={}, why_values={})
    if talk.medium == Medium.SMS:
        IncomingSms.objects.filter(became=talk.number).update(words="")
    _empty_watches("conversation", talk.pk)
    return {
        "fillings": empty_fillings("conversation", talk.pk),
        "messages": len(messages),
        "mails": _erase_mails(talk, messages),
        "files": delete_attachments("message", messages) + delete_attachments("conversation", [talk.pk]),
    }


def _erase_mails(talk: Conversation, messages: Collection[int]) -> int:
    """Raw mails as they came and went, and what their rows say in words; who wrote to whom and when stays."""
    came = Mail.objects.filter(Q(conversation=talk) | Q(message__in=messages))
    went = Outgoing.objects.filter(message__in=messages)
    digests = {digest for rows in (came, went) for digest in rows.values_list("raw_digest", flat=True) if digest}
    numbers = list(came.values_list("pk", flat=True))
    Mail.objects.filter(pk__in=numbers).update(subject="", sender_name="", raw_digest="")
    sent = went.update(raw_digest="", fault="")
    for digest in sorted(digests):
        raw.discard(digest)
    return len(numbers) + sent


def _erase_form(subject: Any, due: Due, _now: dt.datetime) -> dict[str, int]:
    """The one form, and the files its fields name. A title made of the form goes with it."""
    rows = Filling.objects.filter(subject_kind=due.kind, subject_id=due.id, record=due.rule.name).exclude(values={})
    tokens = {token for values in rows.values_list("values", flat=True) for token in _texts(values)}
    counts = {
        "fillings": empty_fillings(due.kind, due.id, due.rule.name),
        "files": discard_named(due.kind, due.id, tokens),
    }
    if isinstance(subject, Case):
        process = book_of(subject.handbook_version_id).process(subject.process)
        kept = {name: values for name, values in subject.data.items() if name != due.rule.name}
        title = process.title.zh if process.record == due.rule.name else subject.title
        LastDeed.objects.filter(case=subject).delete()
        Merge.objects.filter(dropped=subject).update(before={})
        empty_asked(subject, due.rule.name)
        Case.objects.filter(pk=subject.pk).update(data=kept, title=title, version=subject.version + 1)
    return counts


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _empty_watches(kind: str, number: int) -> None:
    """Clocks and duties keep what was due, when and whose; not the facts they rested on, nor why somebody asked for more time."""
    for clock in Clock.objects.filter(subject_kind=kind, subject_id=number):
        extensions = [{name: part for name, part in one.items() if name != "why"} for one in clock.extensions]
        Clock.objects.filter(pk=clock.pk).update(facts={}, extensions=extensions)
    for duty in Obligation.objects.filter(subject_kind=kind, subject_id=number).exclude(exemption={}):
        Obligation.objects.filter(pk=duty.pk).update(exemption=duty.exemption | {"why": ""})


_BY: dict[tuple[str, bool], Callable[[Any, Due, dt.datetime], dict[str, int]]] = {
    ("case", False): _erase_case,
    ("conversation", False): _erase_conversation,
    ("case", True): _erase_form,
    ("conversation", True): _erase_form,
}
