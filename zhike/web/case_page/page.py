"""What the case page shows, ready to be drawn. Used by the case page itself and by the middle pane of the desk."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext

from zhike.cases.allowed import may_hand_over
from zhike.cases.asked_deeds import waiting_on
from zhike.cases.models import Case
from zhike.cases.queries import Offer, offered
from zhike.clocks.models import Clock
from zhike.handbook.book import Book
from zhike.handbook.structure import Stage
from zhike.journal.statements import rows
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.records.values import is_filled_by_product
from zhike.web.base.deadlines import Deadline, deadline_of
from zhike.web.base.names import Names
from zhike.web.case_page.asked import Asked, asked_of
from zhike.web.case_page.frozen import Frozen, frozen_on_case
from zhike.web.case_page.lasting import Lasting, lasting_on_case

KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Button:
    """An action of this stage: a button, or a verb that cannot be pressed with the reason."""

    id: str
    title: str
    tone: str
    allowed: bool
    clause: str
    clauses: tuple[str, ...]
    why: str
    direct: bool
    """True: nothing to fill and nothing to confirm, one press does it."""
    key: str = ""


@dataclass(frozen=True, slots=True)
class CaseView:
    """The head of a case: where it stands, who holds the clocks, what may be done."""

    case: Case
    book: Book
    process: str
    stage: Stage
    stage_title: str
    holders: str
    open_clocks: list[Deadline] = field(default_factory=list)
    ended_clocks: list[Deadline] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    forbidden: list[Button] = field(default_factory=list)
    may_hand_over: bool = False
    lasting: list[Lasting] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    frozen: list[Frozen] = field(default_factory=list)

    @property
    def topic(self) -> str:
        return f"case:{self.case.pk}"

    @property
    def state(self) -> str:
        """The most pressing state among the open clocks."""
        states = {d.state for d in self.open_clocks}
        return next((s for s in ("overdue", "warned", "running") if s in states), "stopped")


def clocks_of(case_id: int) -> list[Clock]:
    """Every clock of a case, what is due first at the top. One query."""
    return rows(Clock, "WHERE subject_kind = 'case' AND subject_id = %s ORDER BY due_at, id", [case_id])


def case_view(
    case: Case, viewer: Viewer, now: dt.datetime, clocks: Sequence[Clock] | None = None, names: Names | None = None
) -> CaseView:
    """The head of `case` as `viewer` sees it. Queries: clocks, where `clocks` does not say which are shown, and names.

    `names` has been asked for what the rest of the page names, so that the names of both are read with one query.
    """
    book = book_of(case.handbook_version_id)
    found = clocks_of(case.pk) if clocks is None else clocks
    every = found if clocks is None else None
    called = _holders([*case.holders, *(p for clock in found for p in clock.holders)], book, names or Names(now))
    stage = book.stage(case.process, case.stage)
    deadlines = [deadline_of(clock, now, called) for clock in found]
    buttons = [_button(offer, book) for offer in offered(case, viewer, every)]
    return CaseView(
        case=case,
        book=book,
        process=say(book.process(case.process).title),
        stage=stage,
        stage_title=say(stage.title),
        holders="" if stage.final else _joined(called.get(p, p) for p in case.holders),
        open_clocks=[d for d in deadlines if d.open],
        ended_clocks=[d for d in deadlines if not d.open],
        buttons=[b for b in buttons if b.allowed],
        forbidden=[b for b in buttons if not b.allowed],
        may_hand_over=not stage.final and may_hand_over(case, book, viewer),
        asked=asked_of(waiting_on(case), viewer, now, names),
        frozen=frozen_on_case(case, book, viewer),
        lasting=lasting_on_case(case, book, now, names or Names(now)),
    )


def case_url(number: str) -> str:
    """Where a case is shown; its number consists of letters, digits and dashes."""
    return _case_pages() + number


@cache
def _case_pages() -> str:
    return reverse("case_page:show", args=["0"]).removesuffix("0")


def say(text: object) -> str:
    """A text of the handbook in the language in force."""
    return text.say(get_language() or "zh") if hasattr(text, "say") else str(text or "")


def new_key() -> str:
    """The key of one press of a button."""
    return secrets.token_urlsafe(16)


def key_of(request: HttpRequest) -> str:
    """The key a form was sent with; "" for one that is none."""
    key = request.POST.get("key", "")
    return key if KEY.fullmatch(key) else ""


def _button(offer: Offer, book: Book) -> Button:
    action = offer.action
    asks = (
        any(not is_filled_by_product(field) for field in book.record(action.record).fields) if action.record else False
    )
    return Button(
        id=action.id,
        title=say(action.title),
        tone=action.tone,
        allowed=offer.allowed,
        clause=offer.clauses[0] if offer.clauses else "",
        clauses=offer.clauses,
        why=say(offer.why) if offer.why else "",
        direct=not asks and action.confirm is None and action.tone != "danger",
        key=new_key(),
    )


def _holders(principals: Iterable[str], book: Book, names: Names) -> dict[str, str]:
    names.ask_holders(principals, [book])
    return names.holders


def _joined(names: Iterable[str]) -> str:
    return gettext("、").join(names)
