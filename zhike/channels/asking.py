"""How satisfied somebody is who wrote by mail, short message or WeChat: asked in the medium he used, by a link to the question.

The web chat asks in its own window (webchat/surveys.py). Here the house says one more thing in the conversation after its end, and its
adapter sends it like every other message: in the same thread, through the same gate, with the same word about what became of it. What
the medium does not carry at that moment (48 hours of WeChat, quiet hours that refuse) is not asked at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from zhike.channels.events import InboxChanged
from zhike.channels.webchat.reminding import is_asked_again
from zhike.channels.webchat.settings import WebchatSettings, settings_of
from zhike.channels.webchat.surveys import OPEN_FOR, open_survey
from zhike.clocks.events import ClockBreached
from zhike.conversations.actions import announce
from zhike.conversations.events import ConversationClosed
from zhike.conversations.models import Conversation, Inbox, Medium, Message, Survey
from zhike.conversations.outgoing import Draft, check_outgoing
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.visiting import ask_survey
from zhike.handbook.common import Text
from zhike.journal.actions import NewFact, record
from zhike.journal.events import Recorded
from zhike.journal.reactions import reacts_to
from zhike.org.principals import Viewer

MEDIA = (Medium.EMAIL, Medium.SMS, Medium.WECHAT)
ASKS = Text(zh="{question}请点开评价：{link}", en="{question} Please rate it here: {link}")


class NoSuchInbox(LookupError):
    """None of that number in which a link is sent, or not for this viewer."""


def asks_by_link(inbox: Inbox) -> bool:
    """Whether somebody has switched it on, and said where customers reach this product."""
    told = inbox.settings.get("survey") if isinstance(inbox.settings, dict) else None
    return (
        inbox.medium in MEDIA
        and isinstance(told, dict)
        and bool(told.get("asked"))
        and bool(settings_of(inbox).address)
    )


def inbox_for(viewer: Viewer, number: int) -> Inbox:
    """The mailbox's, gateway's or account's inbox with this number, for administrators. Raises NoSuchInbox."""
    found = Inbox.objects.filter(pk=number, medium__in=MEDIA).first() if viewer.is_admin else None
    if found is None:
        raise NoSuchInbox(number)
    return found


def set_question(number: int, *, asked: bool, question: Text | None, address: str, by: str, now: dt.datetime) -> None:
    """Whether and with which words it asks from now on; `address` as `settings.origin_of` writes it."""
    with transaction.atomic():
        inbox = Inbox.objects.select_for_update().get(pk=number, medium__in=MEDIA)
        words = {"zh": question.zh, "en": question.en} if question else None
        survey = {**(inbox.settings.get("survey") or {}), "asked": asked, "question": words}
        inbox.settings = {**inbox.settings, "survey": survey, "address": address}
        inbox.save(update_fields=["settings"])
        fact = InboxChanged(inbox.name, "changed")
        record([NewFact(fact, at=now, subject=("inbox", inbox.pk), actor=by, handbook=inbox.handbook)])


def ask(conversation: Conversation, now: dt.datetime) -> Message | None:
    """Ask about a conversation that has ended and in which somebody answered, once; None where nothing is asked."""
    if not asks_by_link(conversation.inbox) or conversation.first_answered_at is None:
        return None
    if Survey.objects.filter(conversation=conversation).exists() or not _carried(conversation, now):
        return None
    with transaction.atomic():
        survey = ask_survey(conversation, now=now)
        return announce(conversation, words_of(survey, conversation), key=f"survey/{survey.pk}", now=now)


def remind(survey: Survey, now: dt.datetime) -> Message | None:
    """Ask a second, and last, time."""
    conversation = survey.conversation
    if not asks_by_link(conversation.inbox) or now - survey.asked_at > OPEN_FOR or not _carried(conversation, now):
        return None
    with transaction.atomic():
        if not is_asked_again(survey, now):
            return None
        return announce(conversation, words_of(survey, conversation), key=f"survey/{survey.pk}/again", now=now)


def words_of(survey: Survey, conversation: Conversation) -> str:
    """The question and its link, in the language he writes in."""
    told: WebchatSettings = settings_of(conversation.inbox)
    language = "en" if conversation.address is not None and conversation.address.language.startswith("en") else "zh"
    link = f"{told.address}/chat/survey/{survey.token}"
    return ASKS.say(language).format(question=told.survey_question.say(language), link=link)


def _carried(conversation: Conversation, now: dt.datetime) -> bool:
    """Whether the medium takes another message now, as it would from an agent."""
    try:
        check_outgoing(conversation, Draft(settings_of(conversation.inbox).survey_question.zh), now)
    except ConversationRefused:
        return False
    return True


@reacts_to(ConversationClosed)
def ask_by_link(events: Sequence[Recorded[ConversationClosed]]) -> None:
    for conversation, event in _ours(events):
        ask(conversation, event.at)


@reacts_to(ClockBreached)
def remind_by_link(events: Sequence[Recorded[ClockBreached]]) -> None:
    """A clause has waited for his answer long enough."""
    from zhike.channels.webchat.reactions import says_remind

    for conversation, event in _ours(events):
        survey = open_survey(conversation, event.at) if says_remind(conversation, event) else None
        if survey is not None:
            remind(survey, event.at)


def _ours(events: Sequence[Recorded[Any]]) -> list[tuple[Conversation, Recorded[Any]]]:
    numbers = [event.subject[1] for event in events if event.subject[0] == "conversation"]
    rows = Conversation.objects.select_related("inbox", "address").filter(medium__in=MEDIA).in_bulk(numbers)
    return [(rows[event.subject[1]], event) for event in events if event.subject[1] in rows]
