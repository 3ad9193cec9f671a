"""Every write to a case. One transaction each: the row, the form, the clocks and duties, the journal and the ledger, or nothing.

`open_case` and `take_action` run the same steps (`carry_out`); a refusal by a clause is itself written down, in a transaction of its
own, because the deed's transaction is rolled back.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Count

from zhike.cases import amounts, asked_deeds, attempts, dates, extensions, freezing, related, sanctions, written
from zhike.cases.allowed import check_allowed, check_reach, may_hand_over, may_own
from zhike.cases.consents import APPROVALS, asked_by, roles_asked
from zhike.cases.deed import Deed
from zhike.cases.facts import Facts
from zhike.cases.holders import audience_of, may_act, principals_for, turn_of
from zhike.cases.images import keep_before
from zhike.cases.limits import apply_limits
from zhike.cases.locks import locks_for
from zhike.cases.models import Case, Submission
from zhike.cases.notes import NOTE_LIMIT, add_note
from zhike.cases.once import check_once
from zhike.cases.refusals import (
    CaseError,
    Forbidden,
    NeedsConsent,
    NotFound,
    NotYours,
    Reason,
    Refused,
    Stale,
    Unreadable,
)
from zhike.cases.repeats import occurrence
from zhike.cases.standing_in import in_place_of
from zhike.cases.transition import closes, move, route, summary
from zhike.clocks.actions import overtake, readdress_clocks, reassign_clock
from zhike.clocks.queries import open_clocks, undecided_clocks
from zhike.customers.actions import find_or_add_customer
from zhike.customers.facts import asks_for_customers
from zhike.customers.facts import facts_of as facts_of_customer
from zhike.customers.models import Customer
from zhike.customers.queries import by_contact
from zhike.duties.actions import hand_over_owed
from zhike.handbook.clauses import Gate, Measure, Wording
from zhike.handbook.common import Text
from zhike.handbook.decide import judge
from zhike.handbook.decision import Refusal
from zhike.journal.statements import insert
from zhike.org.handbooks import book_of, viewer
from zhike.org.models import Assignment, HandbookVersion, Staff
from zhike.org.principals import Viewer, staff_key
from zhike.records.actions import keep_filling
from zhike.records.attachments import bind_attachments
from zhike.records.completeness import words_of_lacking
from zhike.records.forms import FormRefused, check_form, file_tokens

__all__ = [
    "NOTE_LIMIT", "CaseError", "Forbidden", "NeedsConsent", "NotFound", "NotYours", "Reason", "Refused", "Stale", "Unreadable",
    "add_note", "hand_over_case", "open_case", "pass_on", "take_action",
]  # fmt: skip

CLAIM_KEY = """
INSERT INTO cases_submission (key, at, case_id, answer) VALUES (%s, %s, {case_id}, '{{}}')
ON CONFLICT (key) DO NOTHING RETURNING case_id
"""
BLOCKING = ("duty", "sanction")
"""Kinds that only ever refuse a deed; that one did not refuse is no use of it."""
NOT_HIS_ROLE = Text(
    zh="只能交给有同样岗位的同事。", en="A case can be handed only to a colleague who holds the same role there."
)
STALE = Text(
    zh="这张工单在您打开之后已被更新，您填写的内容已保留；请查看最新情况后再提交。",
    en="This case changed after you opened it. What you typed is kept; look at the latest state and submit again.",
)


def open_case(
    version: HandbookVersion,
    process: str,
    action: str,
    values: Mapping[str, Any],
    *,
    by: Viewer,
    now: dt.datetime,
    key: str = "",
    attachments: Sequence[str] = (),
    parent: Case | None = None,
    customer: Customer | None = None,
    source: str = "desk",
    is_sample: bool = False,
) -> Case:
    """Open a case of `process` by its entry action. `key` makes a repeated press of the button the same case.

    Raises Refused (a clause forbids it), NotYours, Unreadable (the form holds values that cannot be taken).
    """
    book = book_of(version.pk)
    case = Case(
        handbook_version=version, handbook=book.name, process=process, customer=customer, parent=parent, source=source,
        opened_at=now, updated_at=now, is_sample=is_sample, version=0,
        department=parent.department if parent else None,
    )  # fmt: skip
    deed = Deed(case, book, version.pk, book.process(process), book.action(process, action), by, now, opening=True)
    return attempt(deed, values, attachments, key)


def take_action(
    case_id: int,
    action: str,
    values: Mapping[str, Any],
    *,
    by: Viewer,
    now: dt.datetime,
    version: int | None = None,
    key: str = "",
    attachments: Sequence[str] = (),
) -> Case:
    """Take `action` on a case. `version` is the one the caller's page was read at; None skips the check.

    Raises Refused, NotYours, Stale, Unreadable; KeyError for an action the process does not know.
    """
    return attempt(deed_on(case_id, action, by, now), values, attachments, key, expected=version)


def deed_on(case_id: int, action: str, by: Viewer, now: dt.datetime) -> Deed:
    """The deed `action` would be on that case. Raises KeyError for an action the process does not know."""
    found = Case.objects.select_related("parent", "department").get(pk=case_id)
    book = book_of(found.handbook_version_id)
    process, known = book.process(found.process), book.action(found.process, action)
    return Deed(found, book, found.handbook_version_id, process, known, by, now)


def act_within(
    deed: Deed, values: Mapping[str, Any], *, version: int | None = None, attachments: Sequence[str] = ()
) -> None:
    """Carry out a deed within the caller's transaction, which must be rolled back when this raises: nothing is undone here, and a
    refusal is not written down. Raises as `take_action` does.
    """
    _lock(deed, version)
    carry_out(deed, values, attachments)


def attempt(
    deed: Deed,
    values: Mapping[str, Any],
    attachments: Sequence[str],
    key: str,
    expected: int | None = None,
    *,
    may_ask: bool = False,
) -> Case:
    """Carry out a deed in a transaction of its own. `may_ask`: what lacks nothing but consents is asked for, which is no refusal."""
    try:
        with transaction.atomic():
            done = _first_time(deed, key) if key else None
            if done is not None:
                return Case.objects.get(pk=done)
            if not deed.opening:
                _lock(deed, expected)
            carry_out(deed, values, attachments)
            return deed.case
    except Refused as refused:
        if not (may_ask and isinstance(refused, NeedsConsent)):
            with transaction.atomic():
                written.write_refusal(deed, refused)
                attempts.follow(deed, refused, key)
        raise


def _first_time(deed: Deed, key: str) -> int | None:
    """Claim the key; the case it already made, None when this is the first time. A concurrent twin waits here for the first to commit.

    A case that is opened takes its id here.
    """
    case_id = "nextval('cases_case_id_seq')" if deed.opening else "%s"
    claim = CLAIM_KEY.format(case_id=case_id)
    mine = f"{deed.viewer.principal}/{key}"[:80]
    with connection.cursor() as cursor:
        cursor.execute(claim, [mine, deed.now] if deed.opening else [mine, deed.now, deed.case.pk])
        claimed = cursor.fetchone()
    if claimed is None:
        return Submission.objects.get(pk=mine).case_id
    deed.case.pk = claimed[0]
    return None


def _lock(deed: Deed, expected: int | None) -> None:
    """Read the row anew under a lock, so that two deeds on one case follow each other.

    What ran out before the deed comes before it, with all that follows: a limit may have the product itself act.
    """
    rows = Case.objects.select_for_update(of=("self",)).select_related("parent", "department")
    locked = rows.get(pk=deed.case.pk)
    if overtake(
        [clock.pk for clock in open_clocks(deed.subject) if clock.next_at and clock.next_at <= deed.now], deed.now
    ):
        locked = rows.get(pk=deed.case.pk)
    deed.case = locked
    if expected is not None and expected != locked.version:
        raise Stale([Reason(STALE)])
    if deed.viewer.staff is not None:
        keep_before(locked.pk, deed.viewer.principal, deed.action.id, deed.now)


def carry_out(deed: Deed, values: Mapping[str, Any], attachments: Sequence[str]) -> None:
    """The steps of a deed, in the one order they have."""
    if deed.opening:
        _number_it(deed)
    check_allowed(deed)
    if not deed.opening and deed.viewer.stands_for:
        takers = may_act(deed.case, deed.book, deed.action.by)
        deed.in_place_of = in_place_of(deed.case, deed.book, deed.viewer, takers)
    deed.values = _read_form(deed, values)
    amounts.fill(deed)
    check_reach(deed)
    _ask_clauses(deed, attachments)
    _identify_customer(deed)
    _put_values(deed)
    routes = route(deed)
    move(deed, routes)
    _save(deed)
    _keep_form(deed, attachments)
    freezing.follow(deed)
    apply_limits(deed)
    written.write_deed(deed)
    sanctions.follow(deed)
    child = related.child_of(deed)
    if child is not None:
        carry_out(*child, ())
    related.follow(deed, routes)
    asked_deeds.follow(deed)


def _read_form(deed: Deed, values: Mapping[str, Any]) -> dict[str, Any]:
    record = deed.action.record
    if record is None:
        return {}
    try:
        return check_form(
            deed.book, record, dict(values), facts=deed.facts({}) | occurrence(deed, values), now=deed.now, actor=deed.viewer.principal,
            gated_fields=_gated_fields(deed), locks=locks_for(deed),
        )  # fmt: skip
    except FormRefused as refused:
        deed.values = dict(refused.kept)
        gates = [r for r in _refusals(deed, refused.kept, 0) if not set(r.fields) & {*refused.errors, APPROVALS}]
        reasons = [*Unreadable.of(refused.errors, refused.clauses).reasons, *gates]
        raise (Refused(reasons) if gates or any(refused.clauses.values()) else Unreadable(reasons)) from refused


def _gated_fields(deed: Deed) -> frozenset[str]:
    """Fields whose absence a clause refuses; the clause then speaks, not the form."""
    gates = deed.book.speaking_of("gate", deed.process.id, deed.event)
    wordings = deed.book.speaking_of("wording", deed.process.id, deed.event)
    measures = deed.book.speaking_of("measure", deed.process.id, deed.event)
    named = {f for g in gates if isinstance(g, Gate) for f in (*g.requires.fields, *g.requires.one_of_fields)}
    named |= {f for w in wordings if isinstance(w, Wording) for f in w.must_state}
    named |= {m.capture.field for m in measures if isinstance(m, Measure) and m.capture}
    return frozenset(named)


def _ask_clauses(deed: Deed, attachments: Sequence[str]) -> None:
    reasons = _refusals(deed, deed.values, len(attachments))
    reasons += sanctions.refusals(deed)
    priced, unagreed = amounts.priced(deed)
    deed.decisions += priced
    if reasons + unagreed:
        raise _refused(deed, reasons + unagreed, attachments)


def _refused(deed: Deed, reasons: list[Reason], attachments: Sequence[str]) -> Refused:
    """What keeps the deed from being done; it can be asked for where nothing but consents is missing and a colleague acts."""
    if deed.opening or deed.viewer.staff is None:
        return Refused(reasons)
    chains = asked_by(deed.book, reasons, _facts_asked(deed, deed.values, len(attachments)), deed.values)
    return NeedsConsent(reasons, [chain.kept() for chain in chains]) if chains else Refused(reasons)


def _refusals(deed: Deed, form: Mapping[str, Any], attachments: int) -> list[Reason]:
    """Every reason at once, so that nobody is sent away twice. Clauses that allow it are kept as applied."""
    facts = _facts_asked(deed, form, attachments)
    judgement = judge(deed.book, facts, on=_asked(deed), process=deed.process.id, form=form)
    refusing = {refusal.decision.clause_id for refusal in judgement.refusals}
    deed.decisions = [d for d in judgement.decisions if d.clause_id not in refusing and d.kind not in BLOCKING]
    reasons = [
        Reason(_words_of(deed, r, form), r.decision.clause_id, tuple(r.fields), r.decision) for r in judgement.refusals
    ]
    return reasons + extensions.refusals(deed, form) + dates.refusals(deed, form, facts[APPROVALS])


def _words_of(deed: Deed, refusal: Refusal, form: Mapping[str, Any]) -> Text:
    """What a clause says, with what it rests on: who froze it, which fields a form still lacks."""
    words = freezing.words_of(deed, refusal)
    more = words_of_lacking(deed.book, deed.filled(form), refusal.decision.facts)
    return words.followed_by(more) if more else words


def _facts_asked(deed: Deed, form: Mapping[str, Any], attachments: int) -> Facts:
    more: Facts = {"attachments": attachments, APPROVALS: [*own_consent(deed), *deed.approvals]}
    known, about = _known_already(deed, form)
    return deed.facts(form) | about | _electorates(deed) | freezing.facts_asked(deed, _asked(deed), form, known) | more


def own_consent(deed: Deed) -> list[dict[str, Any]]:
    """Asking for it oneself is consent in the roles one holds; a gate that wants others (`distinct`) does not count it."""
    if deed.viewer.staff is None:
        return []
    asked = roles_asked(deed.book, deed.process.id, deed.event) | dates.roles_asked(deed.book, deed.process.id)
    roles = sorted(asked)
    mine = [role for role in roles if deed.viewer.holds(may_act(deed.case, deed.book, [role]))]
    said = {"handbook": deed.book.name, "by": deed.viewer.principal, "at": deed.now.isoformat(), "decision": "approved"}
    return [{**said, "role": role, "own": True} for role in mine]


def _electorates(deed: Deed) -> Facts:
    """How many hold each role that votes by a gate of this action: who stays away has not agreed."""
    gates = deed.book.speaking_of("gate", deed.process.id, deed.event)
    voting = {gate.requires.quorum.members for gate in gates if isinstance(gate, Gate) and gate.requires.quorum}
    roles = {role.id for role in deed.book.handbook.roles} & voting
    if not roles:
        return {}
    held = Assignment.objects.filter(handbook=deed.book.name, role__in=roles, staff__is_active=True)
    return dict(held.order_by().values_list("role").annotate(Count("staff", distinct=True)))


def _asked(deed: Deed) -> list[str]:
    """The events whose clauses are asked: the action, that its form is complete with it, and the closing it would bring about where
    something blocks that.
    """
    blocked = deed.book.listening_to("blocks", deed.process.id, "case.closed")
    filled = deed.of_the_form() if deed.values else []
    completes = [event.removesuffix("d") for event in filled if event.endswith(".completed")]
    return [deed.event, *completes, *(["case.closed"] if blocked and closes(deed) else [])]


def _known_already(deed: Deed, form: Mapping[str, Any]) -> tuple[Customer | None, Facts]:
    """The customer the form names, and what is kept of him: gates of the entry action ask before the case has him."""
    wanted = deed.process.customer
    asked = asks_for_customers(deed.book), "customer" in freezing.scopes_asked(deed, _asked(deed))
    if not deed.opening or deed.case.customer_id is not None or not wanted or not any(asked):
        return None, {}
    said = (str(form.get(wanted[kind]) or "") for kind in ("phone", "email") if kind in wanted)
    customer = next((known for words in said if words and (known := by_contact(words))), None)
    return customer, facts_of_customer(customer, deed.book) if customer and asked[0] else {}


def _identify_customer(deed: Deed) -> None:
    wanted = deed.process.customer
    if not deed.opening or deed.case.customer_id is not None or not wanted:
        if deed.opening and deed.case.parent is not None and deed.case.customer_id is None:
            deed.case.customer_id = deed.case.parent.customer_id
        return
    said = {kind: str(deed.values.get(name) or "") for kind, name in wanted.items()}
    if said.get("phone") or said.get("email"):
        deed.case.customer = find_or_add_customer(
            phone=said.get("phone", ""), name=said.get("name", ""), email=said.get("email", ""), now=deed.now
        )


def _put_values(deed: Deed) -> None:
    case, record = deed.case, deed.action.record
    if record is not None:
        deed.again = record in case.data
        before = case.data.get(record, {}) if record == deed.process.record else {}
        case.data = {**case.data, record: {**before, **deed.values}}
    case.tally = {**case.tally, deed.action.id: case.tally.get(deed.action.id, 0) + 1}


def _save(deed: Deed) -> None:
    case = deed.case
    case.version += 1
    case.updated_at = deed.now
    if deed.opening:
        case.title = summary(deed, deed.facts())
        case.portal_token = secrets.token_urlsafe(24) if deed.process.portal else ""
        insert(case)
        return
    if deed.action.record == deed.process.record and not case.own_title:
        case.title = summary(deed, deed.facts())
    case.save(
        update_fields=[
            "stage", "status", "department", "owner", "owner_role", "holders", "given_to", "audience", "round", "data", "tally",
            "title", "updated_at", "closed_at", "version", "customer",
        ]
    )  # fmt: skip


def _number_it(deed: Deed) -> None:
    """The id and the number are known before the form is read, because a form may print them. A refused deed leaves a gap."""
    if not deed.case.pk:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('cases_case_id_seq')")
            deed.case.pk = int(cursor.fetchone()[0])
    number: int = deed.case.pk
    local = deed.now.astimezone(ZoneInfo(deed.book.handbook.zone))
    deed.case.number = deed.process.number.format(
        yymmdd=f"{local:%y%m%d}", yyyymmdd=f"{local:%Y%m%d}", seq=f"{number:06d}"
    )


def _keep_form(deed: Deed, attachments: Sequence[str]) -> None:
    if deed.action.record is not None:
        filling = keep_filling(
            version_id=deed.version_id, record=deed.action.record, subject=deed.subject, action=deed.action.id,
            round=deed.case.round, actor=deed.viewer.principal, values=deed.values, at=deed.now,
        )  # fmt: skip
        deed.filling = filling.pk
        check_once(deed, filling)
        attachments = [*attachments, *file_tokens(deed.book, deed.action.record, deed.values)]
    if attachments:
        bind_attachments(list(attachments), subject=deed.subject, by=deed.viewer.principal)


def hand_over_case(case_id: int, *, to: Staff, by: Viewer, now: dt.datetime, version: int | None = None) -> Case:
    """Make `to` the owner; the clocks the owner before held are his.

    Raises NotYours unless `by` owns it, shares the owner's role or is his superior, and `to` holds that role; Stale.
    """
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).select_related("department", "owner").get(pk=case_id)
        if version is not None and version != case.version:
            raise Stale([Reason(STALE)])
        book = book_of(case.handbook_version_id)
        receiver = viewer(to)
        if not may_hand_over(case, book, by) or not may_own(case, book, receiver):
            raise NotYours([Reason(NOT_HIS_ROLE)])
        return pass_on(case, to=to, by=by.principal, now=now)


def pass_on(case: Case, *, to: Staff, by: str, now: dt.datetime) -> Case:
    """Make `to` the owner of a case that is locked; the clocks and duties the owner before held are his. Who may is the caller's."""
    book, before, after = book_of(case.handbook_version_id), case.owner_id, staff_key(to.pk)
    if before is not None:
        for clock in undecided_clocks(("case", case.pk), staff_key(before)):
            others = [holder for holder in clock.holders if holder not in (staff_key(before), after)]
            reassign_clock(clock.pk, [*others, after], at=now, by=by)
        hand_over_owed(("case", case.pk), staff_key(before), after)
    case.owner, case.updated_at, case.version = to, now, case.version + 1
    case.holders = principals_for(case, book, turn_of(case, book))
    case.audience = audience_of(case, book)
    case.save(update_fields=["owner", "updated_at", "version", "holders", "audience"])
    readdress_clocks(("case", case.pk), case.audience)
    written.write_owner(case, before, by, now)
    return case
