"""What this installation asks of passwords and second factors, and who is asked for one.

Kept by administrators on a page, not in a handbook: it protects the house, no department wrote it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import BooleanField, Func

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.org.actions import OrgRefused
from zhike.org.events import SignInRulesChanged
from zhike.org.models import SignInRules, Staff

SHORTEST, LONGEST = 8, 64
"""What the least length of a password may be set to: fewer characters are guessed, more keep nobody out any better."""
MOST_HOURS = 14 * 24
FIELDS = ("password_length", "link_hours", "second_factor", "roles")

NEEDED = """EXISTS (SELECT FROM org_signinrules AS rules JOIN org_staff AS person ON person.id = %(expressions)s
WHERE rules.second_factor = 'everybody'
   OR rules.second_factor IN ('administrators', 'roles') AND person.is_admin
   OR rules.second_factor = 'roles' AND EXISTS (SELECT FROM org_assignment AS held
      WHERE held.staff_id = person.id AND held.handbook || ':' || held.role = ANY(rules.roles)))"""
PRESENT = (
    "EXISTS (SELECT FROM org_secondfactor AS factor"
    " WHERE factor.staff_id = %(expressions)s AND factor.confirmed_at IS NOT NULL)"
)

BAD_LENGTH = Text(
    zh=f"密码的最短长度请填 {SHORTEST} 到 {LONGEST}", en=f"The least length of a password is {SHORTEST} to {LONGEST}"
)
BAD_HOURS = Text(zh=f"链接的有效时间请填 1 到 {MOST_HOURS} 小时", en=f"A link is good for 1 to {MOST_HOURS} hours")
NO_ROLES = Text(zh="请至少选择一个岗位，或者换一种要求", en="Choose at least one role, or another requirement")
BAD_CHOICE = Text(zh="请选择谁必须二次验证", en="Choose who needs a second factor")
YOURSELF_FIRST = Text(
    zh="请先在“我的账号”里给自己打开二次验证，否则您自己也进不来",
    en="Switch the second factor on for yourself first (My account), or you will lock yourself out",
)


class NeedsSecondFactor(Func):
    """In a query: whether the person with this id has to sign in with a second factor."""

    template = NEEDED
    output_field = BooleanField()


class LacksSecondFactor(Func):
    """In a query: whether the person with this id has to have a second factor and has none."""

    template = f"({NEEDED} AND NOT {PRESENT})"
    output_field = BooleanField()


def lacks_second_factor_sql(person: str) -> str:
    """The same as SQL composed by hand; `person` names the id of one, "owner.id"."""
    return LacksSecondFactor.template % {"expressions": person}


def rules() -> SignInRules:
    """The rules in force."""
    return SignInRules.objects.first() or SignInRules()


def needs_second_factor(staff: Staff) -> bool:
    return Staff.objects.filter(NeedsSecondFactor("pk"), pk=staff.pk).exists()


def lacks_second_factor(staff: Staff) -> bool:
    """He has to have a second factor and has none: nothing may be done in his name."""
    return Staff.objects.filter(LacksSecondFactor("pk"), pk=staff.pk).exists()


def change_rules(
    *,
    password_length: int,
    link_hours: int,
    second_factor: str,
    roles: Iterable[str],
    by: Staff | None,
    now: dt.datetime,
) -> SignInRules:
    """Keep new rules; sessions of people who now need a second factor and signed in without end (reactions.py).

    Raises OrgRefused; also for an administrator who would be asked for a second factor he does not have. `by` None is
    the command line.
    """
    wanted = SignInRules(
        password_length=password_length, link_hours=link_hours, second_factor=second_factor,
        roles=sorted(set(roles)) if second_factor == SignInRules.Required.ROLES else [],
    )  # fmt: skip
    _check(wanted)
    with transaction.atomic():
        SignInRules.objects.get_or_create(id=1)
        held = SignInRules.objects.select_for_update().get(id=1)
        changed = [name for name in FIELDS if getattr(held, name) != getattr(wanted, name)]
        if not changed:
            return held
        told = SignInRulesChanged(
            {name: getattr(held, name) for name in changed}, {name: getattr(wanted, name) for name in changed}
        )
        for name in changed:
            setattr(held, name, getattr(wanted, name))
        held.save(update_fields=changed)
        if by is not None and lacks_second_factor(by):
            raise OrgRefused({"second_factor": YOURSELF_FIRST})
        record([NewFact(told, at=now, subject=("sign_in_rules", 1), actor=f"staff:{by.pk}" if by else "system")])
    return held


def _check(wanted: SignInRules) -> None:
    problems: dict[str, Text] = {}
    if not SHORTEST <= wanted.password_length <= LONGEST:
        problems["password_length"] = BAD_LENGTH
    if not 1 <= wanted.link_hours <= MOST_HOURS:
        problems["link_hours"] = BAD_HOURS
    if wanted.second_factor not in SignInRules.Required.values:
        problems["second_factor"] = BAD_CHOICE
    elif wanted.second_factor == SignInRules.Required.ROLES and not wanted.roles:
        problems["roles"] = NO_ROLES
    if problems:
        raise OrgRefused(problems)
