"""The page of the keyboard, and the same as a box over any page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from zhike.web.context import Request
from zhike.web.shortcuts.keys import groups


def show(request: Request) -> HttpResponse:
    page = "shortcuts/_keys.html" if request.htmx else "shortcuts/show.html"
    return render(request, page, {"groups": groups()})
