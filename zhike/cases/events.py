"""What happens to a case, past tense, as typed payloads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zhike.journal.events import Event, event


@event("case.opened", stays="number process stage source")
@dataclass(frozen=True)
class CaseOpened(Event):
    number: str
    process: str
    stage: str
    source: str


@event("case.action_taken", stays="number process action stage_before stage because.clause in_place_of")
@dataclass(frozen=True)
class ActionTaken(Event):
    number: str
    process: str
    action: str
    stage_before: str
    stage: str
    round: int
    filling: int | None = None
    because: list[dict[str, Any]] = field(default_factory=list)
    """Clauses that led here: [{"clause": ..., "value": ...}]."""
    in_place_of: str = ""
    """The absent colleague in whose place the actor acted, as a principal."""


@event("case.closed", stays="number")
@dataclass(frozen=True)
class CaseClosed(Event):
    number: str


@event("case.reopened", stays="number stage")
@dataclass(frozen=True)
class CaseReopened(Event):
    number: str
    stage: str = ""
    """Where it goes on, when a clause opened it; "" for an action, whose own fact says so."""


@event("case.moved", stays="number stage_before stage because_of")
@dataclass(frozen=True)
class CaseMoved(Event):
    """The stage changed because of something in a related case."""

    number: str
    stage_before: str
    stage: str
    because_of: str


@event("case.refused", stays="process action fields")
@dataclass(frozen=True)
class ActionRefused(Event):
    process: str
    action: str
    words: list[dict[str, str]]
    fields: list[str] = field(default_factory=list)


@event("case.access_denied", stays="number")
@dataclass(frozen=True)
class AccessDenied(Event):
    number: str


@event("case.finding_made", stays="finding person")
@dataclass(frozen=True)
class FindingMade(Event):
    """A clause names what was found, for sanctions and figures to count."""

    finding: str
    person: str = ""
    """Whom it is about, as a principal, where it is what somebody tried; "" where the case says it."""


@event("case.calls_for_case", stays="process finding person")
@dataclass(frozen=True)
class ChildCalledFor(Event):
    """What followed from a clause is a case of this process beneath this one; beneath none where no case came about."""

    process: str
    finding: str = ""
    """The kind of finding the same clause makes."""
    person: str = ""
    """Whom it concerns, as a principal; "" for the owner of this one."""


@event("case.deemed", stays="what")
@dataclass(frozen=True)
class Deemed(Event):
    """What silence was taken for: the limit of the clause ran out."""

    what: str


@event("case.deed_asked", stays="action")
@dataclass(frozen=True)
class DeedAsked(Event):
    """Somebody asks for an action that needs the consent of others."""

    request: int
    action: str


@event("case.deed_decided", stays="action role decision")
@dataclass(frozen=True)
class DeedDecided(Event):
    """One of those who are asked agreed or declined."""

    request: int
    action: str
    role: str
    decision: str
    words: str


@event("case.deed_dropped", stays="action why")
@dataclass(frozen=True)
class DeedDropped(Event):
    """What was asked for will not be done: withdrawn, superseded, refused by then, or nobody decided in time."""

    request: int
    action: str
    why: str


@event("sanction.drafted", stays="form person propose confirmers dated_at")
@dataclass(frozen=True)
class SanctionDrafted(Event):
    """A proposal; it has no effect until one of `confirmers` has decided."""

    form: str
    person: str | None
    count: int
    charges: list[dict[str, Any]]
    propose: list[str]
    confirmers: list[str]
    dated_at: str = ""
    """The moment by which it is counted with others, ISO; "" for a draft of before that was kept: then when it was drafted."""


@event("sanction.confirmed", stays="person")
@dataclass(frozen=True)
class SanctionConfirmed(Event):
    draft: int
    """The fact that drafted it."""
    person: str | None


@event("sanction.revoked", stays="person")
@dataclass(frozen=True)
class SanctionRevoked(Event):
    draft: int
    """The fact that drafted it; it counts for no later one."""
    person: str | None


@event("sanction.began", stays="what person ends_at")
@dataclass(frozen=True)
class SanctionBegan(Event):
    """What was laid on somebody for a time begins."""

    what: str
    person: str
    ends_at: str = ""
    """ISO; "" where it lasts until something is the case."""


@event("sanction.ended", stays="what person why")
@dataclass(frozen=True)
class SanctionEnded(Event):
    """It is over: `time`, `passed` (what was waited for is the case), `revoked`, or `closed` with its case."""

    what: str
    person: str
    why: str


@event("case.note_added")
@dataclass(frozen=True)
class NoteAdded(Event):
    note: int
    internal: bool
    mentions: list[int] = field(default_factory=list)
    """Staff named in it with @."""


@event("case.files_added")
@dataclass(frozen=True)
class FilesAdded(Event):
    """Files came to the case with no word beside them."""

    files: int
    internal: bool


@event("case.owner_changed")
@dataclass(frozen=True)
class OwnerChanged(Event):
    owner: int | None
    before: int | None


@event("case.reassigned", stays="to before holders")
@dataclass(frozen=True)
class CaseReassigned(Event):
    """A clause or an action gave the work to other roles; their limits and what they owe went along."""

    to: list[str]
    """Roles."""
    before: list[str]
    """Principals whose turn it was."""
    holders: list[str]


@event("case.not_reassigned", stays="to why")
@dataclass(frozen=True)
class CaseNotReassigned(Event):
    """It was to go to others and stays where it is: `nobody` holds the role, it `cannot_act` at the stage, or the case is `over`."""

    to: list[str]
    why: str


@event("case.froze", stays="thing")
@dataclass(frozen=True)
class CaseFroze(Event):
    """A clause or an action froze something the case is about: the field of its form that says which, or `customer`."""

    thing: str


@event("case.unfroze", stays="thing")
@dataclass(frozen=True)
class CaseUnfroze(Event):
    """What the case froze may be used again."""

    thing: str


@event("case.customer_changed")
@dataclass(frozen=True)
class CustomerChanged(Event):
    """Two customers became one, or two again; `merge` is the id of the fact of the merge."""

    before: int
    after: int
    merge: int


@event("case.linked", stays="number kind")
@dataclass(frozen=True)
class CaseLinked(Event):
    """Told on both cases; `kind` is how this one stands to the other (links.KINDS)."""

    other: int
    number: str
    kind: str


@event("case.unlinked", stays="number kind")
@dataclass(frozen=True)
class CaseUnlinked(Event):
    other: int
    number: str
    kind: str


@event("case.merged", stays="number")
@dataclass(frozen=True)
class CaseMerged(Event):
    """It is a duplicate and goes on under the case `number`."""

    into: int
    number: str


@event("case.absorbed", stays="number")
@dataclass(frozen=True)
class CaseAbsorbed(Event):
    """The duplicate `number` goes on here."""

    dropped: int
    number: str


@event("case.merge_undone", stays="number")
@dataclass(frozen=True)
class CaseMergeUndone(Event):
    """Told on both; `other` is the case on the other side."""

    other: int
    number: str


@event("case.split", stays="number")
@dataclass(frozen=True)
class CaseSplit(Event):
    """A part of it goes on as a case of its own, with copies of so many notes and files."""

    new: int
    number: str
    notes: int
    files: int


@event("case.split_off", stays="number")
@dataclass(frozen=True)
class CaseSplitOff(Event):
    source: int
    number: str
    notes: int
    files: int


@event("case.followed")
@dataclass(frozen=True)
class CaseFollowed(Event):
    """Told to the follower alone."""

    staff: int


@event("case.unfollowed")
@dataclass(frozen=True)
class CaseUnfollowed(Event):
    staff: int


@event("case.deed_undone", stays="action")
@dataclass(frozen=True)
class DeedUndone(Event):
    """The action of the fact `deed` counts as not taken; both facts stay."""

    deed: int
    action: str
    filling: int | None = None


@event("case.held")
@dataclass(frozen=True)
class CaseHeld(Event):
    """It is not to be deleted, whatever the handbook says of how long it is kept."""

    why: str


@event("case.hold_ended")
@dataclass(frozen=True)
class CaseHoldEnded(Event):
    """Nothing but the handbook says any more how long it is kept."""


@event("case.printed", stays="number")
@dataclass(frozen=True)
class CasePrinted(Event):
    number: str


@event("view.saved")
@dataclass(frozen=True)
class ViewSaved(Event):
    """A view of the list was made or changed."""

    name: str
    asked: dict[str, Any]
    copy_of: int | None = None


@event("view.shared")
@dataclass(frozen=True)
class ViewShared(Event):
    shared: list[str]
    before: list[str]


@event("view.made_default")
@dataclass(frozen=True)
class ViewMadeDefault(Event):
    """Whoever holds one of the roles begins with it; `roles` are principals, none where it is no longer anybody's default."""

    roles: list[str]


@event("view.deleted")
@dataclass(frozen=True)
class ViewDeleted(Event):
    name: str


@event("view.restored")
@dataclass(frozen=True)
class ViewRestored(Event):
    name: str


@event("export.asked")
@dataclass(frozen=True)
class ExportAsked(Event):
    """Somebody wants to take cases out; `asked` is the question, `rows` how many it gives, counted so far as it is worth."""

    asked: dict[str, Any]
    format: str
    purpose: str
    rows: int
    mark: str


@event("export.refused")
@dataclass(frozen=True)
class ExportRefusedByClause(Event):
    asked: dict[str, Any]
    words: list[dict[str, str]]


@event("export.decided")
@dataclass(frozen=True)
class ExportDecided(Event):
    """Somebody whose consent a clause asks agreed or did not."""

    decision: str
    role: str
    words: str = ""


@event("export.written")
@dataclass(frozen=True)
class ExportWritten(Event):
    count: int
    mark: str


@event("export.fetched")
@dataclass(frozen=True)
class ExportFetched(Event):
    mark: str


@event("rank.reported", stays="measure period every people places last")
@dataclass(frozen=True)
class RankReported(Event):
    """A period of a ranking is over: where everybody stands whose place is certain, `places` in the order of `people`."""

    measure: str
    period: str
    every: str
    begins: str
    people: list[str]
    places: list[int]
    last: list[str]
    """Those of them behind everybody else."""


@event("rank.decided", stays="measure period order")
@dataclass(frozen=True)
class RankDecided(Event):
    """Somebody put equals in order, the best first: whom a ranking's own measures could not tell apart in that period."""

    measure: str
    period: str
    order: list[str]
    words: str
