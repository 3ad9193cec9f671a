"""One deed on many cases: all of them or none.

What is offered is what every one of them allows. A single refusal, a single case that is not the viewer's to see, undoes the whole;
the answer then names each case that stood in the way, with its clause. Every case keeps a deed, facts and ledger lines of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from zhike.cases import attempts, written
from zhike.cases.access import case_for
from zhike.cases.actions import act_within, deed_on, hand_over_case
from zhike.cases.allowed import may_hand_over
from zhike.cases.deed import Deed
from zhike.cases.followers import follow_case
from zhike.cases.models import Case, Submission
from zhike.cases.notes import add_note
from zhike.cases.queries import colleagues, offered_on
from zhike.cases.refusals import CaseError, Forbidden, NotFound, Reason, Refused
from zhike.handbook.book import Book
from zhike.handbook.common import Text
from zhike.handbook.structure import Action
from zhike.journal.statements import rows
from zhike.org.handbooks import book_of
from zhike.org.models import Staff
from zhike.org.principals import Viewer

MOST = 100
"""Cases of one batch: about what a person waits for."""
ONE_BY_ONE = frozenset({"files", "signature", "rows", "votes"})
"""Types of fields that are of one case: such a form is not filled for many."""

TOO_MANY = Text(zh=f"一次最多办理{MOST}张，请少选一些。", en=f"At most {MOST} cases at a time. Select fewer.")
NONE_PICKED = Text(zh="请先选中工单。", en="Select cases first.")
UNKNOWN = Text(zh="没有这张工单。", en="There is no such case.")
OF_ONE_CASE = Text(
    zh="这张表单写的是单张工单自己的内容，要逐张办理。", en="This form is about one case alone; take them one by one."
)
NO_STAGE = Text(zh="现在的环节不能这样办理。", en="Not taken at the stage where it stands.")
SEVERAL_PROCESSES = Text(zh="选中的工单属于不同流程。", en="The selected cases belong to different processes.")
NOT_HANDED = Text(zh="这张工单不归您交接，或没有经办人。", en="This case is not yours to hand over, or nobody owns it.")
OTHER_ROLE = Text(
    zh="经办人的岗位或部门与其他工单不同，没有可以一起接手的人。",
    en="Owned in another role or department than the others; nobody could take them all.",
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that stands in the way, and why; `case` is None for one the viewer may not see."""

    number: str
    reasons: tuple[Reason, ...]
    case: Case | None = None


class BulkRefused(Exception):
    """Nothing was done. `failures` names every case that stood in the way, in the order they were selected."""

    def __init__(self, failures: Sequence[Failure], words: Text | None = None) -> None:
        super().__init__(words.zh if words else f"{len(failures)} cases stand in the way")
        self.failures = tuple(failures)
        self.words = words


@dataclass(frozen=True, slots=True)
class Picked:
    """A case as it was selected: its number, and the version the page showed (None: whichever)."""

    number: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Common:
    """An action of the process: offered when `against` is empty, else the cases that do not allow it."""

    action: Action
    against: tuple[Failure, ...]

    @property
    def allowed(self) -> bool:
        return not self.against


def cases_picked(picked: Sequence[Picked], viewer: Viewer, now: dt.datetime) -> list[Case]:
    """The cases of a selection, in its order. Raises BulkRefused for a foreign or unknown one among them, as its own page would."""
    numbers = list(dict.fromkeys(one.number for one in picked))
    if not numbers or len(numbers) > MOST:
        raise BulkRefused([], TOO_MANY if numbers else NONE_PICKED)
    joined = ("parent", "department", "owner", "customer")
    found = {case.number: case for case in rows(Case, "WHERE cases_case.number = ANY(%s)", [numbers], joined=joined)}
    missing = [n for n in numbers if n not in found or not viewer.holds(found[n].audience)]
    if missing:
        raise BulkRefused([_kept_out(number, viewer, now) for number in missing])
    return [found[number] for number in numbers]


def _kept_out(number: str, viewer: Viewer, now: dt.datetime) -> Failure:
    """Through the one gate, which writes the denial down."""
    try:
        case_for(viewer, number[:32], now=now)
    except Forbidden as forbidden:
        return Failure(number, forbidden.reasons)
    except NotFound:
        pass
    return Failure(number, (Reason(UNKNOWN),))


def common_actions(cases: Sequence[Case], viewer: Viewer) -> list[Common]:
    """What may be done with all of them at once: the actions that at least one offers, each with those that stand against it."""
    if len({(case.handbook, case.process) for case in cases}) != 1:
        return []
    offers = {pk: {o.action.id: o for o in found} for pk, found in offered_on(cases, viewer).items()}
    ids = dict.fromkeys(name for case in cases for name, offer in offers[case.pk].items() if offer.allowed)
    found = []
    for name in ids:
        action = next(offers[case.pk][name].action for case in cases if name in offers[case.pk])
        against = [f for case in cases if (f := _against(case, name, offers[case.pk].get(name)))]
        found.append(Common(action, tuple(against)))
    return found


def _against(case: Case, action: str, offer: Any) -> Failure | None:
    book = book_of(case.handbook_version_id)
    if offer is None:
        return Failure(case.number, (Reason(NO_STAGE),), case)
    if not offer.allowed:
        return Failure(case.number, (Reason(offer.why or NO_STAGE, offer.clauses[0] if offer.clauses else ""),), case)
    if is_of_one_case(book, case.process, book.action(case.process, action)):
        return Failure(case.number, (Reason(OF_ONE_CASE),), case)
    return None


def is_of_one_case(book: Book, process: str, action: Action) -> bool:
    """Whether the action's form holds what only one case can have: its main form, files, signatures, tables."""
    if action.record is None:
        return False
    fields = book.record(action.record).fields
    return action.record == book.process(process).record or any(field.type in ONE_BY_ONE for field in fields)


def common_colleagues(cases: Sequence[Case], viewer: Viewer) -> tuple[list[Staff], list[Failure]]:
    """Who could take all of them over, and the cases that stand against it. One query."""
    against = []
    for case in cases:
        book = book_of(case.handbook_version_id)
        if not may_hand_over(case, book, viewer):
            against.append(Failure(case.number, (Reason(NOT_HANDED),), case))
        elif _owned_as(case) != _owned_as(cases[0]):
            against.append(Failure(case.number, (Reason(OTHER_ROLE),), case))
    if against:
        return [], against
    owners = {case.owner_id for case in cases}
    people = colleagues(cases[0])
    if len(owners) > 1 and cases[0].owner is not None:
        people = [*people, cases[0].owner]
    return [person for person in people if owners != {person.pk}], []


def _owned_as(case: Case) -> tuple[str, str, int | None]:
    return case.handbook, case.owner_role, case.department_id


Do = Callable[[Case, int | None], None]
"""The deed on one case at the version shown; raises CaseError."""


def take_on_all(
    picked: Sequence[Picked], action: str, values: Mapping[str, Any], *, by: Viewer, now: dt.datetime, key: str
) -> int:
    """Take one action with one form on every case; how many. Raises BulkRefused, each refusal written down under its case."""
    cases = cases_picked(picked, by, now)
    refused: list[tuple[Deed, Refused]] = []

    def do(case: Case, version: int | None) -> None:
        deed = deed_on(case.pk, action, by, now)
        if is_of_one_case(deed.book, case.process, deed.action):
            raise CaseError([Reason(OF_ONE_CASE)])
        try:
            act_within(deed, values, version=version)
        except Refused as error:
            refused.append((deed, error))
            raise

    try:
        return _all_or_none(cases, picked, do, by=by, now=now, key=key)
    except BulkRefused:
        with transaction.atomic():
            for deed, error in refused:
                written.write_refusal(deed, error)
                attempts.follow(deed, error, key)
        raise


def hand_over_all(picked: Sequence[Picked], to: Staff, *, by: Viewer, now: dt.datetime, key: str) -> int:
    """Make `to` the owner of all of them; what is his already stays as it is. Raises BulkRefused."""

    def do(case: Case, version: int | None) -> None:
        if case.owner_id != to.pk:
            hand_over_case(case.pk, to=to, by=by, now=now, version=version)

    return _all_or_none(cases_picked(picked, by, now), picked, do, by=by, now=now, key=key)


def note_on_all(picked: Sequence[Picked], words: str, *, by: Viewer, now: dt.datetime, key: str) -> int:
    """Write the same internal note at each of them. Raises BulkRefused."""

    def do(case: Case, _: int | None) -> None:
        add_note(case, words, by=by, now=now)

    return _all_or_none(cases_picked(picked, by, now), picked, do, by=by, now=now, key=key)


def follow_all(picked: Sequence[Picked], *, by: Viewer, now: dt.datetime, key: str) -> int:
    """Follow each of them. Raises BulkRefused."""

    def do(case: Case, _: int | None) -> None:
        follow_case(case, by=by, now=now)

    return _all_or_none(cases_picked(picked, by, now), picked, do, by=by, now=now, key=key)


def _all_or_none(
    cases: Sequence[Case], picked: Sequence[Picked], do: Do, *, by: Viewer, now: dt.datetime, key: str
) -> int:
    """Every deed in one transaction, in the order of the cases' ids, so that two batches wait for each other and never in a circle.

    All are tried even after one failed: who put a batch together learns of everything that stands in the way at once.
    """
    versions = {one.number: one.version for one in picked}
    failures: dict[int, Failure] = {}
    with transaction.atomic():
        if (done := _already(by, now, key, len(cases))) is not None:
            return done
        for case in sorted(cases, key=lambda one: one.pk):
            try:
                with transaction.atomic():
                    do(case, versions[case.number])
            except CaseError as error:
                failures[case.pk] = Failure(case.number, error.reasons, case)
        if failures:
            raise BulkRefused([failures[case.pk] for case in cases if case.pk in failures])
    return len(cases)


CLAIM = """
INSERT INTO cases_submission (key, at, case_id, answer) VALUES (%s, %s, NULL, jsonb_build_object('done', %s::int))
ON CONFLICT (key) DO NOTHING RETURNING key
"""


def _already(by: Viewer, now: dt.datetime, key: str, count: int) -> int | None:
    """Claim the press of the button: how many the same press already did, None the first time. A twin waits here for the first."""
    if not key:
        return None
    mine = f"{by.principal}/bulk/{key}"[:80]
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [mine, now, count])
        if cursor.fetchone() is not None:
            return None
    return int(Submission.objects.get(pk=mine).answer["done"])
