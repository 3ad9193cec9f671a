"""What people are told while the database does not answer, and when something else went wrong.

Django calls `failed` for every exception nobody caught. Nothing here may ask the database: no viewer, no session, no language of
one's own, so the pages speak both languages.
"""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

TRY_AGAIN = "3"
"""Seconds after which it is worth trying again."""
TITLE = "The database does not answer. What was confirmed is safe; send the rest again."


def failed(request: HttpRequest) -> HttpResponse:
    """503 while the database is away or gave a request up, 500 for everything else."""
    if not isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(_page("500.html", request), status=500)
    response = _problem() if _wants_json(request) else HttpResponse(_page("503.html", request), status=503)
    response.headers["Retry-After"] = TRY_AGAIN
    return response


def _page(name: str, request: HttpRequest) -> str:
    """The page in both languages; a page that was only read can be asked for again."""
    return render_to_string(name, {"again": request.method == "GET"})


def _wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.headers.get("Accept", "").startswith("application/")


def _problem() -> HttpResponse:
    problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": TITLE}
    return JsonResponse(problem, status=503, content_type="application/problem+json")
