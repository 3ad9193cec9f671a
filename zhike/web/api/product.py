"""The API as one object: its resources, its problems, its description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.security import HttpBearer

from zhike import __version__
from zhike.cases.refusals import CaseError, Forbidden, NotFound
from zhike.customers.access import NoSuchCustomer
from zhike.records.access import AttachmentIsHeld, NoSuchAttachment
from zhike.records.attachments import AttachmentRefused
from zhike.web.api import (
    attachments,
    belonging,
    cards,
    clocks,
    consents,
    customers,
    deeds,
    handbooks,
    ledger,
    me,
    notices,
    problems,
    timeline,
)
from zhike.web.api import webhooks as subscriptions
from zhike.web.api.outgoing import envelope, webhooks
from zhike.web.api.problems import CONTENT_TYPE, Problem
from zhike.web.api.reading import StrictParser
from zhike.web.api.scopes import DOORS
from zhike.webhooks.access import NotFound as NoSuchWebhook

DESCRIPTION = (
    "The department for other software: the same actions, rights and refusals as the pages. "
    "`Authorization: Bearer zk_...`; tokens are made by administrators. Errors are problem details (RFC 9457) in the "
    "language of `Accept-Language` (zh-hans or en). Send `Idempotency-Key` with every POST. 600 requests a minute and token."
)


class Token(HttpBearer):
    """`Authorization: Bearer zk_...`; the guard has looked at it already."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return getattr(request, "token", None)


class Product(NinjaAPI):
    """django-ninja with our description: every refusal is a problem, every operation names its scope."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix or "api/", path_params=path_params)
        for each in schema["paths"].values():
            for operation in each.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400:
                        answer["content"] = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
        schema["webhooks"] = webhooks()
        schema["components"]["schemas"]["WebhookEvent"] = envelope()
        return schema

    @cached_property
    def description_of_all(self) -> OpenAPISchema:
        return self.get_openapi_schema()


def make() -> Product:
    api = Product(
        title="Zhike", version=__version__, description=DESCRIPTION, auth=Token(), parser=StrictParser(),
        openapi_url=None, docs_url=None, urls_namespace="api",
    )  # fmt: skip
    for module in (
        me, handbooks, ledger, deeds, timeline, belonging, consents, attachments, clocks, customers, cards, notices, subscriptions,
    ):  # fmt: skip
        api.add_router("", module.router)
    for kind, answer in ANSWERS.items():
        api.add_exception_handler(kind, answer)
    return api


def _case_error(request: HttpRequest, error: CaseError) -> HttpResponse:
    return problems.of_case_error(error, getattr(request, "handbook", "")).answer()


def _not_found(request: HttpRequest, error: Exception) -> HttpResponse:  # noqa: ARG001 - django-ninja passes both
    return problems.not_found().answer()


def _problem(request: HttpRequest, error: Problem) -> HttpResponse:  # noqa: ARG001
    return error.answer()


def _validation(request: HttpRequest, error: ValidationError) -> HttpResponse:  # noqa: ARG001
    return problems.of_validation(error).answer()


def _file(request: HttpRequest, error: AttachmentRefused) -> HttpResponse:  # noqa: ARG001
    status = {"too_large": 413, "no_room": 507}.get(error.code, 422)
    return problems.of_text(status, "too_large" if status == 413 else "invalid", error.words).answer()


def _http(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001
    if error.status_code == 401:
        return Problem(401, "unauthenticated", error.message).answer()
    return problems.unreadable(error.message).answer()


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:  # noqa: ARG001
    """The guard knows what to do."""
    raise error


ANSWERS: dict[type[Exception], Any] = {
    Exception: _unexpected,
    CaseError: _case_error,
    Forbidden: _not_found,
    NotFound: _not_found,
    Http404: _not_found,
    NoSuchCustomer: _not_found,
    NoSuchWebhook: _not_found,
    NoSuchAttachment: _not_found,
    AttachmentIsHeld: _not_found,
    AttachmentRefused: _file,
    Problem: _problem,
    ValidationError: _validation,
    HttpError: _http,
}

product = make()


def operations() -> Iterator[tuple[str, Operation]]:
    """(route name, operation) of everything the API does."""
    for bound in product._get_bound_routers():
        for view in bound.path_operations.values():
            for operation in view.operations:
                yield f"api:{operation.url_name}", operation


def scope_of(route: str, method: str) -> str:
    door = DOORS.get((route, method))
    return door.scope if door else ""
