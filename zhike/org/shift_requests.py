"""Leave and swaps: asked for by whoever works the shift, agreed by the colleague, decided by somebody else than either."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q, QuerySet

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line
from zhike.org import events
from zhike.org.actions import OrgRefused
from zhike.org.attendance import LONGEST_WHY, check_not_begun, lock_people, planned_by, tell_roster, write_days
from zhike.org.models import Assignment, ShiftRequest, ShiftType, Staff
from zhike.org.principals import Viewer, staff_key
from zhike.org.rosters import ZONE, rosters

LONGEST_LEAVE = dt.timedelta(days=366)
State = ShiftRequest.State
OWN = Text(
    zh="不能批准自己的申请，请上级部门的负责人或管理员来批。",
    en="Nobody decides his own request; the head above or an administrator does.",
)
NOT_AGREED = Text(zh="对方还没有同意。", en="The colleague has not agreed yet.")
BEGUN = Text(
    zh="假期已经开始，不能再批准；请他重新申请。", en="It has begun and can no longer be approved; let him ask again."
)
OVER = Text(zh="这份申请已经有结果。", en="This request has been decided.")
NO_SHIFT = Text(zh="两个人在这一天都要有排班。", en="Both must have a roster for that day.")


class NoSuchRequest(LookupError):
    """Unknown, or not for this viewer: the same answer for both."""


def ask_leave(
    staff: Staff, *, begins_at: dt.datetime, ends_at: dt.datetime, why: str, by: Viewer, now: dt.datetime
) -> ShiftRequest:
    """Ask for leave, by the person himself. It counts once it is approved. Raises OrgRefused."""
    _check_own(staff, by)
    if ends_at <= begins_at or ends_at - begins_at > LONGEST_LEAVE:
        raise _refused("ends_at", "结束须晚于开始，最长一年。", "It ends after it begins, a year later at most.")
    if begins_at < now:
        raise _refused("begins_at", "请假须从现在以后开始。", "Leave begins after now.")
    if not clean_line(why):
        raise _refused("why", "请写明事由。", "Say why.")
    with transaction.atomic():
        lock_people([staff.pk])
        mine = ShiftRequest.objects.filter(staff=staff, kind="leave", state__in=[State.ASKED, State.APPROVED])
        if mine.filter(begins_at__lt=ends_at, ends_at__gt=begins_at).exists():
            raise _refused("begins_at", "这段时间已经请过假。", "Leave was asked for in this time already.")
        made = ShiftRequest.objects.create(
            kind="leave",
            staff=staff,
            begins_at=begins_at,
            ends_at=ends_at,
            why=clean_line(why)[:LONGEST_WHY],
            asked_at=now,
        )
        _tell(made, events.ShiftAsked(made.pk, "leave"), by, now)
    return made


def ask_swap(
    staff: Staff,
    other: Staff,
    day: dt.date,
    *,
    other_day: dt.date | None = None,
    why: str = "",
    by: Viewer,
    now: dt.datetime,
) -> ShiftRequest:
    """Ask a colleague of one's own department to exchange shifts on `day`, and on `other_day` where it is given back then."""
    _check_own(staff, by)
    if other.pk == staff.pk or not other.is_active or not _share_a_department(staff, other):
        raise _refused("other", "请选择本部门的一位同事。", "Choose a colleague of your department.")
    days = {day, other_day or day}
    with transaction.atomic():
        lock_people([staff.pk, other.pk])
        _check_swap(staff, other, days, now)
        made = ShiftRequest.objects.create(
            kind="swap",
            staff=staff,
            other=other,
            day=day,
            other_day=other_day,
            why=clean_line(why)[:LONGEST_WHY],
            asked_at=now,
        )
        _tell(made, events.ShiftAsked(made.pk, "swap", other.pk), by, now)
    return made


def answer_swap(number: int, *, agree: bool, by: Viewer, now: dt.datetime) -> ShiftRequest:
    """The colleague agrees, and it goes to whoever decides; or he does not, and it is over. Raises NoSuchRequest, OrgRefused."""
    with transaction.atomic():
        found = _locked(number, by)
        if found.other_id is None or by.principal != staff_key(found.other_id) or found.kind != "swap":
            raise NoSuchRequest(number)
        if found.state != State.ASKED:
            raise OrgRefused({"": OVER})
        _settle(found, State.AGREED if agree else State.REFUSED, by, now)
    return found


def withdraw_request(number: int, *, by: Viewer, now: dt.datetime) -> ShiftRequest:
    """Whoever asked takes it back: a pending one, or approved leave that has not begun."""
    with transaction.atomic():
        found = _locked(number, by)
        if by.principal != staff_key(found.staff_id):
            raise NoSuchRequest(number)
        to_come = found.state == State.APPROVED and found.begins_at is not None and found.begins_at > now
        if found.state not in ShiftRequest.PENDING and not to_come:
            raise OrgRefused({"": OVER})
        _settle(found, State.WITHDRAWN, by, now)
        if to_come:
            _tell_leave(found, by, now)
    return found


def decide_request(number: int, *, approve: bool, answer: str = "", by: Viewer, now: dt.datetime) -> ShiftRequest:
    """The head above, or an administrator, decides; the roster follows. Raises NoSuchRequest, OrgRefused.

    Neither who asked nor the colleague of a swap decides, whatever department they head.
    """
    with transaction.atomic():
        found = _locked(number, by)
        if not (by.is_admin or found.staff_id in planned_by(by)):
            raise NoSuchRequest(number)
        if by.principal in (staff_key(found.staff_id), staff_key(found.other_id or 0)):
            raise OrgRefused({"": OWN})
        waiting = State.AGREED if found.kind == "swap" else State.ASKED
        if found.state != waiting:
            raise OrgRefused({"": NOT_AGREED if found.state in ShiftRequest.PENDING else OVER})
        if approve:
            _carry_out(found, by, now)
        _settle(found, State.APPROVED if approve else State.REFUSED, by, now, answer)
        if approve and found.kind == "leave":
            _tell_leave(found, by, now)
    return found


def requests_of(staff: Staff) -> QuerySet[ShiftRequest]:
    """Those he asked for himself."""
    return ShiftRequest.objects.select_related("staff", "other").filter(staff=staff)


def requests_for(viewer: Viewer) -> QuerySet[ShiftRequest]:
    """Those he asked for, those he is asked in, and those that are his to decide; all for an administrator. Three queries at most."""
    rows = ShiftRequest.objects.select_related("staff", "other")
    if viewer.is_admin:
        return rows
    me = viewer.staff.pk if viewer.staff is not None else 0
    return rows.filter(Q(staff_id=me) | Q(other_id=me) | Q(staff_id__in=planned_by(viewer)))


def settled_for(viewer: Viewer) -> QuerySet[ShiftRequest]:
    """Of those, what is decided or taken back, the latest first. Three queries at most."""
    return requests_for(viewer).exclude(state__in=ShiftRequest.PENDING).order_by("-decided_at", "-id")


def waiting_for(viewer: Viewer, headed: set[int] | None = None) -> QuerySet[ShiftRequest]:
    """What waits for this viewer: swaps he is asked in, and requests of others he decides. Oldest first. `headed`: the departments
    he heads, where they are known already.
    """
    me = viewer.staff.pk if viewer.staff is not None else 0
    rows = ShiftRequest.objects.filter(state__in=ShiftRequest.PENDING).select_related("staff", "other")
    ready = Q(kind="leave", state=State.ASKED) | Q(kind="swap", state=State.AGREED)
    decides = ready & ~Q(staff_id=me) & ~Q(kind="swap", other_id=me)
    if not viewer.is_admin:
        decides &= Q(staff_id__in=planned_by(viewer, headed))
    return rows.filter(Q(kind="swap", state=State.ASKED, other_id=me) | decides).order_by("asked_at", "id")


def _carry_out(found: ShiftRequest, by: Viewer, now: dt.datetime) -> None:
    if found.kind == "leave":
        assert found.begins_at is not None
        if found.begins_at < now:
            raise OrgRefused({"": BEGUN})
        return
    assert found.other is not None
    assert found.day is not None
    days = {found.day, found.other_day or found.day}
    lock_people([found.staff_id, found.other.pk])
    _check_swap(found.staff, found.other, days, now)
    stand = rosters([found.staff_id, found.other.pk], min(days), max(days))
    mine, theirs = stand[found.staff_id], stand[found.other.pk]
    given: dict[dt.date, ShiftType | str | None] = {day: theirs[day].shift for day in days}
    taken: dict[dt.date, ShiftType | str | None] = {day: mine[day].shift for day in days}
    write_days(found.staff_id, given, found.why)
    write_days(found.other.pk, taken, found.why)
    tell_roster([found.staff_id, found.other.pk], "swap", min(days), max(days), by.principal, now, found.why)


def _check_swap(staff: Staff, other: Staff, days: set[dt.date], now: dt.datetime) -> None:
    check_not_begun([staff.pk, other.pk], days, now)
    stand = rosters([staff.pk, other.pk], min(days), max(days))
    if any(day not in stand[person] for person in (staff.pk, other.pk) for day in days):
        raise OrgRefused({"day": NO_SHIFT})


def _share_a_department(staff: Staff, other: Staff) -> bool:
    mine = Assignment.objects.filter(staff=staff, department__isnull=False).values("department")
    return Assignment.objects.filter(staff=other, department__in=mine).exists()


def _locked(number: int, by: Viewer) -> ShiftRequest:
    """The request under a lock. Raises NoSuchRequest for whoever has nothing to do with it."""
    found = (
        ShiftRequest.objects.select_for_update(of=("self",)).select_related("staff", "other").filter(pk=number).first()
    )
    if found is None or by.staff is None:
        raise NoSuchRequest(number)
    return found


def _settle(found: ShiftRequest, state: ShiftRequest.State, by: Viewer, now: dt.datetime, answer: str = "") -> None:
    found.state, found.decided_by, found.decided_at = state, by.principal, now
    found.answer = clean_line(answer)[:LONGEST_WHY]
    found.save(update_fields=["state", "decided_by", "decided_at", "answer"])
    _tell(found, events.ShiftAnswered(found.pk, found.kind, state), by, now)


def _tell(about: ShiftRequest, event: events.ShiftAsked | events.ShiftAnswered, by: Viewer, now: dt.datetime) -> None:
    both = [staff_key(number) for number in (about.staff_id, about.other_id) if number is not None]
    record([NewFact(event, now, ("staff", about.staff_id), by.principal, audience=both)])


def _tell_leave(found: ShiftRequest, by: Viewer, now: dt.datetime) -> None:
    assert found.begins_at is not None
    assert found.ends_at is not None
    first, last = found.begins_at.astimezone(ZONE).date(), found.ends_at.astimezone(ZONE).date()
    tell_roster([found.staff_id], "leave", first - dt.timedelta(days=1), last, by.principal, now, found.why)


def _check_own(staff: Staff, by: Viewer) -> None:
    if by.principal != staff_key(staff.pk):
        raise _refused("", "只能为自己申请。", "You ask for yourself only.")


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def _refused(field: str, zh: str, en: str) -> OrgRefused:
    return OrgRefused({field: _text(zh, en)})
