"""Is a handbook sound?"""

from __future__ import annotations

from zhike.handbook.book import Book
from zhike.handbook.problems import Findings
from zhike.handbook.source import Source


def check_book(book: Book, source: Source, findings: Findings) -> None:
    """Note everything that is wrong with a handbook that could be built."""
