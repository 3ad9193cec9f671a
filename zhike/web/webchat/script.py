"""GET /chat/widget.js: the one script a site includes. It is put together from its parts when the first one asks, and kept.

Nothing is minified by a tool: comments and indentation go, gzip does the rest. The style sheet is part of it, and is given to the
browser as an object, so the site's policy need allow no style of ours.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from zhike.web.context import Request

PLACE = Path(__file__).parent / "widget"
PARTS = ("words", "talk", "trail", "parts", "log", "forms", "widget", "start")
KEPT = 300
"""Seconds a browser uses it without asking again."""


@dataclass(frozen=True, slots=True)
class Script:
    plain: bytes
    packed: bytes
    tag: str


@cache
def script() -> Script:
    style = re.sub(r"\s*\n\s*", "\n", (PLACE / "style.css").read_text(encoding="utf-8"))
    parts = "\n".join(_stripped((PLACE / f"{name}.js").read_text(encoding="utf-8")) for name in PARTS)
    text = f'(() => {{\n"use strict";\nconst STYLE = {json.dumps(style)};\n{parts}\n}})();\n'
    plain = text.encode()
    tag = f'"{hashlib.sha256(plain).hexdigest()[:20]}"'
    return Script(plain, gzip.compress(plain, 9, mtime=0), tag)


def _stripped(text: str) -> str:
    """Without indentation, and without lines that are only comment."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def show(request: Request) -> HttpResponseBase:
    """For any site: nothing of the house is in it."""
    made = script()
    headers = {
        "Cache-Control": f"public, max-age={KEPT}", "ETag": made.tag, "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin",
    }  # fmt: skip
    if made.tag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers=headers)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(
        made.packed if packed else made.plain, content_type="text/javascript; charset=utf-8", headers=headers
    )
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response
