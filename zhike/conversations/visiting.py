"""What the other side does beside writing: it proves who it is, and says how satisfied it was."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction

from zhike.conversations.events import CustomerIdentified, SurveyAnswered
from zhike.conversations.limits import apply_limits
from zhike.conversations.models import Address, Conversation, Survey
from zhike.conversations.written import book_for, locked, write
from zhike.customers.models import Customer
from zhike.lib.text import clean_text
from zhike.org.principals import SYSTEM

SURVEY_ASKED, RATED = "conversation.survey_asked", "conversation.rated"


def recognise(address: Address, customer: int, *, now: dt.datetime) -> None:
    """The site has proved who writes there: his address and what he has under way are this customer's."""
    with transaction.atomic():
        Address.objects.filter(pk=address.pk).update(customer_id=customer, is_verified=True)
        for number in Conversation.objects.filter(address=address, state__in=Conversation.LIVE).values_list("pk"):
            held = locked(number[0])
            if held.customer_id != customer:
                held.customer, held.candidates = Customer.objects.get(pk=customer), []
                fact = CustomerIdentified(held.number, customer, "token")
                write(held, [fact], now=now, by=f"address:{address.pk}")


def ask_survey(conversation: Conversation, *, now: dt.datetime) -> Survey:
    """The one question about a conversation that has ended; asked again it is the same."""
    with transaction.atomic():
        held = locked(conversation.pk)
        defaults = {"token": secrets.token_urlsafe(32), "asked_at": now}
        survey, fresh = Survey.objects.get_or_create(conversation=held, defaults=defaults)
        if fresh:
            apply_limits(held, book_for(held), [SURVEY_ASKED], now=now, by=SYSTEM)
    return survey


def answer_survey(survey: Survey, score: int, comment: str, *, now: dt.datetime) -> bool:
    """Keep the first answer; False where there was one."""
    cleaned = clean_text(comment)
    with transaction.atomic():
        fresh = Survey.objects.filter(pk=survey.pk, answered_at=None)
        if not fresh.update(answered_at=now, score=score, comment=cleaned):
            return False
        held = locked(survey.conversation_id)
        write(
            held, [SurveyAnswered(held.number, score)], happened=[RATED], now=now, by=f"address:{held.address_id or 0}"
        )
    return True
