"""Tokens: made and revoked by administrators, recognised by their digest. One holds 256 random bits; guessing is no way in."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import Q

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.statements import row
from zhike.lib.text import clean_line
from zhike.org.models import Staff
from zhike.org.principals import Viewer
from zhike.org.sign_in_rules import lacks_second_factor, lacks_second_factor_sql
from zhike.web.api.events import TokenCreated, TokenRevoked
from zhike.web.api.scopes import SCOPES
from zhike.web.models import ApiToken

PREFIX = "zk_"
SHAPE = re.compile(r"zk_[A-Za-z0-9_-]{43}")
LONGEST_LIFE = dt.timedelta(days=366)
LONGEST_NAME = 80
USE_NOTED = dt.timedelta(minutes=1)

NO_NAME = Text(zh="请写明这个令牌给谁用，最多 80 字。", en="Say what uses this token, in at most 80 characters.")
NO_OWNER = Text(zh="请选择一位在职员工。", en="Choose an active member of staff.")
OWNER_FIRST = Text(
    zh="按登录规则，这位员工要先打开二次验证，才能有接口令牌。",
    en="By the rules of signing in this person needs a second factor before a token can act for them.",
)
NO_SCOPES = Text(zh="请至少选择一项用途。", en="Choose at least one scope.")
BAD_LIFE = Text(zh="有效期从明天起，最长一年。", en="It ends tomorrow at the earliest, and after a year at the latest.")


class TokenRefused(Exception):
    """{field: what is wrong and what would do}."""

    def __init__(self, problems: dict[str, Text]) -> None:
        super().__init__("; ".join(f"{name}: {text.zh}" for name, text in problems.items()))
        self.problems = problems


class NoSuchToken(LookupError):
    """Unknown, or not for this viewer: the same answer for both."""


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(
    *,
    name: str,
    owner: Staff | None,
    scopes: Iterable[str],
    expires_at: dt.datetime | None,
    by: Viewer,
    now: dt.datetime,
    prove: Callable[[], str] = str,
) -> tuple[ApiToken, str]:
    """(the row, the token itself, which nobody sees again). Raises TokenRefused; NoSuchToken for who is no administrator.

    `prove` is asked last: what is wrong with the code of the maker's second factor, "" when nothing is. A session alone,
    perhaps a stolen one, makes no token that outlives it.
    """
    if not by.is_admin:
        raise NoSuchToken
    name, wanted = clean_line(name), tuple(scope for scope in SCOPES if scope in set(scopes))
    problems: dict[str, Text] = {}
    if not 0 < len(name) <= LONGEST_NAME:
        problems["name"] = NO_NAME
    if owner is None or not owner.is_active:
        problems["owner"] = NO_OWNER
    elif lacks_second_factor(owner):
        problems["owner"] = OWNER_FIRST
    if not wanted:
        problems["scopes"] = NO_SCOPES
    if expires_at is None or not now < expires_at <= now + LONGEST_LIFE:
        problems["expires_at"] = BAD_LIFE
    if not problems and (wrong := prove()):
        problems["code"] = Text(zh=wrong, en=wrong)
    if problems or owner is None or expires_at is None:
        raise TokenRefused(problems)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            digest=digest_of(secret), begins=secret[:8], name=name, owner=owner, scopes=list(wanted), created_at=now,
            created_by=by.principal, expires_at=expires_at,
        )  # fmt: skip
        event = TokenCreated(name, token.pk, wanted, expires_at.isoformat())
        record([NewFact(event, at=now, subject=("staff", owner.pk), actor=by.principal)])
    return token, secret


def revoke_token(token_id: int, *, by: Viewer, now: dt.datetime) -> ApiToken:
    """From this moment it opens nothing. Revoking it again changes nothing. Raises NoSuchToken."""
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().filter(pk=token_id).first() if by.is_admin else None
        if token is None:
            raise NoSuchToken(token_id)
        if token.revoked_at is None:
            token.revoked_at, token.revoked_by = now, by.principal
            token.save(update_fields=["revoked_at", "revoked_by"])
            event = TokenRevoked(token.name, token.pk)
            record([NewFact(event, at=now, subject=("staff", token.owner_id), actor=by.principal)])
    return token


def living_token(secret: str, now: dt.datetime) -> ApiToken | None:
    """The token, with its owner, while it is in force: not expired, not revoked, its owner not disabled.

    `is_held_back` says whether its owner has to set up a second factor first. One query.
    """
    if not SHAPE.fullmatch(secret):
        return None
    asked = (("is_held_back", lacks_second_factor_sql("owner.id")),)
    found = row(ApiToken, "WHERE digest = %s", [digest_of(secret)], joined=("owner",), also=asked)
    if found is None or found.revoked_at is not None or found.expires_at <= now or not found.owner.is_active:
        return None
    return found


def note_use(token: ApiToken, now: dt.datetime) -> None:
    """Keep when it was last used, to the minute."""
    if token.last_used_at is None or now - token.last_used_at >= USE_NOTED or now < token.last_used_at:
        stale = Q(last_used_at=None) | ~Q(last_used_at__gt=now - USE_NOTED, last_used_at__lte=now)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
