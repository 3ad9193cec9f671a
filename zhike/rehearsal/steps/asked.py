"""Section 5: what is asked for because a clause wants the consent of others."""

from __future__ import annotations

from zhike.cases.asked_deeds import awaiting
from zhike.cases.asking import decide_asked, withdraw_asked
from zhike.cases.models import AskedDeed, Case
from zhike.rehearsal import names
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.vocabulary import names as listed
from zhike.rehearsal.world import World


@step("<N>(同意|不同意)办理(?:<N>的)?<N>(?:,理由<W>)?", deed=True)
def decide(world: World, person: str, how: str, case: str | None, action: str, words: str | None) -> None:
    row, viewer = _latest(world, case, action), world.viewer(person)
    world.actor = viewer.principal
    world.attempt(lambda: decide_asked(row.pk, agree=how == "同意", words=words or "", by=viewer, now=world.now))


@step("<N>撤回(?:<N>的)?申请<N>", deed=True)
def withdraw(world: World, person: str, case: str | None, action: str) -> None:
    row, viewer = _latest(world, case, action), world.viewer(person)
    world.actor = viewer.principal
    world.attempt(lambda: withdraw_asked(row.pk, by=viewer, now=world.now))


@step("(?:<N>的)?申请<N>(?:等<NS>同意|(已经办理|没有办成))")
def stands(world: World, case: str | None, action: str, who: str | None, ended: str | None) -> None:
    row = _latest(world, case, action)
    if ended is not None:
        if row.state == "waiting" or (row.state == "done") != (ended == "已经办理"):
            raise StepFailed(f"申请“{action}”的状态是 {row.state}")
        return
    for text in listed(who or ""):
        if not any(row in awaiting(viewer, world.now) for viewer in world.viewers(text)):
            raise StepFailed(f"申请“{action}”没有在等“{text}”同意，状态是 {row.state}", word=text)


def _latest(world: World, case: str | None, action: str) -> AskedDeed:
    found = world.case_where(case, lambda candidate: bool(_ids(world, candidate, action)), f"申请“{action}”")
    row = AskedDeed.objects.filter(case=found, action__in=_ids(world, found, action)).order_by("-id")
    latest = row.select_related("case__department", "staff").first()
    if latest is None:
        raise StepFailed(f"{found.number} 没有申请“{action}”", word=action)
    return latest


def _ids(world: World, case: Case, action: str) -> list[str]:
    known = world.book.process(case.process).actions
    return [one.id for one in known if names.matches(action, one)]
