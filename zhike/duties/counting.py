"""What is counted beside the deeds themselves: tries in a row that reached nobody, and outcomes in a row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from zhike.duties.models import Obligation
from zhike.handbook.calendars import due_at
from zhike.handbook.clauses import Duty
from zhike.handbook.common import Facts, Parameter
from zhike.handbook.conditions import holds
from zhike.handbook.limits import as_duty, duration_in
from zhike.handbook.terms import Attempts
from zhike.org.handbooks import book_of


def clause_of(row: Obligation) -> Duty:
    return as_duty(book_of(row.version_id).clause(row.clause))


def count_tries(
    heard: Sequence[Obligation], settled: Sequence[Obligation], facts: Facts, at: dt.datetime
) -> list[Obligation]:
    """Note which of the obligations that heard of the deed were tried in vain; answers with those whose tries are used up by it.

    A deed that settles without being a try in vain begins the row anew; one that is neither is passed over: a text where a
    call is owed.
    """
    limited = [row for row in heard if clause_of(row).attempts is not None]
    before = {row.pk: list(row.tries) for row in limited}
    for row in limited:
        if _is_try(row, facts, at):
            row.tries = [*row.tries, at.isoformat()]
        elif row in settled and not holds(_rule(row).of, facts):
            row.tries = []
    changed = [row for row in limited if row.tries != before[row.pk]]
    Obligation.objects.bulk_update(changed, ["tries"])
    return [row for row in changed if len(row.tries) == _most(row)]


def count_streaks(settled: Sequence[Obligation], facts: Facts) -> list[Obligation]:
    """Count the deeds in a row that had the outcome a clause looks for (`streak`); answers with those whose row is now long enough.

    A deed with another outcome begins anew; a row that is complete is told of once, and the next begins after it.
    """
    complete = []
    for row in settled:
        rule = clause_of(row).streak
        if rule is None:
            continue
        row.streak = row.streak % rule.count + 1 if holds(rule.of, facts) else 0
        if row.streak == rule.count:
            complete.append(row)
    return complete


def _is_try(row: Obligation, facts: Facts, at: dt.datetime) -> bool:
    """A try that comes too soon after the one before is none."""
    rule = _rule(row)
    if not holds(rule.of, facts):
        return False
    if not row.tries:
        return True
    last = dt.datetime.fromisoformat(row.tries[-1])
    zone = book_of(row.version_id).handbook.zone
    if rule.different_days and last.astimezone(ZoneInfo(zone)).date() == at.astimezone(ZoneInfo(zone)).date():
        return False
    book = book_of(row.version_id)
    return rule.apart is None or at >= due_at(None, last, duration_in(book, rule.apart), zone=zone)


def _most(row: Obligation) -> int:
    most = _rule(row).most
    return int(str(book_of(row.version_id).parameter(most.param))) if isinstance(most, Parameter) else most


def _rule(row: Obligation) -> Attempts:
    rule = clause_of(row).attempts
    assert rule is not None
    return rule


def counts_as_done(row: Obligation) -> bool:
    return _rule(row).counts_as_done
