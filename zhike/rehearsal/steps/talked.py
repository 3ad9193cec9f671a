"""Section 16, what came of it: where a conversation stands, who has it, what is in it."""

from __future__ import annotations

from zhike.conversations.access import visible_conversations
from zhike.conversations.models import Conversation, Message
from zhike.records.queries import latest
from zhike.rehearsal import names
from zhike.rehearsal.steps.standing import same_value
from zhike.rehearsal.steps.talk import choice
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.world import World

STATES = {"在排队": "waiting", "在派送": "offered", "在接待": "open", "已结束": "closed"}
SAID = {state: said for said, state in STATES.items()}
TALK = r"会话(?:「([^」]*)」)?"


@step(rf"{TALK}(在排队|在派送|在接待|已结束)")
def stands(world: World, talk: str | None, state: str) -> None:
    found = world.talk(talk)
    if found.state != STATES[state]:
        raise StepFailed(f"会话{SAID[found.state]}")


@step(rf"{TALK}在队列<N>")
def in_queue(world: World, talk: str | None, queue: str) -> None:
    found = world.talk(talk)
    wanted = names.pick(queue, world.book.handbook.queues, "队列")
    if found.queue != wanted.id:
        raise StepFailed(f"会话在队列“{found.queue}”")


@step(rf"{TALK}由<N>(?:代<N>)?接待")
def owned_by(world: World, talk: str | None, person: str, absent: str | None) -> None:
    found = world.talk(talk)
    wanted, covered = world.viewer(person).staff, world.viewer(absent).staff if absent else None
    if (found.owner, found.covers) != (wanted, covered):
        said = f"会话由{found.owner or '无人'}接待" + (f"，代{found.covers}" if found.covers else "")
        raise StepFailed(said)


@step(rf"{TALK}(没有人接待|派给了<N>)")
def nobody_or_offered(world: World, talk: str | None, _: str, person: str | None) -> None:
    found = world.talk(talk)
    if person is None:
        if found.owner is not None:
            raise StepFailed(f"会话由{found.owner}接待")
    elif found.offered_to != world.viewer(person).staff:
        raise StepFailed(f"会话派给了{found.offered_to or '无人'}")


@step(rf"{TALK}还有<I>个问题未答")
def open_questions(world: World, talk: str | None, number: str) -> None:
    found = world.talk(talk)
    if len(found.open_questions) != int(number):
        raise StepFailed(f"还有 {len(found.open_questions)} 个问题未答")


@step(rf"{TALK}有<I>条消息")
def messages(world: World, talk: str | None, number: str) -> None:
    count = Message.objects.filter(conversation=world.talk(talk), internal=False).count()
    if count != int(number):
        raise StepFailed(f"会话有 {count} 条消息")


@step(rf"{TALK}里有<W>")
def holds_words(world: World, talk: str | None, words: str) -> None:
    if not Message.objects.filter(conversation=world.talk(talk), words__contains=words).exists():
        raise StepFailed(f"会话里没有“{words}”")


@step(rf"{TALK}的(结果|主题)是<N>")
def came_of_it(world: World, talk: str | None, what: str, wanted: str) -> None:
    found = world.talk(talk)
    value, options = (found.outcome, "outcome") if what == "结果" else (found.topic, "topic")
    if value != choice(world, options, wanted):
        raise StepFailed(f"会话的{what}是“{value}”")


@step(rf"{TALK}填有<N>(?:,<N>是(?:<W>|<N>))?")
def is_filled(
    world: World, talk: str | None, record: str, field: str | None, words: str | None, value: str | None
) -> None:
    definition = names.record(world.book, record)
    filling = latest(("conversation", world.talk(talk).pk), definition.id)
    if filling is None:
        raise StepFailed(f"会话没有填“{record}”")
    if field is not None:
        known = names.field(definition, field)
        if not same_value(world, known, filling.values.get(known.id), words if words is not None else value or ""):
            raise StepFailed(f"“{field}”是“{filling.values.get(known.id)}”")


@step("共有<I>个会话")
def how_many(world: World, number: str) -> None:
    count = Conversation.objects.filter(handbook=world.book.name).count()
    if count != int(number):
        raise StepFailed(f"共有 {count} 个会话")


@step(rf"<N>(看得到|看不到){TALK}")
def in_sight(world: World, person: str, whether: str, talk: str | None) -> None:
    found, viewer = world.talk(talk), world.viewer(person)
    seen = visible_conversations(viewer).filter(pk=found.pk).exists()
    if seen != (whether == "看得到"):
        raise StepFailed(f"“{person}”{'看得到' if seen else '看不到'}会话")
