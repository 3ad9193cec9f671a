"""Rows of several models with one query."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from zhike.journal.models import Fact
from zhike.journal.statements import rows, together
from zhike.org.models import Department, Staff

NINE = dt.datetime.fromisoformat("2025-06-10T09:00:00+08:00")


@pytest.mark.django_db
def test_rows_of_three_models_come_with_one_query_as_they_come_alone() -> None:
    for name in ("one", "two"):
        Staff.objects.create(username=name, name=f"示例{name}", left_at=NINE if name == "two" else None)
    Department.objects.create(code="store", name="示例店", kind="store")
    Fact.objects.create(
        at=NINE, type="test.happened", subject_kind="test", subject_id=5, actor="system", payload={"a": [1, None]},
        audience=["staff:1", 'with "quotes"'], clauses=["X-1"],
    )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        people, none, places, facts = together(
            (Staff, "WHERE username = %s OR name = %s", ["one", "示例two"]),
            (Fact, "WHERE type = %s", ["test.never"]),
            (Department, "", []),
            (Fact, "WHERE type = %s", ["test.happened"]),
        )
    assert len(asked) == 1
    assert none == []
    for found, model in ((people, Staff), (places, Department), (facts, Fact)):
        alone = {row.pk: row for row in rows(model, "")}
        assert len(found) == len(alone)
        for row in found:
            expected = {k: v for k, v in vars(alone[row.pk]).items() if k != "_state"}
            assert {k: v for k, v in vars(row).items() if k != "_state"} == expected
            assert (type(row), row._state.adding) == (model, False)
