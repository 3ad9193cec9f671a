"""What the handbook page shows: sections with their clauses, each clause with its words and its ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from zhike.handbook.book import Book
from zhike.handbook.clauses import Clause
from zhike.handbook.text import Section
from zhike.handbook.unrun import unrun_of
from zhike.journal.queries import Tally
from zhike.web.base import times
from zhike.web.handbook_page.describing import Line, kind_title, lines_of
from zhike.web.handbook_page.markdown import render
from zhike.web.handbook_page.period import Period
from zhike.web.handbook_page.titles import say

FIRST_LINES = 3
"""Lines of a clause shown at once; the others unfold."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the ledger and the address of the list behind it."""

    word: str
    count: int
    url: str
    state: str = ""
    """"kept" or "broken", for the colour."""


@dataclass(frozen=True, slots=True)
class ClauseView:
    """A clause beside its section."""

    id: str
    kind: str
    kind_title: str
    title: str
    quote: str
    derived: bool
    lines: list[Line]
    more: list[Line]
    figures: list[Figure]
    share: str
    minutes: str
    url: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section of the text and the clauses that come from it."""

    number: str
    title: str
    level: int
    html: str
    clauses: list[ClauseView]
    without: str
    """Why no clause comes from it."""

    @property
    def anchor(self) -> str:
        return f"s-{self.number}"


def sections_of(book: Book, tallies: Mapping[str, Tally], period: Period) -> list[SectionView]:
    """Every section in order."""
    return [_section(book, section, tallies, period) for section in book.sections]


def _section(book: Book, section: Section, tallies: Mapping[str, Tally], period: Period) -> SectionView:
    own = [clause for clause in book.clauses() if clause.cites == section.number]
    return SectionView(
        number=section.number,
        title=section.title,
        level=section.level,
        html=render(section.body, {clause.id: clause.quote for clause in own}),
        clauses=[clause_view(book, clause, tallies.get(clause.id, Tally(clause.id)), period) for clause in own],
        without="" if own else book.handbook.unclaused.get(section.number, ""),
    )


def clause_view(book: Book, clause: Clause, tally: Tally, period: Period) -> ClauseView:
    lines = [*_not_run(book, clause), *lines_of(book, clause)]
    return ClauseView(
        id=clause.id,
        kind=clause.kind,
        kind_title=kind_title(clause.kind),
        title=say(clause.title),
        quote=clause.quote,
        derived=clause.derived,
        lines=lines[:FIRST_LINES],
        more=lines[FIRST_LINES:],
        figures=_figures(book, clause, tally, period),
        share=_share(tally),
        minutes=_minutes(tally),
        url=reverse("handbook_page:clause", args=[book.name, clause.id]),
    )


def _not_run(book: Book, clause: Clause) -> list[Line]:
    """What of it the product does not carry out yet."""
    return [Line(gettext("还不执行"), say(said)) for said in unrun_of(book).get(clause.id, ())]


def words_of_outcome(kind: str) -> dict[str, str]:
    """What the four outcomes are called for a kind of clause."""
    applied, kept, broken = {
        "deadline": (gettext("已起算"), gettext("按时"), gettext("超时")),
        "duty": (gettext("应办"), gettext("做到"), gettext("漏做")),
        "gate": (gettext("放行"), gettext("守住"), gettext("违反")),
    }.get(kind, (gettext("用到"), gettext("守住"), gettext("违反")))
    return {"applied": applied, "kept": kept, "broken": broken, "refused": gettext("拒绝")}


def _figures(book: Book, clause: Clause, tally: Tally, period: Period) -> list[Figure]:
    """Limits and duties always show kept and broken; the others only what happened."""
    judged = clause.kind in ("deadline", "duty")
    counts = {"applied": tally.applied, "kept": tally.kept, "broken": tally.broken, "refused": tally.refused}
    found = words_of_outcome(clause.kind)
    base = reverse("handbook_page:uses", args=[book.name, clause.id])
    return [
        Figure(found[name], count, f"{base}?outcome={name}&{period.query}", name if name in ("kept", "broken") else "")
        for name, count in counts.items()
        if count or name == "applied" or (judged and name in ("kept", "broken"))
    ]


def _share(tally: Tally) -> str:
    """Of what was judged the share kept, and the share done within the target."""
    if tally.share_kept is None:
        return ""
    told = [gettext("及时率 %(share).0f%%") % {"share": tally.share_kept}]
    if tally.in_target is not None:
        told.append(gettext("目标达成率 %(share).0f%%") % {"share": 100 * tally.in_target / tally.judged})
    return gettext("，").join(told)


def _minutes(tally: Tally) -> str:
    told = []
    if tally.minutes is not None:
        told.append(gettext("平均用时 %(time)s") % {"time": minutes_words(tally.minutes)})
    if tally.late_minutes:
        told.append(gettext("超时平均 %(time)s") % {"time": minutes_words(tally.late_minutes)})
    return gettext("，").join(told)


def minutes_words(minutes: float) -> str:
    """`25 分钟`, `1 天 2 小时 30 分钟`: to the nearest minute, every unit said."""
    return times.exact(dt.timedelta(minutes=round(minutes)))
