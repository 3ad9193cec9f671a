"""The screen of conversations: mine at the left, what is said in the middle, who it is at the right. At most 12 queries a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language

from zhike.clocks.models import Clock
from zhike.clocks.queries import open_clocks
from zhike.conversations.by_hand import MEDIA as BY_HAND
from zhike.conversations.hints import hints_of
from zhike.conversations.knowledge import entries_like, open_to, question_of
from zhike.conversations.models import Conversation
from zhike.conversations.reading import PAGE, messages_before, thread_of
from zhike.conversations.refusals import NotVisible
from zhike.conversations.trails import trail_of
from zhike.handbook.book import Book
from zhike.org.handbooks import book_of, in_force
from zhike.org.principals import staff_key
from zhike.web.base.deadlines import deadline_of
from zhike.web.base.names import names_of
from zhike.web.case_page.page import say
from zhike.web.context import Request
from zhike.web.workbench.beside import beside_of
from zhike.web.workbench.finding import Talk, find, refusals_of, with_talk
from zhike.web.workbench.rows import listed, queue_title, rows_by_id
from zhike.web.workbench.timeline import said
from zhike.web.workbench.words import medium_icon, medium_word, state_word, who_of

MOST_IDS = 100


def show(request: Request) -> HttpResponse:
    """Without a conversation chosen: the list, and in the middle what to do next."""
    return page(request, None)


def page(request: Request, talk: Talk | None, status: int = 200, **more: Any) -> HttpResponse:
    """The whole screen; `form` is a deed's form above the composer. What was said is fetched when the page is there; with `?plain=1`,
    for browsers without scripts, it stands there at once.
    """
    current = talk.conversation.pk if talk else 0
    installed = books(request)
    pane = listed(request.viewer, request.now, [book for book, _ in installed], current)
    known: dict[str, Any] = {"listed": pane, "books": [book for book, held in installed if held], **more}
    if talk is not None:
        plain = "plain" in request.GET
        known |= {**head_parts(request, talk, pane.clocks[current]), "lazy": not plain, "plain": plain}
        known |= {**_said_in(request, talk), **beside_of(request, talk)} if plain else {}
    return render(request, "workbench/show.html", known, status=status)


def books(request: Request) -> list[tuple[Book, bool]]:
    """The handbooks in force; conversations are held under those with queues (True). One query."""
    return [((book := book_of(version.pk)), bool(book.handbook.queues)) for version in in_force(request.now)]


def pane(request: Request) -> HttpResponse:
    """The left pane, as it is now: after a connection was lost for long."""
    number = request.GET.get("c", "")
    current = find(request, number).conversation.pk if number else 0
    found = listed(request.viewer, request.now, [book for book, _ in books(request)], current)
    return render(request, "workbench/list.html", {"listed": found})


def rows(request: Request) -> JsonResponse:
    """`?ids=1,2`: these rows as they are now, and which of them left the list. The page puts each into its place."""
    ids = {
        int(part)
        for part in request.GET.get("ids", "").split(",")
        if part.isascii() and part.isdigit() and len(part) < 18
    }
    ids = set(sorted(ids)[:MOST_IDS])
    found = rows_by_id(ids, request.viewer, request.now, [book for book, _ in books(request)]) if ids else []
    told = [
        {
            "id": row.conversation.pk,
            "group": row.group,
            "rank": row.rank,
            "html": render_to_string("workbench/row.html", {"row": row, "now": request.now}, request),
        }
        for row in found
    ]
    return JsonResponse({"rows": told, "gone": sorted(ids - {row.conversation.pk for row in found})})


@with_talk
def one(request: Request, talk: Talk) -> HttpResponseBase:
    """The middle alone for the page's script, the whole screen for everybody else."""
    if request.htmx:
        return render(request, "workbench/middle.html", middle(request, talk))
    return page(request, talk)


def middle(request: Request, talk: Talk) -> dict[str, Any]:
    """Head, what was said, composer."""
    return {**head_parts(request, talk), **_said_in(request, talk)}


def _said_in(request: Request, talk: Talk) -> dict[str, Any]:
    """The newest messages of the thread, and whether there are more."""
    thread = thread_of(talk.conversation, request.viewer)
    messages = messages_before(list(thread))
    more = len(messages) > PAGE
    shown = messages[1:] if more else messages
    return {
        "entries": said(shown, thread, request.viewer, request.now),
        "earlier": shown[0].pk if more and shown else 0,
        "thread": sorted(thread),
    }


def head_parts(request: Request, talk: Talk, clocks: Sequence[Clock] | None = None) -> dict[str, Any]:
    """Who it is, where it stands, its clocks, what may be done. `clocks`, where they are known already."""
    conversation = talk.conversation
    clocks = open_clocks(("conversation", conversation.pk)) if clocks is None else clocks
    people = {staff_key(number) for number in _people(conversation) if number}
    people |= {staff_key(number) for number in conversation.collaborators}
    people |= {holder for clock in clocks for holder in clock.holders}
    names = names_of(people, [talk.book])
    return {
        "talk": talk,
        "thread": [conversation.pk],
        "conversation": conversation,
        "rights": talk.rights,
        "composer": composer_for(talk),
        "who": who_of(conversation),
        "icon": medium_icon(conversation.medium),
        "medium": medium_word(conversation.medium),
        "by_hand": conversation.medium in BY_HAND,
        "state": state_word(conversation),
        "queue": queue_title(conversation),
        "owner": names.get(staff_key(conversation.owner_id), "") if conversation.owner_id else "",
        "offered_to": names.get(staff_key(conversation.offered_to_id), "") if conversation.offered_to_id else "",
        "covers": names.get(staff_key(conversation.covers_id), "") if conversation.covers_id else "",
        "helpers": [(number, names.get(staff_key(number), "")) for number in conversation.collaborators],
        "deadlines": [deadline_of(clock, request.now, names) for clock in clocks if not clock.watches],
    }


def composer_for(talk: Talk) -> str:
    """What stands below the messages; when it changes the page draws it anew."""
    able = {"write": talk.rights.write, "note": talk.rights.note, "take": talk.rights.take}
    ended = talk.conversation.state == Conversation.State.CLOSED
    return next((name for name, may in able.items() if may), "closed" if ended else "watch")


def _people(conversation: Conversation) -> tuple[int | None, ...]:
    return conversation.owner_id, conversation.offered_to_id, conversation.covers_id


@with_talk
def head(request: Request, talk: Talk) -> HttpResponseBase:
    """The head and the actions, as they are now."""
    return render(request, "workbench/head.html", head_parts(request, talk))


@with_talk
def trail(request: Request, talk: Talk) -> HttpResponseBase:
    """Where the visitor was on the site, for whoever the clauses show it to; who looked is written down."""
    if not (talk.rights.write or talk.rights.supervise):
        raise Http404
    try:
        known: dict[str, Any] = {"trail": trail_of(talk.conversation, request.viewer, now=request.now)}
    except NotVisible as refused:
        known = {"refusals": refusals_of(refused, talk)}
    return render(request, "workbench/trail.html", known)


@with_talk
def beside(request: Request, talk: Talk) -> HttpResponseBase:
    """The right pane: who it is, what he had with us, what the clauses say."""
    return render(request, "workbench/beside.html", beside_of(request, talk))


@with_talk
def hints(request: Request, talk: Talk) -> HttpResponseBase:
    """What could be said now, by the handbook, by the knowledge it keeps and by replies written before."""
    known: dict[str, Any] = {"conversation": talk.conversation, "rights": talk.rights}
    if talk.rights.write or talk.rights.supervise:
        asked = (talk.conversation, talk.book, request.viewer)
        question = question_of(talk.conversation)
        known["hints"] = hints_of(*asked, question, request.now)
        known["entries"] = entries_like(*asked, question, request.now, get_language() or "zh")
        known["directories"] = [(record.id, say(record.title)) for record, _ in open_to(*asked, request.now)]
    return render(request, "workbench/hints.html", known)
