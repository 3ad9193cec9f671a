"""How satisfied a visitor is: asked once after the end, answered once, asked again once."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction

from zhike.channels.webchat.settings import WebchatSettings
from zhike.conversations.models import Conversation, Survey
from zhike.conversations.visiting import answer_survey

BEST = 5
LONGEST_COMMENT = 1000
OPEN_FOR = dt.timedelta(days=14)
"""How long after the end an answer is taken."""


def ask(conversation: Conversation, settings: WebchatSettings, now: dt.datetime) -> Survey | None:
    """Ask about a conversation that has ended and in which somebody answered; None where nothing is asked."""
    if not settings.survey or conversation.first_answered_at is None:
        return None
    defaults = {"token": secrets.token_urlsafe(32), "asked_at": now}
    return Survey.objects.get_or_create(conversation=conversation, defaults=defaults)[0]


def open_survey(conversation: Conversation, now: dt.datetime) -> Survey | None:
    """The question that still waits for its answer."""
    found = Survey.objects.filter(conversation=conversation, answered_at=None).first()
    return found if found is not None and now - found.asked_at <= OPEN_FOR else None


def is_reminder_due(survey: Survey, settings: WebchatSettings, now: dt.datetime) -> bool:
    """Whether somebody who comes back to the site is asked a second, and last, time."""
    return survey.reminded_at is None and now - survey.asked_at >= dt.timedelta(hours=settings.remind_after)


def note_reminder(survey: Survey, now: dt.datetime) -> None:
    Survey.objects.filter(pk=survey.pk, reminded_at=None).update(reminded_at=now)


def by_token(token: str) -> Survey | None:
    """The question behind a link that was sent."""
    return Survey.objects.select_related("conversation__inbox").filter(token=token[:43]).first()


def answer(survey: Survey, score: int, comment: str, now: dt.datetime) -> bool:
    """Keep the answer; False when it had been answered, or is too late. Raises ValueError for a score there is not."""
    if not 1 <= score <= BEST:
        raise ValueError(f"a score is 1 to {BEST}, not {score}")
    if now - survey.asked_at > OPEN_FOR:
        return False
    with transaction.atomic():
        return answer_survey(survey, score, comment[:LONGEST_COMMENT], now=now)
