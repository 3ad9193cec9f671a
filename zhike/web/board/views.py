"""The warning board: who holds the clock, how much is left, what breaches next."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from zhike.web.board.lanes import board_of
from zhike.web.context import Request


def show(request: Request) -> HttpResponse:
    return render(request, "board/show.html", {"board": board_of(request.viewer, request.now)})


def lanes(request: Request) -> HttpResponse:
    """The lanes, as they are now."""
    return render(request, "board/lanes.html", {"board": board_of(request.viewer, request.now)})
