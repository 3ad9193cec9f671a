"""The right pane: the customer's file, masked; candidates; earlier conversations and cases; the trail; clauses and the router's choice."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language

from zhike.cases.access import visible_cases
from zhike.cases.titles import title_in
from zhike.channels.webchat.surveys import BEST
from zhike.conversations.access import visible_conversations
from zhike.conversations.models import Choice, Conversation, Medium, Survey
from zhike.conversations.trails import may_see_trail
from zhike.customers.access import may_see_customers
from zhike.customers.models import ContactPoint, Customer
from zhike.customers.queries import masked
from zhike.org.handbooks import book_of
from zhike.org.principals import staff_key
from zhike.web.base.names import names_of
from zhike.web.case_page.page import say
from zhike.web.context import Request
from zhike.web.workbench.facts import facts_told
from zhike.web.workbench.finding import Talk
from zhike.web.workbench.words import medium_icon, medium_word, state_word

EARLIER = 6
CASES = 6
CHOICES = 3


def beside_of(request: Request, talk: Talk) -> dict[str, Any]:
    """Everything of the pane; six queries, one more where candidates are to be told apart or it has ended."""
    conversation = talk.conversation
    ended = conversation.state == Conversation.State.CLOSED
    return {
        "talk": talk,
        "conversation": conversation,
        "customer": conversation.customer,
        "archive": may_see_customers(request.viewer),
        "contacts": contacts(conversation.customer),
        "candidates": candidates(conversation) if talk.rights.identify else [],
        "earlier": earlier(request, conversation),
        "cases": cases(request, conversation),
        "has_trail": has_trail(request, talk),
        "facts": facts_told(conversation, talk.book),
        "choices": choices(talk),
        "survey": Survey.objects.filter(conversation=conversation).first() if ended else None,
        "best": BEST,
    }


def contacts(customer: Customer | None) -> list[tuple[str, str]]:
    """(kind, masked value)."""
    if customer is None:
        return []
    points = ContactPoint.objects.filter(customer=customer).order_by("pk")
    return [(point.kind, masked(point.kind, point.value)) for point in points]


def candidates(conversation: Conversation) -> list[dict[str, Any]]:
    """Whom it may be from: name, masked contact points, level; in the archive's order, nobody preferred."""
    if not conversation.candidates:
        return []
    people = Customer.objects.filter(pk__in=conversation.candidates, merged_into=None).order_by("pk")
    return [
        {
            "customer": person,
            "contacts": [masked(point.kind, point.value) for point in person.contact_points.all()],
        }
        for person in people.prefetch_related("contact_points")
    ]


def earlier(request: Request, conversation: Conversation) -> list[dict[str, Any]]:
    """The latest other conversations with him that the viewer may see."""
    seen = visible_conversations(request.viewer).exclude(pk=conversation.pk).order_by("-opened_at", "-pk")
    if conversation.customer_id:
        seen = seen.filter(customer=conversation.customer_id)
    elif conversation.address_id:
        seen = seen.filter(address=conversation.address_id)
    else:
        return []
    return [
        {"it": each, "medium": medium_word(each.medium), "icon": medium_icon(each.medium), "state": state_word(each)}
        for each in seen[:EARLIER]
    ]


def cases(request: Request, conversation: Conversation) -> list[dict[str, Any]]:
    """The customer's latest cases that the viewer may see, and the one it became."""
    if not conversation.customer_id:
        return []
    found = visible_cases(request.viewer).filter(customer=conversation.customer_id).order_by("-opened_at", "-id")
    return [
        {
            "number": case.number,
            "title": title_in(case, get_language() or "zh"),
            "stage": say(book_of(case.handbook_version_id).stage(case.process, case.stage).title),
            "opened_at": case.opened_at,
        }
        for case in found[:CASES]
    ]


def has_trail(request: Request, talk: Talk) -> bool:
    """Whether to offer the visitor's page trail: to whoever has the conversation and those above, where no clause keeps it from them."""
    conversation = talk.conversation
    concerned = talk.rights.write or talk.rights.supervise
    asked = conversation.medium == Medium.WEBCHAT and conversation.address_id is not None and concerned
    return asked and may_see_trail(conversation, request.viewer, now=request.now)


def choices(talk: Talk) -> list[dict[str, Any]]:
    """What the router decided and why, newest first."""
    found = list(Choice.objects.filter(conversation=talk.conversation).order_by("-pk")[:CHOICES])
    people = {staff_key(choice.staff_id) for choice in found if choice.staff_id}
    people |= {row["staff"] for choice in found for row in choice.because if row.get("staff", "").startswith("staff:")}
    names = names_of(people)
    return [
        {
            "it": choice,
            "who": names.get(staff_key(choice.staff_id), "") if choice.staff_id else "",
            "rows": [
                {
                    **row,
                    "who": names.get(row.get("staff", ""), row.get("staff", "")),
                    "words": row.get("why", {}),
                }
                for row in choice.because
            ],
        }
        for choice in found
    ]
