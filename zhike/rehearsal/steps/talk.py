"""Section 16, deeds: what customers and the department say to each other, and who takes it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zhike.conversations import handing
from zhike.conversations.actions import Incoming, close, receive, record_by_hand, say, settle_questions
from zhike.conversations.forms import fill
from zhike.conversations.models import Conversation, Inbox, Message
from zhike.customers.queries import normalise_phone
from zhike.org.models import Staff
from zhike.org.principals import SYSTEM
from zhike.rehearsal import names
from zhike.rehearsal.moments import read_span
from zhike.rehearsal.values import content_named, form_values, table_values
from zhike.rehearsal.vocabulary import StepFailed, Table, step
from zhike.rehearsal.world import World

MEDIA = {
    "网页": "webchat", "邮件": "email", "短信": "sms", "微信": "wechat", "旺旺": "wangwang", "电话": "phone", "上门": "visit",
    "信函": "letter",
}  # fmt: skip
MEDIUM = rf"({'|'.join(MEDIA)})"
TALK = r"(?:会话(?:「([^」]*)」)?)?"
"""会话, 会话「一」 or nothing: the one in which something was done last."""
THREADED = ("email", "letter")
"""Media in which one sender may have several threads at a time."""
CALLING = "（来电）"


@step(rf"<N>(?:在|从|用|发){MEDIUM}写来<W>(?:,手机<W>)?(?:,记为<N>)?", table=True)
def writes(
    world: World, visitor: str, medium: str, words: str, phone: str | None, name: str | None, table: Table
) -> None:
    _receive(world, visitor, MEDIA[medium], words, phone, name, table)


@step("<N>来电(?:,手机<W>)?(?:,记为<N>)?", table=True)
def calls(world: World, visitor: str, phone: str | None, name: str | None, table: Table) -> None:
    _receive(world, visitor, "phone", CALLING, phone, name, table)


def _receive(
    world: World, visitor: str, medium: str, words: str, phone: str | None, name: str | None, table: Table
) -> None:
    inbox, said = inbox_of(world, medium), incoming(world, visitor, words, phone, table)
    if medium in THREADED:
        said = replace(said, conversation=_thread(world, inbox, visitor, name))
    received = receive(inbox, said, now=world.now)
    world.acted = True
    world.touch_talk(received.conversation)
    if name:
        world.talks[name] = received.conversation.pk


def _thread(world: World, inbox: Inbox, visitor: str, name: str | None) -> int | None:
    """The thread a mail answers: the one of that name, else the sender's latest that has not ended; a new name begins a new one."""
    if name:
        return world.talks.get(name)
    live = Conversation.objects.filter(inbox=inbox, address__value=visitor, state__in=Conversation.LIVE)
    return live.order_by("-pk").values_list("pk", flat=True).first()


def incoming(world: World, visitor: str, words: str, phone: str | None, table: Table) -> Incoming:
    number = normalise_phone(phone) if phone else ""
    return Incoming(
        address=visitor, key=uuid.uuid4().hex, words=words, name=visitor, contact={"phone": number} if number else {},
        verified_customer=world.customers.get(visitor), facts=_said(table),
    )  # fmt: skip


def _said(table: Table) -> dict[str, Any]:
    """What the pre-chat form said, as facts by name: 是 and 否 are yes and no, numbers are numbers."""
    plain = {"是": True, "否": False}
    values = table_values(table)
    return {name: plain.get(text, int(text) if text.isdigit() else text) for name, text in values.items()}


def inbox_of(world: World, medium: str) -> Inbox:
    """The way in of that medium, made when it is first needed."""
    found, _ = Inbox.objects.get_or_create(
        key=f"{world.book.name}-{medium}",
        defaults={"medium": medium, "name": "示例入口", "handbook": world.book.name, "created_at": world.now},
    )
    return found


@step(rf"<N>登记<N>的{MEDIUM}咨询<W>(?:,记为<N>)?", deed=True, table=True)
def by_hand(world: World, person: str, visitor: str, medium: str, words: str, name: str | None, table: Table) -> None:
    viewer, inbox = world.viewer(person), inbox_of(world, MEDIA[medium])
    said = incoming(world, visitor, words, None, table)
    done: Conversation | None = world.attempt(lambda: record_by_hand(inbox, said, viewer, now=world.now))
    if done is not None:
        world.touch_talk(done)
        world.talks.update({name: done.pk} if name else {})


@step(rf"<N>接起{TALK}", deed=True)
def accepts(world: World, person: str, talk: str | None) -> None:
    _do(world, talk, lambda found: handing.accept(found, world.viewer(person), now=world.now))


@step(rf"<N>代接{TALK}", deed=True)
def covers(world: World, person: str, talk: str | None) -> None:
    _do(world, talk, lambda found: handing.cover(found, world.viewer(person), now=world.now))


@step(rf"<N>接管{TALK}", deed=True)
def takes_over(world: World, person: str, talk: str | None) -> None:
    _do(world, talk, lambda found: handing.take_over(found, world.viewer(person), now=world.now))


@step(rf"{TALK}派给<N>(?:,限<S>)?", deed=True)
def is_offered(world: World, talk: str | None, person: str, span: str | None) -> None:
    staff = world.viewer(person).staff
    if staff is None:
        raise StepFailed(f"“{person}”不是同事，会话只能派给“人员：”表里的人", word=person)
    until = world.now + read_span(span) if span else None
    _do(world, talk, lambda found: handing.offer(found, staff, now=world.now, until=until))


@step(rf"{TALK}没有人接起")
def nobody_takes_it(world: World, talk: str | None) -> None:
    _do(world, talk, lambda found: handing.end_offer(found, now=world.now, declined=False))


@step(rf"<N>放过{TALK}", deed=True)
def declines(world: World, person: str, talk: str | None) -> None:
    by = world.viewer(person).principal
    _do(world, talk, lambda found: handing.end_offer(found, now=world.now, declined=True, by=by))


@step(rf"<N>把{TALK}转给<N>", deed=True)
def hands_over(world: World, person: str, talk: str | None, to: str) -> None:
    by = world.viewer(person).principal
    queues = [queue for queue in world.book.handbook.queues if names.matches(to, queue)]
    if queues:
        _do(world, talk, lambda found: handing.requeue(found, queues[0].id, now=world.now, by=by))
        return
    staff = _colleague_or_none(world, to)
    if staff is None:
        known = [queue.title.zh for queue in world.book.handbook.queues]
        people = Staff.objects.order_by("id").values_list("name", flat=True)
        raise StepFailed(names.not_among(to, "同事或队列", [*known, *people]), word=to)
    _do(world, talk, lambda found: handing.offer(found, staff, now=world.now, until=None, by=by))


@step(rf"<N>在{TALK}答复<W>", deed=True)
@step(rf"<N>答复{TALK}<W>", deed=True)
def answers(world: World, person: str, talk: str | None, words: str) -> None:
    _say(world, person, talk, words)


@step(rf"<N>答复{TALK}的?第<I>个问题<W>", deed=True)
def answers_one(world: World, person: str, talk: str | None, number: str, words: str) -> None:
    _say(world, person, talk, words, answers=_message(world, talk, Message.Side.CUSTOMER, int(number)))


@step(rf"<N>更正{TALK}的?第<I>条答复<W>", deed=True)
def corrects(world: World, person: str, talk: str | None, number: str, words: str) -> None:
    _say(world, person, talk, words, corrects=_message(world, talk, Message.Side.STAFF, int(number)))


@step(r"<N>在会话(?:「([^」]*)」)?写内部备注<W>", deed=True)
def notes(world: World, person: str, talk: str | None, words: str) -> None:
    _say(world, person, talk, words, internal=True)


@step(rf"<N>认为{TALK}的?第<I>个问题不用答", deed=True)
def needs_no_answer(world: World, person: str, talk: str | None, number: str) -> None:
    seq = _message(world, talk, Message.Side.CUSTOMER, int(number))
    viewer = world.viewer(person)
    _do(world, talk, lambda found: settle_questions(found, [seq], viewer, now=world.now))


@step(r"<N>在会话(?:「([^」]*)」)?填写<N>(?:,内容<N>)?", deed=True, table=True)
def fills(world: World, person: str, talk: str | None, record: str, content: str | None, table: Table) -> None:
    viewer = world.viewer(person)
    world.actor = viewer.principal
    definition = names.record(world.book, record)
    typed: Mapping[str, str] = {**(content_named(content, world.contents) if content else {}), **table_values(table)}
    values = form_values(world, definition, typed)
    _do(world, talk, lambda found: fill(found, definition.id, values, viewer, now=world.now))


@step(r"<N>结束会话(?:「([^」]*)」)?(?:,结果<N>)?(?:,主题<N>)?", deed=True)
def ends(world: World, person: str, talk: str | None, outcome: str | None, topic: str | None) -> None:
    by = world.viewer(person).principal
    said, about = choice(world, "outcome", outcome), choice(world, "topic", topic)
    _do(world, talk, lambda found: close(found, by=by, now=world.now, outcome=said, topic=about))


@step(r"(?:顾客|访客|<N>)(?:挂断|离开会话(?:「([^」]*)」)?)")
def hangs_up(world: World, _: str | None, talk: str | None) -> None:
    found = world.talk(talk)
    by = f"address:{found.address_id}" if found.address_id else SYSTEM
    _do(world, talk, lambda held: close(held, by=by, now=world.now))


def _colleague_or_none(world: World, text: str) -> Staff | None:
    try:
        return world.viewer(text).staff
    except StepFailed:
        return None


def choice(world: World, options: str, text: str | None) -> str:
    """A choice of the handbook's list of that name by its title; as written where there is none."""
    listed = world.book.handbook.options.get(options, ())
    return next((one.id for one in listed if names.matches(text or "", one)), text or "")


def _say(world: World, person: str, talk: str | None, words: str, **more: Any) -> None:
    viewer = world.viewer(person)
    _do(world, talk, lambda found: say(found, viewer, words=words, key=uuid.uuid4().hex, now=world.now, **more))


def _do(world: World, talk: str | None, deed: Any) -> None:
    found = world.talk(talk)
    world.attempt(lambda: deed(found))
    world.touch_talk(found)


def _message(world: World, talk: str | None, side: str, number: int) -> int:
    """The seq of the n-th message of that side."""
    rows = Message.objects.filter(conversation=world.talk(talk), side=side, internal=False).order_by("seq")
    found = list(rows.values_list("seq", flat=True))
    if len(found) < number:
        raise StepFailed(f"没有第 {number} 条，只有 {len(found)} 条")
    return found[number - 1]
