"""A process that puts load on: it says "ready", does what each line of its standard input asks, and answers with a line of JSON.

    python -m zhike.web.bench.worker        on DATABASE_URL

Asked: {"do": "create", "seconds": 5, ...}; what each deed takes and answers stands at its function. Times are milliseconds.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

Answer = dict[str, Any]
CSRF = "c" * 32
"""A secret of our own choice in the cookie and in the header: what the check against forged forms asks for."""
ROW = re.compile(rb'<tr data-row[^>]*>.*?href="/(?:cases|customers)/([A-Z0-9-]+)"', re.DOTALL)


def serve() -> None:
    _say({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        _say(DEEDS[asked.pop("do")](**asked))


def _say(answer: Answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def timed(seconds: float, deed: Callable[[int], Any]) -> tuple[list[float], list[Any]]:
    """Do `deed(0)`, `deed(1)` ... until `seconds` are over; how long each took, and what came of it."""
    times: list[float] = []
    found: list[Any] = []
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        found.append(deed(len(times)))
        times.append((time.perf_counter() - began) * 1000)
    return times, found


# ours


def create(seconds: float, place: int) -> Answer:
    """Open cases as agent number `place` does: a complaint ticket (gates, routes, a customer), then a warning under it (a clock), and so on."""
    from zhike.web.bench.deeds import Agent

    agent = Agent(place)
    agent.open_next(-1)
    times, numbers = timed(seconds, agent.open_next)
    return {"times": times, "created": [n for n in numbers if n is not None], "wrong": numbers.count(None)}


def sign_in(people: list[str]) -> Answer:
    """Sessions of these people, by user name."""
    from zhike.org.models import Session, Staff
    from zhike.web.live.bench import session_row

    rows = [session_row(staff) for staff in Staff.objects.filter(username__in=people).order_by("username")]
    Session.objects.bulk_create(rows)
    return {"keys": [row.session_key for row in rows]}


def get(port: int, seconds: float, clients: int, pages: list[dict[str, Any]]) -> Answer:
    """`clients` browsers that keep their connection ask for pages in turn: {"path", "cookie", "rows": numbers or "words": text expected}.

    With "form" the page is posted, {field: value}.
    """
    times: list[float] = []
    wrong: list[str] = []

    def browse(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

        def ask(n: int) -> None:
            page = pages[(first + n * clients) % len(pages)]
            connection.request(*asked_of(page, port))
            response = connection.getresponse()
            body = response.read()
            if (why := fault(response.status, body, page)) and len(wrong) < 20:
                wrong.append(f"{page['path']}: {why}")

        mine, _ = timed(seconds, ask)
        times.extend(mine)
        connection.close()

    threads = [threading.Thread(target=browse, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"times": times, "wrong": wrong}


def make_tokens(count: int, people: list[str]) -> Answer:
    """Tokens for other software, owned by these people in turn, by user name: one may call 600 times a minute, so a load needs many."""
    from zhike.lib import clock
    from zhike.org.models import Staff
    from zhike.web.bench.programs import new_tokens

    owners = list(Staff.objects.filter(username__in=people).order_by("username"))
    return {"tokens": new_tokens(owners, count, clock.wall())}


def complaints(count: int, stores: list[int]) -> Answer:
    """Bodies that open complaints about these stores."""
    from zhike.web.bench.programs import complaint

    return {"bodies": [complaint(n, stores) for n in range(count)]}


def call(port: int, seconds: float, clients: int, calls: list[dict[str, Any]], round_key: str = "") -> Answer:
    """`clients` programs that keep their connection send calls in turn: {"method", "path", "token", "body", "words"}. A POST has an
    idempotency key of its own. `created`: numbers of the cases that were answered for.
    """
    times: list[float] = []
    wrong: list[str] = []
    created: list[str] = []

    def run(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

        def ask(n: int) -> None:
            at = first + n * clients
            each = calls[at % len(calls)]
            headers = {"Authorization": f"Bearer {each['token']}", "Host": f"localhost:{port}"}
            if each["method"] == "POST":
                headers |= {"Content-Type": "application/json", "Idempotency-Key": f"bench-{round_key}-{at}"}
            connection.request(each["method"], each["path"], each.get("body"), headers)
            response = connection.getresponse()
            body = response.read()
            why = fault(200 if response.status == 201 else response.status, body, each)
            if why and len(wrong) < 20:
                wrong.append(f"{each['method']} {each['path']}: {why}")
            elif not why and each["method"] == "POST":
                created.append(json.loads(body)["number"])

        mine, _ = timed(seconds, ask)
        times.extend(mine)
        connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"times": times, "wrong": wrong, "created": created}


def asked_of(page: dict[str, Any], port: int) -> tuple[str, str, str | None, dict[str, str]]:
    """Method, path, body and headers of a page."""
    headers = {"Cookie": page["cookie"], "Host": f"localhost:{port}"}
    if "form" not in page:
        return "GET", page["path"], None, headers
    form = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": CSRF}
    return (
        "POST",
        page["path"],
        urlencode(page["form"]),
        headers | form | {"Cookie": f"{page['cookie']}; csrftoken={CSRF}"},
    )


def fault(status: int, body: bytes, page: dict[str, Any]) -> str:
    """What is wrong with an answer, "" when it is right."""
    if status != 200:
        return f"status {status}"
    if "rows" in page and [found.decode() for found in ROW.findall(body)] != page["rows"]:
        return "other rows than those asked for"
    missing = [word for word in page.get("words", ()) if word.encode() not in body]
    return f"without {missing[0]!r}" if missing else ""


# bare PostgreSQL


def raw(seconds: float, statements: list[str], values: list[list[Any]]) -> Answer:
    """The statements in one transaction, again and again, with `values[n % len]` for every one of them; prepared, one connection."""
    import psycopg

    with (
        psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, prepare_threshold=1) as connection,
        connection.cursor() as cursor,
    ):

        def once(n: int) -> None:
            if len(statements) == 1:
                cursor.execute(statements[0], values[n % len(values)])
            else:
                with connection.transaction():
                    for statement in statements:
                        cursor.execute(statement, values[n % len(values)])

        times, _ = timed(seconds, once)
    return {"times": times}


DEEDS: dict[str, Callable[..., Answer]] = {
    "create": create, "sign_in": sign_in, "get": get, "raw": raw, "make_tokens": make_tokens,
    "complaints": complaints, "call": call,
}  # fmt: skip

if __name__ == "__main__":
    import django

    django.setup()
    serve()
