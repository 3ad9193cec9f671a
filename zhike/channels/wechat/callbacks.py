"""A callback of WeChat: checked, opened, kept, then answered. Only what is sealed is taken (the platform's safe mode).

Assumed, because the pages are silent: a callback whose time is more than five minutes from ours is somebody's repetition. Within that
window WeChat's own id of a message makes a repetition harmless.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping
from hashlib import sha1
from typing import Any

from django.db import transaction

from zhike.channels.wechat.accounts import crypt_of, secrets_of
from zhike.channels.wechat.crypt import BadCallback, Crypt
from zhike.channels.wechat.models import WechatAccount, WechatEvent
from zhike.channels.wechat.reading import key_of, read_xml
from zhike.journal.outbox import defer

WINDOW = dt.timedelta(minutes=5)
LONGEST_BODY = 256 * 1024
ANSWER = "success"
Query = Mapping[str, str]


def verify(account: WechatAccount, query: Query, wall: dt.datetime) -> str:
    """What WeChat wants to read when the address is entered. Raises BadCallback."""
    _check_time(query, wall)
    echo = query.get("echostr", "")
    if account.kind == WechatAccount.Kind.WECOM:
        return _opened(crypt_of(account), query, echo).decode("utf-8", "replace")
    parts = sorted([secrets_of(account).token, query.get("timestamp", ""), query.get("nonce", "")])
    expected = sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(expected.encode(), query.get("signature", "").encode()):
        raise BadCallback("signature")
    return echo


def take_callback(account: WechatAccount, query: Query, body: bytes, *, now: dt.datetime, wall: dt.datetime) -> str:
    """Keep what it says and have it worked on; answers what WeChat wants to hear. Raises BadCallback."""
    return keep_callback(account, open_callback(account, query, body, wall), now=now)


def open_callback(account: WechatAccount, query: Query, body: bytes, wall: dt.datetime) -> Mapping[str, Any]:
    """What it says, once it is known to be from WeChat. Writes nothing. Raises BadCallback."""
    if len(body) > LONGEST_BODY:
        raise BadCallback("too long")
    _check_time(query, wall)
    sealed = read_xml(body).get("Encrypt", "")
    if not isinstance(sealed, str) or not sealed:
        raise BadCallback("not sealed")
    return read_xml(_opened(crypt_of(account), query, sealed))


def keep_callback(account: WechatAccount, payload: Mapping[str, Any], *, now: dt.datetime) -> str:
    """Keep it and have it worked on; answers what WeChat wants to hear."""
    from zhike.channels.wechat.tasks import fetch_messages, take_in

    with transaction.atomic():
        if account.kind == WechatAccount.Kind.WECOM:
            token = payload.get("Token", "")
            defer(
                fetch_messages,
                lock=f"wechat:{account.pk}",
                account=account.pk,
                token=token if isinstance(token, str) else "",
            )
        elif keep(account, key_of(payload), payload, now):
            defer(take_in, lock=f"wechat:{account.pk}", account=account.pk)
    return ANSWER


def keep(account: WechatAccount, key: str, payload: Mapping[str, Any], now: dt.datetime) -> bool:
    """Once; False when it was there."""
    made = WechatEvent(account=account, key=key[:80], payload=dict(payload), at=now)
    before = WechatEvent.objects.filter(account=account, key=made.key).exists()
    WechatEvent.objects.bulk_create([made], ignore_conflicts=True)
    return not before


def _opened(crypt: Crypt, query: Query, sealed: str) -> bytes:
    crypt.check(query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", ""), sealed)
    return crypt.open(sealed)


def _check_time(query: Query, wall: dt.datetime) -> None:
    written = query.get("timestamp", "")
    if not (written.isascii() and written.isdigit() and len(written) <= 12):
        raise BadCallback("no time")
    if abs(int(written) - wall.timestamp()) > WINDOW.total_seconds():
        raise BadCallback("old")
