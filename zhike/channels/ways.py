"""What an SMS gateway and a WeChat account have in common as rows: a name, a handbook, an inbox of their own, a callback nobody can
guess, sealed secrets, an address of the interface. Each of them says only what is its own.
"""

from __future__ import annotations

import datetime as dt
import secrets as random
from collections.abc import Mapping
from typing import Any, TypeVar

from zhike.channels.addresses import BadAddress, parse
from zhike.channels.sms.models import SmsGateway
from zhike.channels.wechat.models import WechatAccount
from zhike.conversations.models import Inbox
from zhike.handbook.common import Text
from zhike.lib.text import clean_line
from zhike.org.handbooks import in_force
from zhike.org.keys import keyring

Way = TypeVar("Way", SmsGateway, WechatAccount)
LONGEST_ENDPOINT = 200


def wrong_with(name: str, handbook: str, endpoint: str, now: dt.datetime) -> dict[str, Text]:
    """What stands against the parts all of them have: {field: what to do}."""
    wrong: dict[str, Text] = {}
    if not clean_line(name):
        wrong["name"] = Text(zh="请填写名称。", en="Give it a name.")
    if handbook not in {version.name for version in in_force(now)}:
        wrong["handbook"] = Text(zh="请选择一本在用的制度。", en="Choose a handbook in force.")
    if endpoint.strip():
        try:
            parse(endpoint.strip()[: LONGEST_ENDPOINT + 1])
        except BadAddress as bad:
            wrong["endpoint"] = bad.words
    return wrong


def made(kind: type[Way], medium: str, *, sort: Mapping[str, str], by: str, now: dt.datetime) -> Way:
    """A new one that is not kept yet, with its callback and an inbox for what comes in. Within a transaction."""
    callback = random.token_urlsafe(32)
    inbox = Inbox.objects.create(medium=medium, key=f"{medium}-{callback[:16]}", created_at=now)
    return kind(inbox=inbox, callback=callback, created_at=now, created_by=by, **sort)


def keep(row: Way, fields: Mapping[str, Any], *, handbook: str, secret: str | None, context: str) -> None:
    """Write the row with `fields` (cleaned; `name` among them), its inbox under the same name. `secret`: sealed, None: the one there is."""
    if secret is not None or not row.key_id:
        sealed = keyring().seal(secret or "", context)
        row.key_id, row.sealed = sealed.key_id, sealed.data
    for name, value in fields.items():
        setattr(row, name, value)
    Inbox.objects.filter(pk=row.inbox_id).update(name=row.name, handbook=handbook)
    row.inbox.name, row.inbox.handbook = row.name, handbook
    if row._state.adding:
        row.save(force_insert=True)
    else:
        row.save(update_fields=[*fields, "key_id", "sealed"])


def switch(row: SmsGateway | WechatAccount, *, active: bool) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(is_active=active)
