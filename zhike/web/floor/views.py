"""The floor, as it is now and as it changes."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from zhike.web.context import Request
from zhike.web.floor.seats import floor_of


def show(request: Request) -> HttpResponse:
    return render(request, "floor/show.html", {"floor": floor_of(request.viewer, request.now)})


def now(request: Request) -> HttpResponse:
    """Queues, alarms and seats, as they are now."""
    return render(request, "floor/now.html", {"floor": floor_of(request.viewer, request.now)})
