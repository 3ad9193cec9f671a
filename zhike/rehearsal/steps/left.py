"""Section 16, when nobody answers: may a conversation begin, and what a visitor leaves instead."""

from __future__ import annotations

import uuid

from zhike.channels.webchat.hours import hours_of
from zhike.channels.webchat.offline import Left, first_way, leave_message
from zhike.channels.webchat.settings import Offline
from zhike.conversations.actions import Received, receive
from zhike.rehearsal.steps.talk import inbox_of, incoming
from zhike.rehearsal.vocabulary import StepFailed, step
from zhike.rehearsal.world import World


@step("<N>想从网页咨询<W>(?:,记为<N>)?", deed=True)
def would_begin(world: World, visitor: str, words: str, name: str | None) -> None:
    """As in the widget: a clause may let nobody begin now; else he writes."""
    inbox, said = inbox_of(world, "webchat"), incoming(world, visitor, words, None, [])
    hours = hours_of(inbox, said.facts, world.now, note=True)
    if hours.opens_at is not None:
        raise StepFailed(f"现在是休息时间，{hours.opens_at:%m-%d %H:%M} 开始服务")

    def begin() -> Received:
        if hours.refused is not None:
            raise hours.refused
        return receive(inbox, said, now=world.now)

    received = world.attempt(begin)
    if received is not None:
        world.touch_talk(received.conversation)
        world.talks.update({name: received.conversation.pk} if name else {})


@step("<N>在网页留言<W>(?:,手机<W>)?(?:,记为<N>)?", deed=True)
def leaves(world: World, visitor: str, words: str, phone: str | None, name: str | None) -> None:
    way = first_way(world.book.name, world.now)
    if way is None:
        raise StepFailed("制度里没有顾客可以自己提交的流程，不能留言")
    offline = Offline(way.process, way.action, way.fields)
    left = Left({"words": words, "name": visitor, "phone": phone or ""}, uuid.uuid4().hex, by=visitor)
    case = world.attempt(lambda: leave_message(inbox_of(world, "webchat"), offline, left, now=world.now))
    if case is not None:
        world.touch(case)
        if name:
            world.named[name] = case.pk
