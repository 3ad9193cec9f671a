"""A limit that the deed which begins it also ends: told within two hours of having learnt of it, asked for three days ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zhike.handbook.tests.folder import LIMIT, clause
from zhike.rehearsal.tests.company import SAID, holds, played

pytestmark = pytest.mark.django_db
DATES: list[dict[str, Any]] = [
    {"id": "learnt_at", "title": {"zh": "得知", "en": "Learnt"}, "type": "datetime"},
    {"id": "visit_on", "title": {"zh": "来访", "en": "Visit"}, "type": "datetime"},
    {"id": "paid", "title": {"zh": "实付", "en": "Paid"}, "type": "money"},
]
RECORDS = [{"id": "notice", "title": {"zh": "告知单", "en": "Notice"}, "fields": DATES}]
TELL = {
    "id": "tell",
    "title": {"zh": "告知", "en": "Tell"},
    "by": "agent",
    "from": ["new", "raised"],
    "record": "notice",
}
OWN: dict[str, Any] = {"process": "ticket", "starts": "action.tell", "until": "action.tell"}
OWN |= {"cites": "4", "quote": SAID}
TOLD = clause(LIMIT, id="S-12", since_fact="notice.learnt_at", within="2h", **OWN)
AHEAD = clause(LIMIT, id="S-13", before="notice.visit_on", within="3d", **OWN)
AGAIN = clause(LIMIT, id="S-14", within="1d", **OWN)
STEPS = """
    当 11:00:00，「示例坐席」对「王的工单」做「告知」:
      | 得知 | 2025-03-03 {learnt} |
      | 来访 | {visit} |
      | 实付 | 400 |
    那么 时限「S-12」{told}
    而且 时限「S-13」{ahead}
    而且 时限「S-14」在走，最晚 03-04 11:00
    而且 「实付」是“400”
"""


@pytest.mark.parametrize(
    ("learnt", "visit", "told", "ahead"),
    [
        ("09:00:00", "2025-03-06 11:00:00", "按时", "按时"),
        ("08:59:59", "2025-03-06 10:59:59", "超时办结", "超时办结"),
    ],
)
def test_a_deed_that_begins_and_ends_a_limit_counted_from_another_moment_settles_it(
    tmp_path: Path, learnt: str, visit: str, told: str, ahead: str
) -> None:
    """Without such a moment the same deed begins the time anew."""
    steps = STEPS.format(learnt=learnt, visit=visit, told=told, ahead=ahead)
    assert holds(played(tmp_path, steps, TOLD, AHEAD, AGAIN, more_records=RECORDS, more_actions=[TELL]))
