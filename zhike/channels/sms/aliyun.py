"""Alibaba Cloud (Aliyun) SMS, version 2017-05-25, with signature version 3.

https://help.aliyun.com/document_detail/2593177.html (signature), .../419273.html (SendSms), .../419277.html (QuerySendDetails),
.../101867.html (SmsReport), .../101847.html (SmsUp). Assumed, because the pages are silent: an error answer that is no JSON may have been
taken; `OutId` of a query's rows is the one we sent. Callbacks are not signed by the provider: the address is the secret.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from zhike.channels.http import Line
from zhike.channels.sms.gateways import (
    Account,
    Outcome,
    Parcel,
    Receipt,
    Uplink,
    asked,
    number_of,
    outcome_of_silence,
)
from zhike.channels.sms.rows import flag, number_or_none, readable, text

ENDPOINT = "https://dysmsapi.aliyuncs.com/"
VERSION = "2017-05-25"
CHINA = ZoneInfo("Asia/Shanghai")
AGAIN = frozenset(
    {
        "isv.BUSINESS_LIMIT_CONTROL",  # too many to this number for now
        "Throttling",
        "Throttling.User",
    }
)
PERHAPS = frozenset({"isp.SYSTEM_ERROR", "ServiceUnavailable", "InternalError"})
"""Errors after which the provider may have it all the same."""
WAITING, FAILED, DELIVERED = 1, 2, 3
"""SendStatus of QuerySendDetails."""


def signed_headers(
    account: Account,
    host: str,
    action: str,
    query: Mapping[str, str],
    at: dt.datetime,
    nonce: str,
    version: str = VERSION,
) -> tuple[str, dict[str, str]]:
    """(the canonical query, the headers to send) of a POST with an empty body."""
    canonical = "&".join(f"{_coded(name)}={_coded(value)}" for name, value in sorted(query.items()))
    digest = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": digest,
        "x-acs-date": at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join(["POST", "/", canonical, lines, names, digest])
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(account.secret.encode(), to_sign.encode(), "sha256").hex()
    told = f"ACS3-HMAC-SHA256 Credential={account.access_id},SignedHeaders={names},Signature={signature}"
    del headers["host"]  # the connection writes it
    return canonical, {**headers, "Authorization": told, "Accept": "application/json"}


def _coded(value: str) -> str:
    return quote(value, safe="-_.~")


@dataclass(frozen=True, slots=True)
class Aliyun:
    """SendSms, QuerySendDetails, SmsReport and SmsUp."""

    account: Account
    line: Line
    needs_template: bool = True

    @property
    def answer(self) -> dict[str, Any]:
        return {"code": 0, "msg": "OK"}

    def send(self, parcel: Parcel, now: dt.datetime) -> Outcome:
        reply = self._ask(
            "SendSms",
            {
                "PhoneNumbers": _local(parcel.to),
                "SignName": parcel.signature,
                "TemplateCode": parcel.template,
                "TemplateParam": json.dumps(dict(parcel.values), ensure_ascii=False),
                "OutId": parcel.reference,
            },
            now,
        )
        if isinstance(reply, Outcome):
            return reply
        code, words = text(reply, "Code"), text(reply, "Message")
        if code == "OK":
            return Outcome("taken", text(reply, "BizId"), code, words)
        if not code:  # not the provider's answer: what became of the call nobody has said
            return Outcome("unknown", code="no Code", words=words)
        return Outcome("again" if code in AGAIN else "unknown" if code in PERHAPS else "failed", code=code, words=words)

    def ask(self, parcel: Parcel, now: dt.datetime) -> Outcome:
        query = {
            "PhoneNumber": _local(parcel.to),
            "SendDate": parcel.at.astimezone(CHINA).strftime("%Y%m%d"),
            "PageSize": "50",
            "CurrentPage": "1",
        }
        reply = self._ask(
            "QuerySendDetails", query | ({"BizId": parcel.provider_id} if parcel.provider_id else {}), now
        )
        if isinstance(reply, Outcome):
            return Outcome("unknown", code=reply.code)
        if text(reply, "Code") != "OK":
            return Outcome("unknown", code=text(reply, "Code"), words=text(reply, "Message"))
        listed = reply.get("SmsSendDetailDTOs")
        rows = listed.get("SmsSendDetailDTO") if isinstance(listed, dict) else None
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and text(row, "OutId") == parcel.reference:
                return _outcome_of(row)
        return Outcome("not_found")

    def receipts(self, body: bytes) -> Sequence[Receipt]:
        return readable(body, _receipt)

    def replies(self, body: bytes) -> Sequence[Uplink]:
        return readable(body, _reply)

    def _ask(self, action: str, query: Mapping[str, str], now: dt.datetime) -> dict[str, Any] | Outcome:
        base = self.account.endpoint or ENDPOINT
        canonical, headers = signed_headers(
            self.account, urlsplit(base).netloc, action, query, now, secrets.token_hex(16)
        )
        reply = asked(f"{base}?{canonical}", self.line, headers=headers)
        return outcome_of_silence(reply) or reply.json()


def _receipt(row: Mapping[str, Any]) -> Receipt:
    return Receipt(
        provider_id=text(row, "biz_id"), reference=text(row, "out_id"), number=number_of(row.get("phone_number")),
        delivered=flag(row, "success"), code=text(row, "err_code"), words=text(row, "err_msg"),
        segments=number_or_none(row.get("sms_size")),
    )  # fmt: skip


def _reply(row: Mapping[str, Any]) -> Uplink:
    """One without the provider's number is known by what it says and when."""
    number, words = number_of(row.get("phone_number")), text(row, "content", 2000)
    once = hashlib.sha256(f"{number}\0{words}\0{text(row, 'send_time')}".encode()).hexdigest()
    return Uplink(text(row, "sequence_id") or once, number, words)


def _local(number: str) -> str:
    """Mainland numbers without the country's code, others as country code and number."""
    return number.removeprefix("+86") if number.startswith("+86") else number.removeprefix("+")


def _outcome_of(row: Mapping[str, Any]) -> Outcome:
    status, code = number_or_none(row.get("SendStatus")), text(row, "ErrCode")
    if status == DELIVERED:
        return Outcome("delivered", code=code)
    return Outcome("failed" if status == FAILED else "taken", code=code)
