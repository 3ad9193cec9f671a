"""Why a deed was not done. Each says so in the reader's language and names its clause where a clause forbids it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from zhike.handbook.common import Text
from zhike.handbook.decide import Decision


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the words, the clause that says it ("" where none does), the fields it is about."""

    words: Text
    clause: str = ""
    fields: tuple[str, ...] = ()
    decision: Decision | None = None
    consent: tuple[tuple[str, ...], ...] = ()
    """The chain of roles whose consent would do; empty where a gate says it, or none would."""
    by_others: bool = False
    """Of that chain what the one who asks holds himself does not count."""
    never: tuple[str, ...] = ()
    """Principals whose consent never counts: whoever it concerns."""


class CaseError(Exception):
    """Base of everything a deed may be turned away with."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__("; ".join(reason.words.zh for reason in reasons))
        self.reasons = tuple(reasons)

    @property
    def clauses(self) -> list[str]:
        return [reason.clause for reason in self.reasons if reason.clause]

    @property
    def fields(self) -> dict[str, Reason]:
        """Field id -> the first reason about it."""
        found: dict[str, Reason] = {}
        for reason in self.reasons:
            for name in reason.fields:
                found.setdefault(name, reason)
        return found


class Refused(CaseError):
    """A clause forbids it. Written to the journal and the ledger."""


class NeedsConsent(Refused):
    """Nothing stands against it but consents not given yet: it can be asked for (asking.py). `chains`: `consents.Consent.kept()`."""

    def __init__(self, reasons: Sequence[Reason], chains: Sequence[dict[str, Any]]) -> None:
        super().__init__(reasons)
        self.chains = list(chains)


class NotYours(CaseError):
    """The viewer's roles do not take this action, or not at this stage."""


class Stale(CaseError):
    """The case changed since the page was read; what was typed is still with the caller."""


class Impossible(CaseError):
    """It cannot be done as things stand; no clause is about it."""


class Unreadable(CaseError):
    """The form holds values that cannot be taken."""

    @classmethod
    def of(cls, errors: Mapping[str, Text], clauses: Mapping[str, str] = MappingProxyType({})) -> Unreadable:
        """`clauses`: field -> the clause that says it, where one does."""
        return cls([Reason(words, clauses.get(name, ""), (name,)) for name, words in errors.items()])


class NotFound(LookupError):
    """No such case for this viewer."""


class Forbidden(CaseError):
    """The case exists, and a visibility clause keeps this viewer out."""
