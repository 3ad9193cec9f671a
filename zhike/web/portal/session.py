"""Which case a visitor follows: one, kept in the session for two hours."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest

from zhike.cases.models import Case
from zhike.org.principals import Viewer, customer_viewer

KEY = "portal_case"
LIFE = dt.timedelta(hours=2)


class NotFollowing(Exception):
    """The visitor follows no case, or no longer."""


def follow_case(request: HttpRequest, case: Case, wall: dt.datetime) -> None:
    """From here on this visitor follows this case and no other."""
    request.session.cycle_key()
    request.session[KEY] = {"id": case.pk, "until": (wall + LIFE).isoformat()}


def followed(request: HttpRequest, wall: dt.datetime) -> Case:
    """The case this visitor follows. Raises NotFollowing."""
    kept = request.session.get(KEY)
    if not kept or dt.datetime.fromisoformat(kept["until"]) < wall:
        raise NotFollowing
    rows = Case.objects.select_related("customer", "department", "handbook_version")
    case = rows.filter(pk=kept["id"]).first()
    if case is None or not case.portal_token:
        raise NotFollowing
    return _leading(case) or case


def _leading(case: Case) -> Case | None:
    """The case it was merged into, where that is the same customer's and open to him; of anybody else's he sees nothing."""
    if case.merged_into_id is None or case.customer_id is None:
        return None
    rows = Case.objects.select_related("customer", "department", "handbook_version").exclude(portal_token="")
    return rows.filter(pk=case.merged_into_id, customer_id=case.customer_id).first()


def stop_following(request: HttpRequest) -> None:
    request.session.pop(KEY, None)


def follower(case: Case, language: str) -> Viewer:
    """Whoever follows `case`: its customer, with no key but his own."""
    if case.customer_id is None:
        return Viewer(principal="customer:0", keys=frozenset(), language=language)
    return customer_viewer(case.customer_id, case.customer.name if case.customer else "", language)
