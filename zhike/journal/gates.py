"""The gates of objects, as the live feed asks for them. A room above registers the one its pages use:

    @gate_for("case")
    def audiences_of(ids: Collection[int]) -> Mapping[int, Collection[str]]:
        return dict(Case.objects.filter(id__in=ids).values_list("id", "audience"))

A fact about a gated object is told to those who are in the fact's audience and in the object's current one: what the
page would refuse now, the feed does not tell, whatever the fact said when it was written. An object the gate does not
answer for is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

Gate = Callable[[Collection[int]], Mapping[int, Collection[str]]]
Subject = tuple[str, int]
NOBODY: frozenset[str] = frozenset()

_gates: dict[str, Gate] = {}


def gate_for(subject_kind: str) -> Callable[[Gate], Gate]:
    """Register who may see objects of a kind: ids in, {id: principals} out, with one query."""

    def register(gate: Gate) -> Gate:
        _gates[subject_kind] = gate
        return gate

    return register


def is_gated(subject_kind: str) -> bool:
    return subject_kind in _gates


def current_audiences(subjects: Iterable[Subject]) -> dict[Subject, frozenset[str]]:
    """Who may see each of these objects now; only gated ones are in the answer. One query a kind."""
    wanted: dict[str, set[int]] = {}
    for kind, number in subjects:
        if kind in _gates:
            wanted.setdefault(kind, set()).add(number)
    answer: dict[Subject, frozenset[str]] = {}
    for kind, numbers in wanted.items():
        told = _gates[kind](numbers)
        answer.update({(kind, number): frozenset(told.get(number, NOBODY)) for number in numbers})
    return answer
