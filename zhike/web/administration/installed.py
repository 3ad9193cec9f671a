"""Where administration begins."""

from __future__ import annotations

from django.http import HttpResponseRedirect
from django.urls import reverse

from zhike.web.context import Request


def index(_request: Request) -> HttpResponseRedirect:
    """Administration begins with the people."""
    return HttpResponseRedirect(reverse("administration:staff"))
