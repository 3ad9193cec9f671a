"""What a case's page says of how long it is kept: that its contents are gone, or are not to go."""

from __future__ import annotations

from dataclasses import dataclass, field

from zhike.cases.holds import hold_of, may_hold
from zhike.cases.models import Case, Hold
from zhike.keeping.due import deletions_of
from zhike.keeping.models import Deletion
from zhike.keeping.rules import Rule, rules_of
from zhike.org.handbooks import book_of
from zhike.org.principals import Viewer
from zhike.web.base.names import names_of
from zhike.web.case_page.page import say


@dataclass(frozen=True, slots=True)
class Kept:
    """What the page says of keeping. `forms`: (title, deletion) of single forms that are gone."""

    hold: Hold | None
    held_by: str
    may_hold: bool
    """He may, and there is something to hold: a rule says how long it is kept, and its contents are there."""
    forms: list[tuple[str, Deletion]]
    end: dict[str, str] = field(default_factory=lambda: {"deed": "end"})
    """What the button that ends the hold sends."""


def kept_of(case: Case, viewer: Viewer) -> Kept:
    """No query for a case of which no rule says how long it is kept, else two and one for a name."""
    if not rule_for(case):
        return Kept(None, "", False, [])
    hold = hold_of(case) if case.emptied_at is None else None
    book = book_of(case.handbook_version_id)
    gone = deletions_of("case", case.pk) if case.status == Case.Status.CLOSED else []
    forms = [(say(book.record(one.record).title), one) for one in gone if one.record]
    held_by = names_of([hold.by]).get(hold.by, hold.by) if hold else ""
    return Kept(hold, held_by, case.emptied_at is None and may_hold(case, viewer), forms)


def rule_for(case: Case) -> Rule | None:
    """The rule of the case's own process, else that of any form of the handbook."""
    rules = list(rules_of(case.handbook_version_id, book_of(case.handbook_version_id)))
    mine = [rule for rule in rules if rule.of == "process" and rule.name == case.process]
    return next(iter(mine or [rule for rule in rules if rule.of == "record"]), None)
