"""What every request passes before its view: method, token, scope, the page's right, rate, size, idempotency key."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from zhike.org.handbooks import viewer as staff_viewer
from zhike.web.api.once import once
from zhike.web.api.problems import Problem, invalid, unreadable
from zhike.web.api.rates import CALLS
from zhike.web.api.reading import check_size_and_type
from zhike.web.api.scopes import DOORS
from zhike.web.api.tokens import living_token, note_use
from zhike.web.context import Request
from zhike.web.models import ApiToken
from zhike.web.permissions import PERMISSIONS, may_open

View = Callable[..., HttpResponseBase]
UPLOADS = frozenset({"api:attachments", "api:case_attachments"})
log = logging.getLogger(__name__)


class Call(Request):
    """A request that got past the guard: `viewer` is the token's owner."""

    token: ApiToken
    not_kept: str = ""
    """What an answer shows once: taken out of the copy that is kept for the same request sent again."""


def guarded(view: View, route: str) -> View:
    """`view` behind the guard. Identity comes from the token alone: cookies open nothing here, so nothing can be forged
    through a browser either."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            response = _answer(request, view, route, kwargs)
        except Problem as problem:
            response = problem.answer()
        response.headers.setdefault("Content-Language", translation.get_language() or "zh-hans")
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return answer


def _answer(request: HttpRequest, view: View, route: str, kwargs: dict[str, Any]) -> HttpResponseBase:
    methods = PERMISSIONS[route].methods
    if request.method not in methods:
        allow = ", ".join(sorted(methods))
        raise Problem(405, "method", gettext("可用的方法：%(allow)s。") % {"allow": allow}, headers={"Allow": allow})
    if request.method == "HEAD":
        request.method = "GET"
    call = _identify(request)
    with translation.override(_language(call)):
        try:
            return _let_in(call, view, route, kwargs)
        except Problem as problem:
            return _in_language(problem.answer())


def _let_in(call: Call, view: View, route: str, kwargs: dict[str, Any]) -> HttpResponseBase:
    _check_rate(call)
    _check_door(call, route)
    _check_query(call, route)
    try:
        if call.method == "POST":
            check_size_and_type(call, route in UPLOADS)
            return _in_language(once(call, call.token, call.now, lambda: view(call, **kwargs)))
        return _in_language(view(call, **kwargs))
    except (Problem, OperationalError, InterfaceError):
        raise
    except RequestDataTooBig:
        raise Problem(413, "too_large", gettext("请求内容太大。"))
    except (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError) as error:
        raise unreadable(gettext("请求内容不完整或读不懂。")) from error
    except Exception:
        log.exception("the API failed at %s", route)
        return Problem(500, "failed", gettext("这是我们的错误，已经记下；请稍后再试。")).answer()


def _in_language(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Content-Language", translation.get_language() or "zh-hans")
    return response


def _identify(request: HttpRequest) -> Call:
    """Raises Problem 401, the same for a token that is none, expired, revoked, or whose owner was disabled."""
    call: Call = request  # type: ignore[assignment]
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = living_token(secret.strip(), call.now) if scheme.lower() == "bearer" else None
    if token is None:
        words = gettext("请在 Authorization 头里用 Bearer 给出有效的令牌。")
        raise Problem(401, "unauthenticated", words, headers={"WWW-Authenticate": 'Bearer realm="zhike"'})
    if token.is_held_back:
        words = gettext("令牌所属员工必须先登录并设置二次验证，这个令牌才能用。")
        raise Problem(403, "second_factor", words)
    call.token, call.viewer = token, staff_viewer(token.owner, call.now)
    note_use(token, call.now)
    return call


def _language(call: Call) -> str:
    """What the program asks for, else what its owner reads."""
    if "Accept-Language" in call.headers:
        return translation.get_language_from_request(call)
    return call.viewer.language or "zh-hans"


def _check_rate(call: Call) -> None:
    wait = CALLS.wait(str(call.token.pk))
    if wait:
        words = gettext("每分钟最多 %(most)d 次，请 %(wait)d 秒后再试。") % {"most": CALLS.most, "wait": wait}
        raise Problem(429, "rate", words, headers={"Retry-After": str(wait)})


def _check_door(call: Call, route: str) -> None:
    door = DOORS.get((route, str(call.method)))
    if door is None:
        raise Problem(403, "forbidden", gettext("这个地址没有开放。"))
    if door.scope and door.scope not in call.token.scopes:
        words = gettext("这个令牌没有“%(scope)s”。") % {"scope": door.scope}
        raise Problem(403, "scope", words)
    if not may_open(call.viewer, door.page):
        raise Problem(403, "forbidden", gettext("令牌所属员工的岗位不能打开这里。"))


def _check_query(call: Call, route: str) -> None:
    """What no view reads was a mistake of the caller: said, not passed over."""
    known = known_queries().get((route, str(call.method)), frozenset())
    unknown = {name[:80]: [gettext("没有这个参数。")] for name in call.GET if name not in known}
    if unknown:
        raise invalid(unknown)
    if any("\0" in value for values in call.GET.lists() for value in values[1]):
        raise unreadable(gettext("参数里有不能用的字符。"))


@cache
def known_queries() -> dict[tuple[str, str], frozenset[str]]:
    """(route, method) -> the names its query may have, as the view declares them."""
    from zhike.web.api.product import operations

    return {
        (route, method): frozenset(
            name
            for model in operation.models
            if model.__ninja_param_source__ == "query"
            for name in getattr(model, "__ninja_flatten_map__", {})
        )
        for route, operation in operations()
        for method in operation.methods
    }
