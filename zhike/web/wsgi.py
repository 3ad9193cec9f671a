"""Django behind WSGI, with `/healthz` answered before any middleware: it must answer when the database does not."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhike.settings")
django_application = get_wsgi_application()

from zhike.web.health.checks import wsgi_answer  # noqa: E402 - Django must be set up first


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/healthz" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return wsgi_answer(start_response)
    return django_application(environ, start_response)
