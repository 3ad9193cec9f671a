"""Section 17: short messages the department sends of itself, at their gate."""

from __future__ import annotations

import uuid

from zhike.channels.sms.models import OutgoingMessage, SmsGateway
from zhike.channels.sms.sending import Order, queue
from zhike.customers.consents import give_consent
from zhike.customers.models import ContactPoint
from zhike.org.principals import SYSTEM
from zhike.rehearsal import names
from zhike.rehearsal.steps.talk import inbox_of
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.world import World

PURPOSES = {"营销": "marketing", "服务": "service", "验证": "verification"}
SAID = {"refused": "被拦下"}


def _gateway(world: World) -> SmsGateway:
    """One that keeps everything here."""
    found, _ = SmsGateway.objects.get_or_create(
        inbox=inbox_of(world, "sms"),
        defaults={
            "name": "示例网关", "provider": SmsGateway.Provider.LOCAL, "callback": uuid.uuid4().hex, "created_at": world.now,
            "created_by": SYSTEM,
        },
    )  # fmt: skip
    return found


@step("<N>同意接收营销信息")
def consents(world: World, name: str) -> None:
    give_consent(world.customer(name), "marketing", version="v1", channel="portal", by=SYSTEM, now=world.now)


@step(f"给<N>发({'|'.join(PURPOSES)})短信<W>")
def sends(world: World, name: str, purpose: str, words: str) -> None:
    point = ContactPoint.objects.filter(customer=world.customer(name), kind="phone").first()
    if point is None:
        raise StepFailed(f"“{name}”没有手机号")
    queue(Order(point.value, words, PURPOSES[purpose], gateway=_gateway(world)), world.now)


@step("短信(发出了|被拦下)(?:,依据<N>)?")
def outcome(world: World, how: str, clause: str | None) -> None:
    row = _latest()
    found = SAID.get(row.state, "延后了" if row.not_before else "发出了")
    wanted = names.clause(world.book, clause).id if clause else row.clause
    if (found, row.clause) != (how, wanted):
        raise StepFailed(f"短信{found}（依据 {row.clause or '无'}）", clause or "")


@step("短信延到<M>(?:,依据<N>)?")
def put_off(world: World, until: str, clause: str | None) -> None:
    row = _latest()
    wanted = names.clause(world.book, clause).id if clause else row.clause
    if (row.not_before, row.clause) != (world.moment(until), wanted):
        shown = f"延到 {world.shown(row.not_before)}" if row.not_before else "没有延后"
        raise StepFailed(f"短信{shown}（依据 {row.clause or '无'}）", clause or "")


def _latest() -> OutgoingMessage:
    row = OutgoingMessage.objects.order_by("-pk").first()
    if row is None:
        raise StepFailed("还没有发过短信")
    return row
