"""Saved views: kept from the list, looked after on a page of their own, counted in the strip above the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from zhike.cases import saved_views
from zhike.cases.queries import count_upto, filtered
from zhike.cases.saved_views import DEPARTMENT, Listed, NoSuchView, Target, ViewRefused, views_for
from zhike.handbook.book import Book
from zhike.web.case_list.asking import active_departments, asked_of_view, books_now, question_of, words_of
from zhike.web.case_page.page import say
from zhike.web.context import Request

MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class Line:
    """A view on the page of views."""

    view: Listed
    words: str
    """What it asks."""
    shared: str
    """With whom it is shared, and whose default it is."""
    targets: list[tuple[Target, str, bool, bool]]
    """(whom it may be shared with, title, is shared, is default)"""


def views(request: Request) -> HttpResponseBase:
    """GET: every view the viewer may use. POST: keep the question of the list under a name."""
    return _save(request) if request.method == "POST" else _page(request)


def _page(request: Request, wrong: str = "", status: int = 200) -> HttpResponse:
    books = books_now(request)
    found = views_for(request.viewer)
    targets = saved_views.targets_of(request.viewer, books)
    titles = {t.principal: title_of(t) for t in targets}
    places = {str(pk): name for pk, name in active_departments(request.viewer)}
    lines = [_line(view, request, books, targets, titles, places) for view in found]
    known = {
        "mine": [line for line in lines if line.view.mine],
        "shared": [line for line in lines if not line.view.mine],
        "deleted": saved_views.deleted_views(request.viewer, request.now),
        "may_share": bool(targets),
        "wrong": wrong,
    }
    return render(request, "case_list/views.html", known, status=status)


def _line(
    view: Listed, request: Request, books: Sequence[Book], targets: Sequence[Target], titles: dict[str, str], places: dict[str, str]
) -> Line:  # fmt: skip
    asked = asked_of_view(view, books, request.viewer)
    words = gettext("，").join(f"{what} {value}" for what, value in words_of(asked, books, places))
    known = [titles.get(p) or place_or_role(p, books, places) for p in view.shared_with]
    rows = [(t, titles[t.principal], t.principal in view.shared_with, t.principal in view.default_of) for t in targets]
    return Line(view, words or gettext("全部工单"), gettext("、").join(known), rows if view.mine else [])


def title_of(target: Target) -> str:
    if target.book is None:
        return say(target.title)
    return gettext("%(role)s（%(handbook)s）") % {
        "role": say(target.title),
        "handbook": say(target.book.handbook.title),
    }


def place_or_role(principal: str, books: Sequence[Book], places: dict[str, str]) -> str:
    if principal.startswith(DEPARTMENT):
        return places.get(principal.removeprefix(DEPARTMENT), principal)
    handbook, _, role = principal.partition(":")
    book = next((book for book in books if book.name == handbook), None)
    try:
        return say(book.role(role.partition("@")[0]).title) if book else principal
    except LookupError:
        return principal


def _save(request: Request) -> HttpResponseBase:
    """The question comes as the form's fields, as the list's own address says it."""
    books = books_now(request)
    question = question_of(request.POST, [], books, request.viewer)
    try:
        view = saved_views.save_view(request.POST.get("name", ""), question.asked, by=request.viewer, now=request.now)
        if request.POST.get("pin"):
            saved_views.pin_view(view, by=request.viewer, now=request.now)
    except ViewRefused as refused:
        messages.error(request, say(refused.words))
        return HttpResponseRedirect(f"{reverse('case_list:show')}?{question.address()}")
    messages.success(request, gettext("已保存视图“%(name)s”") % {"name": view.name})
    return HttpResponseRedirect(_address(view.pk))


def view(request: Request, number: int) -> HttpResponseBase:
    """One deed on one view; a name that cannot be had, or a role nobody may share with, is said above the page it came from."""
    deed = DEEDS.get(request.POST.get("deed", ""))
    if deed is None:
        raise Http404
    try:
        return deed(request, number)
    except NoSuchView:
        raise Http404
    except ViewRefused as refused:
        messages.error(request, say(refused.words))
        return HttpResponseRedirect(reverse("case_list:views"))


def _rename(request: Request, number: int) -> HttpResponseBase:
    mine = saved_views.own_view(request.viewer, number)
    saved_views.change_view(mine, now=request.now, name=request.POST.get("name", ""))
    return _done(request, gettext("已改名为“%(name)s”") % {"name": mine.name})


def _change(request: Request, number: int) -> HttpResponseBase:
    """Let the view ask what the list asks now."""
    mine = saved_views.own_view(request.viewer, number)
    question = question_of(request.POST, [], books_now(request), request.viewer)
    saved_views.change_view(mine, now=request.now, asked=question.asked)
    messages.success(request, gettext("视图“%(name)s”已更新") % {"name": mine.name})
    return HttpResponseRedirect(_address(number))


def _duplicate(request: Request, number: int) -> HttpResponseBase:
    seen = saved_views.seen_view(request.viewer, number)
    listed = next(view for view in views_for(request.viewer) if view.id == seen.pk)
    name = gettext("%(name)s 副本") % {"name": seen.name[: saved_views.LONGEST_NAME - 8]}
    asked = asked_of_view(listed, books_now(request), request.viewer)
    copy = saved_views.save_view(name, asked, by=request.viewer, now=request.now, copy_of=seen.pk)
    return _done(request, gettext("已复制为“%(name)s”") % {"name": copy.name})


def _delete(request: Request, number: int) -> HttpResponseBase:
    mine = saved_views.own_view(request.viewer, number)
    saved_views.delete_view(mine, now=request.now)
    return _done(request, gettext("已删除“%(name)s”，可在页末恢复") % {"name": mine.name})


def _restore(request: Request, number: int) -> HttpResponseBase:
    mine = saved_views.own_view(request.viewer, number, deleted=True)
    saved_views.restore_view(mine, now=request.now)
    return _done(request, gettext("已恢复“%(name)s”") % {"name": mine.name})


def _pin(request: Request, number: int) -> HttpResponseBase:
    saved_views.pin_view(saved_views.seen_view(request.viewer, number), by=request.viewer, now=request.now)
    return _done(request, "")


def _unpin(request: Request, number: int) -> HttpResponseBase:
    saved_views.unpin_view(saved_views.seen_view(request.viewer, number), by=request.viewer)
    return _done(request, "")


def _share(request: Request, number: int) -> HttpResponseBase:
    """What the form could not offer him stays as it was."""
    mine, books = saved_views.own_view(request.viewer, number), books_now(request)
    offered = {target.principal for target in saved_views.targets_of(request.viewer, books)}
    kept = {p for p in mine.shared_with if p not in offered}
    defaults = request.POST.getlist("default")
    saved_views.share_view(
        mine, {*kept, *request.POST.getlist("share"), *defaults}, by=request.viewer, now=request.now, books=books
    )
    saved_views.make_default(mine, defaults, by=request.viewer, now=request.now, books=books)
    return _done(request, gettext("已保存“%(name)s”的分享") % {"name": mine.name})


DEEDS: dict[str, Callable[[Request, int], HttpResponseBase]] = {
    "rename": _rename, "change": _change, "duplicate": _duplicate, "delete": _delete, "restore": _restore, "pin": _pin,
    "unpin": _unpin, "share": _share,
}  # fmt: skip


def counts(request: Request) -> HttpResponse:
    """How many cases stand behind each pinned view, counted to 99: fetched after the page, which does not wait for it."""
    books = books_now(request)
    pinned = [view for view in views_for(request.viewer) if view.pinned][: saved_views.MOST_PINS]
    found = {
        view.id: count_upto(filtered(request.viewer, asked_of_view(view, books, request.viewer).wanted()), MOST_COUNTED)
        for view in pinned
    }
    shown = [
        (number, f"{MOST_COUNTED}+" if n > MOST_COUNTED else str(n)) for number, n in found.items() if n is not None
    ]
    return render(request, "case_list/counts.html", {"counts": shown})


def _address(number: int) -> str:
    return f"{reverse('case_list:show')}?view={number}"


def _done(request: Request, words: str) -> HttpResponseRedirect:
    if words:
        messages.success(request, words)
    back = request.POST.get("back", "")
    return HttpResponseRedirect(
        _address(int(back)) if back.isdigit() and len(back) < 18 else reverse("case_list:views")
    )
