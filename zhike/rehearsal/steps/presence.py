"""Section 16: who is there to answer, and where a visitor was on the site."""

from __future__ import annotations

from zhike.conversations.actions import address_of
from zhike.conversations.models import PageView, Presence
from zhike.conversations.presence import REASONS, ask_state
from zhike.conversations.trails import trail_of
from zhike.handbook import happenings
from zhike.rehearsal.steps.talk import TALK, choice, inbox_of, incoming
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.world import World

STATES = {words.zh: state for state, words in happenings.STATES.items()}


@step(rf"<N>({'|'.join(STATES)})(?:,原因<N>)?(?:,坐在<N>)?", deed=True)
def enters(world: World, person: str, state: str, reason: str | None, seat: str | None) -> None:
    viewer = world.viewer(person)
    staff = viewer.staff
    if staff is None:
        raise StepFailed(f"“{person}”不是同事，只有“人员：”表里的人有状态", word=person)
    world.cut_off.discard(staff.pk)
    why = choice(world, REASONS, reason)
    world.attempt(
        lambda: ask_state(
            staff,
            STATES[state],
            now=world.now,
            by=viewer.principal,
            reason=why,
            handbook=world.book.name,
            seat=seat or "",
        )
    )


@step("<N>断线")
def falls_silent(world: World, person: str) -> None:
    staff = world.viewer(person).staff
    if staff is not None:
        world.cut_off.add(staff.pk)


@step(rf"<N>(?:现在)?是({'|'.join(STATES)})状态")
def is_in_state(world: World, person: str, state: str) -> None:
    staff = world.viewer(person).staff
    found = Presence.objects.filter(staff=staff).first()
    if (found.state if found else "off") != STATES[state]:
        raise StepFailed(f"“{person}”的状态是 {found.state if found else 'off'}")


@step("<N>打开网页<W>")
def visits(world: World, visitor: str, title: str) -> None:
    inbox = inbox_of(world, "webchat")
    address = address_of(inbox, incoming(world, visitor, "", None, []), world.now)
    PageView.objects.filter(address=address, left_at=None).update(left_at=world.now)
    PageView.objects.create(
        address=address, url=f"https://shop.example/{title}", title=title, entered_at=world.now
    )  # fmt: skip


@step(rf"<N>查看{TALK}的?浏览轨迹", deed=True)
def looks_at_trail(world: World, person: str, talk: str | None) -> None:
    found, viewer = world.talk(talk), world.viewer(person)
    world.trail = world.attempt(lambda: trail_of(found, viewer, now=world.now))


@step("轨迹有<I>页")
def pages(world: World, number: str) -> None:
    if len(world.trail or []) != int(number):
        raise StepFailed(f"轨迹有 {len(world.trail or [])} 页")


@step("轨迹第<I>页是<W>(,会话中打开)?")
def page_is(world: World, number: str, title: str, during: str | None) -> None:
    trail = world.trail or []
    if len(trail) < int(number):
        raise StepFailed(f"轨迹只有 {len(trail)} 页")
    found = trail[int(number) - 1]
    if (found.title, found.during) != (title, during is not None):
        raise StepFailed(f"第 {number} 页是“{found.title}”" + ("，会话中打开" if found.during else ""))
