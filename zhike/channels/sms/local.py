"""A gateway for trying things out: it takes everything, sends nothing, and plays the receipts and replies somebody asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zhike.channels.sms.gateways import Outcome, Parcel, Receipt, Uplink, number_of
from zhike.channels.sms.rows import flag, rows_of, text


@dataclass(frozen=True, slots=True)
class Local:
    """Its callbacks are those of the form on the page: {"reference", "number", "delivered"} and {"key", "number", "words"}."""

    needs_template: bool = False

    @property
    def answer(self) -> dict[str, Any]:
        return {"code": 0}

    def send(self, parcel: Parcel, now: dt.datetime) -> Outcome:
        return Outcome("taken", f"local-{parcel.reference}", "OK")

    def ask(self, parcel: Parcel, now: dt.datetime) -> Outcome:
        return Outcome("taken", f"local-{parcel.reference}", "OK")

    def receipts(self, body: bytes) -> Sequence[Receipt]:
        return [
            Receipt(
                "",
                text(row, "reference"),
                number_of(row.get("number")),
                flag(row, "delivered"),
                text(row, "code"),
                text(row, "words"),
            )
            for row in rows_of(body)
        ]

    def replies(self, body: bytes) -> Sequence[Uplink]:
        return [
            Uplink(text(row, "key"), number_of(row.get("number")), text(row, "words", 2000)) for row in rows_of(body)
        ]
