"""Section 11: what a sanction laid on somebody for a time."""

from __future__ import annotations

from zhike.cases.models import Case, Consequence
from zhike.handbook.sanctions import consequence_title
from zhike.rehearsal.vocabulary import MOMENT, StepFailed, step
from zhike.rehearsal.wording import say_as
from zhike.rehearsal.world import World

LIVE, ENDED = Consequence.LIVE, (Consequence.State.ENDED,)
STATE = say_as(rf"(?:(在持续)(?:,到({MOMENT}))?|(已结束|没有开始))", "（在持续[，到 时刻] / 已结束 / 没有开始）")


@step(rf"<C>处理<N>{STATE}")
def lasts(world: World, case: str | None, what: str, goes_on: str | None, until: str | None, other: str | None) -> None:
    found = world.case_where(case, lambda candidate: bool(_rows(world, candidate, what)), f"处理“{what}”")
    begun = [row for row in _rows(world, found, what) if row.began_at is not None]
    state = begun[-1].state if begun else None
    wanted = LIVE if goes_on else ENDED if other == "已结束" else (None,)
    if state not in wanted:
        raise StepFailed(f"处理“{what}”的状态是 {state or '没有开始'}", begun[-1].clause if begun else "")
    if until is not None and begun[-1].ends_at != world.moment(until):
        ends = begun[-1].ends_at
        raise StepFailed(f"处理“{what}”到 {world.shown(ends) if ends else '没有期限'}", begun[-1].clause)


def _rows(world: World, case: Case, what: str) -> list[Consequence]:
    rows = Consequence.objects.filter(case=case).order_by("began_at", "id")
    return [row for row in rows if what in (row.what, consequence_title(world.book, row.what).zh)]
