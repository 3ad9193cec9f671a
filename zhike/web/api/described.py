"""The API's own description: openapi.json, the page for people, and the answer where there is nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from zhike.web.api.problems import not_found
from zhike.web.api.product import operations, product, scope_of
from zhike.web.context import Request


def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - it is the same for everybody
    """The contract, OpenAPI 3.1 with examples. Nothing in it is about this house's data."""
    answer = JsonResponse(product.description_of_all, json_dumps_params={"ensure_ascii": False})
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - whatever it was
    return not_found().answer()


@dataclass(frozen=True, slots=True)
class Described:
    """One operation as the page shows it."""

    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[tuple[str, str, str, bool]]
    """(name, where, type, required)."""
    asked: str
    answered: str


def docs(request: Request) -> HttpResponse:
    """The same for people: each operation with its scope, parameters and an example of what is asked and answered."""
    return render(request, "api/docs.html", {"operations": list(_described())})


def _described() -> Iterator[Described]:
    schema: dict[str, Any] = product.description_of_all
    routes = {(op.view_func.__name__): route for route, op in operations()}
    for path, each in schema["paths"].items():
        for method, operation in each.items():
            yield Described(
                method=method.upper(),
                path=path,
                summary=operation["summary"],
                description=operation.get("description", ""),
                scope=scope_of(routes[operation["operationId"]], method.upper()),
                parameters=[
                    (p["name"], p["in"], _type_of(p["schema"]), p.get("required", False))
                    for p in operation["parameters"]
                ],
                asked=_example(schema, operation.get("requestBody", {}).get("content", {})),
                answered=_example(schema, _first_success(operation).get("content", {})),
            )


def _first_success(operation: dict[str, Any]) -> dict[str, Any]:
    return next((dict(answer) for status, answer in operation["responses"].items() if int(status) < 300), {})


def _type_of(schema: dict[str, Any]) -> str:
    return str(
        schema.get("format") or schema.get("type") or " | ".join(s.get("type", "") for s in schema.get("anyOf", ()))
    )


def _example(schema: dict[str, Any], content: dict[str, Any]) -> str:
    found = content.get("application/json", {}).get("schema", {})
    name = found.get("$ref", "").rpartition("/")[2]
    examples = schema["components"]["schemas"].get(name, {}).get("examples", [])
    return json.dumps(examples[0], ensure_ascii=False, indent=2) if examples else ""
