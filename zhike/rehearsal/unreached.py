"""Why a clause was not exercised: its event never came, its conditions never held, or it is not for software to apply."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from zhike.handbook.book import Book, starting_events
from zhike.handbook.clauses import Clause, Deadline, Duty, Measure, Sanction, Tariff, Visibility
from zhike.handbook.structure import Action, Stage

TOLD = """
SELECT DISTINCT type, payload->>'action', payload->>'stage', payload->>'stage_before', payload->>'state', payload->>'record',
    CASE WHEN type IN ('clock.breached', 'duty.missed') THEN clauses[1] END
FROM journal_fact
"""
KNOWN = ("action.", "stage.", "case.", "clock.", "duty.", "conversation.", "presence.", "record.")
"""Events that leave a fact by which it is known whether they came."""


def happened() -> set[str]:
    """The events that came in the scenario at hand, in the words in which clauses name them. One query."""
    with connection.cursor() as cursor:
        cursor.execute(TOLD)
        rows = cursor.fetchall()
    return {event for row in rows for event in _events(*row)}


def _events(
    type_: str,
    action: str | None,
    stage: str | None,
    before: str | None,
    state: str | None,
    record: str | None,
    clause: str | None,
) -> set[str]:
    found = {type_}
    if action:
        found.add(f"action.{action}")
    if stage and stage != before:
        found |= {f"stage.{stage}.entered", f"stage.{before}.left"}
    if clause:
        family, _, what = type_.partition(".")
        found.add(f"{family}.{clause}.{what}")
    if record:
        found |= {f"record.{record}.completed", f"record.{record}.complete"}
    if type_ == "presence.changed" and state:
        found |= {f"presence.{state}.entered", f"presence.enter.{state}"}
    return found


def why(book: Book, clause: Clause, came: Collection[str]) -> str:
    """One sentence: why it was not exercised and what a scenario has to do."""
    if clause.judged_by:
        return f"由{_role(book, clause.judged_by)}判定，软件不自己适用：写一步记下判定"
    events = [*starting_events(clause)]
    known = [event for event in events if event.startswith(KNOWN)]
    if isinstance(clause, Visibility):
        return f"没有人看{_titled(book, clause.of)}被它放行或拒绝：写“「…」打开「…」”或“「…」查询「…」”"
    if isinstance(clause, Measure):
        asked = f"指标没有算过：写“指标「{clause.id}」是 …”"
        return "；".join(part for part in (asked, _never(book, known, came) if known else "") if part)
    if isinstance(clause, Duty) and not clause.starts:
        return f"对 {clause.owed_for} 中的每一个承担，没有谁在其中{_conditions({**clause.where, **clause.when})}"
    if known and (missing := _never(book, known, came)):
        return missing
    if isinstance(clause, Sanction | Tariff) and not known:
        return f"没有场景发生过 {'、'.join(events) or '它所依据的事'}"
    if not events:
        return "它不在任何事件上说话，只被别的条款引用"
    came_by = "、".join(_titled(book, event) for event in events if event in came) or "、".join(events)
    more = "，或者别的条款先说了话" if isinstance(clause, Deadline) else ""
    return f"{came_by}发生过，但条件没有成立{_conditions(clause.when)}{more}"


def _never(book: Book, known: Collection[str], came: Collection[str]) -> str:
    if any(event in came for event in known):
        return ""
    return f"没有场景发生过：{'、'.join(_titled(book, event) for event in known)}"


def _conditions(when: Collection[str]) -> str:
    return f"（看 {'、'.join(when)}）" if when else ""


def _titled(book: Book, event: str) -> str:
    """`动作“提交”(action.submit)`."""
    family, _, rest = event.partition(".")
    name = rest.partition(".")[0]
    things: list[Action | Stage] = [
        one
        for process in book.handbook.processes
        for one in (process.actions if family == "action" else process.stages)
    ]
    title = next((one.title.zh for one in things if one.id == name), "") if family in ("action", "stage") else ""
    words = {"action": "动作", "stage": "环节"}.get(family, "")
    return f"{words}“{title}”({event})" if title else event


def _role(book: Book, name: str) -> str:
    return next((role.title.zh for role in book.handbook.roles if role.id == name), name)
