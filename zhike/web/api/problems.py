"""Answers that are not what was asked for: problem details (RFC 9457), in the caller's language.

{"type": "urn:zhike:problem:refused", "title": ..., "status": 422, "code": "refused", "detail": ...,
 "reasons": [{"words": ..., "clause": "WARN-06", "handbook": "retail-hotline", "fields": ["difficulty"]}],
 "fields": {"difficulty": ["..."]}}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.translation import get_language, gettext
from ninja.errors import ValidationError

from zhike.cases.merging import Differs
from zhike.cases.refusals import CaseError, NotYours, Refused, Stale
from zhike.handbook.common import Text

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):
    """Raised anywhere behind the guard; becomes the answer. `code` is stable, `detail` is for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        reasons: Sequence[Mapping[str, Any]] = (),
        fields: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
        self.reasons, self.fields, self.headers = list(reasons), dict(fields or {}), dict(headers or {})

    def answer(self) -> HttpResponse:
        body: dict[str, Any] = {
            "type": f"urn:zhike:problem:{self.code}", "title": title_of(self.code), "status": self.status,
            "code": self.code, "detail": self.detail,
        }  # fmt: skip
        if self.reasons:
            body["reasons"] = self.reasons
        if self.fields:
            body["fields"] = {name: list(words) for name, words in self.fields.items()}
        content = json.dumps(body, ensure_ascii=False)
        return HttpResponse(content, status=self.status, content_type=CONTENT_TYPE, headers=self.headers)


def title_of(code: str) -> str:
    """The sort of problem in words; the same for every occurrence."""
    return {
        "unauthenticated": gettext("令牌无效"),
        "scope": gettext("令牌没有这项用途"),
        "second_factor": gettext("还没有二次验证"),
        "forbidden": gettext("无权办理"),
        "not_found": gettext("没有找到"),
        "method": gettext("不支持这种方法"),
        "refused": gettext("制度不允许"),
        "invalid": gettext("内容有误"),
        "unreadable": gettext("请求读不懂"),
        "media_type": gettext("内容类型不对"),
        "too_large": gettext("内容太大"),
        "stale": gettext("内容已更新"),
        "unconfirmed": gettext("需要确认"),
        "busy": gettext("同一请求正在处理"),
        "key_reused": gettext("幂等键已用于别的请求"),
        "rate": gettext("请求太频繁"),
    }.get(code, gettext("出错了"))


def not_found() -> Problem:
    """The same for what does not exist and for what the caller may not see."""
    return Problem(404, "not_found", gettext("没有这个对象，或者您无权查看。"))


def invalid(fields: Mapping[str, Sequence[str]]) -> Problem:
    """422: what was sent cannot be taken; every field with its reasons at once."""
    return Problem(422, "invalid", gettext("请按各字段的说明更正后再提交。"), fields=fields)


def unreadable(detail: str) -> Problem:
    return Problem(400, "unreadable", detail)


def of_case_error(error: CaseError, handbook: str = "") -> Problem:
    """A deed that was turned away: every reason with its clause and fields."""
    language = get_language() or "zh"
    reasons: list[dict[str, Any]] = [
        {"words": r.words.say(language), "clause": r.clause, "handbook": handbook if r.clause else "", "fields": list(r.fields)}
        for r in error.reasons
    ]  # fmt: skip
    fields: dict[str, list[str]] = {}
    for reason in error.reasons:
        for name in reason.fields:
            fields.setdefault(name, []).append(reason.words.say(language))
    status, code = _kind(error)
    return Problem(status, code, " ".join(r["words"] for r in reasons), reasons=reasons, fields=fields)


def _kind(error: CaseError) -> tuple[int, str]:
    if isinstance(error, Stale):
        return 412, "stale"
    if isinstance(error, NotYours):
        return 403, "forbidden"
    if isinstance(error, Differs):
        return 422, "unconfirmed"
    return 422, "refused" if isinstance(error, Refused) else "invalid"


def of_text(status: int, code: str, text: Text) -> Problem:
    return Problem(status, code, text.say(get_language() or "zh"))


def of_validation(error: ValidationError) -> Problem:
    """What pydantic found, by the place it found it at: `{"values.phone": ["..."]}`."""
    fields: dict[str, list[str]] = {}
    for each in error.errors:
        fields.setdefault(_place(each.get("loc", ())), []).append(_words(each))
    return invalid(fields)


def _place(loc: Iterable[Any]) -> str:
    """`("body", "asked", "values", "phone")` -> `values.phone`: without the source and the name of our own parameter."""
    source, *rest = [str(part) for part in loc] or [""]
    if source == "body" and rest:
        rest = rest[1:]
    return ".".join(rest) or source


def _words(error: Mapping[str, Any]) -> str:
    kind, known = str(error.get("type", "")), error.get("ctx") or {}
    if kind == "missing":
        return gettext("必填。")
    if kind == "extra_forbidden":
        return gettext("没有这个字段。")
    if kind in ("string_too_long", "too_long"):
        return gettext("太长，最多 %(most)s。") % {"most": known.get("max_length", "")}
    if kind in ("greater_than_equal", "less_than_equal", "less_than", "greater_than"):
        return gettext("超出范围：%(bounds)s。") % {"bounds": ", ".join(f"{k} {v}" for k, v in known.items())}
    if kind in ("literal_error", "enum"):
        return gettext("只能是：%(values)s。") % {"values": known.get("expected", "")}
    wanted = kind.removesuffix("_type").removesuffix("_parsing").removesuffix("_from_date")
    return gettext("类型或写法不对，应为 %(kind)s。") % {"kind": wanted}
