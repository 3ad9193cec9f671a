"""The conversation of an address, through its gate, with what its viewer may do in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase

from zhike.conversations.access import conversation_for
from zhike.conversations.models import Conversation
from zhike.conversations.refusals import ConversationRefused, NotFound
from zhike.conversations.rights import Rights, rights_in
from zhike.handbook.book import Book
from zhike.org.handbooks import book_of
from zhike.web.base.refusals import Refusal
from zhike.web.case_page.page import say
from zhike.web.context import Request

LONGEST_NUMBER = 32


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation somebody looks at."""

    conversation: Conversation
    book: Book
    rights: Rights

    @property
    def number(self) -> str:
        return self.conversation.number


def find(request: Request, number: str) -> Talk:
    """Raises Http404 for one that is not there and for one that is not for him."""
    try:
        conversation = conversation_for(request.viewer, number[:LONGEST_NUMBER])
    except NotFound:
        raise Http404
    book = book_of(conversation.version_id)
    return Talk(conversation, book, rights_in(conversation, request.viewer, book))


def with_talk(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """`view` behind the gate of the conversation."""

    def answer(request: Request, number: str, **more: Any) -> HttpResponseBase:
        return view(request, find(request, number), **more)

    return answer


def refusals_of(error: ConversationRefused, talk: Talk) -> list[Refusal]:
    """Why it was not done, as `base/refusals.html` shows it: every clause that forbids it at once."""
    if error.reasons:
        return [Refusal(say(reason.words), talk.book.name, reason.decision.clause_id) for reason in error.reasons]
    return [Refusal(say(error.words), talk.book.name if error.clause else "", error.clause)]
