"""The whole product as people run it, `zhike up` in a process of its own, for tests that come in through its doors.

`served()` starts it on a free port with a data folder of its own and stops it by its process id. `Person` is a browser without a
page: cookies, forms and their hidden fields over plain HTTP.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http.cookiejar import Cookie, CookieJar
from pathlib import Path
from typing import Any, LiteralString

import psycopg

PATIENCE = 300.0
"""Seconds after which something that should have happened long ago counts as not happening."""
TRY_AGAIN = threading.Event()
"""Never set: waiting on it is the pause between two looks."""


def until(true: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """Look until `true()` answers something true, and answer that; fails with `what` when it never does."""
    end = time.monotonic() + patience
    while True:
        if found := true():
            return found
        assert time.monotonic() < end, f"not within {patience:g} s: {what}"
        TRY_AGAIN.wait(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Served:
    """A running product: where it is, its processes, and its clock when it is a sandbox."""

    home: Path
    port: int
    process: subprocess.Popen[str]
    environment: dict[str, str]
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def password(self) -> str:
        return (self.home / "sample-password.txt").read_text().strip()

    def clock(self, **body: str) -> dict[str, Any]:
        """Move the sandbox's clock: `at=` a moment with its offset or `advance=` a length of time; read it with nothing."""
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"{self.url}/api/sandbox/clock", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            told: dict[str, Any] = json.loads(answer.read())
        return told

    def child(self, name: str) -> int | None:
        """The process id of `zhike web` or `zhike work`, as this product's own process started it."""
        for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if name.encode() in words:
                return int(pid)
        return None

    def rows(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """What the product's database answers."""
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as look:
            return look.execute(query, values).fetchall()

    def run(self, program: str, *arguments: str) -> Any:
        """Run Python with the product's own settings and database; answers the JSON it printed."""
        begin = "import json, sys, django\ndjango.setup()\n"
        done = subprocess.run(
            [sys.executable, "-c", begin + program, *arguments],
            env=self.environment | {"DJANGO_SETTINGS_MODULE": "zhike.settings"},
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@contextmanager
def served(*, sandbox: bool, database_url: str = "", handbook: str = "") -> Iterator[Served]:
    """A product that answers, under the handbook of that name; stopped, with everything it started, at the end of the block."""
    home = Path(tempfile.mkdtemp(prefix="zhike-served-"))
    home.chmod(0o711)
    port = free_port()
    mine = {k: v for k, v in os.environ.items() if not k.startswith(("ZHIKE_", "DATABASE_", "DJANGO_", "HANDBOOK"))}
    mine |= {"ZHIKE_HOME": str(home), "PORT": str(port), "PYTHONUNBUFFERED": "1", "ZHIKE_LOG": "console"}
    mine |= {"ZHIKE_POSTGRES": "fsync=off"} if not database_url else {"DATABASE_URL": database_url}
    mine |= {"ZHIKE_SANDBOX": "1"} if sandbox else {}
    mine |= {"HANDBOOK": handbook} if handbook else {}
    process = subprocess.Popen(
        [sys.executable, "-m", "zhike", "up"], env=mine, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    product = Served(home, port, process, mine)
    listener = threading.Thread(target=_listen, args=(product,), daemon=True)
    listener.start()
    try:
        until(lambda: process.poll() is not None or product.healthy(), "the product answers")
        assert process.poll() is None, "".join(product.said)
        if not database_url:
            mine["DATABASE_URL"] = _embedded_url(home)
        yield product
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        listener.join(timeout=10)
        assert process.stdout is not None
        process.stdout.close()
        shutil.rmtree(home, ignore_errors=True)


def _listen(product: Served) -> None:
    assert product.process.stdout is not None
    for line in product.process.stdout:
        product.said.append(line)


def _embedded_url(home: Path) -> str:
    from zhike.web.cli.postgres import Embedded

    return Embedded(home).url


@dataclass(frozen=True)
class Answer:
    """What came back: status, body, and the address it came from after redirects."""

    status: int
    text: str
    url: str
    headers: Message
    """Names in any case."""

    @property
    def path(self) -> str:
        """Where the answer is from, or leads to when nobody followed it."""
        parts = urllib.parse.urlsplit(self.headers.get("Location", self.url))
        return parts.path + (f"?{parts.query}" if parts.query else "")


class _Inputs(HTMLParser):
    """Hidden inputs of the page's forms, by the form's action ("" where it has none)."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), {}))
        elif tag == "input" and given.get("type") == "hidden" and self.forms and "name" in given:
            self.forms[-1][1][given["name"]] = given.get("value", "")


def hidden(html: str, action: str = "") -> dict[str, str]:
    """The hidden fields of the first form whose address ends with `action` and that has a submission key, if any has."""
    parser = _Inputs()
    parser.feed(html)
    fitting = [values for address, values in parser.forms if address.partition("?")[0].endswith(action)]
    keyed = [values for values in fitting if "key" in values]
    assert fitting, f"no form for {action!r}: {[address for address, _ in parser.forms]}"
    return dict((keyed or fitting)[0])


File = tuple[str, bytes]
"""(name, content) of a file in a form."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect is the answer; nobody goes there."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Person:
    """Somebody with cookies of his own in front of the product. `follows=False`: he looks at redirects and stays."""

    def __init__(self, product: Served, *, follows: bool = True) -> None:
        self.product = product
        self.accept = "text/html"
        self.cookies = CookieJar()
        handlers = [urllib.request.HTTPCookieProcessor(self.cookies), *([] if follows else [_Stay()])]
        self.opener = urllib.request.build_opener(*handlers)

    def get(self, path: str) -> Answer:
        return self._open(urllib.request.Request(self.product.url + path))

    def post(self, path: str, values: Mapping[str, Any], files: Mapping[str, File] | None = None) -> Answer:
        """Post a form as browsers do. A page must have been loaded before: it gives the cookie against forgery."""
        values = {"csrfmiddlewaretoken": self.token(), **values}
        body, kind = _multipart(values, files or {})
        return self._open(urllib.request.Request(self.product.url + path, body, {"Content-Type": kind}))

    def speaks(self, language: str) -> Person:
        """He has chosen a language in this browser: zh-hans or en."""
        self.cookies.set_cookie(_cookie("django_language", language))
        return self

    def token(self) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken"), "")

    def sign_in(self, username: str) -> Person:
        self.get("/sign-in")
        self.post("/sign-in", {"username": username, "password": self.product.password()})
        assert any(cookie.name == "sessionid" for cookie in self.cookies), f"{username} could not sign in"
        return self

    def _open(self, request: urllib.request.Request) -> Answer:
        request.add_header("Accept", self.accept)
        try:
            with self.opener.open(request, timeout=60) as got:
                return Answer(got.status, got.read().decode(errors="replace"), got.url, got.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(errors="replace"), error.url, error.headers)


def _cookie(name: str, value: str) -> Cookie:
    return Cookie(0, name, value, None, False, "127.0.0.1", False, False, "/", True, False, None, True, None, None, {})


def _multipart(values: Mapping[str, Any], files: Mapping[str, File]) -> tuple[bytes, str]:
    mark = "----zhike-test-4d1f0c"
    parts: list[bytes] = []
    for name, value in values.items():
        for each in value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]:
            content = each if isinstance(each, bytes) else str(each).encode()
            parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + content)
    for name, (file, content) in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + content)
    return b"\r\n".join([*parts, f"--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"


def text_of(html: str) -> str:
    """What a reader sees of a page, roughly: without tags, with one blank between words."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()
