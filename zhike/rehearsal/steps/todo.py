"""Section 8: to-do lists and notices."""

from __future__ import annotations

from zhike.cases.queries import mine
from zhike.notices.models import Notice
from zhike.notices.queries import addressed_to
from zhike.org.principals import Viewer
from zhike.rehearsal import names
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.world import World

KINDS = {"提醒": "warned", "超时通知": "breached", "漏办通知": "missed"}
MOST = 1000


@step("<N>的待办(有|没有)<N>")
def lists(world: World, who: str, whether: str, case: str) -> None:
    wanted = None if whether == "没有" and not world.is_case(case) else _maybe(world, case)
    for viewer in world.viewers(who):
        found = mine(viewer, MOST)
        if (wanted is not None and wanted in {c.pk for c in found}) != (whether == "有"):
            raise StepFailed(f"“{viewer.name}”的待办是：{'、'.join(c.number for c in found) or '空'}")


def _maybe(world: World, case: str) -> int | None:
    """The case's id; None for a process of which there is none yet."""
    try:
        return world.case(case).pk
    except StepFailed:
        return None


@step("<N>的待办(?:有<I>件|(为空))")
def counts(world: World, who: str, number: str | None, empty: str | None) -> None:
    for viewer in world.viewers(who):
        found = mine(viewer, MOST)
        if len(found) != int(number or 0):
            raise StepFailed(f"“{viewer.name}”的待办有 {len(found)} 件：{'、'.join(c.number for c in found)}")


@step("<N>(没有)?收到(?:<I>次)?(?:依据<N>的)?(通知|提醒|超时通知|漏办通知)(?:,其中有<W>)?")
def told(
    world: World, who: str, nothing: str | None, number: str | None, clause: str | None, kind: str, words: str | None
) -> None:
    for viewer in world.viewers(who):
        found = _notices(world, viewer, clause, kind, words)
        wanted = 0 if nothing else int(number) if number else None
        if (wanted is None and not found) or (wanted is not None and len(found) != wanted):
            said = ";".join(
                f"{n.kind} {n.clause} {n.words.get('zh', '')}" for n in _notices(world, viewer, None, "通知", None)
            )
            raise StepFailed(f"“{viewer.name}”收到 {len(found)} 次，全部通知：{said or '无'}", clause or "")


def _notices(world: World, viewer: Viewer, clause: str | None, kind: str, words: str | None) -> list[Notice]:
    rows = addressed_to(viewer)
    if clause:
        rows = rows.filter(clause=names.clause(world.book, clause).id)
    if kind in KINDS:
        rows = rows.filter(kind=KINDS[kind])
    return [n for n in rows.order_by("id") if words is None or words in n.words.get("zh", "")]
