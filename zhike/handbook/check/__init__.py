"""Is a handbook sound? Names that exist, quotes that stand in the text, stages one can reach and leave, one answer
for every question.
"""

from __future__ import annotations

from zhike.handbook.book import Book
from zhike.handbook.check.answers import check_answers
from zhike.handbook.check.facts import check_facts
from zhike.handbook.check.fields import check_fields
from zhike.handbook.check.figures import check_figures
from zhike.handbook.check.findings import Checker
from zhike.handbook.check.limits import check_limits
from zhike.handbook.check.names import check_names
from zhike.handbook.check.processes import check_processes
from zhike.handbook.check.quotes import check_text
from zhike.handbook.check.things import check_things
from zhike.handbook.check.tiers import check_tiers
from zhike.handbook.check.unrun import check_unrun
from zhike.handbook.problems import Findings
from zhike.handbook.source import Source

CHECKS = (
    check_names,
    check_text,
    check_processes,
    check_fields,
    check_facts,
    check_limits,
    check_figures,
    check_things,
    check_tiers,
    check_answers,
    check_unrun,
)


def check_book(book: Book, source: Source, findings: Findings) -> None:
    """Note everything that is wrong with a handbook that could be built."""
    checker = Checker(book, source, findings)
    for check in CHECKS:
        check(checker)
