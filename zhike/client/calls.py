"""One call over HTTP: sent, sent again where that is safe, and read."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zhike.client.answers import Reason

AGAIN = frozenset({429, 503})
MOST_WAIT = 60.0


class Problem(Exception):
    """The product said no. `code` is stable, `detail` and `reasons` are in the caller's language."""

    def __init__(self, status: int, told: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(told.get("code", ""))
        self.title = str(told.get("title", ""))
        self.detail = str(told.get("detail", ""))
        self.reasons: list[Reason] = list(told.get("reasons", ()))
        self.fields: dict[str, list[str]] = dict(told.get("fields", {}))
        self.wait = 1.0
        """Seconds after which it is worth trying again."""
        super().__init__(f"{status} {self.code}: {self.detail}")


class Unreachable(Exception):
    """No answer came, however often it was asked. A write may or may not have happened: send it again under its key."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class _Stay(urllib.request.HTTPRedirectHandler):
    """The API never sends anybody elsewhere; a token must not follow somebody who does."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Line:
    """Where the product is and who calls."""

    url: str
    token: str
    language: str = "zh-hans"
    timeout: float = 30.0
    tries: int = 4
    pause: Callable[[float], None] = time.sleep
    opener: urllib.request.OpenerDirector = field(default_factory=lambda: urllib.request.build_opener(_Stay()))

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Raises Problem, Unreachable. Only what is safe is sent again: a read, or a write with a key."""
        sent = dict(headers or {})
        safe = method == "GET" or "Idempotency-Key" in sent
        for attempt in range(1, self.tries + 1):
            last = attempt == self.tries or not safe
            try:
                return self._once(method, path, body, sent)
            except Problem as problem:
                busy = problem.status in AGAIN or (problem.status, problem.code) == (409, "busy")
                if last or not busy:
                    raise
                self.pause(problem.wait)
            except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
                if last:
                    raise Unreachable(f"{method} {path}: {error}") from error
                self.pause(min(2.0**attempt, MOST_WAIT))
        raise Unreachable(f"{method} {path}")

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        request = urllib.request.Request(  # noqa: S310 - the address is the caller's own setting
            f"{self.url.rstrip('/')}/api{path}", data=body, method=method
        )
        for name, value in {
            "Authorization": f"Bearer {self.token}", "Accept": "application/json", "Accept-Language": self.language, **headers,
        }.items():  # fmt: skip
            request.add_header(name, value)
        try:
            with self.opener.open(request, timeout=self.timeout) as answer:
                return Answer(answer.status, dict(answer.headers.items()), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise _problem(error.code, error.headers.get("Retry-After", ""), error.read())


def _problem(status: int, wait: str, body: bytes) -> Problem:
    try:
        told = json.loads(body)
    except ValueError:
        told = {"detail": body[:200].decode("utf-8", "replace")}
    problem = Problem(status, told if isinstance(told, dict) else {})
    problem.wait = min(float(wait), MOST_WAIT) if wait.isdigit() else 1.0
    return problem
