"""Schemathesis asks everything the contract allows and much that it does not, under every shipped handbook, as each of its roles and as
nobody. Deeds are asked with the forms of the handbook itself, bad values among good ones. The product never fails, and answers as its
contract says.

ZHIKE_TEST_FUZZ_EXAMPLES raises the number of examples of an operation and role (two in the ordinary run, for three people of a sample);
no example is remembered. ZHIKE_TEST_FUZZ_TABLE names a file for `make fuzz` to make its table of.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase
from pytest_django import Settings
from schemathesis import checks, openapi
from schemathesis.core.failures import FailureGroup

from zhike.cases.access import visible_cases
from zhike.cases.queries import entries, offered
from zhike.handbook import library
from zhike.handbook.book import Book
from zhike.web.allowances import Allowance
from zhike.web.api.product import product
from zhike.web.api.scopes import SCOPES
from zhike.web.api.tests.program import Program
from zhike.web.api.tokens import create_token
from zhike.web.tests.hostile import some_bad
from zhike.web.tests.house import House, standing
from zhike.webhooks.actions import Wish, create_subscription, send_ping

ASKED_FOR = os.environ.get("ZHIKE_TEST_FUZZ_EXAMPLES")
EXAMPLES = int(ASKED_FOR or "2")
PEOPLE = None if ASKED_FOR else 3
CONTRACT = openapi.from_dict(json.loads(json.dumps(product.description_of_all)))
OPERATIONS = {f"{o.method.upper()} {o.path}": o for o in (result.ok() for result in CONTRACT.get_all_operations())}
OPEN, ACT = "POST /api/cases", "POST /api/cases/{number}/actions/{action}"
checks.load_all_checks()
CHECKS = checks.CHECKS.get_by_names(
    ["status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)


@dataclass
class Asking:
    """One person asking, or nobody: what he may name, what came back."""

    house: House
    who: str
    client: Client
    hooks: dict[str, int]
    references: dict[str, int]
    dice: random.Random
    answers: Counter[int] = field(default_factory=Counter)
    faults: list[object] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.answers.total()


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("handbook", library.names())
def test_nothing_that_is_asked_makes_the_product_fail(
    handbook: str, settings: Settings, tmp_path: Path, calls: Allowance
) -> None:
    settings.ZHIKE_HOME, settings.MEDIA_ROOT = tmp_path, tmp_path / "files"
    calls.most = 10**9
    with standing(handbook) as house:
        for who in [*house.people[:PEOPLE], ""]:
            with transaction.atomic():
                _ask_everything(_asking(house, who))
                transaction.set_rollback(True)


def _asking(house: House, who: str) -> Asking:
    admin = house.viewer("admin")
    wish = Wish("示例", "https://hooks.example.com/zhike", house.staff["admin"], ("case.opened",))
    hook, _ = create_subscription(wish, [], by=admin, now=house.now)
    test = send_ping(hook.pk, by=admin, now=house.now, wall=house.now)
    client = Client()
    if who:
        _, secret = create_token(
            name="示例", owner=house.staff[who], scopes=SCOPES, expires_at=house.now + dt.timedelta(days=9), by=admin, now=house.now
        )  # fmt: skip
        client = Program(secret).client
    return Asking(
        house, who, client, {"webhook": hook.pk, "delivery": test.pk}, house.references, random.Random(house.name + who)
    )


def _ask_everything(asking: Asking) -> None:
    try:
        for name, operation in OPERATIONS.items():
            for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
                _ask(asking, name, operation, mode)
    finally:
        _note(asking)
    assert asking.faults == [], "\n".join(repr(fault)[:2000] for fault in asking.faults[:20])
    assert asking.count >= len(OPERATIONS) * EXAMPLES
    assert set(asking.answers) <= {401, 404, 405} if not asking.who else 200 in asking.answers


def _note(asking: Asking) -> None:
    """A line for `make fuzz`, which prints them as a table."""
    if place := os.environ.get("ZHIKE_TEST_FUZZ_TABLE"):
        row = {"handbook": asking.house.name, "role": asking.who or "nobody", "answers": asking.answers}
        with Path(place).open("a") as file:
            file.write(json.dumps(row) + "\n")


def _ask(asking: Asking, name: str, operation: Any, mode: Any) -> None:
    @hypothesis.settings(
        max_examples=EXAMPLES * (5 if name in (OPEN, ACT) else 1), database=None, deadline=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.seed(asking.dice.randrange(2**32))
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        _aim(asking, name, case)
        answer = _send(asking.client, case)
        asking.answers[answer.status_code] += 1
        if fault := _fault(case, answer):
            asking.faults.append((asking.who, name, case.path_parameters, case.query, case.body, fault))

    try:
        ask()
    except hypothesis.errors.Unsatisfiable:
        return  # an operation without a parameter cannot be asked wrongly


def _fault(case: Any, answer: Any) -> object:
    """What is wrong with an answer; None where it is as the contract says."""
    if answer.status_code >= 500:
        return answer.content
    if answer.status_code >= 400 and answer.headers["Content-Type"] != "application/problem+json":
        return answer.status_code, answer.headers["Content-Type"]
    try:
        case.validate_response(_received(case, answer), checks=CHECKS)
    except FailureGroup as failures:
        return answer.status_code, [str(each) for each in failures.exceptions]
    return None


def _received(case: Any, answer: Any) -> schemathesis.Response:
    """As a program's library would have it."""
    asked = requests.Request(case.method, f"http://testserver{case.operation.path}").prepare()
    headers = {name: [value] for name, value in answer.items()}
    body = answer.getvalue() if answer.streaming else answer.content
    return schemathesis.Response(answer.status_code, headers, body, asked, elapsed=0.0, verify=False)


def _aim(asking: Asking, name: str, case: Any) -> None:
    """Two of three are about something that is there, and deeds about what may be done."""
    if not asking.dice.randrange(3) or not asking.who:
        return
    named = case.path_parameters or {}
    numbers = asking.house.numbers
    if "number" in named:
        wanted = asking.references.get("customer", 1) if "/customers/" in name else asking.dice.choice(numbers)
        named["number"] = wanted
    named |= {part: number for part, number in asking.hooks.items() if part in named}
    named |= {"name": asking.house.book.name} if "name" in named else {}
    if name == OPEN:
        _aim_at_opening(asking, case)
    elif name == ACT:
        _aim_at_a_deed(asking, case)


def _aim_at_opening(asking: Asking, case: Any) -> None:
    house = asking.house
    offers = entries(house.viewer(asking.who), [house.version])
    if not offers or not isinstance(case.body, dict):
        return
    _, process, action = asking.dice.choice(offers)
    case.body |= {"handbook": house.version.name, "process": process, "action": action.id, "attachments": []}
    case.body["values"] = _values(asking, house.book, action.record)


def _aim_at_a_deed(asking: Asking, case: Any) -> None:
    viewer, book = asking.house.viewer(asking.who), asking.house.book
    seen = visible_cases(viewer).order_by("pk")
    may = [(one.number, offer.action) for one in seen for offer in offered(one, viewer) if offer.allowed]
    if not may or not isinstance(case.body, dict):
        return
    number, action = asking.dice.choice(may)
    case.path_parameters |= {"number": number, "action": action.id}
    case.body = {"values": _values(asking, book, action.record)}


def _values(asking: Asking, book: Book, record: str | None) -> dict[str, Any]:
    return some_bad(book, record, asking.references, asking.dice) if record else {}


def _send(client: Client, case: Any) -> Any:
    """Through Django's handler, as the case was made."""
    sent = case.as_transport_kwargs(base_url="http://testserver/")
    request = requests.Request(
        method=sent["method"], url=sent["url"], params=sent.get("params"), json=sent.get("json"), data=sent.get("data"),
        files=sent.get("files"),
    ).prepare()  # fmt: skip
    body = request.body or b""
    headers = {k: str(v) for k, v in (case.headers or {}).items() if _is_sendable(k, str(v))}
    headers.pop("Authorization", None)
    return client.generic(
        case.method.upper(),
        str(request.path_url),
        body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass"),
        content_type=request.headers.get("Content-Type", "application/octet-stream"),
        headers=headers,
    )


def _is_sendable(name: str, value: str) -> bool:
    """What belongs to the line and not to the call (length, host) is left to the client."""
    return name.isascii() and value.isascii() and value.isprintable() and name.lower() not in ("content-length", "host")
