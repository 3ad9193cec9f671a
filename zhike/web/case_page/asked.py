"""An action that waits for consent, in words: on the page of its case and on the page of consents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language, gettext, pgettext

from zhike.cases.asked_deeds import State, chains_of, clauses_of, role_for
from zhike.cases.consents import open_links
from zhike.cases.models import AskedDeed
from zhike.cases.titles import title_in
from zhike.handbook.book import Book
from zhike.handbook.structure import Action
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer, staff_key
from zhike.web.base.names import Names, role_title
from zhike.web.base.times import short_moment
from zhike.web.case_page.timeline.filled import filled
from zhike.web.handbook_page.titles import say


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what is to be done on which case, what was filled in, who has agreed and whose turn it is."""

    row: AskedDeed
    action: str
    case_title: str
    number: str
    """"" where the viewer may not see the case."""
    filled: list[tuple[str, str]]
    clauses: list[tuple[str, str]]
    given: list[str]
    turn: str
    state: str
    why: str
    mine_to_decide: bool
    mine_to_withdraw: bool


def asked_of(rows: Sequence[AskedDeed], viewer: Viewer, now: dt.datetime, names: Names | None = None) -> list[Asked]:
    """Each as the viewer sees it. One query for all names."""
    called = names or Names(now)
    for row in rows:
        book, action = _of(row)
        people = {staff_key(row.staff_id), *(one["by"] for one in row.approvals)}
        fields = book.record(action.record).fields if action.record else ()
        called.ask(people, [book], [(fields, row.shown)])
    return [_shown(row, viewer, now, called) for row in rows]


def _of(row: AskedDeed) -> tuple[Book, Action]:
    book = book_of(row.case.handbook_version_id)
    return book, book.action(row.case.process, row.action)


def _shown(row: AskedDeed, viewer: Viewer, now: dt.datetime, names: Names) -> Asked:
    book, action = _of(row)
    fields = book.record(action.record).fields if action.record else ()
    why = row.why.get("en" if (get_language() or "").startswith("en") else "zh", "")
    return Asked(
        row=row,
        action=say(action.title),
        case_title=title_in(row.case, get_language() or "zh"),
        number=row.case.number if viewer.holds(row.case.audience) else "",
        filled=filled(book, fields, row.shown, names.name_of, now),
        clauses=[(book.name, clause) for clause in clauses_of(row)],
        given=[_given(one, names, now) for one in row.approvals],
        turn=_turn(row, book),
        state=state_words(row),
        why=why,
        mine_to_decide=role_for(row, viewer, now) is not None,
        mine_to_withdraw=row.state == State.WAITING and viewer.principal == staff_key(row.staff_id),
    )


def _given(one: dict[str, str], names: Names, now: dt.datetime) -> str:
    words = pgettext("somebody did", "同意") if one["decision"] == "approved" else gettext("没有同意")
    when = short_moment(dt.datetime.fromisoformat(one["at"]), now)
    return " ".join(
        part for part in (names.people.get(one["by"], one["by"]), words, when, one.get("words", "")) if part
    )


def _turn(row: AskedDeed, book: Book) -> str:
    """`示例经理`; of several links that may come in any order all, of a link with several roles either."""
    if row.state != State.WAITING:
        return ""
    links = [link for chain in chains_of(row) for link in open_links(chain, row.approvals)]
    said = [gettext(" 或 ").join(role_title(book, role) for role in link) for link in links]
    return gettext("、").join(dict.fromkeys(said))


def waits_for(row: AskedDeed) -> str:
    """Whose consent it waits for, in words."""
    return _turn(row, _of(row)[0])


def state_words(row: AskedDeed) -> str:
    return {
        "waiting": gettext("等待同意"),
        "done": gettext("已经办理"),
        "declined": gettext("没有同意"),
        "withdrawn": gettext("已撤回"),
        "superseded": gettext("工单有了变化"),
        "refused": gettext("同意后没有办成"),
        "expired": gettext("限期内没有等到同意"),
    }[row.state]
