"""The front door: staff go to the first page they may open, everybody else to the portal or to sign in."""

from __future__ import annotations

from django.http import HttpResponseRedirect
from django.urls import NoReverseMatch, reverse

from zhike.web.context import Request
from zhike.web.permissions import may_open

FIRST_PAGES = (
    "desk:show",
    "workbench:show",
    "board:show",
    "case_list:show",
    "lookup:show",
    "administration:index",
    "handbook_page:list",
    "notices_page:show",
)


def home(request: Request) -> HttpResponseRedirect:
    """`/`: the desk for whoever works there, else their first screen; a visitor is welcomed or asked to sign in."""
    if request.viewer.staff is None:
        return HttpResponseRedirect(_first_there(("welcome:show", "sign_in:sign_in")))
    return HttpResponseRedirect(_first_there(tuple(route for route in FIRST_PAGES if may_open(request.viewer, route))))


def _first_there(routes: tuple[str, ...]) -> str:
    """The address of the first of `routes` that is installed."""
    for route in routes:
        try:
            return reverse(route)
        except NoReverseMatch:
            continue
    return reverse("notices_page:show")
