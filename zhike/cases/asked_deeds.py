"""Actions that wait for the consent of others, as they stand: whose turn it is, whether the case is still the one they agree to.

Asking, agreeing and carrying out are verbs of asking.py; what a deed on the case does to requests that wait follows here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence

from django.db import transaction

from zhike.cases import dates
from zhike.cases.consents import Consent, open_links, role_to_agree, roles_asked
from zhike.cases.deed import Deed
from zhike.cases.events import DeedDropped
from zhike.cases.holders import may_act
from zhike.cases.models import AskedDeed, Case
from zhike.cases.written import fact_of
from zhike.clocks.moments import register_moments
from zhike.handbook.book import Book
from zhike.handbook.clauses import Sanction
from zhike.handbook.common import Text
from zhike.journal.actions import record
from zhike.notices.actions import Tell, tell
from zhike.org.handbooks import book_of
from zhike.org.principals import SYSTEM, Viewer, staff_key

State = AskedDeed.State

SUPERSEDED = Text(
    zh="工单在这之后有了变化，请重新提交。", en="The case changed since; ask again for what is still wanted."
)
TOO_LATE = Text(zh="限期内没有等到同意，请重新提交。", en="Nobody decided in time. Ask again.")
CAME_TO_NOTHING = Text(
    zh="{number}：您提交的“{action}”没有办成。{why}",
    en="{number}: “{action}”, which you asked for, was not done. {why}",
)


def print_of(case: Case) -> str:
    """The case in short: where it stands, whose it is and what is written in its forms. Another print means what was agreed to changed."""
    stands = [case.process, case.stage, case.status, case.round, case.department_id, case.merged_into_id, case.data]
    return hashlib.sha256(json.dumps(stands, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def chains_of(row: AskedDeed) -> list[Consent]:
    """The chains in which somebody is still to agree."""
    chains = [Consent.read(kept) for kept in row.consents]
    return [chain for chain in chains if open_links(chain, row.approvals)]


def turn_of(row: AskedDeed, case: Case, book: Book) -> list[str]:
    """The principals who are to agree next."""
    roles = [role for chain in chains_of(row) for link in open_links(chain, row.approvals) for role in link]
    return may_act(case, book, dict.fromkeys(roles))


def role_for(row: AskedDeed, viewer: Viewer, now: dt.datetime) -> str | None:
    """The role in which the viewer may agree or decline now; None where it is not his turn.

    Nobody decides what he asked for himself, what was asked for in his place, or what concerns him. A substitute decides in roles of his
    own.
    """
    if row.state != State.WAITING or now > row.waits_until or viewer.staff is None:
        return None
    never = {one for kept in row.consents for one in kept.get("never", ())}
    if viewer.principal in {staff_key(row.staff_id), row.in_place_of, *never}:
        return None
    book = book_of(row.case.handbook_version_id)
    found = role_to_agree(
        viewer, chains_of(row), row.approvals, lambda _, role: viewer.holds(may_act(row.case, book, [role]))
    )
    return found[1] if found else None


def awaiting(viewer: Viewer, now: dt.datetime, most: int = 50) -> list[AskedDeed]:
    """What waits for this viewer's consent, the oldest first. One query."""
    rows = AskedDeed.objects.filter(state=State.WAITING, turn__overlap=sorted(viewer.keys), waits_until__gte=now)
    found = rows.select_related("case__department", "staff").order_by("id")[:most]
    return [row for row in found if role_for(row, viewer, now)]


def asked_by_viewer(viewer: Viewer, most: int = 20) -> list[AskedDeed]:
    """What the viewer asked for, the latest first. One query."""
    rows = AskedDeed.objects.filter(staff=viewer.staff).select_related("case__department", "staff")
    return list(rows.order_by("-id")[:most]) if viewer.staff else []


def waiting_on(case: Case) -> list[AskedDeed]:
    """What waits for consent on a case, the oldest first. One query, none where no clause of its handbook asks consent."""
    if not asks_consent(book_of(case.handbook_version_id)):
        return []
    rows = AskedDeed.objects.filter(case=case, state=State.WAITING).select_related("case__department", "staff")
    return list(rows.order_by("id"))


def asks_consent(book: Book) -> bool:
    """Whether any gate on an action wants a chain of consents, any limit one for a later date, any sanction one more."""
    if any(isinstance(clause, Sanction) and clause.confirm.also for clause in book.clauses("sanction")):
        return True
    if any(dates.roles_asked(book, process.id) for process in book.handbook.processes):
        return True
    events = ((process.id, f"action.{action.id}") for process in book.handbook.processes for action in process.actions)
    return any(roles_asked(book, process, event) for process, event in events)


def follow(deed: Deed) -> None:
    """A deed changed the case: requests that were about something else by now are over. One query where a clause asks consent."""
    if deed.opening:
        return
    stands = print_of(deed.case)
    for row in waiting_on(deed.case):
        if row.seen != stands:
            drop(row, State.SUPERSEDED, SUPERSEDED, deed.now, deed.viewer.principal)


def drop(row: AskedDeed, state: State, why: Text, at: dt.datetime, by: str) -> None:
    """It comes to nothing; whoever asked hears why, unless it was he."""
    row.state, row.ended_at, row.turn, row.why = state, at, [], {"zh": why.zh, "en": why.say("en")}
    row.save(update_fields=["state", "ended_at", "turn", "why"])
    event = DeedDropped(row.pk, row.action, str(state))
    record([fact_of(row.case, event, at=at, actor=by, clauses=clauses_of(row))])
    if by != staff_key(row.staff_id):
        inform(row, [staff_key(row.staff_id)], CAME_TO_NOTHING, at, why)


def empty_asked(case: Case, record: str = "") -> None:
    """Delete what was filled in and said about requests on a case; with `record` only of actions that fill that form."""
    book = book_of(case.handbook_version_id)
    actions = [action.id for action in book.process(case.process).actions if not record or action.record == record]
    for row in AskedDeed.objects.filter(case=case, action__in=actions):
        said = [{**one, "words": ""} for one in row.approvals]
        AskedDeed.objects.filter(pk=row.pk).update(values={}, shown={}, attachments=[], why={}, approvals=said)


def clauses_of(row: AskedDeed) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(kept["clause"]) for kept in row.consents))


def inform(row: AskedDeed, to: Sequence[str], words: Text, at: dt.datetime, why: Text | None = None) -> None:
    book = book_of(row.case.handbook_version_id)
    title = book.action(row.case.process, row.action).title
    clause = next(iter(clauses_of(row)), "")
    said = Text(
        zh=words.zh.format(number=row.case.number, action=title.zh, name=row.staff.name, why=why.zh if why else ""),
        en=words.say("en").format(
            number=row.case.number, action=title.say("en"), name=row.staff.name, why=why.say("en") if why else ""
        ).strip(),
    )  # fmt: skip
    tell([Tell(at, to, "told", clause, book.name, ("asked_deed", row.pk), said)])


class RunsOut:
    """The moments at which nobody has decided in time."""

    def next(self, after: dt.datetime | None = None) -> dt.datetime | None:
        rows = AskedDeed.objects.filter(state=State.WAITING)
        rows = rows if after is None else rows.filter(waits_until__gt=after)
        return rows.order_by("waits_until").values_list("waits_until", flat=True).first()

    def meet(self, now: dt.datetime, limit: int) -> int:
        due = AskedDeed.objects.filter(state=State.WAITING, waits_until__lt=now).order_by("waits_until")
        return sum(_run_out(number, now) for number in list(due.values_list("pk", flat=True)[:limit]))


def _run_out(number: int, now: dt.datetime) -> bool:
    with transaction.atomic():
        rows = AskedDeed.objects.select_for_update(of=("self",), skip_locked=True).select_related("case", "staff")
        row = rows.filter(pk=number, state=State.WAITING, waits_until__lt=now).first()
        if row is not None:
            drop(row, State.EXPIRED, TOO_LATE, row.waits_until, SYSTEM)
        return row is not None


register_moments("asked_deed", RunsOut())
