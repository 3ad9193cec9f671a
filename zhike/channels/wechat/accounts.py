"""Accounts as rows: made, changed, switched off; their secrets sealed."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from django.db import transaction

from zhike.channels import ways
from zhike.channels.events import AccountChanged
from zhike.channels.refusals import Refused
from zhike.channels.wechat.crypt import KEY, Crypt
from zhike.channels.wechat.models import WechatAccount, WechatToken
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.lib.text import clean_line
from zhike.org.keys import keyring, rotates, sealed_of

CONTEXT = "wechat account secrets"
TOKEN_CONTEXT = "wechat access token"  # noqa: S105 - what kind of value it is
rotates(WechatAccount, context_of=lambda _: CONTEXT)
rotates(WechatToken, context_of=lambda _: TOKEN_CONTEXT)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only WeChat and we know."""

    secret: str
    token: str
    aes_key: str


@dataclass(frozen=True, slots=True)
class AccountWish:
    """What somebody wants of an account; empty secrets keep those there are."""

    name: str
    kind: str
    handbook: str
    app_id: str
    open_kfid: str = ""
    secret: str = ""
    token: str = ""
    aes_key: str = ""
    endpoint: str = ""


def secrets_of(row: WechatAccount) -> Secrets:
    """Raises lib.sealed.CannotOpen."""
    return Secrets(**json.loads(keyring().open(sealed_of(row), CONTEXT)))


def crypt_of(row: WechatAccount) -> Crypt:
    known = secrets_of(row)
    return Crypt(known.token, known.aes_key, row.app_id)


def save_account(row: WechatAccount | None, wish: AccountWish, *, by: str, now: dt.datetime) -> WechatAccount:
    """Make or change one, with the inbox its messages come in by. Raises Refused, all problems at once."""
    before = secrets_of(row) if row is not None else Secrets("", "", "")
    known = Secrets(
        wish.secret.strip() or before.secret, wish.token.strip() or before.token, wish.aes_key.strip() or before.aes_key
    )
    _check(row, wish, known, now)
    with transaction.atomic():
        row = row or ways.made(WechatAccount, "wechat", sort={"kind": wish.kind}, by=by, now=now)
        fields = {
            "name": clean_line(wish.name)[:80], "app_id": wish.app_id.strip(), "open_kfid": wish.open_kfid.strip(),
            "endpoint": wish.endpoint.strip(),
        }  # fmt: skip
        secret = json.dumps({"secret": known.secret, "token": known.token, "aes_key": known.aes_key})
        ways.keep(row, fields, handbook=wish.handbook, secret=secret, context=CONTEXT)
        WechatToken.objects.filter(account=row).update(ends_at=None)
        _tell(row, "saved", by, now)
    return row


def switch_account(row: WechatAccount, *, active: bool, by: str, now: dt.datetime) -> None:
    with transaction.atomic():
        ways.switch(row, active=active)
        _tell(row, "on" if active else "off", by, now)


def _check(row: WechatAccount | None, wish: AccountWish, known: Secrets, now: dt.datetime) -> None:
    wrong = ways.wrong_with(wish.name, wish.handbook, wish.endpoint, now)
    if wish.kind not in WechatAccount.Kind.values or (row is not None and row.kind != wish.kind):
        wrong["kind"] = Text(
            zh="请选择账号类型；已有的账号不能换类型。", en="Choose a kind; an existing account keeps its own."
        )
    if not 6 <= len(wish.app_id.strip()) <= 64:
        wrong["app_id"] = Text(zh="请填写 AppID 或企业 ID。", en="Write the AppID or the CorpID.")
    if wish.kind == WechatAccount.Kind.WECOM and not wish.open_kfid.strip():
        wrong["open_kfid"] = Text(
            zh="请填写客服账号的 open_kfid。", en="Write the open_kfid of the customer-service account."
        )
    if not known.secret:
        wrong["secret"] = Text(zh="请填写密钥（Secret）。", en="Write the secret.")
    if not 3 <= len(known.token) <= 32:
        wrong["token"] = Text(
            zh="请填写回调的 Token，3 至 32 个字符。", en="Write the Token of the callback, 3 to 32 characters."
        )
    if not KEY.fullmatch(known.aes_key):
        wrong["aes_key"] = Text(
            zh="EncodingAESKey 是 43 个字母和数字。", en="The EncodingAESKey is 43 letters and digits."
        )
    if wrong:
        raise Refused(wrong)


def _tell(row: WechatAccount, how: str, by: str, now: dt.datetime) -> None:
    record([NewFact(AccountChanged(row.name, how), at=now, subject=("wechat_account", row.pk), actor=by)])
