"""What is done with a conversation: taken, let go, handed on, helped with, identified, ended; and what a supervisor does in it.

Each deed's form is a fragment above the composer, and a page of its own without scripts. Done, the script hears `talk-done`.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.conversations import actions, handing, supervising
from zhike.conversations.colleagues import Colleague, colleagues_of, queue_choices
from zhike.conversations.refusals import CLOSED, NOT_ABOVE, NOT_YOURS, OWN, ConversationRefused
from zhike.customers.access import NoSuchCustomer, customer_for, find_customers
from zhike.customers.models import Customer
from zhike.handbook.common import Text
from zhike.org.models import Staff
from zhike.web.case_page.page import key_of, new_key, say
from zhike.web.context import Request
from zhike.web.workbench.facts import outcomes, topics
from zhike.web.workbench.finding import Talk, refusals_of, with_talk

FOUND = 8
TO_WHOM = Text(zh="请选择交给谁。", en="Choose to whom it goes.")
WHO_IS_IT = Text(zh="请选择是哪位顾客，或选“都不是”。", en="Choose which customer it is, or “none of them”.")
CHOOSE = Text(zh="请从列表里选。", en="Choose from the list.")


def done(request: Request, talk: Talk, words: str = "", *, leaves: bool = False) -> HttpResponse:
    """Tell the page's script, or go back to the conversation; `leaves`: it is out of his hands, so to the list."""
    target = reverse("workbench:show") if leaves else reverse("workbench:one", args=[talk.number])
    if request.htmx:
        told = {"talk-done": {"number": talk.number, "words": words, "leaves": leaves}}
        return HttpResponse("", headers={"HX-Trigger": json.dumps(told)})
    if words:
        messages.success(request, words)
    return HttpResponseRedirect(target)


def form(request: Request, talk: Talk, name: str, status: int = 200, **known: Any) -> HttpResponse:
    """The form of a deed, alone or in its page."""
    if request.htmx:
        known = {"talk": talk, "conversation": talk.conversation, "rights": talk.rights, **known}
        return render(request, f"workbench/{name}.html", known, status=status)
    from zhike.web.workbench.views import page

    return page(request, talk, status, form=f"workbench/{name}.html", **known)


def refused(request: Request, talk: Talk, error: ConversationRefused) -> HttpResponse:
    """A deed without a form that cannot be done: said at the head; without scripts on the page."""
    if request.htmx:
        known = {"refusals": refusals_of(error, talk)}
        return render(request, "base/refusals.html", known, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.error(request, say(error.words))
    return HttpResponseRedirect(reverse("workbench:show"))


def may(allowed: bool) -> None:
    """Raises ConversationRefused: somebody else has it now, or it has ended."""
    if not allowed:
        raise ConversationRefused(NOT_YOURS)


def may_step_in(talk: Talk) -> None:
    """Raises ConversationRefused, saying why: it has ended, it is his own, or his role does not stand above the queue."""
    if talk.rights.supervise:
        return
    if talk.conversation.state == talk.conversation.State.CLOSED:
        raise ConversationRefused(CLOSED)
    raise ConversationRefused(OWN if talk.rights.write else NOT_ABOVE)


@with_talk
def accept(request: Request, talk: Talk) -> HttpResponseBase:
    try:
        handing.accept(talk.conversation, request.viewer, now=request.now)
    except ConversationRefused as error:
        return refused(request, talk, error)
    return done(request, talk)


@with_talk
def decline(request: Request, talk: Talk) -> HttpResponseBase:
    if talk.rights.decline:
        handing.end_offer(talk.conversation, now=request.now, declined=True, by=request.viewer.principal)
    return done(request, talk, leaves=not talk.rights.write)


@with_talk
def transfer(request: Request, talk: Talk) -> HttpResponseBase:
    """To a colleague, who takes it or not, or to a queue; until somebody took it he answers for it."""
    people = colleagues_of(talk.conversation, talk.book, request.viewer)
    queues = queue_choices(talk.conversation, talk.book)
    known: dict[str, Any] = {"people": people, "queues": [(queue.id, say(queue.title)) for queue in queues]}
    if request.method != "POST":
        return form(request, talk, "transfer", **known)
    try:
        may(talk.rights.hand_on)
        to = _hand_on(request, talk, people, [queue.id for queue in queues])
    except ConversationRefused as error:
        kind, _, target = request.POST.get("to", "").partition(":")
        known |= {"to_kind": kind, "to_id": target, "note": request.POST.get("note", "")}
        return form(request, talk, "transfer", 422, refusals=refusals_of(error, talk), **known)
    return done(request, talk, gettext("已转给%(to)s；对方接起之前仍由您负责。") % {"to": to})


def _hand_on(request: Request, talk: Talk, people: list[Colleague], queues: list[str]) -> str:
    """Who it goes to, as the reader calls him."""
    note, to = request.POST.get("note", ""), request.POST.get("to", "")
    kind, _, target = to.partition(":")
    person = next((each for each in people if kind == "staff" and str(each.staff.pk) == target), None)
    if person is None and not (kind == "queue" and target in queues):
        raise ConversationRefused(TO_WHOM, fields=("to",))
    with transaction.atomic():
        if note.strip():
            key = f"{key_of(request) or new_key()}/note"
            actions.say(talk.conversation, request.viewer, words=note, key=key, now=request.now, internal=True)
        if person is not None:
            handing.offer(talk.conversation, person.staff, now=request.now, until=None, by=request.viewer.principal)
            return person.staff.name
        handing.requeue(talk.conversation, target, now=request.now, by=request.viewer.principal, keeps_owner=True)
    return next(say(queue.title) for queue in talk.book.handbook.queues if queue.id == target)


@with_talk
def invite(request: Request, talk: Talk) -> HttpResponseBase:
    """`staff`: a colleague helps; `leaves`: he does no longer."""
    people = colleagues_of(talk.conversation, talk.book, request.viewer)
    helping = Staff.objects.filter(pk__in=talk.conversation.collaborators)
    if request.method != "POST":
        return form(
            request, talk, "invite", people=[p for p in people if p.staff.pk not in talk.conversation.collaborators]
        )
    leaves = "leaves" in request.POST
    number = request.POST.get("leaves" if leaves else "staff", "")
    able = [*helping] if leaves else [person.staff for person in people]
    person = next((each for each in able if str(each.pk) == number), None)
    own = leaves and person is not None and person.pk == (request.viewer.staff.pk if request.viewer.staff else 0)
    try:
        may(talk.rights.hand_on or own)
        if person is None:
            raise ConversationRefused(TO_WHOM, fields=("staff",))
        handing.join(talk.conversation, request.viewer, person, now=request.now, leaves=leaves)
    except ConversationRefused as error:
        return form(request, talk, "invite", 422, refusals=refusals_of(error, talk), people=people)
    return done(request, talk, "" if leaves else gettext("已请%(who)s一起处理。") % {"who": person.name}, leaves=own)


@with_talk
def identify(request: Request, talk: Talk) -> HttpResponseBase:
    """Who it is: one of the candidates, one found in the archive, or nobody known. Never guessed."""
    text = request.GET.get("q", "")
    if request.method != "POST":
        found = find_customers(request.viewer, text, limit=FOUND) if text else []
        return form(request, talk, "identify", found=found, q=text)
    try:
        may(talk.rights.identify)
        customer = _customer(request, talk)
        actions.set_customer(talk.conversation, customer, by=request.viewer, now=request.now, how="chosen")
    except ConversationRefused as error:
        return form(request, talk, "identify", 422, refusals=refusals_of(error, talk), found=[], q="")
    return done(request, talk, gettext("已登记顾客。") if customer else gettext("已改为身份未知。"))


def _customer(request: Request, talk: Talk) -> Customer | None:
    number = request.POST.get("customer", "")
    if number == "nobody":
        return None
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise ConversationRefused(WHO_IS_IT, fields=("customer",))
    if int(number) in talk.conversation.candidates:
        return Customer.objects.filter(pk=int(number)).first()
    try:
        return customer_for(request.viewer, int(number))
    except NoSuchCustomer:
        raise ConversationRefused(WHO_IS_IT, fields=("customer",))


@with_talk
def close(request: Request, talk: Talk) -> HttpResponseBase:
    """The end, with outcome and topic as the handbook asks for them."""
    known: dict[str, Any] = {"outcomes": outcomes(talk.book), "topics": topics(talk.book)}
    if request.method != "POST":
        return form(request, talk, "close", **known)
    outcome, topic = request.POST.get("outcome", ""), request.POST.get("topic", "")
    known |= {"outcome": outcome, "topic": topic}
    try:
        may(talk.rights.close)
        _known(outcome, known["outcomes"], "outcome")
        _known(topic, known["topics"], "topic")
        actions.close(talk.conversation, by=request.viewer.principal, now=request.now, outcome=outcome, topic=topic)
    except ConversationRefused as error:
        return form(request, talk, "close", 422, refusals=refusals_of(error, talk), **known)
    return done(request, talk, gettext("会话已结束。"), leaves=True)


def _known(value: str, choices: list[tuple[str, str]], name: str) -> None:
    """Only what the handbook lists; where it lists nothing, words of one's own."""
    if value and choices and value not in dict(choices):
        raise ConversationRefused(CHOOSE, fields=(name,))


@with_talk
def cover(request: Request, talk: Talk) -> HttpResponseBase:
    """Answer it for a colleague who is away; when he is, clauses say."""
    try:
        may(talk.rights.cover)
        handing.cover(talk.conversation, request.viewer, now=request.now)
    except ConversationRefused as error:
        return refused(request, talk, error)
    return done(request, talk)


# supervisors


@with_talk
def whisper(request: Request, talk: Talk) -> HttpResponseBase:
    """A note that pops up before whoever has it; the customer never learns of it."""
    if request.method != "POST":
        return form(request, talk, "whisper")
    try:
        may_step_in(talk)
        supervising.whisper(
            talk.conversation,
            request.viewer,
            request.POST.get("words", ""),
            key=key_of(request) or new_key(),
            now=request.now,
        )
    except ConversationRefused as error:
        return form(
            request, talk, "whisper", 422, refusals=refusals_of(error, talk), words=request.POST.get("words", "")
        )
    return done(request, talk, gettext("已悄悄告诉接待的同事，顾客看不到。"))


@with_talk
def take_over(request: Request, talk: Talk) -> HttpResponseBase:
    try:
        may_step_in(talk)
        handing.take_over(talk.conversation, request.viewer, now=request.now)
    except ConversationRefused as error:
        return refused(request, talk, error)
    return done(request, talk, gettext("已接管，现在由您接待。"))


@with_talk
def assign(request: Request, talk: Talk) -> HttpResponseBase:
    """Show it to one colleague, whoever was to take it before."""
    people = colleagues_of(talk.conversation, talk.book, request.viewer, own_too=True)
    if request.method != "POST":
        return form(request, talk, "assign", people=people)
    person = next((each.staff for each in people if str(each.staff.pk) == request.POST.get("staff")), None)
    try:
        may_step_in(talk)
        if person is None:
            raise ConversationRefused(TO_WHOM, fields=("staff",))
        supervising.assign(talk.conversation, person, request.viewer, now=request.now)
    except ConversationRefused as error:
        return form(request, talk, "assign", 422, refusals=refusals_of(error, talk), people=people)
    return done(request, talk, gettext("已指派给%(who)s，等他接起。") % {"who": person.name})
