"""Passwords: what makes one good enough, setting it with a link an administrator made, changing one's own.

An administrator never knows anybody's password: he makes a link, which sets one once and until it expires.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any

from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.db import transaction

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Event
from zhike.org.actions import OrgRefused
from zhike.org.events import PasswordLinkMade, PasswordLinkRevoked, PasswordSet
from zhike.org.models import PasswordLink, Staff
from zhike.org.sessions import end_sessions
from zhike.org.sign_in_rules import rules

LONGEST = 200
"""Characters of a password that are read."""

SHORT = Text(
    zh="密码至少 {least} 位，请再加长；几个不相干的词连起来又长又好记。",
    en="A password has at least {least} characters; make it longer. A few unrelated words are long and easy to remember.",
)
LONG = Text(zh=f"密码最多 {LONGEST} 位，请缩短。", en=f"A password has at most {LONGEST} characters; shorten it.")
COMMON = Text(
    zh="这个密码很多人在用，一猜就中；请换一个只有您想得到的。",
    en="Many people use this password and it is guessed first; choose one that only you would think of.",
)
SIMILAR = Text(
    zh="密码和您的姓名、用户名或电话太像；请换一个与它们无关的。",
    en="The password is too much like your name, user name or phone; choose one that has nothing to do with them.",
)
NUMERIC = Text(zh="密码全是数字，容易猜到；请加上字母或汉字。", en="Digits alone are easily guessed; add letters.")
SAME = Text(zh="新密码和原来的一样，请换一个。", en="The new password is the old one; choose another.")
WRONG_OLD = Text(zh="原来的密码不对，请重新输入。", en="The current password is not right; enter it again.")
IS_DISABLED = Text(zh="他已停用，请先重新启用。", en="This person is disabled; enable the account first.")
WORDS = {
    "password_too_short": SHORT,
    "password_too_common": COMMON,
    "password_too_similar": SIMILAR,
    "password_entirely_numeric": NUMERIC,
}


class OwnWords:
    """A validator: without the words everybody tries first, half of the least length must be left."""

    def __init__(self, least: int) -> None:
        self.least = least

    def validate(self, password: str, user: Staff) -> None:
        rest = password.casefold()
        for word in (user.username, user.name, user.phone, "zhike", "知客"):
            rest = rest.replace(word.casefold(), "") if len(word) > 1 else rest
        if len(rest) < self.least // 2:
            raise ValidationError(SIMILAR.zh, code="password_too_similar")


class LinkGone(LookupError):
    """Unknown, used, revoked, expired, or its person is disabled: the same answer for all."""


def check_password(password: str, staff: Staff) -> None:
    """Raises OrgRefused {"password": all that is wrong with it and what would do}."""
    least = rules().password_length
    validators: list[Any] = [
        MinimumLengthValidator(least), UserAttributeSimilarityValidator(("username", "name", "phone")),
        CommonPasswordValidator(), NumericPasswordValidator(), OwnWords(least),
    ]  # fmt: skip
    found: list[Text] = [LONG] if len(password) > LONGEST else []
    try:
        validate_password(password[:LONGEST], staff, validators)
    except ValidationError as error:
        found += [text for code, text in WORDS.items() if any(each.code == code for each in error.error_list)]
    if found:
        zh, en = "".join(text.zh for text in found), " ".join(text.en or "" for text in found)
        raise OrgRefused({"password": Text(zh=zh.format(least=least), en=en.format(least=least))})


def set_password(
    staff: Staff, password: str, *, by: str, now: dt.datetime, by_link: bool = False, keep: str = ""
) -> None:
    """Give a new password. Sessions end, but the one with the key `keep`; open links are revoked. Raises OrgRefused."""
    check_password(password, staff)
    with transaction.atomic():
        staff.set_password(password)
        staff.save(update_fields=["password"])
        PasswordLink.objects.filter(staff=staff, used_at=None, revoked_at=None).update(revoked_at=now)
        tell(staff, PasswordSet(by_link), by=by, now=now)
        end_sessions(staff, by=by, now=now, keep=keep)


def change_own_password(staff: Staff, old: str, new: str, *, now: dt.datetime, keep: str) -> None:
    """One's own, for whoever knows the old one. Other sessions end. Raises OrgRefused {"old"} or {"password"}."""
    held = Staff.objects.get(pk=staff.pk)
    if not held.check_password(old):
        raise OrgRefused({"old": WRONG_OLD})
    if old == new:
        raise OrgRefused({"password": SAME})
    set_password(held, new, by=f"staff:{held.pk}", now=now, keep=keep)
    staff.password = held.password


def make_link(staff: Staff, *, by: str, now: dt.datetime) -> tuple[PasswordLink, str]:
    """(the row, the secret of the link, which nobody sees again). An earlier link of his is revoked. Raises OrgRefused."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        held = Staff.objects.select_for_update().get(pk=staff.pk)
        if not held.is_active:
            raise OrgRefused({"": IS_DISABLED})
        PasswordLink.objects.filter(staff=held, used_at=None, revoked_at=None).update(revoked_at=now)
        link = PasswordLink.objects.create(
            staff=held, digest=digest_of(secret), made_at=now, made_by=by,
            expires_at=now + dt.timedelta(hours=rules().link_hours),
        )  # fmt: skip
        tell(held, PasswordLinkMade(held.username, link.expires_at.isoformat()), by=by, now=now)
    return link, secret


def revoke_link(staff: Staff, *, by: str, now: dt.datetime) -> bool:
    """The open link opens nothing any more; False when there is none."""
    with transaction.atomic():
        gone = PasswordLink.objects.filter(staff=staff, used_at=None, revoked_at=None).update(revoked_at=now)
        if gone:
            tell(staff, PasswordLinkRevoked(), by=by, now=now)
    return gone > 0


def open_link(staff: Staff, now: dt.datetime) -> PasswordLink | None:
    """His link that can still be used."""
    return PasswordLink.objects.filter(staff=staff, used_at=None, revoked_at=None, expires_at__gt=now).first()


def link_of(secret: str, now: dt.datetime) -> PasswordLink:
    """The link with this secret, with its person. Raises LinkGone."""
    found = PasswordLink.objects.select_related("staff").filter(
        digest=digest_of(secret), used_at=None, revoked_at=None, expires_at__gt=now, staff__is_active=True
    )
    link = found.first()
    if link is None:
        raise LinkGone
    return link


def use_link(secret: str, password: str, *, now: dt.datetime) -> Staff:
    """Set the password, once. Raises LinkGone, or OrgRefused for a weak password: then the link stays good."""
    link = link_of(secret, now)
    check_password(password, link.staff)
    with transaction.atomic():
        open_still = PasswordLink.objects.filter(pk=link.pk, used_at=None, revoked_at=None, expires_at__gt=now)
        if open_still.update(used_at=now) != 1:
            raise LinkGone
        set_password(link.staff, password, by=f"staff:{link.staff_id}", now=now, by_link=True)
    return link.staff


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def tell(staff: Staff, event: Event, *, by: str, now: dt.datetime) -> None:
    """A fact about somebody's credentials; his own pages hear of it."""
    record([NewFact(event, at=now, subject=("staff", staff.pk), actor=by, audience=[f"staff:{staff.pk}"])])
