"""Who a visitor is: a secret his browser made, of which we keep the digest; or a customer, by a token the site has signed.

The token is a JWT under HS256 with the inbox's secret: `exp` (at most a day ahead), `jti`, and `phone` or `email` of the customer the site
has signed in, with `name` if it likes. Whoever copies a token gains nothing: it works for the first browser that shows it and no other.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
import re
from typing import Any

from django.db import transaction

from zhike.channels.models import VisitorToken
from zhike.channels.sealing import open_from
from zhike.conversations.models import Address, Inbox, Medium
from zhike.customers.actions import NoContact, find_or_add_customer
from zhike.customers.models import Customer
from zhike.handbook.common import Text
from zhike.lib.text import clean_line

IDENTITY = "identity"
"""Under which name the inbox keeps the secret that tokens are signed with."""
LONGEST_LIFE = dt.timedelta(days=1)
LONGEST_TOKEN = 2000
LEEWAY = dt.timedelta(seconds=60)
"""How far two clocks may be apart."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class BadToken(Exception):
    """The token proves nothing; `words` is for whoever builds the site, the visitor goes on as a stranger."""

    def __init__(self, words: Text) -> None:
        super().__init__(words.zh)
        self.words = words


MALFORMED = Text(zh="身份令牌读不懂。", en="The identity token cannot be read.")
WRONG = Text(zh="身份令牌的签名不对。", en="The identity token is not signed with this inbox's secret.")
EXPIRED = Text(
    zh="身份令牌已过期，或有效期超过一天。", en="The identity token has run out, or lives for more than a day."
)
USED = Text(zh="身份令牌已在别的浏览器用过。", en="The identity token was used in another browser.")
NOBODY = Text(
    zh="身份令牌里没有手机号或邮箱。", en="The identity token names neither a phone number nor an e-mail address."
)


def is_secret(text: str) -> bool:
    """32 random bytes as browsers write them; nothing shorter is taken."""
    return _SECRET.fullmatch(text) is not None


def digest_of(inbox: Inbox, secret: str) -> str:
    """What is kept of a visitor's secret: it opens one inbox and no other."""
    return hashlib.sha256(f"{inbox.key}/{secret}".encode()).hexdigest()


def address_for(inbox: Inbox, secret: str) -> Address | None:
    """The visitor with this secret, once he has written."""
    if not is_secret(secret):
        return None
    rows = Address.objects.select_related("customer")
    return rows.filter(inbox_medium=Medium.WEBCHAT, value=digest_of(inbox, secret)).first()


def customer_of(inbox: Inbox, token: str, *, holder: str, now: dt.datetime) -> Customer:
    """The customer a token names, found in the archive or added to it. `holder` is the digest of the browser's secret. Raises BadToken."""
    claims = _claims(inbox, token)
    ends = _ends(claims, now)
    with transaction.atomic():
        VisitorToken.objects.filter(ends_at__lt=now - LONGEST_LIFE).delete()
        digest = hashlib.sha256(f"{inbox.pk}/{claims.get('jti') or token}".encode()).hexdigest()
        used, _ = VisitorToken.objects.get_or_create(digest=digest, defaults={"holder": holder, "ends_at": ends})
        if used.holder != holder:
            raise BadToken(USED)
        try:
            return find_or_add_customer(
                phone=str(claims.get("phone") or ""), email=str(claims.get("email") or ""),
                name=clean_line(str(claims.get("name") or "")), now=now,
            )  # fmt: skip
        except NoContact as error:
            raise BadToken(NOBODY) from error


def _claims(inbox: Inbox, token: str) -> dict[str, Any]:
    secret = open_from(inbox, IDENTITY)
    parts = token.split(".")
    if not secret or len(parts) != 3 or len(token) > LONGEST_TOKEN or not token.isascii():
        raise BadToken(MALFORMED)
    head, claims = _part(parts[0]), _part(parts[1])
    signed = hmac.digest(secret.encode(), f"{parts[0]}.{parts[1]}".encode(), "sha256")
    if head.get("alg") != "HS256" or not hmac.compare_digest(signed, _decoded(parts[2])):
        raise BadToken(WRONG)
    return claims


def _ends(claims: dict[str, Any], now: dt.datetime) -> dt.datetime:
    ends = claims.get("exp")
    if isinstance(ends, bool) or not isinstance(ends, int | float) or not 0 < ends < 32_503_680_000:
        raise BadToken(EXPIRED)
    at = dt.datetime.fromtimestamp(ends, dt.UTC)
    if at < now - LEEWAY or at > now + LONGEST_LIFE + LEEWAY:
        raise BadToken(EXPIRED)
    return at


def _part(text: str) -> dict[str, Any]:
    try:
        found = json.loads(_decoded(text))
    except (ValueError, RecursionError) as error:
        raise BadToken(MALFORMED) from error
    if not isinstance(found, dict):
        raise BadToken(MALFORMED)
    return found


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise BadToken(MALFORMED) from error
