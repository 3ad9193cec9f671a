"""Fillings are kept and never changed."""

import pytest
from django.db import DatabaseError, transaction

from zhike.records.actions import keep_filling
from zhike.records.models import Filling
from zhike.records.queries import fillings, latest, latest_of_each
from zhike.records.tests.world import AGENT, NOW

pytestmark = pytest.mark.django_db
CASE = ("case", 7)


def keep(record: str, **values: object) -> Filling:
    return keep_filling(version_id=1, record=record, subject=CASE, values=values, actor=AGENT, at=NOW, action="report")


def test_the_last_filling_of_a_form_counts(django_assert_num_queries):
    keep("review", result="reject")
    second = keep("review", result="pass")
    other = keep("opinion", opinion="换货")
    keep_filling(version_id=1, record="review", subject=("case", 8), values={}, actor=AGENT, at=NOW)
    assert latest(CASE, "review") == second
    assert [f.values for f in fillings(CASE, "review")] == [{"result": "reject"}, {"result": "pass"}]
    with django_assert_num_queries(1):
        assert latest_of_each(CASE) == {"review": second, "opinion": other}
    assert latest(CASE, "recontact") is None


def test_the_database_refuses_to_change_a_filling():
    filling = keep("review", result="pass")
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Filling.objects.filter(pk=filling.pk).update(values={"result": "reject"})
