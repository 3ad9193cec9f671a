"""A case as it stood at a moment, with its clocks and duties, so that what was done since can be taken back whole.

An image also notes where the journal, the ledger and the notices stood: what came later is what was done since.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.db import connection

from zhike.cases.models import Case
from zhike.clocks.actions import restore_clocks
from zhike.duties.actions import restore_obligations

Image = dict[str, Any]

# What an action changes of the row. Whatever else it holds is either fixed or kept by reactions.
COLUMNS = (
    "stage", "status", "title", "customer_id", "department_id", "owner_id", "owner_role", "holders", "given_to", "round",
    "data", "tally", "audience", "closed_at", "merged_into_id",
)  # fmt: skip

IMAGE = """
jsonb_build_object(
    'case', to_jsonb(this),
    'clocks', coalesce((SELECT jsonb_agg(to_jsonb(clock)) FROM clocks_clock AS clock
        WHERE clock.subject_kind = 'case' AND clock.subject_id = this.id), '[]'),
    'duties', coalesce((SELECT jsonb_agg(to_jsonb(duty)) FROM duties_obligation AS duty
        WHERE duty.subject_kind = 'case' AND duty.subject_id = this.id), '[]'),
    'fact', (SELECT coalesce(max(id), 0) FROM journal_fact),
    'use', (SELECT coalesce(max(id), 0) FROM journal_clauseuse),
    'notice', (SELECT coalesce(max(id), 0) FROM notices_notice))
"""
TAKE = f"SELECT {IMAGE} FROM cases_case AS this WHERE this.id = %s"  # noqa: S608 - only constants of this module
KEEP = f"""
INSERT INTO cases_lastdeed (case_id, at, actor, action, version, before)
SELECT this.id, %s, %s, %s, this.version, {IMAGE} FROM cases_case AS this WHERE this.id = %s
ON CONFLICT (case_id) DO UPDATE SET at = excluded.at, actor = excluded.actor, action = excluded.action,
    version = excluded.version, before = excluded.before
"""  # noqa: S608 - only constants of this module
RESTORE = f"""
UPDATE cases_case SET {", ".join(f'"{name}" = old."{name}"' for name in COLUMNS)},
    version = cases_case.version + 1, updated_at = %s
FROM jsonb_populate_record(NULL::cases_case, %s::jsonb) AS old WHERE cases_case.id = %s
"""  # noqa: S608 - only constants of this module


def image_of(case: Case) -> Image:
    """The image of a case the caller has locked. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [case.pk])
        found = cursor.fetchone()[0]
    return found if isinstance(found, dict) else dict(json.loads(found))


def keep_before(case_id: int, actor: str, action: str, now: dt.datetime) -> None:
    """Note how the case stands before an action, in place of what was noted before. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [now, actor, action, case_id])


def go_back(case: Case, image: Image, *, by: str, now: dt.datetime, why: str) -> Case:
    """Make the case, its clocks and its duties what the image shows; the version goes on. Answers with the case as it now is."""
    with connection.cursor() as cursor:
        cursor.execute(RESTORE, [now, json.dumps({"given_to": [], **image["case"]}), case.pk])
    restore_obligations(("case", case.pk), image["duties"], at=now, by=by)
    restore_clocks(("case", case.pk), image["clocks"], at=now, by=by, why=why)
    return Case.objects.select_related("parent", "department", "owner", "customer").get(pk=case.pk)


def customer_changed(case: Case, image: Image) -> bool:
    """Whether the case has another customer since: the archive merged two, or took that back."""
    return bool(case.customer_id != image["case"]["customer_id"])


def run_out_by(image: Image, now: dt.datetime) -> list[str]:
    """Clauses of clocks that run in the image and would have run out by now."""
    return [
        clock["clause"]
        for clock in image["clocks"]
        if clock["state"] == "running" and dt.datetime.fromisoformat(clock["due_at"]) < now
    ]
