"""Tencent Cloud SMS, version 2021-01-11, signed with TC3-HMAC-SHA256.

https://cloud.tencent.com/document/api/382/55981 (SendSms), .../55969 (PullSmsSendStatusByPhoneNumber), .../213/30654 (signature),
.../product/382/5807 (status callback), .../5809 (reply callback). Assumed, because the pages are silent: `SessionContext` of a pulled row
is the one we sent; replies carry no number of their own, so the same words from one number in one second are one reply. Callbacks are not
signed by the provider: the address is the secret.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from zhike.channels.http import Line
from zhike.channels.sms.gateways import Account, Outcome, Parcel, Receipt, Uplink, asked, number_of, outcome_of_silence
from zhike.channels.sms.rows import readable, text

ENDPOINT = "https://sms.tencentcloudapi.com/"
VERSION = "2021-01-11"
SERVICE = "sms"
REGION = "ap-guangzhou"
JSON = "application/json; charset=utf-8"
AGAIN = (
    "LimitExceeded.PhoneNumberThirtySecondLimit",
    "LimitExceeded.PhoneNumberOneHourLimit",
    "LimitExceeded.DeliveryFrequencyLimit",
    "RequestLimitExceeded",
)
PERHAPS = ("InternalError",)
"""Errors after which the provider may have it all the same."""


def canonical_request(host: str, action: str, payload: bytes) -> str:
    lines = f"content-type:{JSON}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    return "\n".join(["POST", "/", "", lines, "content-type;host;x-tc-action", hashlib.sha256(payload).hexdigest()])


def string_to_sign(request: str, timestamp: int, service: str) -> str:
    scope = f"{_day(timestamp)}/{service}/tc3_request"
    return f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"


def signing_key(secret: str, timestamp: int, service: str) -> bytes:
    key = f"TC3{secret}".encode()
    for part in (_day(timestamp), service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def signature_of(key: bytes, to_sign: str) -> str:
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _day(timestamp: int) -> str:
    return dt.datetime.fromtimestamp(timestamp, dt.UTC).strftime("%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Tencent:
    """SendSms, PullSmsSendStatusByPhoneNumber, and both callbacks."""

    account: Account
    line: Line
    needs_template: bool = True

    @property
    def answer(self) -> dict[str, Any]:
        return {"result": 0, "errmsg": "OK"}

    def send(self, parcel: Parcel, now: dt.datetime) -> Outcome:
        reply = self._ask(
            "SendSms",
            {
                "PhoneNumberSet": [parcel.to],
                "SmsSdkAppId": self.account.app_id,
                "SignName": parcel.signature,
                "TemplateId": parcel.template,
                "TemplateParamSet": [value for _, value in parcel.values],
                "SessionContext": parcel.reference,
            },
            now,
        )
        if isinstance(reply, Outcome):
            return reply
        rows = reply.get("SendStatusSet")
        row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else None
        if row is None:
            return Outcome("unknown", code="no SendStatusSet")
        code, words = text(row, "Code"), text(row, "Message")
        if code == "Ok":
            return Outcome("taken", text(row, "SerialNo"), code, words)
        return _refused(code, words)

    def ask(self, parcel: Parcel, now: dt.datetime) -> Outcome:
        begin = int(parcel.at.timestamp()) - 60
        reply = self._ask(
            "PullSmsSendStatusByPhoneNumber",
            {
                "BeginTime": begin,
                "EndTime": min(begin + 86_400, int(now.timestamp()) + 60),
                "Offset": 0,
                "Limit": 100,
                "PhoneNumber": parcel.to,
                "SmsSdkAppId": self.account.app_id,
            },
            now,
        )
        if isinstance(reply, Outcome):
            return Outcome("unknown", code=reply.code, words=reply.words)
        rows = reply.get("PullSmsSendStatusSet")
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and text(row, "SessionContext") == parcel.reference:
                delivered = text(row, "ReportStatus") == "SUCCESS"
                return Outcome(
                    "delivered" if delivered else "failed", text(row, "SerialNo"), words=text(row, "Description")
                )
        return Outcome("not_found")

    def receipts(self, body: bytes) -> Sequence[Receipt]:
        return readable(body, _receipt)

    def replies(self, body: bytes) -> Sequence[Uplink]:
        return readable(body, _reply)

    def _ask(self, action: str, asks: Mapping[str, Any], now: dt.datetime) -> dict[str, Any] | Outcome:
        base = self.account.endpoint or ENDPOINT
        host, timestamp = urlsplit(base).netloc, int(now.timestamp())
        payload = json.dumps(asks, ensure_ascii=False).encode()
        to_sign = string_to_sign(canonical_request(host, action, payload), timestamp, SERVICE)
        signature = signature_of(signing_key(self.account.secret, timestamp, SERVICE), to_sign)
        scope = f"{self.account.access_id}/{_day(timestamp)}/{SERVICE}/tc3_request"
        headers = {
            "Authorization": f"TC3-HMAC-SHA256 Credential={scope}, SignedHeaders=content-type;host;x-tc-action, Signature={signature}",
            "Content-Type": JSON,
            "X-TC-Action": action,
            "X-TC-Timestamp": str(timestamp),
            "X-TC-Version": VERSION,
            "X-TC-Region": self.account.region or REGION,
        }
        reply = asked(base, self.line, headers=headers, body=payload)
        if (silence := outcome_of_silence(reply)) is not None:
            return silence
        answer = reply.json().get("Response")
        if not isinstance(answer, dict):
            return Outcome("unknown", code="no Response")
        error = answer.get("Error")
        return _refused(text(error, "Code"), text(error, "Message")) if isinstance(error, dict) else answer


def _receipt(row: Mapping[str, Any]) -> Receipt:
    return Receipt(
        provider_id=text(row, "sid"), reference=text(row, "ext"), number=number_of(row.get("mobile"), row.get("nationcode")),
        delivered=text(row, "report_status") == "SUCCESS", code=text(row, "errmsg"), words=text(row, "description"),
    )  # fmt: skip


def _reply(row: Mapping[str, Any]) -> Uplink:
    """Tencent gives replies no number of their own: one is known by who wrote what and when."""
    number = number_of(row.get("mobile"), row.get("nationcode"))
    words = text(row, "text", 2000)
    once = f"{number}\0{words}\0{text(row, 'time')}\0{text(row, 'extend')}"
    return Uplink(hashlib.sha256(once.encode()).hexdigest(), number, words)


def _refused(code: str, words: str) -> Outcome:
    state: Literal["again", "unknown", "failed"] = "failed" if code else "unknown"
    if code.startswith(AGAIN):
        state = "again"
    elif code.startswith(PERHAPS):
        state = "unknown"
    return Outcome(state, code=code, words=words)
