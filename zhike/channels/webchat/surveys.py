"""How satisfied a visitor is: asked once after the end, answered once, asked again once: by short message where a clause says `remind`
and he has agreed to it, by mail where only his mail address is known, else when he comes back to the site.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from zhike.channels.sms.models import SmsTemplate
from zhike.channels.sms.sending import Order, queue
from zhike.channels.webchat.reminding import is_asked_again, language_of, remind_by_mail
from zhike.channels.webchat.settings import WebchatSettings
from zhike.conversations.models import Conversation, Survey
from zhike.conversations.visiting import answer_survey, ask_survey
from zhike.customers.consents import may_contact
from zhike.handbook.common import Text

BEST = 5
PURPOSE = "survey"
"""The purpose of the consent that lets him be asked outside the site."""
LINK = "link"
"""The variable of the short message's template."""
REMINDER = Text(
    zh="您对刚才的在线咨询满意吗？请点开评价：{link}", en="How satisfied were you with our chat? Please rate it: {link}"
)
LONGEST_COMMENT = 1000
OPEN_FOR = dt.timedelta(days=14)
"""How long after the end an answer is taken."""


def ask(conversation: Conversation, settings: WebchatSettings, now: dt.datetime) -> Survey | None:
    """Ask about a conversation that has ended and in which somebody answered; None where nothing is asked."""
    if not settings.survey or conversation.first_answered_at is None:
        return None
    return ask_survey(conversation, now=now)


def open_survey(conversation: Conversation, now: dt.datetime) -> Survey | None:
    """The question that still waits for its answer."""
    found = Survey.objects.filter(conversation=conversation, answered_at=None).first()
    return found if found is not None and now - found.asked_at <= OPEN_FOR else None


def is_reminder_due(survey: Survey, settings: WebchatSettings, now: dt.datetime) -> bool:
    """Whether somebody who comes back to the site is asked a second, and last, time."""
    return survey.reminded_at is None and now - survey.asked_at >= dt.timedelta(hours=settings.remind_after)


def note_reminder(survey: Survey, now: dt.datetime) -> None:
    Survey.objects.filter(pk=survey.pk, reminded_at=None).update(reminded_at=now)


def remind(survey: Survey, settings: WebchatSettings, now: dt.datetime) -> bool:
    """Send the question to his phone, or where none is known to his mail address, once, where he has agreed to be asked and the house says
    where it is reached; else False, and the widget reminds him when he comes back. Both pass the gate of short messages.
    """
    customer = survey.conversation.customer
    if not settings.address or now - survey.asked_at > OPEN_FOR:
        return False
    if customer is None or not may_contact(customer, PURPOSE, now):
        return False
    known = dict(
        customer.contact_points.filter(kind__in=("phone", "email")).order_by("-id").values_list("kind", "value")
    )
    with transaction.atomic():
        if "phone" in known and is_asked_again(survey, now):
            queue(_order(survey, settings, known["phone"]), now)
            return True
        words = _words(survey, settings)
        return "phone" not in known and "email" in known and remind_by_mail(survey, words, known["email"], now)


def _link(survey: Survey, settings: WebchatSettings) -> str:
    return f"{settings.address}/chat/survey/{survey.token}"


def _words(survey: Survey, settings: WebchatSettings) -> str:
    return REMINDER.say(language_of(survey.conversation)).format(link=_link(survey, settings))


def _order(survey: Survey, settings: WebchatSettings, number: str) -> Order:
    link, words = _link(survey, settings), _words(survey, settings)
    template = SmsTemplate.objects.select_related("gateway").filter(
        code=settings.survey_template, state=SmsTemplate.State.APPROVED, gateway__is_active=True
    ).first() if settings.survey_template else None  # fmt: skip
    return Order(number, words, template=template, values={LINK: link}, key=f"survey/{survey.pk}")


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
