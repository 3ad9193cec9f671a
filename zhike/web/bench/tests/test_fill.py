"""What SQL puts into a measured database is as true as what the product writes: its journal can be verified, backed up and restored."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from zhike.journal.actions import record
from zhike.journal.bench import FACT
from zhike.journal.seals import verify_chain
from zhike.web.bench.fill import chain

COPIES = """
INSERT INTO journal_fact (at, type, subject_kind, subject_id, actor, handbook, clauses, payload, audience)
SELECT at, type, subject_kind, n, actor, handbook, clauses, payload, audience FROM journal_fact, generate_series(1, 2500) AS n
"""


@pytest.mark.django_db(transaction=True)
def test_facts_that_sql_wrote_stand_in_the_stream_and_under_seals() -> None:
    with transaction.atomic():
        record([FACT])
    with connection.cursor() as cursor:
        cursor.execute(COPIES)
        assert [finding.kind for finding in verify_chain().findings] == ["stray"]
        chain(cursor)
    report = verify_chain()
    assert (report.ok, report.seals, report.sealed, report.unsealed) == (True, 3, 2501, 0)
