"""What clauses say of taking cases out: gates on `export.cases`, and visibility clauses with an `export` of their own.

A gate that lacks nothing but approvals lets the request wait for them; whatever else it lacks refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhike.cases.refusals import Reason
from zhike.handbook.book import Book
from zhike.handbook.clauses import Gate, Visibility
from zhike.handbook.common import Facts, Text, models_in
from zhike.handbook.conditions import holds
from zhike.handbook.decide import judge
from zhike.handbook.gates import chain_wanted, links_left, scoped
from zhike.handbook.terms import Requirement
from zhike.org.principals import Viewer

EVENT = "export.cases"
APPROVALS = "approvals"
NOT_SEALED = Text(
    zh="制度要求导出的文件加密，这里还做不到，因此不能导出。",
    en="The handbook wants the file encrypted, which cannot be done here; so it is not exported.",
)


@dataclass(frozen=True, slots=True)
class Consent:
    """A chain of consents one clause asks; each link is one role, or several of which one suffices."""

    handbook: str
    clause: str
    links: tuple[tuple[str, ...], ...]
    parallel: bool = False
    distinct: bool = False
    """What the one who asks holds himself does not count."""
    never: tuple[str, ...] = ()
    """Principals who are not asked: whoever it concerns."""

    def kept(self) -> dict[str, Any]:
        links = [list(link) for link in self.links]
        rules = {"parallel": self.parallel, "distinct": self.distinct, "never": list(self.never)}
        return {"handbook": self.handbook, "clause": self.clause, "links": links, **rules}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Consent:
        links = tuple(tuple(link) for link in kept["links"])
        rules = bool(kept.get("parallel")), bool(kept.get("distinct")), tuple(kept.get("never", ()))
        return cls(kept["handbook"], kept["clause"], links, *rules)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the clauses say: refusals, consents that are asked, and every clause that spoke."""

    reasons: tuple[Reason, ...]
    consents: tuple[Consent, ...]
    clauses: tuple[str, ...]


def spoken(
    book: Book, processes: Iterable[str], facts: Facts, purpose: str, approvals: Sequence[Mapping[str, Any]] = ()
) -> Spoken:
    """What this handbook says of taking out cases of these processes. `approvals` are those given so far."""
    given = [one for one in approvals if one["handbook"] == book.name]
    known = {**facts, APPROVALS: given, "export.purpose": purpose or None}
    reasons: dict[str, Reason] = {}
    consents: dict[str, Consent] = {}
    clauses: dict[str, None] = {}
    for process in processes:
        judged = judge(book, known, on=EVENT, process=process, form={"purpose": purpose})
        clauses |= dict.fromkeys(decision.clause_id for decision in judged.decisions)
        for refusal in judged.refusals:
            clause = book.clause(refusal.decision.clause_id)
            if isinstance(clause, Gate) and refusal.fields == (APPROVALS,) and not rejected(given):
                required = clause.requires
                consents[clause.id] = Consent(book.name, clause.id, required.approvals, required.parallel)
            else:
                reasons[clause.id] = Reason(refusal.words, clause.id, refusal.fields, refusal.decision)
        for sight in _sights(book, process, known):
            clauses[sight.id] = None
            _read_sight(sight, book, given, reasons, consents)
    return Spoken(tuple(reasons.values()), tuple(consents.values()), tuple(clauses))


def _sights(book: Book, process: str, facts: Facts) -> list[Visibility]:
    found = book.speaking_of("visibility", None, f"process.{process}")
    return [c for c in found if isinstance(c, Visibility) and c.export is not None and holds(c.when, facts)]


def _read_sight(
    clause: Visibility, book: Book, given: Sequence[Mapping[str, Any]], reasons: dict[str, Reason], consents: dict[str, Consent]
) -> None:  # fmt: skip
    export = clause.export
    assert export is not None
    if export.forbidden:
        reasons[clause.id] = Reason(clause.refuse, clause.id)
    elif export.encrypt:
        reasons[clause.id] = Reason(NOT_SEALED, clause.id)
    elif export.approval:
        chain = Consent(book.name, clause.id, (export.approval,))
        if open_links(chain, given):
            consents[clause.id] = chain


def rejected(given: Iterable[Mapping[str, Any]]) -> bool:
    return any(one["decision"] != "approved" for one in given)


def open_links(consent: Consent, given: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """The links nobody agreed to yet: the next one, or all of them where the order is free. Each is agreed to by another person."""
    mine = [one for one in given if one["handbook"] == consent.handbook]
    mine = [one for one in mine if not (consent.distinct and one.get("own"))]
    return links_left(consent.links, mine, consent.parallel)


def asked_by(book: Book, reasons: Iterable[Reason], facts: Facts, form: Facts) -> list[Consent] | None:
    """The chains these reasons wait for, where they lack nothing but consent; None where one of them refuses for another reason."""
    found: list[Consent] = []
    for reason in reasons:
        if reason.consent:
            found.append(
                Consent(book.name, reason.clause, reason.consent, distinct=reason.by_others, never=reason.never)
            )
            continue
        clause = book.clause(reason.clause) if reason.clause else None
        wanted = chain_wanted(clause.requires, scoped(clause, facts), form) if isinstance(clause, Gate) else None
        if wanted is None or clause is None:
            return None
        found.append(Consent(book.name, clause.id, wanted.approvals, wanted.parallel, wanted.distinct))
    return found


def roles_asked(book: Book, process: str, event: str) -> set[str]:
    """Every role whose consent gates of this event may ask."""
    gates = [gate for gate in book.speaking_of("gate", process, event) if isinstance(gate, Gate)]
    return {role for one in models_in(tuple(gates), Requirement) for link in one.approvals for role in link}


Holds = Callable[[str, str], bool]
"""(handbook, role): whether somebody holds it, where it matters in the department the thing is about."""


def role_to_agree(
    viewer: Viewer, consents: Iterable[Consent], given: Sequence[Mapping[str, Any]], holds_role: Holds | None = None
) -> tuple[str, str] | None:
    """(handbook, role) in which this viewer may agree now; None where it is not his turn or he has spoken already."""
    held = holds_role or viewer.in_role
    for consent in consents:
        if any(one["by"] == viewer.principal and one["handbook"] == consent.handbook for one in given):
            continue
        for link in open_links(consent, given):
            for role in link:
                if held(consent.handbook, role):
                    return consent.handbook, role
    return None
