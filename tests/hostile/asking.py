"""One attempt: sent, looked at, taken back. What was wrong with the answer stands in `Findings`."""

from __future__ import annotations

import re
import traceback
import unicodedata
import urllib.parse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.test import Client

from tests.hostile.attempts import Attempt
from tests.hostile.forms import Form, forms_of
from zhike.lib.text import clean_text
from zhike.web.tests.hostile import SCRIPT

REFUSED = (200, 400, 409, 422)
"""Answers in which a form comes back."""


@dataclass
class Findings:
    """Answers by status, and what was wrong: each once for a route and a kind of fault."""

    answers: Counter[int] = field(default_factory=Counter)
    faults: dict[tuple[str, str], str] = field(default_factory=dict)

    def __str__(self) -> str:
        told = [f"{route} | {kind} | {words}" for (route, kind), words in self.faults.items()]
        return "\n".join([*told, str(dict(self.answers))])

    def note(self, route: str, kind: str, words: str) -> None:
        self.faults.setdefault((route, kind), words[:1500])


def post(client: Client, route: str, form: Form, attempt: Attempt, findings: Findings) -> None:
    """Send the form, and take back whatever it did."""
    headers = {"HX-Request": "true"} if form.by_htmx and len(attempt.about) % 4 else {}
    told = f"{form.action} {attempt.about} {_shown(attempt.values)}"
    for value in attempt.values.values():
        if isinstance(value, UploadedFile):
            value.seek(0)
    answer = attempted(findings, route, told, lambda: client.post(form.action, attempt.values, headers=headers))
    if answer is not None and answer.status_code in REFUSED:
        _look_for_what_was_typed(answer, route, form, attempt, told, findings)


def get(client: Client, route: str, path: str, query: dict[str, Any], findings: Findings) -> None:
    attempted(findings, route, f"GET {path} {_shown(query)}", lambda: client.get(path, query))


def attempted(findings: Findings, route: str, told: object, send: Callable[[], Any]) -> Any:
    """The answer, looked at; None where the product broke. What it did is taken back."""
    answer: Any = None
    try:
        with transaction.atomic():
            answer = send()
            transaction.set_rollback(True)
    except Exception as error:  # whatever comes out of the product is a finding
        findings.answers[500] += 1
        findings.note(route, f"{type(error).__name__} {_place(error)}", f"{told!s:.600}\n{error}")
        return None
    findings.answers[answer.status_code] += 1
    look(answer, route, str(told), findings)
    return answer


def look(answer: Any, route: str, told: str, findings: Findings) -> None:
    if answer.status_code >= 500:
        findings.note(route, f"status {answer.status_code}", told)
    body = b"" if answer.streaming else answer.content
    if SCRIPT.encode() in body and "text/html" in answer.headers.get("Content-Type", ""):
        findings.note(route, "script", told)


def _look_for_what_was_typed(
    answer: Any, route: str, form: Form, attempt: Attempt, told: str, findings: Findings
) -> None:
    """Where the form comes back, what was typed stands in it."""
    if answer.streaming or "text/html" not in answer.headers.get("Content-Type", ""):
        return
    if answer.status_code == 200 and b'role="alert"' not in answer.content:
        return  # done: a fresh form
    back = [each for each in forms_of(answer.content.decode()) if _address(each, form.action) == _address(form, "")]
    for name, text in attempt.typed.items():
        holding = [each.inputs[name].value for each in back if name in each.inputs]
        # A day typed into a field for a moment comes back with its midnight, or the browser would not show it.
        if (holding or attempt.grows) and not any(_plain(value).startswith(_plain(text)) for value in holding):
            findings.note(route, f"lost {name}", f"{answer.status_code} {told}\nnow {holding!r}"[:1500])


def _address(form: Form, page: str) -> str:
    """Where it is sent; a form without an address goes back to its page."""
    return urllib.parse.urljoin(page, form.action or page).partition("?")[0]


def _plain(text: str) -> str:
    """Without what no reader sees; figures of full width are the same figures."""
    return unicodedata.normalize("NFKC", re.sub(r"\s+", "", clean_text(text)))


def _shown(values: dict[str, Any]) -> str:
    return str({name: str(value)[:60] for name, value in list(values.items())[:12]})


def _place(error: Exception) -> str:
    """The last line of ours it went through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/zhike/" in frame.filename]
    return f"{frames[-1].filename.rpartition('/zhike/')[2]}:{frames[-1].lineno}" if frames else ""
