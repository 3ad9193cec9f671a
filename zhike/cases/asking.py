"""Asking for an action that a clause lets nobody take without the consent of others (`approvals` of a gate).

What was filled in is kept; those whose turn it is agree or decline, each once; when the last one has agreed the action is carried out as
whoever asked, if he may still take it and every gate still lets it pass. A case that changed meanwhile takes the request with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from zhike.cases.actions import act_within, attempt, deed_on, own_consent
from zhike.cases.asked_deeds import (
    SUPERSEDED,
    State,
    chains_of,
    clauses_of,
    drop,
    inform,
    print_of,
    role_for,
    turn_of,
)
from zhike.cases.deed import Deed
from zhike.cases.events import DeedAsked, DeedDecided
from zhike.cases.models import AskedDeed, Case
from zhike.cases.refusals import CaseError, Impossible, NeedsConsent, NotYours, Reason, Refused
from zhike.cases.written import fact_of, write_refusal
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.parameters import length_asked
from zhike.journal.actions import record
from zhike.journal.ledger import Use, write_uses
from zhike.lib.text import clean_line
from zhike.org.handbooks import book_of
from zhike.org.handbooks import viewer as viewer_of
from zhike.org.principals import Viewer, staff_key
from zhike.records.attachments import bind_attachments, release_attachments
from zhike.records.forms import file_tokens

WAITS = dt.timedelta(days=7)
"""How long a request waits; a handbook's parameter `approval_wait` says otherwise."""
MOST_WAITING = 20
"""Requests that may wait on one case."""
LONGEST_WORDS = 200

NOT_YOUR_TURN = Text(
    zh="这件事不由您同意，或您已经表过态。", en="It is not yours to agree to, or you have decided already."
)
NO_REASON = Text(zh="不同意的，请写明理由。", en="Say why you decline.")
NOT_YOURS = Text(
    zh="只有提交的人可以撤回，而且只在还没有定下来的时候。", en="Only whoever asked can withdraw it, while it waits."
)
TOO_MANY = Text(zh="这张工单上等待同意的已经太多。", en="Too many requests wait on this case.")
WAITS_ALREADY = Text(
    zh="同样的办理已经提交，正在等待同意。", en="The same action was asked for already and waits for consent."
)
ASKED = Text(
    zh="{number}：{name}提交“{action}”，要您同意。", en="{number}: {name} asks for “{action}” and needs your consent."
)
AGREED = Text(
    zh="{number}：您提交的“{action}”已获同意，已经办理。",
    en="{number}: “{action}”, which you asked for, was agreed to and is done.",
)


def take_or_ask(
    case_id: int,
    action: str,
    values: Mapping[str, Any],
    *,
    by: Viewer,
    now: dt.datetime,
    version: int | None = None,
    key: str = "",
    attachments: Sequence[str] = (),
) -> Case | AskedDeed:
    """Take `action`, or ask for it where nothing but consents is missing: then the request is the answer.

    Raises as `take_action`; Impossible where the same is asked for already.
    """
    deed = deed_on(case_id, action, by, now)
    asked = AskedDeed.objects.filter(key=_key(by, key)).select_related("case", "staff").first() if key else None
    if asked is not None:
        return asked
    try:
        return attempt(deed, values, attachments, key, version, may_ask=True)
    except NeedsConsent as lacking:
        return _ask(deed, values, attachments, lacking.chains, key)


def _key(by: Viewer, key: str) -> str | None:
    return f"{by.principal}/{key}"[:80] if key else None


def _ask(
    deed: Deed, values: Mapping[str, Any], attachments: Sequence[str], chains: list[dict[str, Any]], key: str
) -> AskedDeed:
    by, now, book = deed.viewer, deed.now, deed.book
    assert by.staff is not None
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).select_related("department").get(pk=deed.case.pk)
        waiting = AskedDeed.objects.filter(case=case, state=State.WAITING)
        if waiting.filter(action=deed.action.id, staff=by.staff).exists():
            raise Impossible([Reason(WAITS_ALREADY)])
        if waiting.count() >= MOST_WAITING:
            raise Impossible([Reason(TOO_MANY)])
        row = AskedDeed(
            case=case, action=deed.action.id, staff=by.staff, in_place_of=deed.in_place_of, at=now, values=dict(values),
            shown=deed.values, attachments=list(attachments), consents=chains, approvals=_own(deed, chains), seen=print_of(case),
            waits_until=now + length_asked(book, "approval_wait", WAITS), key=_key(by, key),
        )  # fmt: skip
        row.turn = turn_of(row, case, book)
        row.save(force_insert=True)
        if files := _files(row, book):
            bind_attachments(files, subject=("case", case.pk), by=by.principal)
        event = DeedAsked(row.pk, row.action)
        record([fact_of(case, event, at=now, actor=by.principal, clauses=clauses_of(row))])
        inform(row, _others(row), ASKED, now)
    return row


def _files(row: AskedDeed, book: Book) -> list[str]:
    """Every file that came with it. They belong to the case while it waits: what belongs to nothing is thrown away after a day."""
    record = book.action(row.case.process, row.action).record
    return list(dict.fromkeys([*row.attachments, *(file_tokens(book, record, row.shown) if record else ())]))


def _own(deed: Deed, chains: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What whoever asks agrees to by asking, in the roles he holds himself."""
    named = {role for chain in chains if not chain["distinct"] for link in chain["links"] for role in link}
    return [{**one, "words": ""} for one in own_consent(deed) if one["role"] in named]


def _others(row: AskedDeed) -> list[str]:
    return [principal for principal in row.turn if principal not in (staff_key(row.staff_id), row.in_place_of)]


def decide_asked(request: int, *, agree: bool, words: str = "", by: Viewer, now: dt.datetime) -> AskedDeed:
    """Agree or decline, in the role whose turn it is. The last consent carries the action out.

    Raises NotYours where it is not his turn, Impossible without a reason to decline. What was asked for may have become impossible by
    then: the state of the row says so, and `why`.
    """
    words = clean_line(words[: 2 * LONGEST_WORDS])[:LONGEST_WORDS]
    with transaction.atomic():
        row = _locked(request)
        role = role_for(row, by, now)
        if role is None:
            raise NotYours([Reason(NOT_YOUR_TURN)])
        if not agree and not words:
            raise Impossible([Reason(NO_REASON, fields=("words",))])
        if row.seen != print_of(row.case):
            drop(row, State.SUPERSEDED, SUPERSEDED, now, by.principal)
            return row
        _note(row, role, agree, words, by, now)
        if not agree:
            _decline(row, words, by, now)
        elif not chains_of(row):
            _carry_out(row, by, now)
        else:
            row.turn = turn_of(row, row.case, book_of(row.case.handbook_version_id))
            row.save(update_fields=["turn"])
            inform(row, _others(row), ASKED, now)
    return row


def withdraw_asked(request: int, *, by: Viewer, now: dt.datetime) -> AskedDeed:
    """Whoever asked takes it back while it waits. Raises NotYours."""
    with transaction.atomic():
        row = _locked(request)
        if by.staff is None or row.staff_id != by.staff.pk or row.state != State.WAITING:
            raise NotYours([Reason(NOT_YOURS)])
        drop(row, State.WITHDRAWN, Text(zh="提交的人撤回了。", en="Whoever asked withdrew it."), now, by.principal)
    return row


def _locked(request: int) -> AskedDeed:
    """The row and its case under a lock, the case first as every deed has it. Raises NotYours for one that is not there."""
    case_id = AskedDeed.objects.filter(pk=request).values_list("case_id", flat=True).first()
    if case_id is None:
        raise NotYours([Reason(NOT_YOUR_TURN)])
    case = Case.objects.select_for_update(of=("self",)).select_related("department", "parent").get(pk=case_id)
    row = AskedDeed.objects.select_for_update(of=("self",)).select_related("staff").get(pk=request)
    row.case = case
    return row


def _note(row: AskedDeed, role: str, agree: bool, words: str, by: Viewer, now: dt.datetime) -> None:
    decision = "approved" if agree else "declined"
    given = {"handbook": row.case.handbook, "role": role, "by": by.principal, "at": now.isoformat(), "words": words}
    row.approvals = [*row.approvals, {**given, "decision": decision}]
    row.save(update_fields=["approvals"])
    event = DeedDecided(row.pk, row.action, role, decision, words)
    record([fact_of(row.case, event, at=now, actor=by.principal, clauses=clauses_of(row))])


def _decline(row: AskedDeed, words: str, by: Viewer, now: dt.datetime) -> None:
    """The clause stands against it after all: the ledger counts a refusal."""
    drop(row, State.DECLINED, Text(zh=f"没有同意：{words}", en=f"Declined: {words}"), now, by.principal)
    write_uses(
        [
            Use(
                at=now, handbook=row.case.handbook, version_id=row.case.handbook_version_id, clause=clause, outcome="refused",
                subject=("case", row.case_id), holder=staff_key(row.staff_id), detail={"action": row.action, "words": words},
            )
            for clause in clauses_of(row)
        ]
    )  # fmt: skip


def _carry_out(row: AskedDeed, by: Viewer, now: dt.datetime) -> None:
    """As whoever asked, with his rights of now; what stands against it by now is the answer."""
    row.state, row.ended_at, row.turn = State.DONE, now, []
    row.save(update_fields=["state", "ended_at", "turn"])
    deed = deed_on(row.case_id, row.action, viewer_of(row.staff), now)
    deed.approvals = [one for one in row.approvals if not one.get("own")]
    try:
        with transaction.atomic():
            if not row.staff.is_active:
                raise NotYours([Reason(Text(zh="提交的人已经离开。", en="Whoever asked has left."))])
            release_attachments(_files(row, deed.book), subject=("case", row.case_id))
            act_within(deed, row.values, attachments=row.attachments)
    except CaseError as error:
        if isinstance(error, Refused):
            write_refusal(deed, error)
        said = error.reasons
        why = Text(zh=" ".join(one.words.zh for one in said), en=" ".join(one.words.say("en") for one in said))
        drop(row, State.REFUSED, why, now, by.principal)
        return
    inform(row, [staff_key(row.staff_id)], AGREED, now)
