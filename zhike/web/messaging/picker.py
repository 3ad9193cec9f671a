"""The composer's choice of a template: a fragment the workbench puts beside its text, and the sending of what was chosen.

    <div hx-get="{% url 'messaging:picker' conversation.number %}" hx-trigger="load"></div>

Chosen, its variables are asked for, the words and what they are billed as stand below; sent, it answers 204 with the event
`template-sent`.
"""

from __future__ import annotations

import secrets

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language, gettext

from zhike.channels.refusals import Refused
from zhike.channels.sms.models import SmsTemplate
from zhike.channels.sms.templates import approved_templates, words_of
from zhike.channels.sms.words import filled, segments_of, signed
from zhike.conversations.access import conversation_for
from zhike.conversations.actions import say
from zhike.conversations.models import Conversation
from zhike.conversations.refusals import ConversationRefused, NotFound
from zhike.web.context import Request
from zhike.web.messaging.fields import Field, drawn
from zhike.web.messaging.words import yuan


def show(request: Request, number: str) -> HttpResponseBase:
    """GET: choose and fill in. POST: send. Six queries."""
    try:
        conversation = conversation_for(request.viewer, number)
    except NotFound:
        raise Http404
    if conversation.medium != "sms":
        raise Http404
    templates = list(approved_templates(conversation.inbox_id, "service")[:200])
    source = request.POST if request.method == "POST" else request.GET
    chosen = next((each for each in templates if each.code == source.get("template")), None)
    typed = (
        {name: source.get(f"v_{name}", "") or _known(conversation, request, name) for name in chosen.variables}
        if chosen
        else {}
    )
    wrong: list[str] = []
    if request.method == "POST" and chosen is not None:
        wrong = _send(request, conversation, chosen, typed)
        if not wrong:
            return HttpResponse(status=204, headers={"HX-Trigger": "template-sent"})
    known = {
        "conversation": conversation,
        "templates": templates,
        "chosen": chosen,
        "wrong": wrong,
        "key": source.get("key") or secrets.token_urlsafe(12),
    }
    if chosen is not None:
        full = signed(
            chosen.signature, filled(chosen.words, {name: value or f"{{{name}}}" for name, value in typed.items()})
        )
        fields = [Field(f"v_{name}", name, longest=100) for name in chosen.variables]
        price = yuan(segments_of(full) * chosen.gateway.price)
        drawn_fields = drawn(fields, {f"v_{name}": value for name, value in typed.items()}, {})
        known |= {
            "fields": drawn_fields,
            "full": full,
            "segments": segments_of(full),
            "price": price,
            "length": len(full),
        }
    return render(request, "messaging/_picker.html", known, status=422 if wrong else 200)


def _send(request: Request, conversation: Conversation, chosen: SmsTemplate, typed: dict[str, str]) -> list[str]:
    """What stands in the way; nothing when it is on its way."""
    language = get_language() or "zh"
    key = request.POST.get("key", "")
    if not 8 <= len(key) <= 60:
        return [gettext("页面已过期，请刷新后再发。")]
    try:
        words, values = words_of(chosen, typed)
        extra = {"template": chosen.code, "values": values}
        say(conversation, request.viewer, words=words, key=key, now=request.now, extra=extra)
    except Refused as refused:
        return [words.say(language) for words in refused.problems.values()]
    except ConversationRefused as refused:
        return [refused.words.say(language)]
    return []


def _known(conversation: Conversation, request: Request, name: str) -> str:
    """What we know already: {name}, {number}, {case}, {agent}."""
    return {
        "name": conversation.customer.name if conversation.customer else "",
        "number": conversation.case_number or conversation.number,
        "case": conversation.case_number,
        "agent": request.viewer.name,
    }.get(name, "")
