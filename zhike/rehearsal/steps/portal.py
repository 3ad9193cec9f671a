"""Section 13: the customer's side."""

from __future__ import annotations

from zhike.cases.models import Case
from zhike.cases.public import public_view
from zhike.cases.refusals import Forbidden, Reason
from zhike.customers.queries import normalise_phone
from zhike.handbook.common import Text
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.world import World

OUT = Text(zh="编号或手机号码不对。", en="The number or the phone number is wrong.")


@step("<N>在门户看到(?:<N>)?第<I>步")
def at_step(world: World, person: str, case: str | None, number: str) -> None:
    view = public_view(_own(world, person, case), world.viewer(person))
    if view.step != int(number):
        raise StepFailed(f"门户显示第 {view.step} 步")


@step("<N>在门户(看到|看不到)(?:<N>)?(?:<W>)?")
def page_says(world: World, person: str, whether: str, case: str | None, words: str | None) -> None:
    found = world.case(case)
    viewer = world.viewer(person)
    page = public_view(found, viewer).words if viewer.holds(found.audience) else None
    fits = page is not None and (words is None or words in page)
    if fits != (whether == "看到"):
        raise StepFailed(f"门户页面是：{page if page is not None else '打不开'}")


def _own(world: World, person: str, case: str | None) -> Case:
    found = world.case(case)
    if not world.viewer(person).holds(found.audience):
        raise StepFailed(f"“{person}”在门户打不开 {found.number}")
    return found


@step("用编号和手机<W>查询<N>", deed=True)
def follow(world: World, phone: str, case: str) -> None:
    found = world.case(case)

    def deed() -> None:
        known = (
            found.customer and found.customer.contact_points.filter(kind="phone", value=normalise_phone(phone)).exists()
        )
        if not known or not found.portal_token:
            raise Forbidden([Reason(OUT)])
        world.sighted = found.pk

    world.attempt(deed)
