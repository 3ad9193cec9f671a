"""A case with all that its page and its print tell of it, read once: what is named is collected before a name is looked up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from zhike.cases.links import Around, around
from zhike.cases.models import Case
from zhike.cases.queries import Story, story
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.web.base.names import Names
from zhike.web.case_page.page import CaseView, case_view
from zhike.web.case_page.timeline.filled import main_filling
from zhike.web.case_page.timeline.teller import Teller


@dataclass(frozen=True, slots=True)
class Sheet:
    """Head, what is around it, and its story; `names` knows whoever and whatever any of them speaks of."""

    view: CaseView
    found: Around
    story: Story
    teller: Teller
    names: Names


def sheet_of(case: Case, viewer: Viewer, now: dt.datetime) -> Sheet:
    """Queries: what is around it, its story, its clocks, names; where clauses ask for them its duties and drafts."""
    book, names = book_of(case.handbook_version_id), Names(now)
    found, told = around(case, viewer), story(case, viewer)
    teller = Teller(case, book, told, now, found.absorbed, names)
    names.ask(fillings=[main_filling(case, book)])
    return Sheet(case_view(case, viewer, now, names=names), found, told, teller, names)
