"""The how-manieth case of the same matter this is: what the process says makes cases alike, within so long."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.db.models.fields.json import KeyTextTransform

from zhike.cases.deed import Deed
from zhike.cases.facts import Facts
from zhike.cases.models import Case
from zhike.handbook.calendars import due_before
from zhike.lib import phone

OCCURRENCE = "case.occurrence"


def occurrence(deed: Deed, values: Mapping[str, Any]) -> Facts:
    """`{"case.occurrence": n}`, this case included, for a form with a field that is computed from it; else nothing.

    One query. Nothing either while it is not known what the matter is.
    """
    rule, record = deed.process.repeats, deed.action.record
    if rule is None or record is None or not any(f.computed == OCCURRENCE for f in deed.book.record(record).fields):
        return {}
    same = {name: _value(deed, name, values) for name in rule.same}
    if any(value in (None, "") for value in same.values()):
        return {}
    before = deed.case.opened_at
    since = due_before(None, before, rule.within, zone=deed.book.handbook.zone)
    rows = Case.objects.filter(
        handbook=deed.book.name,
        process=deed.process.id,
        opened_at__gte=since,
        opened_at__lte=before,
        pk__lt=deed.case.pk,
        merged_into=None,
    )
    for name, value in same.items():
        if name == "department":
            rows = rows.filter(department_id=value)
        else:
            said = KeyTextTransform(name, KeyTextTransform(deed.process.record, "data"))
            rows = rows.alias(**{f"same_{name}": said}).filter(**{f"same_{name}": str(value)})
    return {OCCURRENCE: rows.count() + 1}


def _value(deed: Deed, name: str, values: Mapping[str, Any]) -> Any:
    """What was sent, else what the case has; a department only as its number."""
    if name != "department":
        sent = values.get(name)
        field = next((one for one in deed.book.record(deed.process.record).fields if one.id == name), None)
        if sent and field is not None and field.type == "phone":
            with suppress(ValueError):
                return phone.normalise(str(sent))
        return sent or deed.case.data.get(deed.process.record, {}).get(name)
    sent = str(values.get(deed.action.department_from or "") or "")
    return int(sent) if sent.isdecimal() and len(sent) < 18 else deed.case.department_id
