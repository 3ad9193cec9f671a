"""One case: the page, its live parts, its actions, notes. Every view gets the case from `cases.access` alone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases.access import case_for
from zhike.cases.actions import add_note
from zhike.cases.asking import take_or_ask
from zhike.cases.links import around
from zhike.cases.models import AskedDeed, Case, Submission
from zhike.cases.notes import add_files
from zhike.cases.proposing import proposed_owner
from zhike.cases.queries import story
from zhike.cases.refusals import CaseError, Forbidden, NotFound, Stale, Unreadable
from zhike.customers.profile import CustomerRefused
from zhike.handbook.structure import Action
from zhike.journal.models import Fact
from zhike.org.handbooks import book_of
from zhike.records.posting import parse_post
from zhike.web.base.names import Names
from zhike.web.base.refusals import refusals_of
from zhike.web.case_page.asked import waits_for
from zhike.web.case_page.customer import customer_card, show_phone
from zhike.web.case_page.files import Received, file_fields, receive
from zhike.web.case_page.forms import ActionForm, action_form
from zhike.web.case_page.kept import kept_of
from zhike.web.case_page.known import kept_values, meant, shown_again
from zhike.web.case_page.page import CaseView, case_url, case_view, key_of, new_key, say
from zhike.web.case_page.sheet import sheet_of
from zhike.web.case_page.ties import Ties, ties_of, undo_of
from zhike.web.case_page.timeline.filled import incomplete, main_filling, main_form
from zhike.web.case_page.timeline.teller import Teller
from zhike.web.case_page.versions import versions_of
from zhike.web.context import Request

NOTE_FILES = "files"


class Kept(Exception):
    """The viewer is kept out by a visibility clause; carries the page that says so."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


def find(request: Request, number: str) -> Case:
    """The case through its gate. Raises Http404, or Kept when this viewer is kept out, which the gate writes down."""
    try:
        return case_for(request.viewer, number, now=request.now)
    except NotFound:
        raise Http404
    except Forbidden as forbidden:
        why = " ".join(say(reason.words) for reason in forbidden.reasons)
        handbook = Case.objects.filter(number=number).values_list("handbook", flat=True).first()
        known = {"why": why, "clauses": forbidden.clauses, "handbook": handbook}
        raise Kept(render(request, "base/refused.html", known, status=403))


def show(request: Request, number: str) -> HttpResponseBase:
    """The whole page. The number of a merged case leads to the one that leads; `?own=1` shows the case itself."""
    try:
        case = find(request, number)
    except Kept as kept:
        return kept.response
    if case.merged_into is not None and "own" not in request.GET and request.viewer.holds(case.merged_into.audience):
        return HttpResponseRedirect(f"{case_url(case.merged_into.number)}?from={case.number}")
    return page(request, case)


def page(request: Request, case: Case, form: ActionForm | None = None, status: int = 200, **more: Any) -> HttpResponse:
    """The case page, with the form of an action open or the note form."""
    sheet = sheet_of(case, request.viewer, request.now)
    ties = ties_of(case, request.viewer, request.now, sheet.found)
    known: dict[str, Any] = {
        "view": sheet.view,
        "case": case,
        "entries": sheet.teller.entries(),
        "ties": ties,
        "kept": kept_of(case, request.viewer),
        "undo": ties.undo,
        "came_from": came_from(request, ties),
        "note_key": new_key(),
        "customer": customer_card(case, sheet.found),
        "rules": rules(sheet.view),
        "form": form,
        "filled": main_form(case, sheet.view.book, request.now, sheet.names),
        "incomplete": incomplete(case, sheet.view.book),
        "versions": versions_of(sheet.view.book, ("case", case.pk), case.data, sheet.names, request.now),
        **more,
    }
    return render(request, "case_page/show.html", known, status=status)


def ties_parts(request: Request, case: Case) -> dict[str, Any]:
    """What the head tells besides stage and clocks. The desk tells of other cases elsewhere: there it is the undo alone."""
    if "desk" in (request.GET.get("back"), request.POST.get("back")):
        return {"undo": undo_of(case, request.viewer, request.now)}
    ties = ties_of(case, request.viewer, request.now)
    return {"ties": ties, "kept": kept_of(case, request.viewer), "undo": ties.undo}


def came_from(request: Request, ties: Ties) -> str:
    """The number of the merged case by which the reader came here; "" where he came by none."""
    said = request.GET.get("from", "")
    return next((each.number for each in ties.absorbed if each.number == said), "")


def rules(view: CaseView) -> list[dict[str, str]]:
    """Clauses that speak of what may be done now: id, title, the sentence itself; what is to be said comes first."""
    ids = dict.fromkeys(clause for button in view.buttons for clause in button.clauses)
    found = [view.book.clause(clause) for clause in ids]
    found.sort(key=lambda clause: clause.kind != "wording")
    return [
        {
            "id": c.id,
            "handbook": view.book.name,
            "title": say(c.title),
            "quote": c.quote,
            "say": say(getattr(c, "say", None) or ""),
        }
        for c in found
    ]


def live(request: Request, number: str) -> HttpResponseBase:
    """Head, clocks and actions, as they are now."""
    try:
        case = find(request, number)
    except Kept as kept:
        return kept.response
    view = case_view(case, request.viewer, request.now)
    return render(
        request,
        "case_page/head.html",
        {
            "view": view,
            "case": case,
            "back": request.GET.get("back", ""),
            **ties_parts(request, case),
        },
    )


def timeline(request: Request, number: str) -> HttpResponseBase:
    """The timeline, as it is now."""
    try:
        case = find(request, number)
    except Kept as kept:
        return kept.response
    absorbed = around(case, request.viewer).absorbed
    told = Teller(case, book_of(case.handbook_version_id), story(case, request.viewer), request.now, absorbed)
    return render(request, "case_page/timeline.html", {"case": case, "entries": told.entries()})


def beside(request: Request, number: str) -> HttpResponseBase:
    """Customer, main form and clauses: the right pane of the desk."""
    try:
        case = find(request, number)
    except Kept as kept:
        return kept.response
    names = Names(request.now)
    names.ask(fillings=[main_filling(case, book_of(case.handbook_version_id))])
    view = case_view(case, request.viewer, request.now, names=names)
    known = {
        "case": case, "view": view, "customer": customer_card(case, around(case, request.viewer)), "rules": rules(view),
        "filled": main_form(case, view.book, request.now, names), "incomplete": incomplete(case, view.book),
        "versions": versions_of(view.book, ("case", case.pk), case.data, names, request.now),
    }  # fmt: skip
    return render(request, "case_page/beside.html", known)


def phone(request: Request, number: str) -> HttpResponseBase:
    """The customer's number in full, for a purpose; who looks is written down and looked over, as in the archive."""
    try:
        case = find(request, number)
    except Kept as kept:
        return kept.response
    purpose, words = request.POST.get("purpose", ""), request.POST.get("words", "")
    try:
        card = show_phone(case, request.viewer, request.now, purpose, words)
    except CustomerRefused as refused:
        known = {"case": case, "customer": customer_card(case, around(case, request.viewer)), "wrong": refused.problems}
        return render(request, "case_page/customer.html", {**known, "purpose": purpose, "words": words}, status=422)
    return render(request, "case_page/customer.html", {"case": case, "customer": card})


def act(request: Request, number: str, action: str) -> HttpResponseBase:
    """GET: the action's form. POST: take the action; what cannot be done comes back with what was typed."""
    try:
        case = find(request, number)
    except Kept as kept:
        return kept.response
    book = book_of(case.handbook_version_id)
    try:
        definition = book.action(case.process, action)
    except LookupError:
        raise Http404
    back = request.POST.get("back") or request.GET.get("back", "")
    common: dict[str, Any] = {
        "url": reverse("case_page:act", args=[number, action]),
        "viewer": request.viewer,
        "back": back,
    }
    if request.method == "POST":
        return _take(request, case, definition, common)
    proposal = proposed_owner(book, case.process, definition, case=case, customer=case.customer_id, now=request.now)
    form = action_form(book, case.process, definition, case=case, seen=newest_fact(case), proposal=proposal, **common)
    return drawn(request, case, form)


def drawn(request: Request, case: Case, form: ActionForm, status: int = 200) -> HttpResponse:
    """The form alone for htmx, in its page for everybody else."""
    if not request.htmx:
        return page(request, case, form, status=status)
    known: dict[str, Any] = {"form": form, "case": case}
    if status == HTTPStatus.CONFLICT:
        known |= {
            "oob": True,
            "view": case_view(case, request.viewer, request.now),
            **ties_parts(request, case),
        }
    return render(request, "case_page/form.html", known, status=status)


def newest_fact(case: Case) -> int:
    newest = Fact.objects.filter(subject_kind="case", subject_id=case.pk).aggregate(newest=Max("id"))["newest"]
    return int(newest or 0)


def _take(request: Request, case: Case, action: Action, common: dict[str, Any]) -> HttpResponse:
    book = book_of(case.handbook_version_id)
    record = book.record(action.record) if action.record else None
    received = receive(request, file_fields(record.fields) if record else (), request.now)
    values = {**(parse_post(record, request.POST) if record else {}), **received.tokens}
    kept = kept_values(book, case.process, action, case)
    try:
        if received.errors:
            raise Unreadable.of(received.errors)
        done = take_or_ask(
            case.pk, action.id, meant(case, book, action, kept, values), by=request.viewer, now=request.now, key=key_of(request),
            version=_number(request.POST.get("version")), attachments=received.all_tokens,
        )  # fmt: skip
    except CaseError as error:
        return _come_back(request, case, action, values, received, error, common)
    if isinstance(done, AskedDeed):
        who = {"action": say(action.title), "who": waits_for(done)}
        messages.success(request, gettext("已提交“%(action)s”，%(who)s同意后办理。") % who)
        return go_on(request, done.case, common["back"])
    messages.success(request, gettext("已办理：%(action)s") % {"action": say(action.title)})
    return go_on(request, done, common["back"])


def _come_back(
    request: Request,
    case: Case,
    action: Action,
    values: dict[str, Any],
    received: Received,
    error: CaseError,
    common: dict[str, Any],
) -> HttpResponse:
    """The form with what was typed. A stale page learns what changed and may be submitted again, knowingly."""
    case.refresh_from_db()
    seen = _number(request.POST.get("seen")) or 0
    stale = isinstance(error, Stale)
    book = book_of(case.handbook_version_id)
    if stale:
        values = shown_again(case, book, action, kept_values(book, case.process, action, case), values)
    form = action_form(
        book, case.process, action, case=case, values=values, error=error,
        key="" if stale else key_of(request), seen=newest_fact(case) if stale else seen,
        changes=changes_since(request, case, seen) if stale else (), files=received.files, **common,
    )  # fmt: skip
    return drawn(request, case, form, status=HTTPStatus.CONFLICT if stale else HTTPStatus.UNPROCESSABLE_ENTITY)


def changes_since(request: Request, case: Case, seen: int) -> list[str]:
    """What others did since the reader's page was drawn, newest first, in the words of the timeline."""
    told = story(case, request.viewer)
    told.facts[:] = [fact for fact in told.facts if fact.id > seen]
    told.notes.clear()
    told.attachments.clear()
    entries = Teller(case, book_of(case.handbook_version_id), told, request.now).entries()
    return [f"{e.who} {e.what} {e.words}".strip() for e in entries if e.kind in ("deed", "moved") and e.what]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


def go_on(request: Request, case: Case, back: str = "") -> HttpResponse:
    """Where a person stands after a deed: at the case, on the desk, the board or its own page; elsewhere when he may not see it."""
    at_case = request.viewer.holds(case.audience)
    if back == "desk":
        target = reverse("desk:show") + (f"?case={case.number}" if at_case else "")
    elif back == "board":
        target = reverse("case_list:board")
    else:
        target = reverse("case_page:show", args=[case.number]) if at_case else "/"
    if request.htmx:
        return HttpResponse(status=200, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)


def note(request: Request, number: str) -> HttpResponseBase:
    """An internal note or a message to the customer, with files; files alone are fine too."""
    try:
        case = find(request, number)
    except Kept as kept:
        return kept.response
    internal = request.POST.get("to") != "customer"
    words = request.POST.get("words", "")
    received = receive(request, [NOTE_FILES], request.now)
    try:
        if received.errors:
            raise Unreadable.of(received.errors)
        _keep_note(request, case, words, received, internal)
    except CaseError as error:
        return _note_again(request, case, error, words, received)
    return go_on(request, case, request.POST.get("back", ""))


def _keep_note(request: Request, case: Case, words: str, received: Received, internal: bool) -> None:
    """Write the note and bind the files, once for each press of the button."""
    key = f"{request.viewer.principal}/note/{key_of(request) or new_key()}"
    with transaction.atomic():
        if not Submission.objects.get_or_create(key=key, defaults={"at": request.now, "case_id": case.pk})[1]:
            return
        if words.strip() or not received.files:
            add_note(case, words, by=request.viewer, now=request.now, internal=internal)
        if received.files:
            told = bool(words.strip())
            add_files(case, received.all_tokens, by=request.viewer, now=request.now, internal=internal, told=told)


def _note_again(request: Request, case: Case, error: CaseError, words: str, received: Received) -> HttpResponse:
    book = book_of(case.handbook_version_id)
    known: dict[str, Any] = {
        "note_key": new_key(),
        "words": words,
        "to": request.POST.get("to", ""),
        "back": request.POST.get("back", ""),
        "kept_files": [row for _, row in received.files],
        "refusals": refusals_of(error, book, None),
    }
    if request.htmx:
        return render(request, "case_page/note.html", {"case": case, **known}, status=422)
    return page(request, case, status=422, **known)
