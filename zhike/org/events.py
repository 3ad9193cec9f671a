"""What happens to the people and departments of the company."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from zhike.journal.events import Event, event


@event("staff.added")
@dataclass(frozen=True)
class StaffAdded(Event):
    username: str
    name: str


@event("staff.edited")
@dataclass(frozen=True)
class StaffEdited(Event):
    changed: tuple[str, ...]
    """Names of the fields; what stood there before is nobody's business later."""


@event("staff.disabled")
@dataclass(frozen=True)
class StaffDisabled(Event):
    username: str


@event("staff.enabled")
@dataclass(frozen=True)
class StaffEnabled(Event):
    username: str


@event("staff.left")
@dataclass(frozen=True)
class StaffLeft(Event):
    username: str
    handed: list[dict[str, Any]] = field(default_factory=list)
    """What went to whom: [{"key": "case:7", "zh": ..., "en": ..., "to": 12}, ...]."""
    ended: list[str] = field(default_factory=list)
    """What ended with him: ["token:3", ...]."""


@event("staff.returned")
@dataclass(frozen=True)
class StaffReturned(Event):
    """He works here again; what he handed over stays where it went."""

    username: str


@event("substitution.arranged")
@dataclass(frozen=True)
class SubstitutionArranged(Event):
    """Told of the absent one; both are named. It ends at `until` without a further fact."""

    substitution: int
    substitute: int
    since: dt.datetime
    until: dt.datetime
    why: str = ""


@event("substitution.ended")
@dataclass(frozen=True)
class SubstitutionEnded(Event):
    """Ended before its time."""

    substitution: int
    substitute: int


@event("staff.password_set")
@dataclass(frozen=True)
class PasswordSet(Event):
    by_link: bool = False


@event("staff.password_link_made")
@dataclass(frozen=True)
class PasswordLinkMade(Event):
    username: str
    expires_at: str = ""
    """ISO moment; "" in facts older than links with an end of their own."""


@event("staff.password_link_revoked")
@dataclass(frozen=True)
class PasswordLinkRevoked(Event):
    pass


@event("staff.signed_in")
@dataclass(frozen=True)
class SignedIn(Event):
    address: str
    device: str
    second_factor: str = ""
    """"totp", "recovery", or "" without one."""


@event("staff.signed_out")
@dataclass(frozen=True)
class SignedOut(Event):
    pass


@event("staff.sessions_ended")
@dataclass(frozen=True)
class SessionsEnded(Event):
    count: int
    devices: tuple[str, ...] = ()


@event("staff.locked_out")
@dataclass(frozen=True)
class LockedOut(Event):
    """Failed sign-ins used up what this account may try."""

    address: str
    """Where the last of them came from."""


@event("staff.lock_lifted")
@dataclass(frozen=True)
class LockLifted(Event):
    pass


@event("staff.second_factor_set")
@dataclass(frozen=True)
class SecondFactorSet(Event):
    pass


@event("staff.second_factor_removed")
@dataclass(frozen=True)
class SecondFactorRemoved(Event):
    pass


@event("staff.recovery_codes_made")
@dataclass(frozen=True)
class RecoveryCodesMade(Event):
    count: int


@event("staff.recovery_code_used")
@dataclass(frozen=True)
class RecoveryCodeUsed(Event):
    left: int


@event("sign_in_rules.changed")
@dataclass(frozen=True)
class SignInRulesChanged(Event):
    before: dict[str, Any]
    after: dict[str, Any]


@event("keys.rotated")
@dataclass(frozen=True)
class KeysRotated(Event):
    """Sealed values were sealed again under a new key."""

    key: str
    count: int


@event("role.assigned")
@dataclass(frozen=True)
class RoleAssigned(Event):
    handbook: str
    role: str
    department: str = ""


@event("role.withdrawn")
@dataclass(frozen=True)
class RoleWithdrawn(Event):
    handbook: str
    role: str
    department: str = ""


@event("department.added")
@dataclass(frozen=True)
class DepartmentAdded(Event):
    code: str
    name: str
    kind: str


@event("department.edited")
@dataclass(frozen=True)
class DepartmentEdited(Event):
    changed: tuple[str, ...]


@event("department.retired")
@dataclass(frozen=True)
class DepartmentRetired(Event):
    code: str


@event("department.restored")
@dataclass(frozen=True)
class DepartmentRestored(Event):
    code: str


@event("holidays.entered")
@dataclass(frozen=True)
class HolidaysEntered(Event):
    """A year of a region's days off was entered or corrected; limits in working time that reach into it move."""

    region: str
    year: int
    announced: bool
    days_off: int
    workdays: int
    why: str = ""


@event("handbook.installed")
@dataclass(frozen=True)
class HandbookInstalled(Event):
    """A version was installed by hand on the command line, without anybody's approval on a page."""

    name: str
    version: str
    version_id: int
    effective_from: str


@event("department.moved")
@dataclass(frozen=True)
class DepartmentMoved(Event):
    """It hangs elsewhere, with all below it. Ids from the root down to its parent, before and after."""

    before: list[int]
    after: list[int]


@event("department.head_appointed")
@dataclass(frozen=True)
class HeadAppointed(Event):
    head: int | None
    before: int | None


@event("shift_type.kept")
@dataclass(frozen=True)
class ShiftTypeKept(Event):
    """A kind of shift was added, changed, retired or taken back."""

    code: str
    windows: list[str]
    is_active: bool


@event("roster.changed")
@dataclass(frozen=True)
class RosterChanged(Event):
    """What somebody works from a day on, or on some days."""

    what: str
    """pattern, day, leave, swap or import."""
    first: dt.date
    last: dt.date | None
    """None: until further notice."""
    why: str = ""


@event("shift_request.asked")
@dataclass(frozen=True)
class ShiftAsked(Event):
    request: int
    kind: str
    other: int | None = None


@event("shift_request.answered")
@dataclass(frozen=True)
class ShiftAnswered(Event):
    """Agreed by the colleague, approved, refused or withdrawn."""

    request: int
    kind: str
    state: str
