"""Whose clock it is: rooms above lend the worker a way to hold their rows while a clock on them fires.

A person's deed locks its case first and the case's clocks after it. The worker meets the clocks first; were it then to
wait for the case, the two would wait for each other. So it never waits: what it cannot have at once it leaves for its
next look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

Locker = Callable[[Sequence[int]], Iterable[int]]
"""Locks rows by id until the transaction ends, without waiting; answers with the ids it got."""

_lockers: dict[str, Locker] = {}


def locks(kind: str) -> Callable[[Locker], Locker]:
    """Register how subjects of `kind` are locked: `SELECT id ... FOR NO KEY UPDATE SKIP LOCKED`.

    @locks("case")
    def lock_cases(ids: Sequence[int]) -> list[int]: ...
    """

    def register(locker: Locker) -> Locker:
        _lockers[kind] = locker
        return locker

    return register


def lock_subjects(subjects: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Lock what is free among `subjects`; kinds nobody registered count as free. One query a kind."""
    by_kind: dict[str, set[int]] = defaultdict(set)
    for kind, number in subjects:
        by_kind[kind].add(number)
    held: set[tuple[str, int]] = set()
    for kind, ids in by_kind.items():
        locker = _lockers.get(kind)
        held.update((kind, number) for number in (locker(sorted(ids)) if locker else ids))
    return held
