"""What one clause lets follow from another (`apply`) can begin."""

from __future__ import annotations

from zhike.handbook.check.findings import Checker, Path
from zhike.handbook.clauses import Deadline, Duty, Sanction
from zhike.handbook.common import Effect, Text
from zhike.handbook.source import Item


def check_applied(checker: Checker, effect: Effect, item: Item, path: Path, subject: str) -> None:
    """What follows from a clause by `apply` is something that can begin: a limit, a duty of a case, a sanction."""
    named = (effect.apply,) if isinstance(effect.apply, str) else effect.apply or ()
    for clause in (one for one in checker.clauses if one.id in named):
        begins = isinstance(clause, Deadline | Sanction) or (isinstance(clause, Duty) and clause.owed_for == "case")
        if not begins:
            checker.note(
                "apply-nothing",
                item,
                Text(zh=f"{clause.id} 没有可以开始的事。", en=f"{clause.id} has nothing that could begin."),
                Text(
                    zh="apply 只写工单的时限、例行和奖惩条款。",
                    en="Let `apply` name limits, duties of a case and sanctions.",
                ),
                path=(*path, "apply"),
                subject=subject,
            )
