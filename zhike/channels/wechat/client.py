"""WeChat's HTTP interface: access tokens, calls, media.

The token is fetched by one process at a time and kept in a row all of them read: a second fetch would end the first one's token. An answer
40001, 40014 or 42001 says that it ended early; then one new one is fetched and the call is made once more. All of it within calls that are
bounded in time and size.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.db import transaction

from zhike.channels.addresses import BadAddress, parse
from zhike.channels.calling import Reply, call, house_line
from zhike.channels.wechat.accounts import TOKEN_CONTEXT, secrets_of
from zhike.channels.wechat.models import WechatAccount, WechatToken
from zhike.lib.sealed import CannotOpen
from zhike.org.keys import keyring, sealed_of

ENDPOINTS = {"official": "https://api.weixin.qq.com/", "wecom": "https://qyapi.weixin.qq.com/"}
STALE = frozenset({40001, 40014, 42001})
"""The token is wrong or ended."""
BUSY = frozenset({-1, 45009, 45033})
"""Not now: the system is busy, the quota of the minute is used up, too many calls at once."""
EARLY = dt.timedelta(minutes=5)
"""A token is replaced so long before it ends: clocks differ."""
LONGEST_LIFE = 7200
MOST_MEDIA = 10 * 1024 * 1024
NAMED = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is WeChat's errcode, 0 for success; `fault` says why where no answer came, and `reached` whether the call may have acted."""

    code: int = 0
    words: str = ""
    data: Mapping[str, Any] | None = None
    fault: str = ""
    reached: bool = False

    @property
    def good(self) -> bool:
        return not self.fault and self.code == 0


@dataclass(frozen=True, slots=True)
class Media:
    """A file as it was fetched; or `fault`, and whether another try may help."""

    content: bytes = b""
    name: str = ""
    fault: str = ""
    again: bool = False


class NoToken(Exception):
    """WeChat gave none; the answer says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.words or answer.fault)
        self.answer = answer


class Client:
    """One account's interface. `wall` is the machine's time at which it is asked."""

    def __init__(self, account: WechatAccount, wall: dt.datetime) -> None:
        self.account, self.wall = account, wall
        self.base = account.endpoint or ENDPOINTS[account.kind]

    def ask(self, path: str, asks: Mapping[str, Any]) -> Answer:
        """A POST with JSON, with a fresh token where the old one was refused. Never raises for what WeChat does."""
        seen = ""
        answer = Answer(fault="token")
        for _ in range(2):
            try:
                seen = self.token(refused=seen)
            except NoToken as none:
                return none.answer
            query = urlencode({"access_token": seen})
            answer = _read(self._call(f"{path}?{query}", json.dumps(asks, ensure_ascii=False).encode()))
            if answer.code not in STALE:
                break
        if answer.good and "errcode" not in (answer.data or {}):
            # Not WeChat's answer (a proxy's, a maintenance page's): what became of the call nobody has said.
            return Answer(fault="garbage", reached=True)
        return answer

    def media(self, media_id: str) -> Media:
        """Fetch what somebody sent: at most 10 MB."""
        seen = ""
        for _ in range(2):
            try:
                seen = self.token(refused=seen)
            except NoToken as none:
                return Media(fault=none.answer.words or none.answer.fault, again=True)
            reply = self._call(
                f"cgi-bin/media/get?access_token={quote(seen)}&media_id={quote(media_id)}",
                method="GET",
                most=MOST_MEDIA,
            )
            if reply.fault:
                return Media(fault=reply.fault, again=reply.fault != "too_large")
            kind = reply.headers.get("content-type", "")
            if not kind.startswith(("text/plain", "application/json")):
                return Media(reply.data, _name(reply.headers))
            answer = _read(reply)
            if answer.code not in STALE:
                return Media(fault=f"{answer.code} {answer.words}".strip(), again=answer.code in BUSY)
        return Media(fault="token", again=True)

    def upload(self, content: bytes, name: str, kind: str) -> Answer:
        """Hand over a file to be sent; the answer's data has `media_id`. `kind`: image, voice, video or file."""
        seen = ""
        answer = Answer(fault="token")
        edge = secrets.token_hex(16)
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)[-60:] or "file"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="media"; filename="{plain}"; filelength={len(content)}\r\n'
        body = (
            f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + content + f"\r\n--{edge}--\r\n".encode()
        )
        for _ in range(2):
            try:
                seen = self.token(refused=seen)
            except NoToken as none:
                return none.answer
            path = f"cgi-bin/media/upload?access_token={quote(seen)}&type={quote(kind)}"
            answer = _read(self._call(path, body, content_type=f"multipart/form-data; boundary={edge}"))
            if answer.code not in STALE:
                break
        return answer

    def token(self, refused: str = "") -> str:
        """The token all processes share; a new one where it ends soon or is the one that was `refused`. Raises NoToken."""
        WechatToken.objects.get_or_create(account=self.account)
        held = self._kept(WechatToken.objects.get(account=self.account))  # house-rule: one-gate, no page asks
        if held and held != refused:
            return held
        with transaction.atomic():
            row = WechatToken.objects.select_for_update().get(
                account=self.account
            )  # house-rule: one-gate, no page asks
            # Whoever waited here finds what the one before fetched.
            held = self._kept(row)
            if held and held != refused:
                return held
            fresh, life = self._fetch(force=bool(refused))
            made = keyring().seal(fresh, TOKEN_CONTEXT)
            row.key_id, row.sealed = made.key_id, made.data
            row.ends_at = self.wall + dt.timedelta(seconds=life)
            row.save(update_fields=["key_id", "sealed", "ends_at"])
        return fresh

    def _kept(self, row: WechatToken) -> str:
        if row.ends_at is None or row.ends_at - EARLY <= self.wall:
            return ""
        try:
            return keyring().open(sealed_of(row), TOKEN_CONTEXT)
        except CannotOpen:
            return ""

    def _fetch(self, *, force: bool) -> tuple[str, int]:
        secret = secrets_of(self.account).secret
        if self.account.kind == WechatAccount.Kind.OFFICIAL:
            asks = {
                "grant_type": "client_credential",
                "appid": self.account.app_id,
                "secret": secret,
                "force_refresh": force,
            }
            answer = _read(self._call("cgi-bin/stable_token", json.dumps(asks).encode()))
        else:
            query = urlencode({"corpid": self.account.app_id, "corpsecret": secret})
            answer = _read(self._call(f"cgi-bin/gettoken?{query}", method="GET"))
        data = answer.data or {}
        token, life = data.get("access_token"), data.get("expires_in")
        if not answer.good or not isinstance(token, str) or not token:
            # Getting a token does nothing to anybody: what wanted it never left.
            raise NoToken(Answer(answer.code, answer.words, fault=answer.fault or "token", reached=False))
        return token, min(life, LONGEST_LIFE) if isinstance(life, int) and life > 0 else LONGEST_LIFE

    def _call(
        self,
        path: str,
        body: bytes = b"",
        *,
        method: str = "POST",
        most: int = 4 * 1024 * 1024,
        content_type: str = "application/json",
    ) -> Reply:
        headers = {"Content-Type": content_type} if method == "POST" else {}
        try:
            return call(
                parse(f"{self.base}{path}"), line=house_line(), method=method, headers=headers, body=body, most=most
            )
        except BadAddress:
            return Reply(fault="refused")


def _read(reply: Reply) -> Answer:
    if reply.fault:
        return Answer(fault=reply.fault, reached=reply.reached)
    data = reply.json()
    if reply.status >= 500 or not data:
        return Answer(fault=f"HTTP {reply.status}", reached=True)
    code = data.get("errcode", 0)
    if isinstance(code, bool) or not isinstance(code, int):
        return Answer(fault="garbage", reached=True)
    return Answer(code, str(data.get("errmsg", ""))[:200], data, reached=True)


def _name(headers: Mapping[str, str]) -> str:
    found = NAMED.search(headers.get("content-disposition", ""))
    return found[1].strip()[:120] if found else ""
