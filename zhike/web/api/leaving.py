"""The tokens of somebody who leaves are revoked; they go to nobody, because a token acts with its owner's rights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.org.holdings import Handover, Holding, Subject, register_holding
from zhike.web.api.events import TokenRevoked
from zhike.web.models import ApiToken


def tokens_of(staff_id: int, _covered: Collection[Subject], _now: dt.datetime) -> Iterable[Holding]:
    rows = ApiToken.objects.filter(owner_id=staff_id, revoked_at=None).order_by("id")
    return [Holding("token", row.pk, Text(zh=row.name, en=row.name), ends=True) for row in rows]


def revoke_all(rows: Sequence[Holding], handover: Handover) -> None:
    tokens = ApiToken.objects.select_for_update().filter(pk__in=[row.id for row in rows], revoked_at=None)
    facts = [
        NewFact(TokenRevoked(token.name, token.pk), handover.now, ("staff", handover.leaver.pk), handover.by)
        for token in tokens.order_by("id")
    ]
    tokens.update(revoked_at=handover.now, revoked_by=handover.by)
    record(facts)


register_holding("token", Text(zh="接口令牌", en="API tokens"), rank=50, find=tokens_of, give=revoke_all)
