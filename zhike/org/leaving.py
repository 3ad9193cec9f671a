"""Somebody leaves: his work goes to others and his access ends, in one transaction. Returning gives him access again,
and no work: what went to others stays with them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.models import Fact
from zhike.org import events
from zhike.org.actions import OrgRefused, keep_an_administrator
from zhike.org.handbooks import viewer
from zhike.org.holdings import Handover, Holding, give_all, holdings_of
from zhike.org.models import Assignment, Staff

NO_SUCCESSOR = Text(zh="请选择由谁接手。", en="Choose who takes this over.")
NOT_ENTITLED = Text(
    zh="接手的人没有对应的岗位，请换一位，或先给他分配岗位。",
    en="The successor does not hold the role; choose another or assign it first.",
)
GONE = Text(zh="接手的人已停用，请换一位。", en="The successor is disabled; choose another.")
SELF = Text(zh="不能办理自己的离职，请另一位管理员来做。", en="You cannot let yourself go; ask another administrator.")
NOT_LEFT = Text(zh="这个人没有离职。", en="This person has not left.")


def successors(held: Iterable[Holding], leaver: Staff) -> dict[str, list[Staff]]:
    """{principal a successor must answer to: who does, by name}; "" for everybody at work. Two queries."""
    asked = {each.principal for each in held if not each.ends} | {""}
    people = list(
        Staff.objects.filter(is_active=True)
        .exclude(pk=leaver.pk)
        .order_by("name", "id")
        .prefetch_related("assignments")
    )
    roles = {person.pk: _role_keys(person) for person in people}
    return {wanted: [p for p in people if not wanted or wanted in roles[p.pk]] for wanted in asked}


def _role_keys(person: Staff) -> set[str]:
    found: set[str] = set()
    for held in person.assignments.all():
        found.add(f"{held.handbook}:{held.role}")
        if held.department_id is not None:
            found.add(f"{held.handbook}:{held.role}@{held.department_id}")
    return found


def last_of_role(staff: Staff) -> list[Assignment]:
    """The roles that nobody at work will hold there when this person is gone. Two queries."""
    mine = list(staff.assignments.select_related("department").order_by("id"))
    others = Assignment.objects.filter(staff__is_active=True).exclude(staff=staff)
    held = set(others.filter(role__in={a.role for a in mine}).values_list("handbook", "role", "department_id"))
    return [a for a in mine if (a.handbook, a.role, a.department_id) not in held]


def leave_staff(
    staff: Staff, *, heir: Staff | None = None, heirs: Mapping[str, Staff] | None = None, by: str, now: dt.datetime
) -> Staff:
    """Hand over everything and end the access. `heirs` names successors by holding ("case:7"), `heir` for all others.

    Raises OrgRefused naming each holding without a fit successor; nothing is done then.
    """
    with transaction.atomic():
        held = Staff.objects.select_for_update().get(pk=staff.pk)
        if by == f"staff:{held.pk}":
            raise OrgRefused({"": SELF})
        if held.is_admin and held.is_active:
            keep_an_administrator(held)
        rows = holdings_of(held, now)
        given = _given([row for found in rows.values() for row in found], heir, heirs or {})
        _end_access(held, now)
        give_all(rows, Handover(held, given, by, now))
        _tell_left(held, rows, given, by, now)
    return held


def return_staff(staff: Staff, *, by: str, now: dt.datetime) -> Staff:
    """He works here again, with the roles he had. He needs a new password, and his work is still with others.

    Raises OrgRefused where he has not left.
    """
    with transaction.atomic():
        held = Staff.objects.select_for_update().get(pk=staff.pk)
        if held.left_at is None:
            raise OrgRefused({"": NOT_LEFT})
        held.is_active, held.left_at = True, None
        held.save(update_fields=["is_active", "left_at"])
        record([NewFact(events.StaffReturned(held.username), now, ("staff", held.pk), by)])
    return held


def handed_over(staff: Staff) -> list[tuple[Text, str]]:
    """(what, the name of who took it) of the last time he left. Two queries."""
    facts = Fact.objects.filter(subject_kind="staff", subject_id=staff.pk, type=events.StaffLeft.event_type)
    payload = facts.order_by("-id").values_list("payload", flat=True).first() or {}
    rows = payload.get("handed", [])
    names = dict(Staff.objects.filter(pk__in={row["to"] for row in rows}).values_list("pk", "name"))
    return [(Text(zh=row["zh"], en=row["en"]), names.get(row["to"], "")) for row in rows]


def _given(rows: Sequence[Holding], heir: Staff | None, heirs: Mapping[str, Staff]) -> dict[str, Staff]:
    """Who takes what. Raises OrgRefused with every holding nobody fit was named for."""
    given: dict[str, Staff] = {}
    wrong: dict[str, Text] = {}
    keys: dict[int, frozenset[str]] = {}
    for row in rows:
        taker = None if row.ends else heirs.get(row.key, heir)
        problem = None if row.ends else _unfit(row, taker, keys)
        if problem is not None:
            wrong[row.key] = problem
        elif taker is not None:
            given[row.key] = taker
    if wrong:
        raise OrgRefused(wrong)
    return given


def _unfit(row: Holding, taker: Staff | None, keys: dict[int, frozenset[str]]) -> Text | None:
    if taker is None:
        return None if row.optional else NO_SUCCESSOR
    if taker.pk not in keys:
        fresh = Staff.objects.select_for_update().get(pk=taker.pk)
        keys[taker.pk] = viewer(fresh).keys if fresh.is_active else frozenset()
    if not keys[taker.pk]:
        return GONE
    return NOT_ENTITLED if row.principal and row.principal not in keys[taker.pk] else None


def _end_access(held: Staff, now: dt.datetime) -> None:
    """Without a usable password every session ever made is void, and none comes back to life when he returns."""
    held.is_active, held.left_at = False, now
    held.set_unusable_password()
    held.save(update_fields=["is_active", "left_at", "password"])


def _tell_left(
    held: Staff, rows: Mapping[str, Sequence[Holding]], given: Mapping[str, Staff], by: str, now: dt.datetime
) -> None:
    handed = [
        {"key": row.key, "zh": row.words.zh, "en": row.words.say("en"), "to": given[row.key].pk}
        for found in rows.values()
        for row in found
        if row.key in given
    ]
    ended = [row.key for found in rows.values() for row in found if row.ends]
    record([NewFact(events.StaffLeft(held.username, handed, ended), now, ("staff", held.pk), by)])
