"""Drafts of sanctions: proposed by a clause, without effect until the one it names has decided.

A draft is a fact of the journal, and so is the decision; what is open is a draft that no decision followed.
"""

from __future__ import annotations

from collections.abc import Collection

from zhike.cases.events import SanctionConfirmed, SanctionDrafted
from zhike.handbook.common import Text
from zhike.journal.models import Fact

KINDS = (SanctionDrafted.event_type, SanctionConfirmed.event_type)


def nothing_to_decide(title: Text) -> Text:
    """What somebody is told who would decide a sanction that was never drafted."""
    return Text(
        zh=f"没有可以决定的“{title.zh}”：所依据的责任没有认定。",
        en=f"There is no “{title.say('en')}” to decide: what it rests on was not established.",
    )


def open_drafts(ids: Collection[int]) -> dict[int, dict[str, Fact]]:
    """Case -> clause -> the draft still undecided."""
    found: dict[int, dict[str, Fact]] = {number: {} for number in ids}
    rows = Fact.objects.filter(subject_kind="case", subject_id__in=list(ids), type__in=KINDS).order_by("id")
    for fact in rows:
        for clause in fact.clauses:
            if fact.type == SanctionDrafted.event_type:
                found[fact.subject_id][clause] = fact
            else:
                found[fact.subject_id].pop(clause, None)
    return found
