"""Section 6: refused or done."""

from __future__ import annotations

from zhike.cases.models import Case
from zhike.cases.queries import offered
from zhike.cases.refusals import NotYours, Refused, Stale, Unreadable
from zhike.conversations.refusals import ConversationRefused
from zhike.rehearsal import names
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.vocabulary import names as listed
from zhike.rehearsal.world import Refusal, World


@step(r"被拒绝(?:,依据<NS>)?(?:,指出<NS>)?")
def refused(world: World, clauses: str | None, fields: str | None) -> None:
    refusal = world.expect_refusal()
    check_clauses(world, refusal, clauses)
    _check_fields(world, refusal, fields)


@step(r"被拒绝,因为(无权办理|不在可办理的阶段|表单有误|页面已过时)(?:,指出<NS>)?")
def refused_because(world: World, why: str, fields: str | None) -> None:
    refusal = world.expect_refusal()
    found = kind_of(refusal.error)
    if found != why:
        raise StepFailed(f"被拒绝的原因是“{found}”，不是“{why}”：{'；'.join(refusal.words)}")
    _check_fields(world, refusal, fields)


@step("拒绝的话里有<W>")
def refusal_says(world: World, words: str) -> None:
    refusal = world.expect_refusal()
    if not any(words in said for said in refusal.words):
        raise StepFailed(f"拒绝的话是“{'；'.join(refusal.words)}”，里面没有“{words}”")


@step("办理成功")
def done(world: World) -> None:
    world.require_no_refusal()
    if world.deeds == 0:
        raise StepFailed("还没有办理过")


@step("<N>(可以|不可以)(?:对<N>)?(?:做|办理)<N>(?:,依据<N>)?")
def may(world: World, person: str, whether: str, case: str | None, action: str, clause: str | None) -> None:
    def fits(candidate: Case) -> bool:
        return any(a.from_ for a in names.actions(world.book, candidate.process, action))

    found = world.case_where(case, fits, f"动作“{action}”")
    viewer = world.viewer(person)
    seen = viewer.holds(found.audience)
    offer = next((o for o in offered(found, viewer) if names.matches(action, o.action)), None) if seen else None
    allowed = offer is not None and offer.allowed
    if allowed != (whether == "可以"):
        why = offer.why.zh if offer and offer.why else "页面上没有这个动作"
        raise StepFailed(f"“{person}”{'可以' if allowed else '不可以'}做“{action}”" + ("" if allowed else f":{why}"))
    if clause and (offer is None or names.clause(world.book, clause).id not in offer.clauses):
        raise StepFailed(f"页面没有把它归于“{clause}”")


def kind_of(error: Exception) -> str:
    """The reason as scenarios say it."""
    if isinstance(error, NotYours):
        at_stage = any("处于" in reason.words.zh or "现在还不能" in reason.words.zh for reason in error.reasons)
        return "不在可办理的阶段" if at_stage else "无权办理"
    if isinstance(error, ConversationRefused):
        return "条款不允许" if error.reasons else "表单有误" if error.fields else "无权办理"
    kinds = {Stale: "页面已过时", Unreadable: "表单有误", Refused: "条款不允许"}
    return next((said for kind, said in kinds.items() if isinstance(error, kind)), type(error).__name__)


def check_clauses(world: World, refusal: Refusal, clauses: str | None) -> None:
    for text in listed(clauses or ""):
        wanted = names.clause(world.book, text).id
        if wanted not in refusal.clauses:
            raise StepFailed(
                f"拒绝的依据是 {'、'.join(refusal.clauses) or '无'}，不是 {wanted}：{'；'.join(refusal.words)}", wanted
            )


def _check_fields(world: World, refusal: Refusal, fields: str | None) -> None:
    every = [f for r in world.book.handbook.records for f in r.fields]
    for text in listed(fields or ""):
        if not any(f.id in refusal.fields and names.matches(text, f) for f in every) and text not in refusal.fields:
            said = "、".join(dict.fromkeys(f.title.zh for f in every if f.id in refusal.fields)) or "没有指出字段"
            raise StepFailed(f"没有指出“{text}”，指出的是：{said}")
