"""Schemathesis asks everything the contract allows and much that it does not, as every role. The product never fails.

ZHIKE_TEST_FUZZ_EXAMPLES raises the number of examples of an operation and role (10 in the ordinary run); no example is remembered.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase
from schemathesis.openapi import from_dict

from zhike.cases.models import Case
from zhike.web.allowances import Allowance
from zhike.web.api.product import product
from zhike.web.api.tests.program import Program
from zhike.web.tests.world import COMPLETE, World
from zhike.webhooks.tests.hooks import spread_all, subscribed

EXAMPLES = int(os.environ.get("ZHIKE_TEST_FUZZ_EXAMPLES", "10"))
CONTRACT = from_dict(json.loads(json.dumps(product.description_of_all)))
OPERATIONS = {f"{o.method.upper()} {o.path}": o for o in (result.ok() for result in CONTRACT.get_all_operations())}


@pytest.mark.slow
@pytest.mark.parametrize("who", ["agent", "supervisor", "manager1", "outsider", "boss", ""])
def test_nothing_that_is_asked_makes_the_product_fail(
    world: World, program: Callable[..., Program], calls: Allowance, who: str
) -> None:
    warning = world.warning()
    world.take(warning, "submit", COMPLETE, "agent")
    calls.most = 10**9
    client = program(who).client if who else Client()
    hook = subscribed(world)
    world.ticket()
    spread_all(world)
    hooks = {"webhook": hook.pk, "delivery": hook.deliveries.order_by("pk")[0].pk}
    numbers = list(Case.objects.values_list("number", flat=True))
    answers: Counter[int] = Counter()
    try:
        for name, operation in OPERATIONS.items():
            for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
                _ask(client, name, operation, mode, numbers, hooks, answers)
    finally:
        _note(who, answers)
    assert sum(count for status, count in answers.items() if status >= 500) == 0
    assert sum(answers.values()) >= len(OPERATIONS) * EXAMPLES
    assert set(answers) <= {401, 404, 405} if not who else 200 in answers


def _note(who: str, answers: Counter[int]) -> None:
    """A line for `make fuzz`, which prints them as a table."""
    if place := os.environ.get("ZHIKE_TEST_FUZZ_TABLE"):
        with Path(place).open("a") as file:
            file.write(json.dumps({"role": who or "nobody", "operations": len(OPERATIONS), "answers": answers}) + "\n")


def _ask(
    client: Client,
    name: str,
    operation: Any,
    mode: Any,
    numbers: list[str],
    hooks: dict[str, int],
    answers: Counter[int],
) -> None:
    @hypothesis.settings(
        max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if "number" in (case.path_parameters or {}) and sum(answers.values()) % 3:
            case.path_parameters["number"] = numbers[sum(answers.values()) % len(numbers)]
        for part, number in hooks.items():
            if part in (case.path_parameters or {}) and sum(answers.values()) % 3:
                case.path_parameters[part] = number
        answer = _send(client, case)
        answers[answer.status_code] += 1
        assert answer.status_code < 500, (name, case.path_parameters, case.query, case.body, answer.content)
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json", (name, answer.status_code)
            assert answer.json()["status"] == answer.status_code

    try:
        ask()
    except hypothesis.errors.Unsatisfiable:
        return  # an operation without a parameter cannot be asked wrongly


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
