"""Substitution while somebody is away.

The substitute gets no right he has not got himself: he is shown what waits for the absent one where he may see it anyway,
and acts on it where he holds the same role. It ends by itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line
from zhike.org import events
from zhike.org.actions import OrgRefused
from zhike.org.holdings import Handover, Holding, Subject, register_holding
from zhike.org.models import Staff, Substitution
from zhike.org.principals import Viewer, staff_key

LONGEST = dt.timedelta(days=366)
LONGEST_WHY = 200
TAKEN = Text(
    zh="这段时间已经有人代班，请先结束原来的代班，或错开时间。",
    en="Somebody stands in for part of this time already; end that first or choose another time.",
)


class NoSuchSubstitution(LookupError):
    """Unknown, or not this viewer's to end: the same answer for both."""


def arrange_substitution(
    absent: Staff,
    substitute: Staff,
    *,
    since: dt.datetime,
    until: dt.datetime,
    why: str = "",
    by: Viewer,
    now: dt.datetime,
) -> Substitution:
    """From `since` until `until` the substitute acts in the absent one's place. Arranged by himself or an administrator.

    Raises OrgRefused: another's absence, the same person, a time that has passed or overlaps, a substitute who is away himself.
    """
    if not (by.is_admin or by.principal == staff_key(absent.pk)):
        raise _refused(
            "", "只能为自己安排代班，或请管理员安排。", "You can arrange it for yourself, or an administrator does."
        )
    _check(absent, substitute, since, until, now)
    try:
        with transaction.atomic():
            list(Staff.objects.select_for_update().filter(pk__in=[absent.pk, substitute.pk]).order_by("pk"))
            _check_free(absent, substitute, since, until)
            made = Substitution.objects.create(
                absent=absent, substitute=substitute, begins_at=max(since, now), ends_at=until,
                why=clean_line(why)[:LONGEST_WHY], made_by=by.principal, made_at=now,
            )  # fmt: skip
            told = events.SubstitutionArranged(made.pk, substitute.pk, made.begins_at, until, made.why)
            record([_fact(told, made, by.principal, now)])
    except IntegrityError as error:
        raise OrgRefused({"since": TAKEN}) from error
    return made


def end_substitution(number: int, *, by: Viewer, now: dt.datetime) -> Substitution:
    """It ends now. Either of the two may, and an administrator; ended twice is ended once. Raises NoSuchSubstitution."""
    with transaction.atomic():
        found = substitutions_for(by).select_for_update(of=("self",)).filter(pk=number).first()
        if found is None:
            raise NoSuchSubstitution(number)
        if found.ends_at > max(now, found.begins_at):
            _end(found, by.principal, now)
    return found


def substitutions_for(viewer: Viewer) -> QuerySet[Substitution]:
    """Those in which this viewer is one of the two; all for an administrator."""
    rows = Substitution.objects.select_related("absent", "substitute")
    if viewer.is_admin:
        return rows
    me = viewer.staff.pk if viewer.staff is not None else 0
    return rows.filter(Q(absent_id=me) | Q(substitute_id=me))


def substitutes_at(absent: Iterable[int], at: dt.datetime) -> dict[int, Staff]:
    """{who is away: who stands in for him} at that moment, of those asked for. One query, none where nobody is asked for."""
    asked = list(absent)
    if not asked:
        return {}
    rows = Substitution.objects.filter(
        absent_id__in=asked, begins_at__lte=at, ends_at__gt=at, substitute__is_active=True
    )
    return {row.absent_id: row.substitute for row in rows.select_related("substitute")}


STANDING_IN = """
SELECT away.absent_id, other.name FROM org_substitution AS away JOIN org_staff AS other ON other.id = away.substitute_id
WHERE away.absent_id = ANY(%s::bigint[]) AND away.begins_at <= %s AND away.ends_at > %s AND other.is_active
"""
"""The same as names: (who is away, what whoever stands in for him is called)."""


def _check(absent: Staff, substitute: Staff, since: dt.datetime, until: dt.datetime, now: dt.datetime) -> None:
    if absent.pk == substitute.pk:
        raise _refused("substitute", "请选择另一位同事。", "Choose another colleague.")
    if not (absent.is_active and substitute.is_active):
        raise _refused("substitute", "两个人都要在职。", "Both must be at work.")
    if until <= max(since, now):
        raise _refused("until", "结束时间须晚于开始时间和现在。", "It must end after it begins, and after now.")
    if until - max(since, now) > LONGEST:
        raise _refused("until", "最长一年。", "A year at most.")


def _check_free(absent: Staff, substitute: Staff, since: dt.datetime, until: dt.datetime) -> None:
    meeting = Substitution.objects.filter(begins_at__lt=until, ends_at__gt=since)
    if meeting.filter(absent=absent).exists():
        raise OrgRefused({"since": TAKEN})
    if meeting.filter(absent=substitute).exists():
        raise _refused(
            "substitute", "他这段时间自己也外出，请换一位。", "He is away himself in this time; choose another."
        )
    if meeting.filter(substitute=absent).exists():
        raise _refused(
            "since",
            "您要离开的这段时间正在代别人，请先结束那次代班。",
            "The one who leaves stands in for somebody else in this time; end that first.",
        )


def _end(found: Substitution, by: str, now: dt.datetime) -> None:
    found.ends_at = max(now, found.begins_at)
    found.save(update_fields=["ends_at"])
    record([_fact(events.SubstitutionEnded(found.pk, found.substitute_id), found, by, now)])


def _fact(
    event: events.SubstitutionArranged | events.SubstitutionEnded, about: Substitution, by: str, now: dt.datetime
) -> NewFact:
    both = (staff_key(about.absent_id), staff_key(about.substitute_id))
    return NewFact(event, now, ("staff", about.absent_id), by, audience=both)


def _refused(field: str, zh: str, en: str) -> OrgRefused:
    return OrgRefused({field: Text(zh=zh, en=en)})


def _of(staff_id: int, _covered: Collection[Subject], now: dt.datetime) -> Iterable[Holding]:
    rows = Substitution.objects.filter(Q(absent_id=staff_id) | Q(substitute_id=staff_id)).select_related(
        "absent", "substitute"
    )
    return [
        Holding(
            "substitution",
            row.pk,
            Text(zh=f"{row.substitute.name} 代 {row.absent.name}", en=f"{row.substitute.name} for {row.absent.name}"),
            ends=True,
        )
        for row in rows.filter(ends_at__gt=now).exclude(ends_at=F("begins_at")).order_by("begins_at")
    ]


def _end_all(rows: Sequence[Holding], handover: Handover) -> None:
    held = Substitution.objects.select_for_update().filter(pk__in=[row.id for row in rows]).order_by("pk")
    for found in held:
        _end(found, handover.by, handover.now)


register_holding("substitution", Text(zh="代班", en="Substitutions"), rank=60, find=_of, give=_end_all)
