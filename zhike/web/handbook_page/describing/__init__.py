"""A clause in plain words: what a person needs to know of its data, line by line. A kind each has its words in one module.

Nothing a clause says is passed over: tests/test_describing.py watches which of its terms are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext, pgettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause
from zhike.web.handbook_page import terms, titles
from zhike.web.handbook_page.describing.consequences import sanction_lines
from zhike.web.handbook_page.describing.figures import measure_lines, tariff_lines
from zhike.web.handbook_page.describing.gates import gate_lines
from zhike.web.handbook_page.describing.limits import deadline_lines
from zhike.web.handbook_page.describing.line import Line
from zhike.web.handbook_page.describing.owed import duty_lines
from zhike.web.handbook_page.describing.routes import route_lines
from zhike.web.handbook_page.describing.seen import visibility_lines
from zhike.web.handbook_page.describing.words import wording_lines

__all__ = ["Line", "kind_title", "lines_of"]


def kind_title(kind: str) -> str:
    """The kind of a clause in the language in force."""
    return {
        "deadline": pgettext("kind of clause", "时限"),
        "duty": pgettext("kind of clause", "例行"),
        "gate": pgettext("kind of clause", "准入"),
        "route": pgettext("kind of clause", "流转"),
        "measure": pgettext("kind of clause", "指标"),
        "sanction": pgettext("kind of clause", "奖惩"),
        "tariff": pgettext("kind of clause", "计费"),
        "wording": pgettext("kind of clause", "话术"),
        "visibility": pgettext("kind of clause", "保密"),
    }.get(kind, kind)


def lines_of(book: Book, clause: Clause) -> list[Line]:
    """The clause's data in words; a line without words is left out."""
    process = book.process_of(clause)
    found = [*DESCRIBED[clause.kind](book, clause, process), *_common(book, clause, process)]
    return [line for line in found if line.words]


def _common(book: Book, clause: Clause, process: str | None) -> Iterator[Line]:
    """What a clause of any kind may say."""
    yield Line(gettext("仅当"), terms.conditions(book, clause.when, process))
    yield Line(gettext("适用于"), terms.conditions(book, clause.applies, process))
    if clause.permits:
        yield Line(gettext("性质"), gettext("可以这样做，不是必须"))
    yield Line(gettext("先于"), titles.listed(clause.overrides))
    yield Line(gettext("让位于"), titles.listed(clause.yields_to))
    if clause.judged_by:
        yield Line(gettext("由谁认定"), titles.role(book, clause.judged_by))
    if clause.since:
        yield Line(gettext("开始施行"), clause.since.isoformat())
    if clause.derived:
        yield Line(gettext("来历"), gettext("原文没有写明，是本系统的默认值，经理可以修改"))
    elif clause.open:
        yield Line(gettext("来历"), gettext("原文没有写明的地方取了默认值，经理可以修改"))
    yield Line(gettext("备注"), titles.say(clause.note))


DESCRIBED: dict[str, Callable[[Book, Any, str | None], Iterator[Line]]] = {
    "deadline": deadline_lines,
    "duty": duty_lines,
    "gate": gate_lines,
    "route": route_lines,
    "measure": measure_lines,
    "sanction": sanction_lines,
    "tariff": tariff_lines,
    "wording": wording_lines,
    "visibility": visibility_lines,
}
